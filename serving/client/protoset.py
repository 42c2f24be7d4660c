"""TensorFlow Serving's services as one descriptor file, for clients that know nothing of them, such as grpcurl.

`python -m tfx_ocr.serving.client.protoset > serving.protoset`
"""

from __future__ import annotations

import sys
from typing import Any

# Method to messages. The wheel's own `*_service_pb2` cannot be imported: protobuf 4 dropped what they call.
SERVICES = {
    "PredictionService": {
        "Classify": ("ClassificationRequest", "ClassificationResponse"),
        "Regress": ("RegressionRequest", "RegressionResponse"),
        "Predict": ("PredictRequest", "PredictResponse"),
        "MultiInference": ("MultiInferenceRequest", "MultiInferenceResponse"),
        "GetModelMetadata": ("GetModelMetadataRequest", "GetModelMetadataResponse"),
    },
    "ModelService": {
        "GetModelStatus": ("GetModelStatusRequest", "GetModelStatusResponse"),
        "HandleReloadConfigRequest": ("ReloadConfigRequest", "ReloadConfigResponse"),
    },
}


def build_protoset() -> bytes:
    """Build a FileDescriptorSet of both services, each file after what it builds on. Imports TensorFlow."""
    from google.protobuf import descriptor_pb2
    from tensorflow_serving.apis import (
        classification_pb2,
        get_model_metadata_pb2,
        get_model_status_pb2,
        inference_pb2,
        model_management_pb2,
        predict_pb2,
        regression_pb2,
    )

    files = descriptor_pb2.FileDescriptorSet()
    seen: set[str] = set()

    def add(file: Any) -> None:
        if file.name in seen:
            return
        seen.add(file.name)
        for dependency in file.dependencies:
            add(dependency)
        file.CopyToProto(files.file.add())

    modules = (
        classification_pb2,
        get_model_metadata_pb2,
        get_model_status_pb2,
        inference_pb2,
        model_management_pb2,
        predict_pb2,
        regression_pb2,
    )
    for module in modules:
        add(module.DESCRIPTOR)
    services = files.file.add(
        name="tfx_ocr/services.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=[module.DESCRIPTOR.name for module in modules],
    )
    for name, methods in SERVICES.items():
        service = services.service.add(name=name)
        for method, (request, response) in methods.items():
            types = {"input_type": f".tensorflow.serving.{request}", "output_type": f".tensorflow.serving.{response}"}
            service.method.add(name=method, **types)
    return files.SerializeToString()


if __name__ == "__main__":
    sys.stdout.buffer.write(build_protoset())
