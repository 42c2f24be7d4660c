"""One class per picture."""

from __future__ import annotations

from tfx_ocr.components.tasks import Task
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import Alphabet

TASK = Task(
    learn="tfx_ocr.components.tasks.classification.learn",
    graph="tfx_ocr.components.tasks.classification.graph",
    needs="vector",
    records=(features.IMAGE, features.LABEL),
    outputs=(features.LABEL_OUT, features.PROBABILITY_OUT, features.LABELS_OUT, features.PROBABILITIES_OUT),
    compared=(features.LABEL_OUT, features.PROBABILITY_OUT),
    heads="tfx_ocr.components.tasks.classification:list_heads",
    averaged=True,
    metrics="classification",
    labels="CLASSES",
    mistakes="find_wrong_classes",
    sections=("mistakes", "maps", "confusion", "classes", "calibration"),
    lists_labels=True,
)


def list_heads(alphabet: Alphabet) -> dict[str, int]:
    """Return the number of classes by the layer of their logits."""
    return {"logits": len(alphabet.CLASSES)}
