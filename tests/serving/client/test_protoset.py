"""The descriptor file holds both services, and everything they need before they need it."""

from __future__ import annotations

import re

import pytest

from tfx_ocr.serving.client.protoset import SERVICES, build_protoset

pytestmark = pytest.mark.tfx


def test_protoset_is_complete_and_in_order():
    from google.protobuf import descriptor_pb2, descriptor_pool

    files = descriptor_pb2.FileDescriptorSet.FromString(build_protoset()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)  # with nothing but what came before
    methods = pool.FindServiceByName("tensorflow.serving.PredictionService").methods_by_name
    assert methods["Predict"].input_type.full_name == "tensorflow.serving.PredictRequest"
    assert pool.FindMessageTypeByName("tensorflow.TensorProto").fields_by_name["string_val"].number == 8


def test_methods_are_those_of_the_stubs():
    from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

    stubs = {
        "PredictionService": prediction_service_pb2_grpc.PredictionServiceServicer,
        "ModelService": model_service_pb2_grpc.ModelServiceServicer,
    }
    assert {name: sorted(methods) for name, methods in SERVICES.items()} == {
        name: sorted(method for method in vars(stub) if re.match("[A-Z]", method)) for name, stub in stubs.items()
    }
