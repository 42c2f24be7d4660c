"""TensorFlow Serving's REST API: URLs to calls of the handlers, JSON to protos and back."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import re
import time
import urllib.parse
from collections.abc import Callable, Mapping
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
REQUESTS = {"predict": "PredictRequest", "classify": "ClassificationRequest", "regress": "RegressionRequest"}
MAX_DIGITS = len(str(2**63 - 1))  # of a version; Python refuses to read thousands of them

# RE2's patterns of TensorFlow Serving; the method after the colon is compared with its case.
_MODEL = r"(?i:/v1/models)(?:/(?P<name>[^/:]+))"
_VERSION = r"(?:/(?i:versions)/(?P<version>\d+)|/(?i:labels)/(?P<label>[^/:]+))?"
INFERENCE_PATH = re.compile(rf"{_MODEL}{_VERSION}:(?P<what>classify|regress|predict)", re.ASCII)
STATUS_PATH = re.compile(rf"{_MODEL}?{_VERSION}(?:/(?P<what>metadata))?", re.ASCII)

Signatures = Mapping[str, Mapping[str, int]]  # types of the inputs of each signature
Read = Callable[[str, bytes, Callable[[], Signatures]], tuple[Any, bool]]  # such as `read_request`


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
        return self.what if self.what in REQUESTS else ""


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


def read_request(what: str, body: bytes, get_signatures: Callable[[], Signatures]) -> tuple[Any, bool]:
    """Read a body.

    Args:
        what: "predict", "classify" or "regress".
        body: JSON.
        get_signatures: returns the model's signatures; called for "predict".

    Returns:
        The request, with no more of its model than the signature's name, and whether it came row by row, which the
        answer follows.

    Raises:
        ServingError: the body is not what the method takes, or the signature is unknown.
    """
    document = json_tensors.read(body)
    name = json_tensors.read_signature_name(document)
    by_row = False
    if what == "predict":
        signatures = get_signatures()
        dtypes = _choose_dtypes(signatures, name)
        try:
            inputs, by_row = json_tensors.to_tensors(document, dtypes)
        except InvalidArgumentError as error:
            raise _suggest_signature(error, signatures, name) from error
        request = messages.PredictRequest(inputs=inputs)
    else:
        request = getattr(messages, REQUESTS[what])(input=json_tensors.to_input(document))
    request.model_spec.signature_name = name
    return request, by_row


def answer(
    handlers: Handlers, call: Call, body: bytes, timeout_s: float | None = None, read: Read = read_request
) -> bytes:
    """Have the handlers answer.

    Args:
        handlers: answer the requests.
        call: from the URL.
        body: of a POST.
        timeout_s: after which the request is given up; None: never.
        read: `read_request`, or another that does the same.

    Returns:
        JSON.

    Raises:
        ServingError: the body is not what the method takes, or the request fails.
    """
    if call.what == "status":
        return _status(handlers.get_model_status(messages.GetModelStatusRequest(model_spec=call.spec)))
    if call.what == "metadata":
        return _metadata(handlers.get_model_metadata(_metadata_request(call.spec)))
    if call.what == "predict":
        return _predict(handlers, call.spec, body, timeout_s, read)
    request, _ = read(call.what, body, dict)
    request.model_spec.MergeFrom(call.spec)
    if call.what == "classify":
        return json_answers.format_classifications(handlers.classify(request, timeout_s).result)
    return json_answers.format_regressions(handlers.regress(request, timeout_s).result)


def _predict(
    handlers: Handlers,
    spec: messages.ModelSpec,
    body: bytes,
    timeout_s: float | None,
    read: Read,
    tries: int = TRIES,
) -> bytes:
    """Ask the version by whose signature the tensors were read; the next, where another has come into its place."""
    begin = time.monotonic()
    asked = messages.ModelSpec()
    signatures: dict[str, Mapping[str, int]] = {}

    def get_signatures() -> Signatures:
        metadata = handlers.get_model_metadata(_metadata_request(spec))
        asked.CopyFrom(metadata.model_spec)
        signatures.update(_signatures(metadata.metadata[SIGNATURE_DEF].value))
        return signatures

    request, by_row = read("predict", body, get_signatures)
    request.model_spec.MergeFrom(spec)
    if asked.HasField("version"):
        request.model_spec.version.value = asked.version.value
    left = None if timeout_s is None else max(timeout_s - (time.monotonic() - begin), 0)
    try:
        response = handlers.predict(request, left)
    except ServingError as error:
        gone = error.code is grpc.StatusCode.NOT_FOUND and not spec.HasField("version")
        if gone and tries > 1:
            return _predict(handlers, spec, body, left, read, tries - 1)
        raise _suggest_signature(error, signatures, request.model_spec.signature_name) from error
    return json_answers.format_tensors(response.outputs, by_row)


def _choose_dtypes(signatures: Signatures, name: str) -> Mapping[str, int]:
    """Return the types of a signature's inputs by name.

    Raises:
        ServingError: INVALID_ARGUMENT; the signature is unknown, or it has no inputs.
    """
    dtypes = signatures.get(name or DEFAULT_SIGNATURE)
    if dtypes is None:
        raise InvalidArgumentError(f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found in signature def')
    if not dtypes:
        raise InvalidArgumentError(f"Failed to get input map for signature: {name or 'DEFAULT'}")
    return dtypes


def _suggest_signature(error: ServingError, signatures: Signatures, name: str) -> ServingError:
    """Return an error, with the signature of pictures or pages where the request names none and it may be meant."""
    meant = next((known for known in (features.SERVE_IMAGES, features.SERVE_WORDS) if known in signatures), "")
    if name or not meant or error.code is not grpc.StatusCode.INVALID_ARGUMENT:
        return error
    return InvalidArgumentError(f'{error.message}; did you mean "signature_name": "{meant}"?')


@functools.lru_cache(maxsize=64)
def _signatures(packed: bytes) -> Signatures:
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
