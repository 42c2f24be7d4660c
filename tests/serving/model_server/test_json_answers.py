import json

import grpc
import numpy as np
import pytest
from google.protobuf import text_format

from tfx_ocr.serving import dtypes, messages
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.json_answers import (
    format_classifications,
    format_error,
    format_regressions,
    format_tensors,
)
from tfx_ocr.serving.tensors import to_proto


def tensor(text: str) -> messages.TensorProto:
    return text_format.Parse(text, messages.TensorProto())


def written(by_row: bool, **outputs: messages.TensorProto) -> dict:
    return json.loads(format_tensors(outputs, by_row))


def refused(by_row: bool, **outputs: messages.TensorProto) -> str:
    with pytest.raises(ServingError) as caught:
        format_tensors(outputs, by_row)
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    return caught.value.message


def tokens(*values: float, dtype: type = np.float32) -> list[str]:
    """Return the exact characters of numbers, which a JSON parser would lose."""
    text = format_tensors({"y": to_proto(np.array(values, dtype))}, True).decode()
    return text.split("[")[1].split("]")[0].replace(",", " ").split()


NUMBERS = tensor("dtype: DT_INT32 tensor_shape { dim { size: 2 } dim { size: 3 } } int_val: [1, 2, 3, 4, 5, 6]")
TEXTS = tensor('dtype: DT_STRING tensor_shape { dim { size: 2 } } string_val: ["7", "\\303\\251\\n"]')
SCORES = tensor("dtype: DT_FLOAT tensor_shape { dim { size: 2 } } float_val: [0.98, 0.5]")
SCALAR = tensor("dtype: DT_FLOAT tensor_shape { } float_val: 2.5")
THREE = tensor("dtype: DT_INT32 tensor_shape { dim { size: 3 } } int_val: [1, 2, 3]")


def test_one_output_has_no_name():
    assert written(True, y=NUMBERS) == {"predictions": [[1, 2, 3], [4, 5, 6]]}
    assert written(False, y=NUMBERS) == {"outputs": [[1, 2, 3], [4, 5, 6]]}
    assert written(True, y=SCORES) == {"predictions": [0.98, 0.5]}
    assert written(False, y=SCALAR) == {"outputs": 2.5}


def test_several_outputs_are_objects():
    assert written(True, label=TEXTS, probability=SCORES, n=NUMBERS) == {
        "predictions": [
            {"label": "7", "n": [1, 2, 3], "probability": 0.98},
            {"label": "é\n", "n": [4, 5, 6], "probability": 0.5},
        ]
    }
    assert written(False, label=TEXTS, probability=SCORES, loss=SCALAR) == {
        "outputs": {"label": ["7", "é\n"], "loss": 2.5, "probability": [0.98, 0.5]}
    }


def test_the_page_looks_as_tensorflow_serving_prints_it():
    assert format_tensors({"y": SCORES}, True).decode() == '{\n    "predictions": [0.98, 0.5\n    ]\n}'
    assert format_tensors({"y": SCORES, "x": THREE}, False).decode() == (
        '{\n    "outputs": {\n        "x": [1, 2, 3],\n        "y": [0.98, 0.5]\n    }\n}'
    )


def test_bytes_go_out_as_base64():
    answer = tensor('dtype: DT_STRING tensor_shape { dim { size: 2 } dim { size: 1 } } string_val: ["hello", "\\377"]')
    assert written(True, image_bytes=answer) == {"predictions": [[{"b64": "aGVsbG8="}], [{"b64": "/w=="}]]}
    assert written(False, image_bytes=answer, n=SCALAR)["outputs"]["image_bytes"] == [
        [{"b64": "aGVsbG8="}],
        [{"b64": "/w=="}],
    ]


def test_a_text_that_is_no_utf8_goes_out_as_it_is():
    answer = tensor('dtype: DT_STRING tensor_shape { dim { size: 1 } } string_val: ["a\\377"]')
    assert b'"a\xff"' in format_tensors({"image": answer}, True)


