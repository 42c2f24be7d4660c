"""Write `serving.protoset` from the installed TensorFlow Serving API: `python tests/serving/messages/take.py`."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2
from tensorflow.core.example import example_pb2
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    prediction_log_pb2,
    regression_pb2,
)

from tfx_ocr.serving.messages import PACKAGE, PROTOSET

MODULES = (
    example_pb2, saved_model_pb2, classification_pb2, get_model_metadata_pb2, get_model_status_pb2, inference_pb2,
    model_management_pb2, predict_pb2, prediction_log_pb2, regression_pb2,
)  # fmt: skip
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
KINDS = descriptor_pb2.FieldDescriptorProto
INT64, BOOL, STRING = "google.protobuf.Int64Value", "google.protobuf.BoolValue", "google.protobuf.StringValue"
# Messages of the server's files, which the wheel lacks: field to its number and type.
FILES: dict[str, dict[str, tuple[int, int | str]]] = {
    "BatchingParameters": {
        "max_batch_size": (1, INT64),
        "batch_timeout_micros": (2, INT64),
        "max_enqueued_batches": (3, INT64),
        "num_batch_threads": (4, INT64),
        "thread_pool_name": (5, STRING),
        "allowed_batch_sizes": (6, KINDS.TYPE_INT64),
        "pad_variable_length_inputs": (7, KINDS.TYPE_BOOL),
        "enable_large_batch_splitting": (8, BOOL),
        "max_execution_batch_size": (9, INT64),
    },
    "PrometheusConfig": {"enable": (1, KINDS.TYPE_BOOL), "path": (2, KINDS.TYPE_STRING)},
    "MonitoringConfig": {"prometheus_config": (1, f"{PACKAGE}.PrometheusConfig")},
    "SSLConfig": {
        "server_key": (1, KINDS.TYPE_STRING),
        "server_cert": (2, KINDS.TYPE_STRING),
        "custom_ca": (3, KINDS.TYPE_STRING),
        "client_verify": (4, KINDS.TYPE_BOOL),
    },
}
REPEATED = ("allowed_batch_sizes",)


def build() -> descriptor_pb2.FileDescriptorSet:
    """Build the set, each file after what it builds on."""
    files = descriptor_pb2.FileDescriptorSet()
    seen: set[str] = set()

    def add(file: Any) -> None:
        if file.name in seen:
            return
        seen.add(file.name)
        for dependency in file.dependencies:
            add(dependency)
        file.CopyToProto(files.file.add())

    for module in MODULES:
        add(module.DESCRIPTOR)
    wrappers = "google/protobuf/wrappers.proto"
    config = files.file.add(name="tfx_ocr/files.proto", package=PACKAGE, syntax="proto3", dependency=[wrappers])
    for name, fields in FILES.items():
        message = config.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            label = KINDS.LABEL_REPEATED if field in REPEATED else KINDS.LABEL_OPTIONAL
            what = {"type": kind} if isinstance(kind, int) else {"type": KINDS.TYPE_MESSAGE, "type_name": f".{kind}"}
            message.field.add(name=field, number=number, label=label, **what)
    names = [module.DESCRIPTOR.name for module in MODULES]
    services = files.file.add(name="tfx_ocr/services.proto", package=PACKAGE, syntax="proto3", dependency=names)
    for name, methods in SERVICES.items():
        service = services.service.add(name=name)
        for method, (request, response) in methods.items():
            service.method.add(name=method, input_type=f".{PACKAGE}.{request}", output_type=f".{PACKAGE}.{response}")
    return files


if __name__ == "__main__":
    PROTOSET.write_bytes(build().SerializeToString(deterministic=True))
