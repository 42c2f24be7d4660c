"""TensorFlow Serving's REST API: URLs to calls of the handlers, JSON to protos and back."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import re
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import json_format

from tfx_ocr.data import features
from tfx_ocr.serving import messages
from tfx_ocr.serving.model_server import json_answers, json_tensors
from tfx_ocr.serving.model_server.errors import InvalidArgumentError, ServingError
from tfx_ocr.serving.model_server.handlers import Handlers

TRIES = 3  # versions asked for one answer, where each is gone before it could give it
DEFAULT_SIGNATURE = "serving_default"
SIGNATURE_DEF = "signature_def"  # the only field of metadata
MAX_DIGITS = len(str(2**63 - 1))  # of a version; Python refuses to read thousands of them

# RE2's patterns of TensorFlow Serving; the method after the colon is compared with its case.
_MODEL = r"(?i:/v1/models)(?:/(?P<name>[^/:]+))"
_VERSION = r"(?:/(?i:versions)/(?P<version>\d+)|/(?i:labels)/(?P<label>[^/:]+))?"
INFERENCE_PATH = re.compile(rf"{_MODEL}{_VERSION}:(?P<what>classify|regress|predict)", re.ASCII)
STATUS_PATH = re.compile(rf"{_MODEL}?{_VERSION}(?:/(?P<what>metadata))?", re.ASCII)


@dataclasses.dataclass(frozen=True)
class Call:
    """What a URL asks for.

    Attributes:
        what: "predict", "classify", "regress", "metadata" or "status".
        spec: the model, with a version or a label where the URL has one.
    """

    what: str
    spec: messages.ModelSpec

    @property
    def api(self) -> str:
        """The method as TensorFlow Serving counts it."""
        return self.what if self.what in ("predict", "classify", "regress") else ""


def parse(http_method: str, target: str) -> Call:
    """Read a URL.

    Args:
        http_method: "GET" ...
        target: path and query, as they came.

    Raises:
        ServingError: INVALID_ARGUMENT; the URL is not one of the API's.
    """
    pattern = {"POST": INFERENCE_PATH, "GET": STATUS_PATH}.get(http_method)
    found = pattern.fullmatch(target) if pattern else None
    if found is None:
        raise InvalidArgumentError(f"Malformed request: {http_method} {target}")
    if found["name"] is None:
        raise InvalidArgumentError("Missing model name in request.")
    spec = messages.ModelSpec(name=_decoded(found["name"], "model name"))
    if found["version"] is not None:
        digits = found["version"].lstrip("0") or "0"
        if len(digits) > MAX_DIGITS or int(digits) >= 2**63:
            raise InvalidArgumentError(f"Failed to convert version: {found['version']} to numeric.")
        spec.version.value = int(digits)
    if found["label"] is not None:
        spec.version_label = _decoded(found["label"], "model version label")
    return Call(found["what"] or "status", spec)


def answer(handlers: Handlers, call: Call, body: bytes, timeout_s: float | None = None) -> bytes:
    """Have the handlers answer.

    Args:
        handlers: answer the requests.
        call: from the URL.
        body: of a POST.
        timeout_s: after which the request is given up; None: never.

    Returns:
        JSON.

    Raises:
        ServingError: the body is not what the method takes, or the request fails.
    """
    if call.what == "status":
        return _status(handlers.get_model_status(messages.GetModelStatusRequest(model_spec=call.spec)))
    if call.what == "metadata":
        return _metadata(handlers.get_model_metadata(_metadata_request(call.spec)))
    document = json_tensors.read(body)
    call.spec.signature_name = json_tensors.read_signature_name(document)
    if call.what == "predict":
        return _predict(handlers, call.spec, document, timeout_s)
    given = json_tensors.to_input(document)
    if call.what == "classify":
        request = messages.ClassificationRequest(model_spec=call.spec, input=given)
        return json_answers.format_classifications(handlers.classify(request, timeout_s).result)
    regression = messages.RegressionRequest(model_spec=call.spec, input=given)
    return json_answers.format_regressions(handlers.regress(regression, timeout_s).result)


def _predict(
    handlers: Handlers,
    spec: messages.ModelSpec,
    document: Mapping[str, object],
    timeout_s: float | None,
    tries: int = TRIES,
) -> bytes:
    """Ask the version by whose signature the tensors were read; the next, where another has come into its place."""
    begin = time.monotonic()
    metadata = handlers.get_model_metadata(_metadata_request(spec))
    dtypes = _dtypes(metadata, spec.signature_name)
    try:
        inputs, by_row = json_tensors.to_tensors(document, dtypes)
    except InvalidArgumentError as error:
        raise _suggest_signature(error, metadata, spec) from error
    request = messages.PredictRequest(model_spec=spec, inputs=inputs)
    if metadata.model_spec.HasField("version"):
        request.model_spec.version.value = metadata.model_spec.version.value
    left = None if timeout_s is None else max(timeout_s - (time.monotonic() - begin), 0)
    try:
        response = handlers.predict(request, left)
    except ServingError as error:
        gone = error.code is grpc.StatusCode.NOT_FOUND and not spec.HasField("version")
        if gone and tries > 1:
            return _predict(handlers, spec, document, left, tries - 1)
        raise _suggest_signature(error, metadata, spec) from error
    return json_answers.format_tensors(response.outputs, by_row)


def _dtypes(metadata: messages.GetModelMetadataResponse, signature: str) -> Mapping[str, int]:
    """Types of a signature's inputs by name.

    Raises:
        ServingError: INVALID_ARGUMENT; the signature is unknown, or it has no inputs.
    """
    dtypes = _signatures(metadata.metadata[SIGNATURE_DEF].value).get(signature or DEFAULT_SIGNATURE)
    if dtypes is None:
        raise InvalidArgumentError(
            f'Serving signature name: "{signature or DEFAULT_SIGNATURE}" not found in signature def'
        )
    if not dtypes:
        raise InvalidArgumentError(f"Failed to get input map for signature: {signature or 'DEFAULT'}")
    return dtypes


def _suggest_signature(
    error: ServingError, metadata: messages.GetModelMetadataResponse, spec: messages.ModelSpec
) -> ServingError:
    """Return an error, with the signature of pictures or pages where the request names none and it may be meant."""
    known = _signatures(metadata.metadata[SIGNATURE_DEF].value)
    meant = next((name for name in (features.SERVE_IMAGES, features.SERVE_WORDS) if name in known), "")
    if spec.signature_name or not meant or error.code is not grpc.StatusCode.INVALID_ARGUMENT:
        return error
    return InvalidArgumentError(f'{error.message}; did you mean "signature_name": "{meant}"?')


@functools.lru_cache(maxsize=64)
def _signatures(packed: bytes) -> Mapping[str, Mapping[str, int]]:
    """Types of the inputs of every signature, from a SignatureDefMap's bytes: another version has others."""
    signatures = messages.SignatureDefMap.FromString(packed).signature_def
    return {name: {key: info.dtype for key, info in each.inputs.items()} for name, each in signatures.items()}


