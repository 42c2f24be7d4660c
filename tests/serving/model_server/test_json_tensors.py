import json

import grpc
import numpy as np
import pytest
from google.protobuf import text_format

from tfx_ocr.serving import dtypes, messages
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.json_tensors import read, read_signature_name, to_input, to_tensors
from tfx_ocr.serving.tensors import to_array

FLOAT, DOUBLE, STRING, BOOL = dtypes.DT_FLOAT, dtypes.DT_DOUBLE, dtypes.DT_STRING, dtypes.DT_BOOL
INT8, INT16, INT32, INT64 = dtypes.DT_INT8, dtypes.DT_INT16, dtypes.DT_INT32, dtypes.DT_INT64
UINT8, UINT16, UINT32, UINT64 = dtypes.DT_UINT8, dtypes.DT_UINT16, dtypes.DT_UINT32, dtypes.DT_UINT64
HALF, BFLOAT16, COMPLEX64 = dtypes.DT_HALF, dtypes.DT_BFLOAT16, dtypes.DT_COMPLEX64


def arrays(text: str, **dtypes: int) -> dict[str, np.ndarray]:
    tensors, _ = to_tensors(read(text.encode()), dtypes)
    assert {name: tensor.dtype for name, tensor in tensors.items()} == dtypes
    return {name: to_array(tensor, "x") for name, tensor in tensors.items()}


def refused(text: str, **dtypes: int) -> str:
    with pytest.raises(ServingError) as caught:
        to_tensors(read(text.encode()), dtypes)
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    return caught.value.message


# What is taken


def test_rows_become_one_batch():
    tensors, by_row = to_tensors(read(b'{"instances": [[1, 2], [3, 4], [5, 6]]}'), {"x": INT32})
    assert by_row
    assert [dim.size for dim in tensors["x"].tensor_shape.dim] == [3, 2]
    np.testing.assert_array_equal(to_array(tensors["x"], "x"), [[1, 2], [3, 4], [5, 6]])


def test_rows_of_scalars():
    x = arrays('{"instances": [2.0, 3, 4.5]}', x=FLOAT)["x"]
    assert (x.tolist(), x.dtype) == ([2.0, 3.0, 4.5], np.float32)


@pytest.mark.parametrize(
    ("value", "shape"),
    [("2.5", []), ("[2.5]", [1]), ("[[[1, 2, 3], [4, 5, 6]]]", [1, 2, 3]), ("[]", [0]), ("[[], []]", [2, 0])],
)
def test_a_column_has_the_shape_that_it_is_written_in(value, shape):
    tensors, by_row = to_tensors(read(f'{{"inputs": {value}}}'.encode()), {"x": FLOAT})
    assert not by_row
    assert [dim.size for dim in tensors["x"].tensor_shape.dim] == shape
    assert to_array(tensors["x"], "x").shape == tuple(shape)


def test_named_rows():
    found = arrays(
        '{"instances": [{"tag": "a", "signal": [1, 2], "sensor": [[1, 2], [3, 4]]},'
        ' {"sensor": [[5, 6], [7, 8]], "tag": "\\u00e9", "signal": [3, 4]}]}',
        tag=STRING, signal=FLOAT, sensor=INT64,
    )  # fmt: skip
    assert found["tag"].tolist() == [b"a", "é".encode()]
    assert found["signal"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert found["sensor"].tolist() == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]


def test_one_named_input_in_rows():
    assert arrays('{"instances": [{"x": [1.5]}, {"x": [2.5]}]}', x=FLOAT)["x"].tolist() == [[1.5], [2.5]]


def test_named_columns_need_not_be_of_one_batch_and_others_are_passed_over():
    found = arrays('{"inputs": {"a": [1, 2, 3], "b": "text", "c": 5}}', a=INT32, b=STRING)
    assert (found["a"].tolist(), found["b"].tolist()) == ([1, 2, 3], b"text")


