import numpy as np
import pytest

pytestmark = pytest.mark.tfx


def proto(dtype, shape, **fields):
    from tensorflow.core.framework import tensor_pb2, types_pb2

    made = tensor_pb2.TensorProto(dtype=types_pb2.DataType.Value(f"DT_{dtype}"), **fields)
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
    from tfx_ocr.serving.model_server.tensors import to_array

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
    import grpc

    from tfx_ocr.serving.model_server.errors import ServingError
    from tfx_ocr.serving.model_server.tensors import to_array

    kind, shape, fields = given
    with pytest.raises(ServingError, match=f"tensor parsing error: x: .*{why}") as refused:
        to_array(proto(kind, shape, **fields), "x")
    assert refused.value.code == grpc.StatusCode.INVALID_ARGUMENT


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
    from tfx_ocr.serving.model_server.tensors import to_array, to_proto

    written = to_proto(value)
    assert list(getattr(written, field)) == values
    assert [each.size for each in written.tensor_shape.dim] == list(value.shape)
    assert not written.tensor_content
    assert to_array(written, "x").tolist() == value.tolist()


def test_a_tensor_is_written_as_content_where_that_is_asked_for():
    from tfx_ocr.serving.model_server.tensors import to_array, to_proto

    written = to_proto(np.array([1.5, 2], np.float32), as_content=True)
    assert (written.tensor_content, list(written.float_val)) == (b"\0\0\xc0?\0\0\0@", [])
    assert to_array(written, "x").tolist() == [1.5, 2]
