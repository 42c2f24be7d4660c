"""After the push: models that answer, in this process or behind a server. No TFX.

The names below are the Python API. Each is imported when it is first used, so that this module itself costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfx_ocr.data.registry import load

if TYPE_CHECKING:
    from tfx_ocr.data.page.fields import Field
    from tfx_ocr.serving.model import RequestError
    from tfx_ocr.serving.portable.beam import Decoding
    from tfx_ocr.serving.prediction import Candidate, Prediction
    from tfx_ocr.serving.predictor import Predictor, load_model
    from tfx_ocr.serving.reader.document import Document
    from tfx_ocr.serving.reader.reader import Reader

__all__ = [
    "Candidate",
    "Decoding",
    "Document",
    "Field",
    "Prediction",
    "Predictor",
    "Reader",
    "RequestError",
    "load_model",
]

API = {
    "Candidate": "tfx_ocr.serving.prediction:Candidate",
    "Decoding": "tfx_ocr.serving.portable.beam:Decoding",
    "Document": "tfx_ocr.serving.reader.document:Document",
    "Field": "tfx_ocr.data.page.fields:Field",
    "Prediction": "tfx_ocr.serving.prediction:Prediction",
    "Predictor": "tfx_ocr.serving.predictor:Predictor",
    "Reader": "tfx_ocr.serving.reader.reader:Reader",
    "RequestError": "tfx_ocr.serving.model:RequestError",
    "load_model": "tfx_ocr.serving.predictor:load_model",
}


def __getattr__(name: str) -> Any:
    if name not in API:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return load(API[name])


def __dir__() -> list[str]:
    return [*globals(), *API]
