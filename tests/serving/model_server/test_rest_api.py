import json

import grpc
import pytest

from tfx_ocr.serving import dtypes, messages
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.rest_api import TRIES, answer, parse
from tfx_ocr.serving.tensors import to_array, to_proto

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT


class HalfPlus:
    """y = x / 2 + 2 in version 1, y = x / 2 + 3 of doubles in version 2; classify and regress give the same number."""

    def __init__(self, versions=(1, 2)):
        self.versions = list(versions)
        self.asked: list = []

    def version(self, spec) -> int:
        if spec.name != "half" or not self.versions:
            raise ServingError(NOT_FOUND, f"Servable not found for request: Latest({spec.name})")
        if spec.version_label:
            return {"old": 1, "new": 2}[spec.version_label]
        number = spec.version.value if spec.HasField("version") else max(self.versions)
        if number not in self.versions:
            raise ServingError(NOT_FOUND, f"Servable not found for request: Specific(half, {number})")
        return number

    def get_model_metadata(self, request):
        number = self.version(request.model_spec)
        signatures = messages.SignatureDefMap()
        for name, outputs in (("serving_default", ["y"]), ("two", ["y", "twice"])):
            signature = signatures.signature_def[name]
            signature.method_name = "tensorflow/serving/predict"
            x = signature.inputs["x"]
            x.name, x.dtype = "x:0", dtypes.DT_FLOAT if number == 1 else dtypes.DT_DOUBLE
            x.tensor_shape.dim.add(size=-1)
            for output in outputs:
                signature.outputs[output].name = f"{output}:0"
        signatures.signature_def["nothing"].method_name = "tensorflow/serving/predict"
        response = messages.GetModelMetadataResponse()
        response.model_spec.name = request.model_spec.name
        response.model_spec.version.value = number
        response.metadata["signature_def"].Pack(signatures)
        return response

    def predict(self, request, timeout_s=None):
        self.asked.append((request.model_spec, timeout_s))
        number = self.version(request.model_spec)
        x = to_array(request.inputs["x"], "x")
        assert x.dtype == ("float32" if number == 1 else "float64")
        response = messages.PredictResponse()
        response.outputs["y"].CopyFrom(to_proto(x / 2 + 1 + number))
        if request.model_spec.signature_name == "two":
            response.outputs["twice"].CopyFrom(to_proto(x + 2 + 2 * number))
        return response

    def examples(self, request) -> list[float]:
        self.asked.append((request.model_spec, None))
        self.version(request.model_spec)
        return [each.features.feature["x"].float_list.value[0] / 2 + 2 for each in request.input.example_list.examples]

    def classify(self, request, timeout_s=None):
        response = messages.ClassificationResponse()
        for score in self.examples(request):
            response.result.classifications.add().classes.add(score=score)
        return response

    def regress(self, request, timeout_s=None):
        response = messages.RegressionResponse()
        for value in self.examples(request):
            response.result.regressions.add(value=value)
        return response

    def get_model_status(self, request):
        self.version(request.model_spec)
        response = messages.GetModelStatusResponse()
        response.model_version_status.add(version=2, state=30)
        failed = response.model_version_status.add(version=1, state=50)
        failed.status.error_code, failed.status.error_message = 5, "gone"
        return response


def asked(handlers, method: str, url: str, body: dict | None = None, timeout_s: float | None = None) -> dict:
    return json.loads(answer(handlers, parse(method, url), json.dumps(body or {}).encode(), timeout_s))


def refused(handlers, url: str, body: dict) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(ServingError) as caught:
        asked(handlers, "POST", url, body)
    return caught.value.code, caught.value.message


# URLs


