"""One Hangul syllable per picture as one class of the alphabet's, with the outputs of task `syllables`."""

from __future__ import annotations

import dataclasses

from tfx_ocr.components.tasks import classification, syllables

TASK = dataclasses.replace(
    syllables.TASK,
    learn=classification.TASK.learn,
    graph="tfx_ocr.components.tasks.whole_syllables.graph",
    heads=classification.TASK.heads,
    labels=classification.TASK.labels,
)
