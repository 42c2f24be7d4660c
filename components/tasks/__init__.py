"""What an answer is: how a label is encoded, the head and the loss on a network's features, and the decoded answer.

A module has `NEEDS` (`vector`, `sequence` or `map`: what a network must give) and

    encode(labels, alphabet)                raw labels -> what the loss takes            (Transform's graph)
    head(features, trainer, alphabet)       a network's features -> its outputs          (keras.ops: any backend)
    loss(), metrics()                       what is trained for, what is shown meanwhile
    answers(outputs, alphabet, serving)     outputs -> named answers                     (the exported graph)

`alphabet` is a module of `data.alphabets`.
"""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data.registry import named

TASKS = {
    "classification": "tfx_ocr.components.tasks.classification",
}


def task_named(name: str) -> ModuleType:
    """Import and return the module that `name` stands for.

    Raises:
        ValueError: there is none of that name.
    """
    return named(TASKS, name, "task")
