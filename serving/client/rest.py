"""Client over REST: JSON by TensorFlow Serving's contract, with nothing of TensorFlow."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import numpy as np

from tfx_ocr.serving.client.contract import Client, VersionState
from tfx_ocr.serving.codes import CODES
from tfx_ocr.serving.dtypes import parse_name
from tfx_ocr.serving.signature import Signature, Tensors

AGAIN = (429, 503)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
B64 = "b64"
NOT_HTTP = "illegal request line"  # httpx's own, of a server that answers HTTP/2, as gRPC does


class RestClient(Client):
    """See `Client`; the server is `http://HOST:PORT`.

    An answer that trickles in is cut off at the first piece that comes after the deadline.
    """

    def __init__(self, server: str, model: str, **options: Any):
        super().__init__(server, model, **options)
        choice = f"/versions/{self.target.version}" if self.target.version is not None else ""
        self._path = f"/v1/models/{model}" + (f"/labels/{self.target.label}" if self.target.label else choice)
        try:
            is_local = httpx.URL(self.target.server).host in LOOPBACK  # a proxy would look for it on its own machine
            self._http = httpx.Client(base_url=self.target.server, trust_env=not is_local)
        except httpx.InvalidURL as error:
            raise ValueError(f"server {server!r} is not an address: {error}") from None

    def ask(
        self,
        signature: str,
        inputs: Mapping[str, Any],
        timeout_s: float | None = None,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """See `Client`. Sent in columns; bytes go as `{"b64": ...}`."""
        request = {"signature_name": signature, "inputs": {name: _to_json(value) for name, value in inputs.items()}}
        answer = self._send("POST", f"{self._path}:predict", timeout_s, json.dumps(request).encode())
        if "outputs" not in answer:
            raise self._build_error("INTERNAL", f"the answer has no outputs, but {', '.join(answer)}")
        values = answer["outputs"]
        if not isinstance(values, dict) or set(values) == {B64}:  # a single output comes without its name
            (name,) = self.signatures[signature].outputs
            values = {name: values}
        for name in outputs or ():
            if name not in values:
                raise self._build_error("INVALID_ARGUMENT", f"output tensor alias not found in signature: {name}")
        return {name: _to_array(values[name]) for name in outputs or values}

    def get_status(self) -> list[VersionState]:
        """See `Client`."""
        states = [
            VersionState(int(one["version"]), one["state"], one.get("status", {}).get("error_message", ""))
            for one in self._send("GET", self._path, None)["model_version_status"]
        ]
        return sorted(states, key=lambda state: -state.version)

    def _get_signatures(self) -> dict[str, Signature]:
        answer = self._send("GET", f"{self._path}/metadata", None)
        return {
            name: Signature(inputs=_tensors(one.get("inputs", {})), outputs=_tensors(one.get("outputs", {})))
            for name, one in answer["metadata"]["signature_def"]["signature_def"].items()
            if one.get("method_name")  # without: TensorFlow's own `__saved_model_init_op`
        }

    def close(self) -> None:
        """See `Client`."""
        self._http.close()

    def _send(self, method: str, path: str, timeout_s: float | None, body: bytes | None = None) -> dict[str, Any]:
        limit_s = self.target.timeout_s if timeout_s is None else timeout_s
        return self.target.send(lambda left_s: self._once(method, path, body, left_s, limit_s), limit_s)

    def _once(self, method: str, path: str, body: bytes | None, left_s: float, timeout_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + left_s
        late = self._build_error("DEADLINE_EXCEEDED", f"no answer within {timeout_s:g} s")
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
            if NOT_HTTP in str(error):
                reason = "the port does not answer HTTP; for gRPC, give HOST:PORT alone"
                raise self._build_error("UNAVAILABLE", reason) from error
            raise self._build_error("UNAVAILABLE", _reason(error), again=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._build_error("UNAVAILABLE", _reason(error)) from error
        try:
            said = json.loads(content)
        except ValueError:
            said = None
        if answer.status_code != 200:
            message = said.get("error", "") if isinstance(said, dict) else answer.reason_phrase
            code = CODES.get(answer.status_code, f"HTTP {answer.status_code}")
            raise self._build_error(code, str(message), again=answer.status_code in AGAIN)
        if not isinstance(said, dict):
            raise self._build_error("INTERNAL", "the answer is not a JSON object: is it a model server?")
        return said


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _to_json(value: Any) -> Any:
    """An array, a list or one value, with bytes as TensorFlow Serving takes them."""
    if isinstance(value, np.ndarray | np.generic):
        numbers = value.dtype.kind in "biuf"
        return value.tolist() if numbers else _to_json(value.tolist())
    if isinstance(value, list | tuple):
        return [_to_json(one) for one in value]
    if isinstance(value, bytes):
        return {B64: base64.b64encode(value).decode("ascii")}
    return value


def _to_array(value: Any) -> np.ndarray:
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
        found[name] = (
            parse_name(tensor["dtype"]),
            None if shape.get("unknown_rank") else tuple(None if n < 0 else n for n in sizes),
        )
    return found
