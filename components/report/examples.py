"""One pass over the examples: counts a split and label, pictures that are there twice, and the pictures asked for."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
from collections.abc import Collection, Iterable
from typing import Any

import tensorflow as tf

from tfx_ocr.data import features

MOST_SHOWN = 20  # pairs of equal pictures


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the pass found.

    Attributes:
        counts: split to label to number of records.
        duplicates: `same_split` and `across_splits`: records whose picture, byte for byte, came before, first in their
            own split or in an earlier one; `contradicting`: those of either kind whose label differs from the first's;
            `shown`: some of either kind, each with `splits`, `labels` and `sources` of the two.
        images: source to encoded picture, of the sources asked for.
    """

    counts: dict[str, dict[str, int]]
    duplicates: dict[str, Any]
    images: dict[str, bytes]


def scan(records: Iterable[tuple[str, bytes]], wanted: Collection[str]) -> Scan:
    """Read every record once.

    Args:
        records: split and serialized tf.Example, split after split.
        wanted: sources whose pictures are kept.
    """
    counts: dict[str, collections.Counter[str]] = {}
    images: dict[str, bytes] = {}
    first: dict[bytes, tuple[str, str, str]] = {}
    kinds: collections.Counter[str] = collections.Counter()
    shown: list[dict[str, list[str]]] = []
    for split, serialized in records:
        example = tf.train.Example.FromString(serialized)
        label, source = _text(example, features.LABEL), _text(example, features.SOURCE)
        counts.setdefault(split, collections.Counter())[label] += 1
        image = _bytes(example, features.IMAGE)
        if not image:
            continue
        if source in wanted:
            images[source] = image
        settings = (split, label, source)
        before = first.setdefault(hashlib.blake2b(image, digest_size=16).digest(), settings)
        if before is settings:
            continue
        kinds["same_split" if before[0] == split else "across_splits"] += 1
        contradicts = before[1] != label
        kinds["contradicting"] += contradicts
        if len(shown) < MOST_SHOWN:
            splits, labels, sources = (list(both) for both in zip(before, settings, strict=True))
            shown.append({"splits": splits, "labels": labels, "sources": sources})
    return Scan(
        counts={split: dict(labels) for split, labels in counts.items()},
        duplicates={**{kind: kinds[kind] for kind in ("same_split", "across_splits", "contradicting")}, "shown": shown},
        images=images,
    )


def _bytes(example: tf.train.Example, name: str) -> bytes:
    values = example.features.feature[name].bytes_list.value if name in example.features.feature else ()
    return values[0] if values else b""


def _text(example: tf.train.Example, name: str) -> str:
    return _bytes(example, name).decode(errors="replace")
