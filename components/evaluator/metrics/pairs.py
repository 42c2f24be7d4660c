"""What is judged: one pair of texts a record, the reference and the answer, and how often each pair came."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

Record = Mapping[str, Sequence[bytes | float | int]]  # features of a tf.Example, by the names in data.features
Outputs = Mapping[str, np.ndarray]  # of `serving_default` for one example, without the batch's axis
Pair = tuple[str, str]
Pairs = Iterable[Pair] | Mapping[Pair, int]
Texts = TypeVar("Texts", bound=tuple[str, ...])


def count_pairs(pairs: Iterable[Texts] | Mapping[Texts, int]) -> tuple[list[Texts], np.ndarray]:
    """Return the different pairs (or triples), sorted, so that order changes nothing; and [pairs] int, their counts.

    Raises:
        ValueError: `pairs` is empty.

    >>> count_pairs([("b", "b"), ("a", "b"), ("b", "b")])
    ([('a', 'b'), ('b', 'b')], array([1, 2]))
    """
    found = sorted(collections.Counter(pairs).items())
    if not found:
        raise ValueError("no answers to judge: give at least one pair of reference and answer")
    return [pair for pair, _ in found], np.array([count for _, count in found])


def get_texts(of: Record | Outputs, name: str) -> list[str]:
    """Return the texts of a record's feature or of a model's output.

    Raises:
        ValueError: the name is missing.
    """
    if name not in of:
        raise ValueError(f"{name!r} is missing among {', '.join(sorted(of)) or 'nothing'}")
    values: Any = np.asarray(of[name], dtype=object).reshape(-1).tolist()
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def get_text(of: Record | Outputs, name: str) -> str:
    """Return the one text of a record's feature or of a model's output.

    Raises:
        ValueError: the name is missing, or it holds no text or several.
    """
    found = get_texts(of, name)
    if len(found) != 1:
        raise ValueError(f"{name!r} holds {len(found)} texts, where one is wanted")
    return found[0]


def compute_rates(hits: np.ndarray, support: np.ndarray, answered: np.ndarray) -> dict[str, np.ndarray]:
    """Return precision, recall and F1 from counts of any one shape; x / 0 is 0.

    Args:
        hits: how often an answer was right.
        support: how often there was something to find.
        answered: how often something was answered.
    """
    return {
        "precision": hits / np.maximum(answered, 1),
        "recall": hits / np.maximum(support, 1),
        "f1": 2 * hits / np.maximum(support + answered, 1),
    }
