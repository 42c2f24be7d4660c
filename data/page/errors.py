"""How what was read of a page differs from what is written on it, its order kept or left aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist


class Errors(NamedTuple):
    """Counts of a page, or sums of them.

    Attributes:
        characters: of the reference, its words parted by single spaces.
        letters: of them, without the spaces.
        words: of the reference.
        answered: words of the answer.
        edits: Levenshtein distance of both texts; over `characters` it is the page's CER.
        word_edits: the same of both lists of words; over `words` it is the page's WER.
        free_edits: edits of words where each may stand anywhere; over `letters` it is the CER without order.
        hits: words that both have, wherever they stand.
    """

    characters: int
    letters: int
    words: int
    answered: int
    edits: int
    word_edits: int
    free_edits: int
    hits: int

    def compute_rates(self) -> dict[str, float]:
        """Return rates as fractions: `cer`, `wer`, `cer_without_order`, `wer_without_order` and `words_f1`.

        Where the reference is empty, an error rate is the number of edits.
        """
        words = max(self.words, 1)
        return {
            "cer": self.edits / max(self.characters, 1),
            "wer": self.word_edits / words,
            "cer_without_order": self.free_edits / max(self.letters, 1),
            "wer_without_order": (max(self.words, self.answered) - self.hits) / words,
            "words_f1": 2 * self.hits / (self.words + self.answered) if self.words + self.answered else 1.0,
        }


def count_errors(reference: Sequence[str], answer: Sequence[str]) -> Errors:
    """Count the errors of a page's words, both in reading order.

    Without order, each word of the answer stands for one of the reference: equal ones first, then those that save the
    most edits over leaving both out. The others are deleted and inserted as a whole.

    >>> count_errors(["one", "two"], ["two", "one"])
    Errors(characters=7, letters=6, words=2, answered=2, edits=6, word_edits=2, free_edits=0, hits=2)
    """
    said, read = Counter(reference), Counter(answer)
    hits = (said & read).total()
    text = " ".join(reference)
    return Errors(
        characters=len(text),
        letters=sum(map(len, reference)),
        words=len(reference),
        answered=len(answer),
        edits=Levenshtein.distance(text, " ".join(answer)),
        word_edits=Levenshtein.distance(list(reference), list(answer)),
        free_edits=_count_free_edits(list((said - read).elements()), list((read - said).elements())),
        hits=hits,
    )


def add_errors(pages: Sequence[Errors]) -> Errors:
    """Return the sums over pages.

    Raises:
        ValueError: `pages` is empty.
    """
    if not pages:
        raise ValueError("pages is empty: give one or more")
    return Errors(*map(sum, zip(*pages, strict=True)))


def _count_free_edits(reference: list[str], answer: list[str]) -> int:
    edits = sum(map(len, (*reference, *answer)))
    if not (reference and answer):
        return edits
    lengths = np.add.outer([len(word) for word in reference], [len(word) for word in answer])
    saved = lengths - cdist(reference, answer, scorer=Levenshtein.distance)
    rows, columns = set(), set()
    for place in np.argsort(-saved, axis=None, kind="stable").tolist():
        row, column = divmod(place, len(answer))
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            edits -= int(saved[row, column])
            if len(rows) == min(saved.shape):
                break
    return edits
