"""Client over gRPC: quicker than REST for pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import numpy as np

from tfx_ocr.serving import messages, tensors
from tfx_ocr.serving.client.contract import Client, VersionState
from tfx_ocr.serving.signature import Signature

# CANCELLED: of a server in its last moments; this client cancels nothing
AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED)
NOT_GRPC = "Failed parsing HTTP/2"  # gRPC's own, of a server that answers HTTP/1
TOO_LARGE = "message larger than max"  # gRPC's own RESOURCE_EXHAUSTED, which no later attempt changes


class GrpcClient(Client):
    """See `Client`; the server is `HOST:PORT`, or an address with `dns:` or `unix:` as gRPC has them."""

    def __init__(self, server: str, model: str, **options: Any):
        super().__init__(server, model, **options)
        backoff = self.target.backoff
        self._spec = messages.ModelSpec(name=model, version_label=self.target.label or None)
        if self.target.version is not None:
            self._spec.version.value = self.target.version
        longest_ms = int(1000 * backoff.longest_s)
        first_ms = int(1000 * backoff.first_s)
        self._channel = grpc.insecure_channel(
            server,
            options=[
                ("grpc.max_send_message_length", -1),  # the server says what is too large
                ("grpc.max_receive_message_length", -1),
                ("grpc.lb_policy_name", "round_robin"),  # every replica behind a name, not the first for ever
                # in between, gRPC itself refuses without looking whether the server has come back
                ("grpc.initial_reconnect_backoff_ms", first_ms),
                ("grpc.min_reconnect_backoff_ms", first_ms),
                ("grpc.max_reconnect_backoff_ms", max(first_ms, longest_ms)),
            ],
        )
        self._calls = {
            name: self._channel.unary_unary(method.path, method.request.SerializeToString, method.response.FromString)
            for name, method in messages.list_methods().items()
        }

    def ask(
        self,
        signature: str,
        inputs: Mapping[str, Any],
        timeout_s: float | None = None,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """See `Client`."""
        request = messages.PredictRequest(model_spec=self._spec, output_filter=outputs)
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tensors.to_proto(_to_array(value), as_content=True))
        answer = self._send("Predict", request, timeout_s)
        return {name: np.array(tensors.to_array(tensor, name)) for name, tensor in answer.outputs.items()}

    def get_status(self) -> list[VersionState]:
        """See `Client`."""
        request = messages.GetModelStatusRequest(model_spec=self._spec)
        states = [
            VersionState(one.version, messages.ModelVersionStatus.State.Name(one.state), one.status.error_message)
            for one in self._send("GetModelStatus", request).model_version_status
        ]
        return sorted(states, key=lambda state: -state.version)

    def _get_signatures(self) -> dict[str, Signature]:
        request = messages.GetModelMetadataRequest(model_spec=self._spec, metadata_field=["signature_def"])
        signatures = messages.SignatureDefMap()
        self._send("GetModelMetadata", request).metadata["signature_def"].Unpack(signatures)
        return {
            name: Signature.read(one)
            for name, one in signatures.signature_def.items()
            if one.method_name  # without: TensorFlow's own `__saved_model_init_op`
        }

    def close(self) -> None:
        """See `Client`."""
        self._channel.close()

    def _send(self, method: str, request: Any, timeout_s: float | None = None) -> Any:
        def once(left_s: float) -> Any:
            try:
                return self._calls[method](request, timeout=left_s)
            except grpc.RpcError as error:
                code, message = error.code(), error.details() or ""
                again = code in AGAIN and TOO_LARGE not in message
                if NOT_GRPC in message:
                    message, again = f"the port does not answer gRPC; for REST, give http://{self.target.server}", False
                raise self._build_error(code.name, message, again=again) from error

        return self.target.send(once, timeout_s)


def _to_array(value: Any) -> np.ndarray:
    """Return a value as an array; numbers of Python become those of 32 bits where they fit, as in TensorFlow."""
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value)
    array = np.array(value, dtype=object)
    if array.size and isinstance(array.flat[0], bytes | str):
        return array
    array = np.array(value)
    narrow = array.astype({"f": np.float32, "i": np.int32}.get(array.dtype.kind, array.dtype))
    return narrow if array.dtype.kind != "i" or (narrow == array).all() else array
