"""What every request does, whatever carries it: proto in, proto out; a refused or failed one raises `ServingError`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import grpc

from tfx_ocr.data import features
from tfx_ocr.serving import messages
from tfx_ocr.serving.model_server.errors import InvalidArgumentError, ServingError
from tfx_ocr.serving.model_server.inference import Inference
from tfx_ocr.serving.model_server.manager import Manager
from tfx_ocr.serving.model_server.monitoring import Monitoring
from tfx_ocr.serving.tensors import to_array

SIGNATURE_DEF = "signature_def"  # the only field of metadata


class Handlers:
    """TensorFlow Serving's PredictionService and ModelService. Every method may be called from several threads.

    `timeout_s` is what is left to the caller; None: no limit. Past it a request ends with DEADLINE_EXCEEDED.

    Attributes:
        reload_folders: a model that a client asks to be served must lie below one of them; None: anywhere.
    """

    def __init__(
        self,
        manager: Manager,
        inference: Inference,
        monitoring: Monitoring,
    ):
        self._manager = manager
        self._inference = inference
        self._monitoring = monitoring
        self.reload_folders: Collection[Path] | None = None

    def list_models(self) -> list[str]:
        """List the names of the models, sorted."""
        return self._manager.list_names()

    def predict(self, request: messages.PredictRequest, timeout_s: float | None = None) -> messages.PredictResponse:
        """Run a signature on tensors.

        Raises:
            ServingError: the model, version or signature is unknown, the inputs are not its own, or it fails on them.
        """
        try:
            with self._manager.use(_spec(request)) as servable:
                response = self._inference.predict(servable, request, timeout_s)
        except ServingError as error:
            sizes = [tensor.tensor_shape.dim[0].size for tensor in request.inputs.values() if tensor.tensor_shape.dim]
            if error.code is grpc.StatusCode.INVALID_ARGUMENT and 0 in sizes:  # the model's words name its own shapes
                raise InvalidArgumentError("Input is empty.") from error
            raise
        self._count_answers(request, response)
        return response

    def classify(
        self, request: messages.ClassificationRequest, timeout_s: float | None = None
    ) -> messages.ClassificationResponse:
        """Run a classify signature on tf.Examples.

        Raises:
            ServingError: as `predict`.
        """
        with self._manager.use(_spec(request)) as servable:
            return self._inference.classify(servable, request, timeout_s)

    def regress(
        self, request: messages.RegressionRequest, timeout_s: float | None = None
    ) -> messages.RegressionResponse:
        """Run a regress signature on tf.Examples.

        Raises:
            ServingError: as `predict`.
        """
        with self._manager.use(_spec(request)) as servable:
            return self._inference.regress(servable, request, timeout_s)

    def multi_inference(
        self, request: messages.MultiInferenceRequest, timeout_s: float | None = None
    ) -> messages.MultiInferenceResponse:
        """Run several classify and regress signatures of one model on the same tf.Examples.

        Raises:
            ServingError: as `predict`.
        """
        if not request.tasks:
            raise InvalidArgumentError("Inference request tasks is empty.")
        if any(not task.model_spec.name for task in request.tasks):
            raise InvalidArgumentError("Found ModelSpec with an empty model name.")
        if len({task.model_spec.name for task in request.tasks}) > 1:
            raise InvalidArgumentError("All ModelSpecs in a MultiInferenceRequest must access the same model name.")
        with self._manager.use(request.tasks[0].model_spec) as servable:
            return self._inference.multi_inference(servable, request, timeout_s)

    def get_model_metadata(self, request: messages.GetModelMetadataRequest) -> messages.GetModelMetadataResponse:
        """Return a version's signatures, under `signature_def`, the only field supported.

        Raises:
            ServingError: the model or version is unknown, or another field is requested.
        """
        spec = _spec(request)
        if not request.metadata_field:
            raise InvalidArgumentError("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != SIGNATURE_DEF:
                raise InvalidArgumentError(f"Metadata field {field} is not supported")
        response = messages.GetModelMetadataResponse()
        signatures = messages.SignatureDefMap()
        with self._manager.use(spec) as servable:
            response.model_spec.name = servable.name
            response.model_spec.version.value = servable.version
            for name, signature in servable.definitions.items():
                signatures.signature_def[name].CopyFrom(signature)
        response.metadata[SIGNATURE_DEF].Pack(signatures)
        return response

    def get_model_status(self, request: messages.GetModelStatusRequest) -> messages.GetModelStatusResponse:
        """Return the state of every version of a model, or of the one requested.

        Raises:
            ServingError: the model or version is unknown.
        """
        spec = _spec(request)
        wanted = self._manager.find_version(spec)
        states = self._manager.get_states(spec.name)
        if wanted is not None and wanted not in states:
            raise ServingError(grpc.StatusCode.NOT_FOUND, f"Could not find version {wanted} of model {spec.name}")
        if not states:
            raise ServingError(grpc.StatusCode.NOT_FOUND, f"Could not find any versions of model {spec.name}")
        response = messages.GetModelStatusResponse()
        for number, (state, error) in sorted(states.items(), reverse=True):
            if wanted in (None, number):
                status = response.model_version_status.add(version=number, state=state)
                status.status.error_code = error.code.value[0] if error else 0
                status.status.error_message = error.message if error else ""
        return response

    def handle_reload_config(self, request: messages.ReloadConfigRequest) -> messages.ReloadConfigResponse:
        """Serve another set of models, and wait until they are there.

        Raises:
            ServingError: the configuration is wrong, names a folder outside `reload_folders`, or a model of it does not
                load.
        """
        if request.config.WhichOneof("config") != "model_config_list":
            raise InvalidArgumentError(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently "
                "supported",
            )
        for model in request.config.model_config_list.config:
            self._check_folder(model.name, Path(model.base_path))
        self._manager.reload(request.config)
        response = messages.ReloadConfigResponse()
        response.status.error_code = 0
        return response

    def _check_folder(self, name: str, path: Path) -> None:
        if self.reload_folders is None or not path.is_absolute():  # the manager refuses relative paths in its words
            return
        if ".." in path.parts or not any(path.is_relative_to(folder) for folder in self.reload_folders):
            allowed = ", ".join(sorted(map(str, self.reload_folders)))
            raise ServingError(
                grpc.StatusCode.PERMISSION_DENIED,
                f"Model {name}: {path} is outside the folders that may be loaded from: {allowed} "
                "(--allow_reload_of_any_folder allows others)",
            )

    def _count_answers(self, request: messages.PredictRequest, response: messages.PredictResponse) -> None:
        """Count how a model of the project's contract answers, for the metrics of confidence and drift."""
        outputs, model = response.outputs, response.model_spec
        labels: list[str] = []
        probabilities: list[float] = []
        if features.LABEL_OUT in outputs and features.PROBABILITY_OUT in outputs:
            labels = [label.decode("utf-8", "replace") for label in outputs[features.LABEL_OUT].string_val]
            probabilities = to_array(outputs[features.PROBABILITY_OUT], features.PROBABILITY_OUT).ravel().tolist()
            self._monitoring.count_answers(model.name, labels, probabilities)
        inputs = request.inputs
        pictures = inputs[features.IMAGE_BYTES_IN].string_val if features.IMAGE_BYTES_IN in inputs else ()
        self._monitoring.observe_drift(model.name, model.version.value, pictures, labels, probabilities)


def _spec(request: Any) -> Any:
    if not request.HasField("model_spec"):
        raise InvalidArgumentError("Missing ModelSpec")
    return request.model_spec
