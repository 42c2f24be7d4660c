"""Client over REST: JSON by TensorFlow Serving's contract, with nothing of TensorFlow."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import httpx
import numpy as np

from tfx_ocr.serving.client.contract import TIMEOUT_S, RequestError, VersionState, choose_version
from tfx_ocr.serving.client.retries import Backoff, retry
from tfx_ocr.serving.signature import Signature, Tensors

# TensorFlow Serving's way from a status to HTTP, turned round. 400 is also its FAILED_PRECONDITION and OUT_OF_RANGE.
CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
AGAIN = (429, 503)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
DTYPES = {"DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_HALF": "float16"}  # the others go by their own name
B64 = "b64"


class RestClient:
    """See `Client`. An answer that trickles in is cut off at the first piece that comes after the deadline."""

    def __init__(
        self,
        server: str,
        model: str,
        version: int | None = None,
        label: str = "",
        timeout_s: float = TIMEOUT_S,
        backoff: Backoff = Backoff(),  # noqa: B008 (frozen)
    ):
        """Take note; nothing is sent.

        Args:
            server: `http://HOST:PORT`.
            model: name.
            version: number; None for the newest.
            label: of a version, such as `stable`; "" for none.
            timeout_s: of a request with all its attempts.
            backoff: between them.

        Raises:
            ValueError: both a version and a label, or an address that is none.
        """
        version, label = choose_version(version, label)
        self._server = server.rstrip("/")
        one = f"/versions/{version}" if version is not None else f"/labels/{label}" if label else ""
        self._path = f"/v1/models/{model}{one}"
        self._timeout_s = timeout_s
        self._backoff = backoff
        self._output_names: dict[str, str] = {}
        try:
            settings = httpx.URL(self._server).host in LOOPBACK  # a proxy would look for it on its own machine
            self._http = httpx.Client(base_url=self._server, trust_env=not settings)
        except httpx.InvalidURL as error:
            raise ValueError(f"server {server!r} is no address: {error}") from None

    def ask(self, signature: str, inputs: Mapping[str, Any], timeout_s: float | None = None) -> dict[str, np.ndarray]:
        """See `Client`. Sent in columns; bytes go as `{"b64": ...}`."""
        question = {"signature_name": signature, "inputs": {name: _as_json(value) for name, value in inputs.items()}}
        answer = self._sent("POST", f"{self._path}:predict", timeout_s, json.dumps(question).encode())
        if "outputs" not in answer:
            raise RequestError(self._server, "INTERNAL", f"the answer has no outputs, but {', '.join(answer)}")
        outputs = answer["outputs"]
        if not isinstance(outputs, dict) or set(outputs) == {B64}:  # a single output comes without its name
            outputs = {self._only_output(signature): outputs}
        return {name: _as_array(value) for name, value in outputs.items()}

    def status(self) -> list[VersionState]:
        """See `Client`."""
        states = [
            VersionState(int(one["version"]), one["state"], one.get("status", {}).get("error_message", ""))
            for one in self._sent("GET", self._path, None)["model_version_status"]
        ]
        return sorted(states, key=lambda state: -state.version)

    def metadata(self) -> dict[str, Signature]:
        """See `Client`."""
        answer = self._sent("GET", f"{self._path}/metadata", None)
        return {
            name: Signature(inputs=_tensors(one.get("inputs", {})), outputs=_tensors(one.get("outputs", {})))
            for name, one in answer["metadata"]["signature_def"]["signature_def"].items()
            if one.get("method_name")  # without: TensorFlow's own `__saved_model_init_op`
        }

    def close(self) -> None:
        """See `Client`."""
        self._http.close()

    def __enter__(self) -> RestClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _only_output(self, signature: str) -> str:
        if signature not in self._output_names:
            (self._output_names[signature],) = self.metadata()[signature].outputs
        return self._output_names[signature]

    def _sent(self, method: str, path: str, timeout_s: float | None, body: bytes | None = None) -> dict[str, Any]:
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        return retry(lambda left_s: self._once(method, path, body, left_s, timeout_s), timeout_s, self._backoff)

    def _once(self, method: str, path: str, body: bytes | None, left_s: float, timeout_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + left_s
        late = RequestError(self._server, "DEADLINE_EXCEEDED", f"no answer within {timeout_s:g} s")
        headers = {"Content-Type": "application/json"} if body is not None else {}
        content = b""
        try:
            with self._http.stream(method, path, content=body, headers=headers, timeout=max(left_s, 0.001)) as answer:
                for piece in answer.iter_bytes():
                    content += piece
                    if time.monotonic() > deadline:
                        raise late
        except httpx.TimeoutException:
            raise late from None
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise RequestError(self._server, "UNAVAILABLE", _reason(error), again=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RequestError(self._server, "UNAVAILABLE", _reason(error)) from error
        try:
            said = json.loads(content)
        except ValueError:
            said = None
        if answer.status_code != 200:
            message = said.get("error", "") if isinstance(said, dict) else answer.reason_phrase
            code = CODES.get(answer.status_code, f"HTTP {answer.status_code}")
            raise RequestError(self._server, code, str(message), again=answer.status_code in AGAIN)
        if not isinstance(said, dict):
            raise RequestError(self._server, "INTERNAL", "the answer is no JSON object: is it a model server?")
        return said


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _as_json(value: Any) -> Any:
    """An array, a list or one value, with bytes as TensorFlow Serving takes them."""
    if isinstance(value, np.ndarray | np.generic):
        numbers = value.dtype.kind in "biuf"
        return value.tolist() if numbers else _as_json(value.tolist())
    if isinstance(value, list | tuple):
        return [_as_json(one) for one in value]
    if isinstance(value, bytes):
        return {B64: base64.b64encode(value).decode("ascii")}
    return value


def _as_array(value: Any) -> np.ndarray:
    """What an output holds; texts as bytes, whether they came as such or as base64."""
    first = value
    while isinstance(first, list) and first:
        first = first[0]
    if not isinstance(first, str | dict):
        return np.asarray(value)
    texts = np.empty((), dtype=object)
    texts[()] = value
    if isinstance(value, list):
        texts = np.array(value, dtype=object)
    decoded = np.empty(texts.shape, dtype=object)
    for place, text in np.ndenumerate(texts):
        decoded[place] = base64.b64decode(text[B64]) if isinstance(text, dict) else text.encode()
    return decoded


def _tensors(tensors: Mapping[str, Any]) -> Tensors:
    found = {}
    for name, tensor in tensors.items():
        shape = tensor.get("tensor_shape", {})
        sizes = [int(size["size"]) for size in shape.get("dim", [])]
        dtype = DTYPES.get(tensor["dtype"]) or tensor["dtype"].removeprefix("DT_").lower()
        found[name] = (dtype, None if shape.get("unknown_rank") else tuple(None if n < 0 else n for n in sizes))
    return found