def test_floats_have_the_digits_that_tensorflow_serving_gives_them():
    # six digits where they read back as the same float, else nine, and a point if without exponent
    assert tokens(9_000_000, 999_999, 0.5, 0.0003, 0.00003, 555_557.5) == [
        "9e+06", "999999.0", "0.5", "0.0003", "3e-05", "555557.5",
    ]  # fmt: skip
    assert tokens(1 / 3, 0.1, 3, -0.0) == ["0.333333343", "0.1", "3.0", "-0.0"]
    assert tokens(1 / 3, 0.1, 1e300, dtype=np.float64) == ["0.33333333333333331", "0.1", "1e+300"]


def test_the_smallest_floats_have_few_digits():
    assert tokens(2.0**-149, 3e-42, 2.0**-126) == ["1.4013e-45", "3.00018e-42", "1.17549435e-38"]


def test_floats_read_back_as_the_same():
    values = np.random.default_rng(3).standard_normal(1000).astype(np.float32) ** 9
    assert (np.array(tokens(*values), np.float32) == values).all()


def test_numbers_that_are_none():
    assert tokens(np.nan, np.inf, -np.inf, 3) == ["NaN", "Infinity", "-Infinity", "3.0"]


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("int8", [-128, 127]),
        ("int16", [-32768]),
        ("int64", [-(2**63), 2**63 - 1]),
        ("uint8", [255]),
        ("uint16", [65535]),
        ("uint32", [2**32 - 1]),
        ("uint64", [2**64 - 1]),
        ("bool", [True, False]),
        ("float16", [0.5, 65504.0]),
        ("bfloat16", [0.5, -256.0]),
        ("float64", [0.1]),
    ],
)
def test_types(dtype, values):
    kind = dtypes.to_numpy(dtypes.get_number(dtype))
    assert written(True, y=to_proto(np.array(values, kind))) == {"predictions": values}


@pytest.mark.parametrize(
    ("shape", "by_row", "expected"),
    [
        ((2, 2, 2), True, {"predictions": [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]}),
        ((1, 1, 3), False, {"outputs": [[[0, 1, 2]]]}),
        ((0,), True, {"predictions": []}),
        ((2, 0), True, {"predictions": [[], []]}),
        ((2, 0, 3), False, {"outputs": [[], []]}),
    ],
)
def test_shapes(shape, by_row, expected):
    values = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    assert written(by_row, y=to_proto(values)) == expected


def test_what_has_no_json():
    assert refused(True) == "Cannot convert empty tensor map to JSON"
    assert refused(True, y=SCALAR) == "Tensor name: y has no shape information "
    assert refused(True, a=SCORES, b=THREE) == "Tensor name: b has inconsistent batch size: 3 expecting: 2"
    pair = to_proto(np.array([1j], np.complex64))
    assert refused(True, y=pair) == "Failed to write JSON value for tensor type: complex64"


def test_classifications():
    result = text_format.Parse(
        """
        classifications { classes { label: "7" score: 0.75 } classes { label: "1" score: 0.25 } }
        classifications { classes { score: 3 } }
        classifications { }""",
        messages.ClassificationResult(),
    )
    assert json.loads(format_classifications(result)) == {"results": [[["7", 0.75], ["1", 0.25]], [["", 3.0]], []]}
    with pytest.raises(ServingError, match="Cannot convert empty ClassificationResults to JSON"):
        format_classifications(messages.ClassificationResult())


def test_regressions():
    result = text_format.Parse("regressions { value: 3 } regressions { value: -0.1 }", messages.RegressionResult())
    assert format_regressions(result).decode() == '{\n    "results": [3.0, -0.1]\n}'
    with pytest.raises(ServingError, match="Cannot convert empty RegressionResults to JSON"):
        format_regressions(messages.RegressionResult())


def test_errors():
    assert format_error('"a"\n').decode() == '{\n    "error": "\\"a\\"\\n"\n}'