def test_base64():
    rows = '{"instances": [{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}]}'
    assert arrays(rows, image_bytes=STRING)["image_bytes"].tolist() == [b"hello", b"world"]
    nested = '{"instances": [{"x": [[{"b64": "aGVsbG8="}], [{"b64": "/w=="}]]}]}'
    assert arrays(nested, x=STRING)["x"].tolist() == [[[b"hello"], [b"\xff"]]]
    assert arrays('{"inputs": {"b64": "aGVsbG8="}}', x=STRING)["x"].tolist() == b"hello"
    mixed = '{"instances": ["text", {"b64": "aGVsbG8="}]}'
    assert arrays(mixed, x=STRING)["x"].tolist() == [b"text", b"hello"]


@pytest.mark.parametrize("text", ["aGVsbG8", "aGVs bG8=", "aGVs\\nbG8"])
def test_base64_may_lack_its_end_and_hold_spaces(text):
    assert arrays(f'{{"instances": [{{"b64": "{text}"}}]}}', x=STRING)["x"].tolist() == [b"hello"]


def test_numbers_that_are_none():
    x = arrays('{"instances": [NaN, Infinity, -Infinity, 1]}', x=FLOAT)["x"]
    np.testing.assert_array_equal(x, np.array([np.nan, np.inf, -np.inf, 1], np.float32))


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (INT8, -128, 127),
        (INT16, -32768, 32767),
        (INT32, -2147483648, 2147483647),
        (INT64, -9223372036854775808, 9223372036854775807),
        (UINT8, 0, 255),
        (UINT16, 0, 65535),
        (UINT32, 0, 4294967295),
        (UINT64, 0, 18446744073709551615),
    ],
)
def test_whole_numbers_fill_their_type_and_no_more(dtype, low, high):
    name = messages.DataType.Name(dtype)[3:].lower()
    assert arrays(f'{{"instances": [{low}, {high}]}}', x=dtype)["x"].tolist() == [low, high]
    for beyond in (low - 1, high + 1):
        assert refused(f'{{"inputs": [{low}, {beyond}]}}', x=dtype) == (
            f"JSON Value: {beyond} Type: Number is not of expected type: {name}"
        )


@pytest.mark.parametrize(
    ("dtype", "whole", "name"),
    [(HALF, 2**11 - 1, "half"), (BFLOAT16, 2**8 - 1, "bfloat16"), (FLOAT, 2**24 - 1, "float"),
     (DOUBLE, 2**53 - 1, "double")],
)  # fmt: skip
def test_whole_numbers_in_floats_are_exact(dtype, whole, name):
    x = arrays(f'{{"instances": [{whole}, {-whole}, 0.5]}}', x=dtype)["x"]
    assert x.astype(np.float64).tolist() == [whole, -whole, 0.5]
    assert refused(f'{{"inputs": [0, {whole + 1}]}}', x=dtype) == (
        f"Cannot convert JSON value: {whole + 1} to {name} without loss of precision."
    )
    assert arrays(f'{{"inputs": [{whole + 1}.0]}}', x=dtype)["x"].astype(np.float64).tolist() == [whole + 1]


@pytest.mark.parametrize(
    ("dtype", "fits", "beyond", "name"),
    [
        (HALF, "65504.0", "65505.0", "half"),
        (BFLOAT16, "3.38e38", "3.4e38", "bfloat16"),
        (FLOAT, "3.4028234663852886e+38", "3.41e+38", "float"),
    ],
)
def test_floats_stay_in_their_range(dtype, fits, beyond, name):
    x = arrays(f'{{"instances": [{fits}, -{fits}]}}', x=dtype)["x"].astype(np.float64)
    assert np.isfinite(x).all()
    assert x[0] == pytest.approx(float(fits), rel=0.01)
    message = refused(f'{{"inputs": [{beyond}]}}', x=dtype)
    assert message == f"Cannot convert JSON value: {float(beyond)!r} to {name} without loss of precision."


def test_a_number_of_more_than_64_bits_is_a_double():
    assert arrays('{"inputs": [100000000000000000000]}', x=DOUBLE)["x"].tolist() == [1e20]
    assert "without loss of precision" in refused('{"inputs": [18446744073709551615]}', x=DOUBLE)


def test_booleans():
    assert arrays('{"instances": [[true], [false]]}', x=BOOL)["x"].tolist() == [[True], [False]]


