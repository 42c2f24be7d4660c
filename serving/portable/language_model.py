"""A character n-gram as a compact table: how likely a character is behind others, learnt from texts.

Probabilities are interpolated as Witten and Bell do: of N times that the context h came, followed by T different
characters, p(c | h) = (n(h c) + T p(c | h')) / (N + T), where h' is h without its first character. Below the empty
context all characters of the texts, and one for any other, are equally likely. A line begins in the context of a line
break.

Source: Witten, Bell, "The zero-frequency problem", 1991; Chen, Goodman, "An empirical study of smoothing techniques for
language modeling", 1998, for the interpolated form.
"""

from __future__ import annotations

import collections
import gzip
import json
import lzma
import math
import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tfx_ocr.data.normalization import normalize_text

FORMAT = "tfx-ocr character n-grams 1"
XZ = b"\xfd7zXZ"  # how such a file begins
SHORT = 2  # characters of the n-grams that `prune_grams` keeps however seldom they came
BEGIN = "\n"  # stands before a line's first character; no line holds it


class LanguageModel:
    """Counts of n-grams, and what follows from them. Threads may share it."""

    def __init__(self, order: int, counts: Mapping[str, int]):
        """Take the counts.

        Args:
            order: characters of the longest n-gram, the one that is predicted among them.
            counts: how often each n-gram came, of every length from 1 to `order`.
        """
        self.order, self.counts = order, counts
        self._contexts: dict[str, list[int]] = {}  # how often each was followed by a character, and by how many kinds
        for gram, count in counts.items():
            found = self._contexts.setdefault(gram[:-1], [0, 0])
            found[0] += count
            found[1] += 1
        self._uniform = 1.0 / (1 + sum(len(gram) == 1 for gram in counts))
        self._known: dict[str, float] = {}

    def measure(self, before: str, character: str) -> float:
        """Return the natural logarithm of the probability of a character behind a line's beginning.

        Args:
            before: all of the line before it; "" at its beginning.
            character: one.
        """
        kept = self.order - 1
        gram = (BEGIN + before)[-kept:] + character if kept else character
        if gram not in self._known:
            self._known[gram] = math.log(self._compute(gram))
        return self._known[gram]

    def _compute(self, gram: str) -> float:
        times, kinds = self._contexts.get(gram[:-1], (0, 0))
        below = self._compute(gram[1:]) if len(gram) > 1 else self._uniform
        return (self.counts.get(gram, 0) + kinds * below) / (times + kinds) if times else below


def count_grams(lines: Iterable[str], order: int) -> LanguageModel:
    """Learn from lines of text; each is NFC with single spaces, as texts are judged, and empty ones do not count.

    Raises:
        ValueError: the order is out of range, or no line holds a character.
    """
    if not 1 <= order <= 10:
        raise ValueError(f"order is {order}; an n-gram may have 1 to 10 characters")
    counts: collections.Counter[str] = collections.Counter()
    for line in lines:
        if text := normalize_text(line):
            padded = BEGIN + text
            for length in range(1, order + 1):
                # the beginning is a context alone
                counts.update(padded[end - length : end] for end in range(max(length, 2), len(padded) + 1))
    if not counts:
        raise ValueError("the texts hold no line to learn from")
    return LanguageModel(order, counts)


def prune_grams(model: LanguageModel) -> LanguageModel:
    """Drop n-grams of three characters that came once, of four that came less than 4 times, of five 8, and so on.

    A model of 60,000 addresses has a fifth of its n-grams then, and they say most of what it said.
    """
    kept = {gram: n for gram, n in model.counts.items() if n >= 2 ** max(len(gram) - SHORT, 0)}
    return LanguageModel(model.order, kept)


def write_language_model(model: LanguageModel, path: str | os.PathLike[str]) -> None:
    """Write a table as JSON: the same bytes for the same texts.

    Args:
        model: the table.
        path: of the file; it is compressed by xz where it ends in `.xz`, else by gzip.
    """
    held = {"format": FORMAT, "order": model.order, "counts": dict(sorted(model.counts.items()))}
    content = json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode()
    is_xz = os.fspath(path).endswith(".xz")
    Path(path).write_bytes(lzma.compress(content, preset=9) if is_xz else gzip.compress(content, mtime=0))


def read_language_model(path: str | os.PathLike[str]) -> LanguageModel:
    """Read what `write_language_model` wrote.

    Raises:
        ValueError: the file is not one.
        OSError: it cannot be read.
    """
    content = Path(path).read_bytes()
    try:
        held = json.loads(lzma.decompress(content) if content.startswith(XZ) else gzip.decompress(content))
        if held["format"] != FORMAT:
            raise ValueError(f"its format is {held['format']!r}, not {FORMAT!r}")
        return LanguageModel(int(held["order"]), {gram: int(count) for gram, count in held["counts"].items()})
    except (
        gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError, ValueError, KeyError, TypeError, AttributeError,
    ) as error:  # fmt: skip
        said = str(error) or type(error).__name__
        raise ValueError(
            f"{os.fspath(path)} is not a language model ({said}): write one by `tfx-ocr language-model`"
        ) from None
