"""One line of text per picture, by connectionist temporal classification over the network's frames."""

from __future__ import annotations

from tfx_ocr.components.tasks import Task
from tfx_ocr.data import features

BLANK = 0  # a character's number is its place in the alphabet plus one

TASK = Task(
    learn="tfx_ocr.components.tasks.sequence.learn",
    graph="tfx_ocr.components.tasks.sequence.graph",
    needs="sequence",
    records=(features.IMAGE, features.LABEL),
    outputs=(
        features.LABEL_OUT,
        features.PROBABILITY_OUT,
        features.CHARACTERS_OUT,
        features.CHARACTER_PROBABILITIES_OUT,
        features.CHARACTER_PLACES_OUT,
    ),
    compared=(features.CHARACTERS_OUT, features.CHARACTER_PROBABILITIES_OUT),
    averaged=True,
    metrics="text",
    labels="CHARACTERS",
    blanks=BLANK + 1,
    mistakes="find_wrong_texts",
    sections=("readings", "characters", "calibration"),
    picture_px=960,  # a text must be legible
)
