"""The names that data sets give their splits, and ours for them."""

from __future__ import annotations

import re

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "eval": "eval",
    "val": "eval",
    "valid": "eval",
    "validation": "eval",
    "test": "test",
    "testing": "test",
    "t10k": "test",  # MNIST's
}


def parse_split(name: str) -> str:
    """The split that a folder's, a file's or a column's text names: `train`, `eval`, `test`, or "" for none.

    The name stands at the beginning, alone or before something that is no letter; case does not count.

    >>> parse_split("Training"), parse_split("test-00001-of-2.tfrecord"), parse_split("trainees.csv")
    ('train', 'test', '')
    """
    word = re.match(r"(t10k|[a-z]+)(?![a-z])", name.lower())
    return SPLIT_NAMES.get(word.group(), "") if word else ""
