"""The names that data sets give their splits, and ours for them."""

from __future__ import annotations

import functools
import re

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("eval", "evaluation", "val", "valid", "validation", "validate", "dev"), "eval"),
    **dict.fromkeys(("test", "testing", "t10k"), "test"),  # the last is MNIST's
}
WORD = re.compile(rf"({'|'.join(SPLIT_NAMES)})(?:set|data|dataset|images?|labels?)?")  # `trainset`


@functools.lru_cache(maxsize=1024)  # a folder's name comes with every record in it
def parse_split(name: str) -> str:
    """Return the split that a folder's, a file's or a column's text names: `train`, `eval`, `test`, or "" for none.

    A word of the name says it, wherever it stands: words are divided by what is not a letter and by capitals. A name
    with the words of two splits names none.

    >>> parse_split("trainingSet"), parse_split("emnist-letters-test-images-idx3-ubyte.gz"), parse_split("trainees.csv")
    ('train', 'test', '')
    >>> parse_split("mnist-train.tfrecord-00000-of-00001"), parse_split("train_test_splits")
    ('train', '')
    """
    words = re.findall(r"t10k|[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    splits = {SPLIT_NAMES[match[1]] for match in map(WORD.fullmatch, words) if match}
    return splits.pop() if len(splits) == 1 else ""


def find_split(path: str) -> str:
    """Return the split that the innermost folder or file of a path names that names one, "" for none.

    >>> find_split("my test/train/mnist.tfrecord")
    'train'
    """
    return next(filter(None, map(parse_split, reversed(path.split("/")))), "")


def find_split_part(path: str, split: str) -> str:
    """Return the innermost folder or file of a path whose name names that split, "" for none."""
    return next((part for part in reversed(path.split("/")) if split and parse_split(part) == split), "")
