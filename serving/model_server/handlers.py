"""What every request does, whoever carries it: proto in, proto out, `ServingError` where there is no answer."""

from __future__ import annotations

import grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

from tfx_ocr.serving.model_server.errors import ServingError


class Handlers:
    """TensorFlow Serving's PredictionService and ModelService. Every method may be called from several threads.

    `timeout_s` is what is left to the caller; None: no limit. Past it a request ends with DEADLINE_EXCEEDED.
    """

    def predict(
        self, request: predict_pb2.PredictRequest, timeout_s: float | None = None
    ) -> predict_pb2.PredictResponse:
        """Run a signature on tensors.

        Raises:
            ServingError: there is no such model, version or signature, the inputs are not its own, or it fails on them.
        """
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, "Predict is not implemented")

    def classify(
        self, request: classification_pb2.ClassificationRequest, timeout_s: float | None = None
    ) -> classification_pb2.ClassificationResponse:
        """Run a classify signature on tf.Examples.

        Raises:
            ServingError: as `predict`.
        """
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, "Classify is not implemented")

    def regress(
        self, request: regression_pb2.RegressionRequest, timeout_s: float | None = None
    ) -> regression_pb2.RegressionResponse:
        """Run a regress signature on tf.Examples.

        Raises:
            ServingError: as `predict`.
        """
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, "Regress is not implemented")

    def multi_inference(
        self, request: inference_pb2.MultiInferenceRequest, timeout_s: float | None = None
    ) -> inference_pb2.MultiInferenceResponse:
        """Run several classify and regress signatures of one model on the same tf.Examples.

        Raises:
            ServingError: as `predict`.
        """
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, "MultiInference is not implemented")

    def get_model_metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Give a version's signatures, under `signature_def`, the only field that there is.

        Raises:
            ServingError: there is no such model or version, or another field is asked for.
        """
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, "GetModelMetadata is not implemented")

    def get_model_status(
        self, request: get_model_status_pb2.GetModelStatusRequest
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Give the state of every version of a model, or of the one asked for.

        Raises:
            ServingError: there is no such model or version.
        """
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, "GetModelStatus is not implemented")

    def handle_reload_config(
        self, request: model_management_pb2.ReloadConfigRequest
    ) -> model_management_pb2.ReloadConfigResponse:
        """Serve another set of models, and wait until they are there.

        Raises:
            ServingError: the configuration is wrong, or a model of it cannot be loaded.
        """
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, "HandleReloadConfigRequest is not implemented")
