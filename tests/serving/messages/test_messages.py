"""Messages by name, methods by path, and the descriptor file for other clients."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tfx_ocr.serving import messages


def test_messages_and_enums_are_found_by_their_names():
    request = messages.PredictRequest(output_filter=["label"])
    request.inputs["x"].dtype = messages.DataType.Value("DT_STRING")
    assert request.inputs["x"].dtype == 7
    assert messages.PredictRequest.DESCRIPTOR.full_name == "tensorflow.serving.PredictRequest"
    assert messages.TensorProto.DESCRIPTOR.full_name == "tensorflow.TensorProto"
    assert messages.ModelVersionStatus.State.Name(30) == "AVAILABLE"
    for name in ("NoSuchMessage", "small"):
        with pytest.raises(AttributeError, match=name):
            getattr(messages, name)


def test_methods_have_their_paths_and_messages():
    predict = messages.list_methods()["Predict"]
    assert predict.path == "/tensorflow.serving.PredictionService/Predict"
    assert (predict.request, predict.response) == (messages.PredictRequest, messages.PredictResponse)
    assert messages.list_methods()["GetModelStatus"].path == "/tensorflow.serving.ModelService/GetModelStatus"


def test_no_import_loads_the_messages():
    code = "from tfx_ocr.serving import dtypes, messages, tensors; print(messages.load_pool.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_the_descriptor_file_is_what_the_command_prints():
    command = [sys.executable, "-m", "tfx_ocr.serving.client.protoset"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == messages.PROTOSET.read_bytes()