def test_a_large_array_is_the_same():
    values = (np.arange(30_000, dtype=np.float32) / 7).reshape(10, 3, 1000)
    text = json.dumps({"instances": values.astype(float).tolist()})
    np.testing.assert_array_equal(arrays(text, x=FLOAT)["x"], values)


# What is not


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "The document is empty"),
        (b"  ", "The document is empty"),
        (b"{", "Missing a name for object member. at offset: 1"),
        (b'{"instances"}', "Missing a colon after a name of object member. at offset: 12"),
        (b'{"instances": [1, ]}', "Invalid value. at offset: 18"),
        (b'{"instances": 1, }', "Missing a name for object member. at offset: 17"),
        (b'{"instances": [1 2]}', "Missing a comma or } after an object member, or ] after an array element."),
        (b'{"instances": "a', "Missing a closing quotation mark in string. at offset: 14"),
        (b'{"instances": [1]} x', "The document root must not be followed by other values. at offset: 19"),
        ('{"é": nope}'.encode(), "Invalid value. at offset: 7"),
        (b'{"instances": ["\xff"]}', "Invalid encoding in string. at offset: 16"),
        (b'{"instances": ["\x01"]}', "Invalid encoding in string."),
        (b'{"instances": ["\\ud800"]}', "The surrogate pair in string is invalid."),
        (b'{"instances": [1e400]}', "Number too big to be stored in double."),
        (b'{"instances": [-1e+999]}', "Number too big to be stored in double."),
        (b'{"instances": [' + b"9" * 5000 + b"]}", "Number too big to be stored in double."),
        (b'{"instances": ' + b"[" * 200_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_json(body, why):
    with pytest.raises(ServingError) as caught:
        read(body)
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.message.startswith(f"JSON Parse error: {why}")


def test_exponents_that_are_no_overflow_and_pairs_of_surrogates_are_taken():
    assert read(b'{"x": [1e-400, 1e+0300], "y": "\\ud83d\\ude00"}') == {"x": [0.0, 1e300], "y": "😀"}


@pytest.mark.parametrize(
    ("body", "shown"),
    [(b"5", "5"), (b"[1, 2]", "[\n    1,\n    2\n]"), (b'"text"', '"text"'), (b"null", "null"), (b"NaN", "NaN")],
)
def test_a_body_that_is_no_object(body, shown):
    with pytest.raises(ServingError, match="Is not object") as caught:
        read(body)
    assert caught.value.message == f"JSON Value: {shown} Is not object"


def test_instances_or_inputs():
    both = refused('{"instances": [1], "inputs": [1]}', x=INT32)
    assert "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist" in both
    assert refused("{}", x=INT32) == "Missing 'inputs' or 'instances' key"
    assert refused('{"instances": []}', x=INT32) == (
        "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"
    )
    assert "Excepting 'instances' to be an list/array" in refused('{"instances": 1}', x=INT32)


@pytest.mark.parametrize(
    ("value", "dtype", "shown", "kind", "name"),
    [
        ("1.0", INT32, "1.0", "Number", "int32"),
        ("1e2", INT64, "100.0", "Number", "int64"),
        ("true", INT32, "true", "True", "int32"),
        ("false", FLOAT, "false", "False", "float"),
        ("1", BOOL, "1", "Number", "bool"),
        ('"true"', BOOL, '"true"', "String", "bool"),
        ("1", STRING, "1", "Number", "string"),
        ("null", STRING, "null", "Null", "string"),
        ("null", FLOAT, "null", "Null", "float"),
        ('"1"', FLOAT, '"1"', "String", "float"),
        ('{"b64": "aGVsbG8="}', FLOAT, '{\n    "b64": "aGVsbG8="\n}', "Object", "float"),
    ],
)
def test_a_value_of_another_type(value, dtype, shown, kind, name):
    assert refused(f'{{"inputs": {value}}}', x=dtype) == (
        f"JSON Value: {shown} Type: {kind} is not of expected type: {name}"
    )


def test_the_first_wrong_value_is_told():
    assert refused('{"inputs": [[1, 2], [3, "a"], [null, 5]]}', x=INT32).startswith('JSON Value: "a" Type: String')


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("[[1, 2], [3]]", "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
        ("[[1, 2], 3]", "JSON Value: 3 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
        ("[1, [2]]", "Encountered list at unexpected level: 1 expected < 1"),
        ("[[], [1]]", "Encountered list at unexpected size: 1 at level: 1 expected size: 0"),
    ],
)
def test_ragged_columns(value, message):
    assert refused(f'{{"inputs": {value}}}', x=INT32) == message


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("[[1, 2], [3, 4], [5, 6, 7]]", "element: 2 of 'instances' list. Error: INVALID_ARGUMENT: "
         "Expecting tensor size: 2 but got: 3"),
        ("[[1, 2], [[3, 4]]]", "element: 1 of 'instances' list. Error: INVALID_ARGUMENT: "
         "Expecting shape [2] but got: [1,2]"),
        ("[1, [1]]", "element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [] but got: [1]"),
        ("[[1], [1.5]]", "element: 1 of 'instances' list. Error: INVALID_ARGUMENT: "
         "JSON Value: 1.5 Type: Number is not of expected type: int32"),
        ("[[[1], 2]]", "element: 0 of 'instances' list. Error: INVALID_ARGUMENT: "
         "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"),
    ],
)  # fmt: skip
def test_ragged_rows(rows, message):
    assert refused(f'{{"instances": {rows}}}', x=INT32) == f"Failed to process {message}"


