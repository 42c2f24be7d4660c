"""One Hangul syllable per picture: its initial, medial and final predicted separately, its answer one of all 11,172."""

from __future__ import annotations

from tfx_ocr.components.tasks import Task, classification
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import Alphabet
from tfx_ocr.data.alphabets.hangul import FINALS, INITIALS, MEDIALS

PARTS = {
    features.INITIAL_OUT: INITIALS,
    features.MEDIAL_OUT: MEDIALS,
    features.FINAL_OUT: FINALS,
}
SIZES = tuple(len(jamo) for jamo in PARTS.values())  # 19, 21, 28: the three heads' logits lie side by side

TASK = Task(
    learn="tfx_ocr.components.tasks.syllables.learn",
    graph="tfx_ocr.components.tasks.syllables.graph",
    needs="vector",
    records=(features.IMAGE, features.LABEL),
    outputs=(*classification.TASK.outputs, *PARTS, *(f"{name}_probability" for name in PARTS)),
    compared=classification.TASK.compared,
    heads="tfx_ocr.components.tasks.syllables:list_heads",
    averaged=True,
    metrics="syllables",
    mistakes="find_wrong_syllables",
    sections=("mistakes", "maps", "syllables", "classes", "calibration"),
    lists_labels=True,
)


def list_heads(alphabet: Alphabet) -> dict[str, int]:
    """Return the number of jamo by the layer of their logits."""
    return dict(zip(PARTS, SIZES, strict=True))
