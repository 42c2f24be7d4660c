"""What is judged: one pair of texts a record, the reference and the answer, and how often each pair came."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

Record = Mapping[str, Sequence[bytes | float | int]]  # features of a tf.Example, by the names in data.features
Outputs = Mapping[str, np.ndarray]  # of `serving_default` for one example, without the batch's axis
Pair = tuple[str, str]
Pairs = Iterable[Pair] | Mapping[Pair, int]


def counted(pairs: Pairs) -> tuple[list[Pair], np.ndarray]:
    """The pairs that came, sorted, so that their order changes nothing, and [pairs] int, how often each did.

    Raises:
        ValueError: there is none.

    >>> counted([("b", "b"), ("a", "b"), ("b", "b")])
    ([('a', 'b'), ('b', 'b')], array([1, 2]))
    """
    found = sorted(collections.Counter(pairs).items())
    if not found:
        raise ValueError("no answers to judge: give at least one pair of reference and answer")
    return [pair for pair, _ in found], np.array([count for _, count in found])


def texts(of: Record | Outputs, name: str) -> list[str]:
    """The texts of a record's feature or of a model's output.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in of:
        raise ValueError(f"there is no {name!r} among {', '.join(sorted(of)) or 'nothing'}")
    values: Any = np.asarray(of[name], dtype=object).reshape(-1).tolist()
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def text(of: Record | Outputs, name: str) -> str:
    """The one text of a record's feature or of a model's output.

    Raises:
        ValueError: there is none of that name, or it holds none or several.
    """
    found = texts(of, name)
    if len(found) != 1:
        raise ValueError(f"{name!r} holds {len(found)} texts, where one is wanted")
    return found[0]