def test_named_rows_that_do_not_fit():
    types = {"a": INT32, "b": STRING}
    assert refused('{"instances": [1, 2]}', **types).startswith("instances is a plain list, but expecting list of obj")
    assert refused('{"instances": [{"b64": "AA=="}]}', **types).startswith("instances is a plain list")
    assert refused('{"instances": [{"a": 1, "b": "x"}, [1]]}', **types) == (
        "Expecting object but got list at item 1 of input list"
    )
    assert refused('{"instances": [{"a": 1, "b": "x"}, {"a": 1}]}', **types) == (
        "Failed to process element: 1 of 'instances' list. JSON object: {\n    \"a\": 1\n} keys must be equal to: a,b"
    )
    assert refused('{"instances": [{"a": 1, "b": "x", "c": 2}]}', **types) == (
        "Failed to process element: 0 key: c of 'instances' list. Error: INVALID_ARGUMENT: "
        "JSON object: does not have named input: c"
    )
    assert refused('{"instances": [{"a": [1], "b": "x"}, {"a": [1, 2], "b": "x"}]}', **types) == (
        "Failed to process element: 1 key: a of 'instances' list. Error: INVALID_ARGUMENT: "
        "Expecting tensor size: 1 but got: 2"
    )
    assert refused('{"instances": [["x"], {"b": "x"}]}', b=STRING) == (
        "Expecting value/list but got object at item 1 of input list"
    )


def test_named_columns_that_do_not_fit():
    types = {"a": INT32, "b": STRING}
    assert refused('{"inputs": {"a": 1}}', **types) == "Missing named input: b in 'inputs' object."
    assert refused('{"inputs": [1]}', **types).startswith("inputs is a plain value/list, but expecting an object")


@pytest.mark.parametrize(
    "value", ['{"b64": "aGVsbG8=", "more": 1}', '{"b64": 1}', '{"B64": "aGVsbG8="}', "{}"]
)  # fmt: skip
def test_base64_stands_alone_in_its_object(value):
    message = refused(f'{{"inputs": [{value}]}}', x=STRING)
    assert message.endswith(" not formatted correctly for base64 data")


@pytest.mark.parametrize("text", ["a", "aGVsbG8*", "aGVsbG8==", "é"])
def test_what_is_no_base64(text):
    assert refused(f'{{"inputs": [{{"b64": "{text}"}}]}}', x=STRING) == "Unable to base64 decode"


def test_a_type_without_json():
    with pytest.raises(ServingError) as caught:
        to_tensors(read(b'{"inputs": [1]}'), {"x": COMPLEX64})
    assert caught.value.code is grpc.StatusCode.UNIMPLEMENTED
    assert caught.value.message == "Conversion of JSON Value: 1 to type: complex64"


