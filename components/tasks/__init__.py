"""What an answer is: how a label is encoded, the head and the loss on a network's features, and the decoded answer.

A module has `NEEDS` (`vector`, `sequence`, `map` or `words`: what a network must give), `ANSWER` (the outputs that say
what was read, a text or several, and how sure each is) and

    encode(inputs, alphabet)                    a record's features -> `label_xf`            (Transform's graph)
    written(alphabet)                           how to parse that; ragged ones are padded with -1
    head(features, trainer, alphabet)           a network's features -> one tensor of logits (keras.ops: any backend)
    loss(), metrics()                           what is trained for, what is shown meanwhile
    answers(logits, raw, alphabet, serving)     logits and what was asked -> named answers   (the exported graph)
    why_not(answers)                            what is wrong with a batch of answers        (InfraValidator)

`alphabet` is a module of `data.alphabets`.
"""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data.registry import load_named

TASKS = {
    "classification": "tfx_ocr.components.tasks.classification",
    "sequence": "tfx_ocr.components.tasks.sequence",
    "syllables": "tfx_ocr.components.tasks.syllables",
    "tagging": "tfx_ocr.components.tasks.tagging",
}


def get_task(name: str) -> ModuleType:
    """Import and return the module that `name` stands for.

    Raises:
        ValueError: there is none of that name.
    """
    return load_named(TASKS, name, "task")
