"""Runs the requests that a version brings along before it is available, so that no client waits for the first run."""

from __future__ import annotations

from pathlib import Path

import grpc
from google.protobuf import message

from tfx_ocr.data.record_file import read_records
from tfx_ocr.serving import messages
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.inference import Inference
from tfx_ocr.serving.model_server.servable import Servable

REQUESTS = Path("assets.extra") / "tf_serving_warmup_requests"  # TFRecord of PredictionLog; TensorFlow Serving's name
MAX_RECORDS = 1000


def warm_up(servable: Servable, path: Path, inference: Inference, iterations: int = 1) -> int:
    """Run every request that lies in a version's folder.

    Args:
        servable: what is loaded from it.
        path: of its folder.
        inference: what answers.
        iterations: how often each request runs.

    Returns:
        How many requests there are; 0 where the file is missing.

    Raises:
        ServingError: a request fails, there are too many, or the file is not a TFRecord of PredictionLogs.
    """
    file = path / REQUESTS
    if not file.is_file():
        return 0
    count = 0
    try:
        for raw in read_records(file):
            count += 1
            if count > MAX_RECORDS:
                raise ServingError(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {file}",
                )
            log = messages.PredictionLog.FromString(raw)
            for _ in range(iterations):
                _run(servable, log, inference)
    except message.DecodeError:
        raise ServingError(
            grpc.StatusCode.INVALID_ARGUMENT, f"Failed to parse warmup record {count} from {file}"
        ) from None
    except ValueError as error:
        sentence = f"{error}. Please verify your warmup data is in TFRecord format."
        raise ServingError(grpc.StatusCode.DATA_LOSS, sentence) from error
    return count


def _run(servable: Servable, log: messages.PredictionLog, inference: Inference) -> None:
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        inference.predict(servable, log.predict_log.request)
    elif kind == "classify_log":
        inference.classify(servable, log.classify_log.request)
    elif kind == "regress_log":
        inference.regress(servable, log.regress_log.request)
    elif kind == "multi_inference_log":
        inference.multi_inference(servable, log.multi_inference_log.request)
    else:
        raise ServingError(grpc.StatusCode.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