def test_more_dimensions_than_an_array_has():
    fits, beyond = "[" * 32 + "]" * 32, "[" * 33 + "]" * 33
    assert arrays(f'{{"inputs": {fits}}}', x=STRING)["x"].shape == (*[1] * 31, 0)
    assert refused(f'{{"inputs": {beyond}}}', x=STRING) == "JSON Value: nested in more than 32 lists"
    assert "nested in more than 32 lists" in refused(f'{{"instances": [1, {beyond}]}}', x=INT8)


def test_long_values_are_cut_in_messages():
    message = refused(json.dumps({"inputs": [1, "x" * 10_000]}), x=INT32)
    assert message.startswith('JSON Value: "xxxx')
    assert len(message) < 600
    assert len(refused(json.dumps({"instances": list(range(10_000)), "inputs": 1}), x=INT32)) < 700


def test_signature_names():
    assert read_signature_name({}) == ""
    assert read_signature_name({"signature_name": "serve_images"}) == "serve_images"
    with pytest.raises(ServingError) as caught:
        read_signature_name({"signature_name": 5})
    assert caught.value.message == (
        'JSON Value: {\n    "signature_name": 5\n} not formatted correctly. '
        "'signature_name' key must be a string value."
    )


# tf.Examples


def test_examples():
    given = to_input(
        read(
            b'{"examples": [{"names": ["foo", {"b64": "/w=="}], "ratings": [8.0, NaN], "age": 20, "old": [true, 0]},'
            b' {"names": "baz", "none": []}]}'
        )
    )
    expected = text_format.Parse(
        r"""
        example_list {
          examples { features {
            feature { key: "names" value { bytes_list { value: "foo" value: "\377" } } }
            feature { key: "ratings" value { float_list { value: 8.0 value: nan } } }
            feature { key: "age" value { int64_list { value: 20 } } }
            feature { key: "old" value { int64_list { value: 1 value: 0 } } }
          } }
          examples { features {
            feature { key: "names" value { bytes_list { value: "baz" } } }
            feature { key: "none" value { } }
          } }
        }""",
        messages.Input(),
    )
    assert str(given) == str(expected)


def test_examples_with_a_context():
    given = to_input(read(b'{"context": {"page": 3}, "examples": [{"x": 1.5}, {}]}'))
    listed = given.example_list_with_context
    assert listed.context.features.feature["page"].int64_list.value == [3]
    assert [list(each.features.feature["x"].float_list.value) for each in listed.examples] == [[1.5], []]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{}', "When method is classify, key 'examples' is expected and was not found"),
        ('{"examples": {}}', "Expecting 'examples' value to be an list/array"),
        ('{"examples": []}', "'examples' value is an empty array"),
        ('{"examples": [5]}', "Example must be JSON object but got JSON Number"),
        ('{"context": [], "examples": [{}]}', "Example must be JSON object but got JSON Array"),
        ('{"examples": [{"x": null}]}', "Feature: x has element with unexpected JSON type: Null"),
        ('{"examples": [{"x": [[1]]}]}', "Feature: x has element with unexpected JSON type: Array"),
        ('{"examples": [{"x": {"b": 1}}]}', "Feature: x has element with unexpected JSON type: Object"),
        ('{"examples": [{"x": [1, 2.0]}]}', "Unexpected element type in feature: x expecting type: int64"),
        ('{"examples": [{"x": [2.0, 1]}]}', "Unexpected element type in feature: x expecting type: float"),
        ('{"examples": [{"x": ["a", 1]}]}', "Unexpected element type in feature: x expecting type: bytes"),
        ('{"examples": [{"x": 9223372036854775808}]}', "Feature: x has uint64 element. Only int64 is supported."),
        ('{"examples": [{"x": 3.5e38}]}', "Cannot convert JSON value: 3.5e+38 to float without loss of precision."),
        ('{"examples": [{"x": {"b64": "*"}}]}', "Unable to base64 decode"),
    ],
)  # fmt: skip
def test_examples_that_are_none(body, message):
    with pytest.raises(ServingError) as caught:
        to_input(read(body.encode()))
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.message.endswith(message)