@pytest.mark.parametrize(
    ("method", "url", "what", "name", "version", "label"),
    [
        ("POST", "/v1/models/half:predict", "predict", "half", None, ""),
        ("POST", "/v1/models/half/versions/12:classify", "classify", "half", 12, ""),
        ("POST", "/v1/models/half/labels/stable:regress", "regress", "half", None, "stable"),
        ("POST", "/V1/Models/Half/Versions/0:predict", "predict", "Half", 0, ""),
        ("POST", "/v1/models/a%20b%2Fc%ED%95%9C:predict", "predict", "a b/c한", None, ""),
        ("POST", "/v1/models/half/labels/a%3Ab:predict", "predict", "half", None, "a:b"),
        ("GET", "/v1/models/half", "status", "half", None, ""),
        ("GET", "/v1/models/half/versions/9223372036854775807", "status", "half", 2**63 - 1, ""),
        ("GET", "/v1/models/half/metadata", "metadata", "half", None, ""),
        ("GET", "/v1/models/half/labels/stable/metadata", "metadata", "half", None, "stable"),
    ],
)
def test_urls(method, url, what, name, version, label):
    call = parse(method, url)
    assert (call.what, call.spec.name, call.spec.version_label) == (what, name, label)
    assert (call.spec.version.value if call.spec.HasField("version") else None) == version
    assert call.api == (what if method == "POST" else "")


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/v1/models/half:predict"),
        ("POST", "/v1/models/half"),
        ("PUT", "/v1/models/half:predict"),
        ("DELETE", "/v1/models/half"),
        ("HEAD", "/v1/models/half"),
        ("POST", "/v1/models/half:PREDICT"),
        ("POST", "/v1/models/half:explain"),
        ("POST", "/v1/models/:predict"),
        ("POST", "/v1/models/half/versions/x:predict"),
        ("POST", "/v1/models/half/versions/-1:predict"),
        ("POST", "/v1/models/half/versions/1/labels/a:predict"),
        ("POST", "/v1/models/half:predict?version=1"),
        ("POST", "/v1/models/half:predict/"),
        ("GET", "/v1/models/half/"),
        ("GET", "/v1/models/half/versions/\N{ARABIC-INDIC DIGIT ONE}"),
        ("GET", "/v1/"),
    ],
)
def test_urls_that_lead_nowhere(method, url):
    with pytest.raises(ServingError) as caught:
        parse(method, url)
    assert (caught.value.code, caught.value.message) == (INVALID, f"Malformed request: {method} {url}")


def test_urls_with_bad_parts():
    for url, message in (
        ("/v1/models", "Missing model name in request."),
        ("/v1/models/metadata", None),  # a model of that name
        ("/v1/models/half/versions/9223372036854775808", "Failed to convert version: 9223372036854775808 to numeric."),
        ("/v1/models/%FF", "Failed to decode model name:%FF"),
        ("/v1/models/half/labels/%FF", "Failed to decode model version label:%FF"),
    ):
        if message is None:
            assert parse("GET", url).spec.name == "metadata"
            continue
        with pytest.raises(ServingError) as caught:
            parse("GET", url)
        assert (caught.value.code, caught.value.message) == (INVALID, message)


# Answers


def test_predict_in_the_form_of_the_request():
    handlers = HalfPlus(versions=[1])
    assert asked(handlers, "POST", "/v1/models/half:predict", {"instances": [2.0, 3, 4]}) == {
        "predictions": [3.0, 3.5, 4.0]
    }
    assert asked(handlers, "POST", "/v1/models/half:predict", {"inputs": {"x": [2.0]}}) == {"outputs": [3.0]}
    two = {"signature_name": "two", "instances": [{"x": 2.0}]}
    assert asked(handlers, "POST", "/v1/models/half:predict", two) == {"predictions": [{"twice": 6.0, "y": 3.0}]}
    assert [spec.signature_name for spec, _ in handlers.asked] == ["", "", "two"]


def test_versions_and_labels():
    handlers = HalfPlus()
    for url, y in (("", 4.0), ("/versions/1", 3.0), ("/labels/old", 3.0), ("/labels/new", 4.0)):
        assert asked(handlers, "POST", f"/v1/models/half{url}:predict", {"instances": [2]}) == {"predictions": [y]}
    assert refused(handlers, "/v1/models/half/versions/3:predict", {"instances": [2]}) == (
        NOT_FOUND, "Servable not found for request: Specific(half, 3)",
    )  # fmt: skip


def test_classify_and_regress():
    body = {"signature_name": "c", "examples": [{"x": 2.0}, {"x": 6.0}]}
    handlers = HalfPlus()
    assert asked(handlers, "POST", "/v1/models/half:classify", body) == {"results": [[["", 3.0]], [["", 5.0]]]}
    assert asked(handlers, "POST", "/v1/models/half/versions/1:regress", body) == {"results": [3.0, 5.0]}
    assert [(spec.signature_name, spec.version.value) for spec, _ in handlers.asked] == [("c", 0), ("c", 1)]


