"""The committed messages against those of the installed TensorFlow Serving API."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from tfx_ocr.serving import messages

pytestmark = pytest.mark.tfx

SPEC = importlib.util.spec_from_file_location("messages_take", Path(__file__).parent / "take.py")


@pytest.fixture(scope="module")
def taken():
    module = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(module)
    return module


def list_fields(files):
    """Return name, number, type and label of every field, by its message's full name."""
    found = {}

    def add(message, before):
        name = f"{before}.{message.name}"
        found[name] = {(field.name, field.number, field.type, field.label) for field in message.field}
        for each in message.nested_type:
            add(each, name)

    for file in files:
        for message in file.message_type:
            add(message, file.package)
    return found


def test_every_field_is_that_of_the_installed_messages(taken):
    """Another TensorFlow may have more fields, which go through unread, and may not have changed one."""
    from google.protobuf import descriptor_pb2

    committed = list_fields(descriptor_pb2.FileDescriptorSet.FromString(messages.PROTOSET.read_bytes()).file)
    installed = list_fields(taken.build().file)
    asked = [name for name in committed if name.startswith("tensorflow.serving.")] + [
        "tensorflow.TensorProto", "tensorflow.SignatureDef", "tensorflow.TensorInfo", "tensorflow.Example",
    ]  # fmt: skip
    assert {name: committed[name] - installed[name] for name in asked if committed[name] - installed[name]} == {}


def test_methods_are_those_of_the_stubs(taken):
    from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

    stubs = prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer
    names = {name for stub in stubs for name in vars(stub) if re.match("[A-Z]", name)}
    assert set(messages.list_methods()) == names


def test_a_message_goes_over_as_bytes_and_comes_back(taken):
    import numpy as np
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.version.value = "digits", 3
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.array([[1.5, 2.5]], np.float32)))
    ours = messages.PredictRequest.FromString(request.SerializeToString())
    assert (ours.model_spec.name, ours.model_spec.version.value) == ("digits", 3)
    assert predict_pb2.PredictRequest.FromString(ours.SerializeToString()) == request


def test_numbers_of_types_are_tensorflows(taken):
    from tensorflow.core.framework import types_pb2

    from tfx_ocr.serving import dtypes

    ours = {name: value for name, value in vars(dtypes).items() if name.startswith("DT_")}
    assert ours == {name: types_pb2.DataType.Value(name) for name in ours}


@pytest.mark.parametrize("name", ["float32", "float64", "float16", "bfloat16", "string", "bool", "uint8", "complex64"])
def test_names_of_types_are_tensorflows(taken, name):
    import tensorflow as tf

    from tfx_ocr.serving import dtypes

    number = tf.dtypes.as_dtype(name).as_datatype_enum
    assert (dtypes.get_name(number), dtypes.get_number(name)) == (name, number)
    assert dtypes.to_numpy(number) == tf.dtypes.as_dtype(name).as_numpy_dtype
