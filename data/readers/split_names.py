"""The names that data sets give their splits, and ours for them."""

from __future__ import annotations

import re

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training", "trainset", "traindata"), "train"),
    **dict.fromkeys(
        ("eval", "evaluation", "val", "valid", "validation", "validate", "valset", "dev", "devset"), "eval"
    ),
    **dict.fromkeys(("test", "testing", "testset", "testdata", "t10k"), "test"),  # the last is MNIST's
}


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
    splits = {SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES}
    return splits.pop() if len(splits) == 1 else ""


def find_split(path: str) -> str:
    """Return the split that a path names: that of `find_split_part`, "" for none."""
    return parse_split(find_split_part(path))


def find_split_part(path: str) -> str:
    """Return the first folder or file of a path whose name names a split, "" for none."""
    return next(filter(parse_split, path.split("/")), "")