def test_what_is_left_of_the_time_is_passed_on():
    handlers = HalfPlus()
    asked(handlers, "POST", "/v1/models/half:predict", {"instances": [2]}, timeout_s=5.0)
    assert 4.0 < handlers.asked[0][1] <= 5.0


def test_a_body_is_read_before_a_model_is_looked_for():
    assert refused(HalfPlus(), "/v1/models/none:predict", {"signature_name": 1})[0] is INVALID
    assert refused(HalfPlus(), "/v1/models/none:predict", {"instances": [1]}) == (
        NOT_FOUND, "Servable not found for request: Latest(none)",
    )  # fmt: skip


def test_signatures_that_are_not_there():
    assert refused(HalfPlus(), "/v1/models/half:predict", {"signature_name": "x", "instances": [1]}) == (
        INVALID, 'Serving signature name: "x" not found in signature def',
    )  # fmt: skip
    assert refused(HalfPlus(), "/v1/models/half:predict", {"signature_name": "nothing", "instances": [1]}) == (
        INVALID, "Failed to get input map for signature: nothing",
    )  # fmt: skip


class Pictures(HalfPlus):
    """Has a signature of pictures beside `serving_default`, which takes tf.Examples."""

    def get_model_metadata(self, request):
        response = super().get_model_metadata(request)
        signatures = messages.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        signatures.signature_def["serve_images"].CopyFrom(signatures.signature_def["two"])
        response.metadata["signature_def"].Pack(signatures)
        return response

    def predict(self, request, timeout_s=None):
        raise ServingError(INVALID, "Could not parse example input")


def test_a_picture_without_a_signature_is_answered_with_the_one_that_takes_it():
    hint = '; did you mean "signature_name": "serve_images"?'
    code, said = refused(Pictures(), "/v1/models/half:predict", {"instances": [1]})
    assert (code, said) == (INVALID, f"Could not parse example input{hint}")
    code, said = refused(Pictures(), "/v1/models/half:predict", {"instances": [{"image_bytes": {"b64": "AA=="}}]})
    assert (code, said.endswith(hint)) == (INVALID, True)
    named = {"signature_name": "two", "instances": [1]}
    assert refused(Pictures(), "/v1/models/half:predict", named) == (INVALID, "Could not parse example input")


class Swapping(HalfPlus):
    """The version that was there when it was asked for its signatures is gone when it should answer."""

    def __init__(self, swaps: int):
        super().__init__(versions=[1])
        self.swaps = swaps

    def predict(self, request, timeout_s=None):
        if self.swaps:
            self.swaps -= 1
            self.versions = [2]
            request.model_spec.version.value = 1
        return super().predict(request, timeout_s)


def test_a_version_that_is_gone_meanwhile_is_followed_by_the_next_with_its_own_types():
    handlers = Swapping(1)
    assert asked(handlers, "POST", "/v1/models/half:predict", {"instances": [2]}) == {"predictions": [4.0]}
    assert [spec.version.value for spec, _ in handlers.asked] == [1, 2]


def test_a_version_that_was_asked_for_is_not_followed():
    assert refused(Swapping(1), "/v1/models/half/versions/1:predict", {"instances": [2]})[0] is NOT_FOUND


def test_versions_that_are_always_gone_end_it():
    handlers = Swapping(1000)
    assert refused(handlers, "/v1/models/half:predict", {"instances": [2]})[0] is NOT_FOUND
    assert len(handlers.asked) == TRIES


def test_status():
    assert asked(HalfPlus(), "GET", "/v1/models/half") == {
        "model_version_status": [
            {"version": "2", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}},
            {"version": "1", "state": "END", "status": {"error_code": "NOT_FOUND", "error_message": "gone"}},
        ]
    }


def test_metadata():
    page = asked(HalfPlus(), "GET", "/v1/models/half/versions/1/metadata")
    assert page["model_spec"] == {"name": "half", "signature_name": "", "version": "1"}
    assert list(page["metadata"]) == ["signature_def"]
    signatures = page["metadata"]["signature_def"]["signature_def"]
    assert sorted(signatures) == ["nothing", "serving_default", "two"]
    assert signatures["serving_default"] == {
        "inputs": {
            "x": {
                "dtype": "DT_FLOAT",
                "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
                "name": "x:0",
            }
        },
        "outputs": {"y": {"dtype": "DT_INVALID", "name": "y:0"}},
        "method_name": "tensorflow/serving/predict",
        "defaults": {},
    }
