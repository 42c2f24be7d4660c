"""An entity for each word of a page, and each entity's field: the run of words from its first to its last."""

from __future__ import annotations

from tfx_ocr.components.tasks import Task
from tfx_ocr.data import features

NEVER = -1e9  # a logit that no softmax sees

OF_WORDS = (features.ENTITIES_OUT, features.ENTITY_PROBABILITIES_OUT)
OF_FIELDS = (features.FIELD_NAMES_OUT, features.FIELD_VALUES_OUT, features.FIELD_PROBABILITIES_OUT)

TASK = Task(
    learn="tfx_ocr.components.tasks.tagging.learn",
    graph="tfx_ocr.components.tasks.tagging.graph",
    needs="words",
    records=(features.WORDS, features.ENTITIES),
    outputs=(*OF_WORDS, *OF_FIELDS, features.FIELD_BOXES_OUT),
    compared=(features.FIELD_VALUES_OUT, features.FIELD_PROBABILITIES_OUT),
    metrics="fields",
    labels="CLASSES",
    rounds=3,  # what a word is, where a field begins, where it ends
    mistakes="find_wrong_pages",
    sections=("fields", "worst_pages"),
    picture_px=320,
)
