"""The names that data sets give their splits, and ours for them."""

from __future__ import annotations

import functools
import re
import unicodedata

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training", "trainval", "trn", "학습", "훈련"), "train"),
    **dict.fromkeys(("eval", "evaluation", "val", "valid", "validation", "validate", "dev", "vld", "검증"), "eval"),
    **dict.fromkeys(("test", "testing", "t10k", "tst", "시험", "테스트"), "test"),  # t10k is MNIST's
}
WORD = re.compile(
    rf"({'|'.join(SPLIT_NAMES)})(?:set|data|dataset|dir|images?|labels?|데이터|데이터셋|셋|용)?"
)  # `trainset`


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
    name = unicodedata.normalize("NFC", name)  # macOS writes names decomposed
    words = re.findall(r"t10k|[a-z]+|[가-힣]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
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
