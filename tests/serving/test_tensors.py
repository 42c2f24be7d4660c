import numpy as np
import pytest

from tfx_ocr.serving import messages
from tfx_ocr.serving.tensors import to_array, to_proto


def proto(dtype, shape, **fields):
    made = messages.TensorProto(dtype=messages.DataType.Value(f"DT_{dtype}"), **fields)
    for size in shape:
        made.tensor_shape.dim.add(size=size)
    return made


@pytest.mark.parametrize(
    ("given", "dtype", "values"),
    [
        (("FLOAT", [2], {"float_val": [1.5, 2]}), "float32", [1.5, 2]),
        (("FLOAT", [], {"float_val": [1.5]}), "float32", 1.5),
        (("FLOAT", [0, 3], {}), "float32", []),
        (("FLOAT", [2], {"tensor_content": b"\0\0\xc0?\0\0\0@"}), "float32", [1.5, 2]),
        (("INT64", [2, 2], {"int64_val": [1, 2, 3, 4]}), "int64", [[1, 2], [3, 4]]),
        (("INT32", [3], {"int_val": [1, 7]}), "int32", [1, 7, 7]),
        (("UINT8", [2], {"int_val": [1, 255]}), "uint8", [1, 255]),
        (("BOOL", [2], {"bool_val": [True, False]}), "bool", [True, False]),
        (("HALF", [1], {"half_val": [0x3E00]}), "float16", [1.5]),
        (("COMPLEX64", [1], {"scomplex_val": [1, 2]}), "complex64", [1 + 2j]),
        (("STRING", [2], {"string_val": [b"a\0", b"bc"]}), "object", [b"a\0", b"bc"]),
        (("STRING", [3], {"string_val": [b"a"]}), "object", [b"a", b"a", b"a"]),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_a_tensor_is_read(given, dtype, values):
    kind, shape, fields = given
    value = to_array(proto(kind, shape, **fields), "x")
    assert (value.dtype.name, value.tolist()) == (dtype, values)
    assert list(value.shape) == shape


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("FLOAT", [3], {}), r"0 values do not fit shape \[3\]"),
        (("FLOAT", [1], {"float_val": [1, 2]}), r"2 values do not fit shape \[1\]"),
        (("FLOAT", [-1], {"float_val": [1]}), "its shape is not known"),
        (("FLOAT", [2], {"tensor_content": b"123"}), r"tensor_content of 3 bytes does not fit shape \[2\]"),
        (("FLOAT", [10**6, 10**6], {"float_val": [1]}), r"shape \[1000000, 1000000\] is more than 2147483647 bytes"),
        (("STRING", [10**12], {"string_val": [b"a"]}), "is more than 2147483647 bytes"),
        (("FLOAT", [1] * 33, {"float_val": [1]}), "33 dimensions, where 32 are the most taken"),
        (("STRING", [2**21], {"string_val": [b"a"]}), r"1 values for shape \[2097152\]: more than 33554432 bytes are"),
        (("STRING", [40], {"string_val": [b"a" * 10**6]}), r"1 values for shape \[40\]: more than 33554432 bytes are"),
        (("FLOAT", [2**24], {"float_val": [1]}), r"1 values for shape \[16777216\]: more than 33554432 bytes"),
        (("COMPLEX64", [1], {"scomplex_val": [1]}), "a complex number has two parts"),
        (("RESOURCE", [1], {}), "tensors of type DT_RESOURCE are not taken"),
        (("INVALID", [1], {}), "tensors of type DT_INVALID are not taken"),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_what_is_no_tensor_is_refused(given, why):
    kind, shape, fields = given
    with pytest.raises(ValueError, match=f"tensor parsing error: x: .*{why}"):
        to_array(proto(kind, shape, **fields), "x")


@pytest.mark.parametrize(
    ("value", "field", "values"),
    [
        (np.array([[1.5], [2]], np.float32), "float_val", [1.5, 2]),
        (np.array(2.5, np.float64), "double_val", [2.5]),
        (np.array([1, 255], np.uint8), "int_val", [1, 255]),
        (np.array([-1], np.int8), "int_val", [-1]),
        (np.array([2**40]), "int64_val", [2**40]),
        (np.array([True]), "bool_val", [True]),
        (np.array([1.5], np.float16), "half_val", [0x3E00]),
        (np.array([1 + 2j], np.complex64), "scomplex_val", [1, 2]),
        (np.array([b"a\0", b""], object), "string_val", [b"a\0", b""]),
    ],
    ids=lambda each: str(each.dtype) if isinstance(each, np.ndarray) else "",
)
def test_a_tensor_is_written_into_its_types_field(value, field, values):
    written = to_proto(value)
    assert list(getattr(written, field)) == values
    assert [each.size for each in written.tensor_shape.dim] == list(value.shape)
    assert not written.tensor_content
    assert to_array(written, "x").tolist() == value.tolist()


def test_a_tensor_is_written_as_content_where_that_is_asked_for():
    written = to_proto(np.array([1.5, 2], np.float32), as_content=True)
    assert (written.tensor_content, list(written.float_val)) == (b"\0\0\xc0?\0\0\0@", [])
    assert to_array(written, "x").tolist() == [1.5, 2]


def test_texts_are_sent_as_utf8():
    assert list(to_proto(np.array(["ạ", "b"])).string_val) == ["ạ".encode(), b"b"]


def test_a_type_that_no_tensor_has_is_refused():
    with pytest.raises(TypeError, match=r"a tensor of type datetime64\[s\] cannot be sent"):
        to_proto(np.array(["2026-11-27T00:00:00"], "datetime64[s]"))