def _metadata_request(spec: messages.ModelSpec) -> messages.GetModelMetadataRequest:
    request = messages.GetModelMetadataRequest(model_spec=spec, metadata_field=[SIGNATURE_DEF])
    request.model_spec.ClearField("signature_name")
    return request


def _status(response: messages.GetModelStatusResponse) -> bytes:
    for each in response.model_version_status:
        each.status.SetInParent()  # an OK one is written too
    return _printed(response).encode()


def _metadata(response: messages.GetModelMetadataResponse) -> bytes:
    signatures = messages.SignatureDefMap.FromString(response.metadata[SIGNATURE_DEF].value)
    values = {
        "model_spec": json.loads(_printed(response.model_spec)),
        "metadata": {SIGNATURE_DEF: json.loads(_printed(signatures))},
    }
    return json.dumps(values, indent=1, ensure_ascii=False).encode()


def _printed(proto: Any) -> str:
    return json_format.MessageToJson(proto, preserving_proto_field_name=True, indent=1, **_always())


@functools.cache
def _always() -> dict[str, bool]:
    """How this protobuf is told to print fields that hold their default."""
    name = "always_print_fields_with_no_presence"  # from protobuf 5.26
    known = inspect.signature(json_format.MessageToJson).parameters
    return {name if name in known else "including_default_value_fields": True}


def _decoded(text: str, what: str) -> str:
    try:
        return urllib.parse.unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise InvalidArgumentError(f"Failed to decode {what}:{text}") from None
