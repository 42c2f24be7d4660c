"""Align transcribed field values with OCR words to create tagging labels."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz

from tfx_ocr.data import normalization
from tfx_ocr.data.page.page import Box, Word

# How a field was found, best first:
#   exact       a run of whole words is its text, but for case and white space
#   normalised  a run of whole words is it by `data.normalization.normalize_field`
#   within      one word holds it and more: "DATE:25/12/2018"
#   fuzzy       a run of words is nearly it: OCR errors, a transcriber's slip
#   lines       whole lines are parts of it, with others between them: an address beside a telephone number
EXACT, NORMALISED, WITHIN, FUZZY, LINES, NOT_FOUND = "exact", "normalised", "within", "fuzzy", "lines", "not found"
HOW = (EXACT, NORMALISED, WITHIN, FUZZY, LINES, NOT_FOUND)

# Fields in the order in which they choose their words; words that one has taken are not free for the others.
ORDER = ("issue_date", "total", "invoice_number", "supplier", "supplier_address")
LONG = {"supplier", "supplier_address", "receiver"}  # of names and streets: may be fuzzy at a lower ratio, and broken
FUZZY_AT_LEAST = {True: 80.0, False: 84.0}  # edit ratio in percent, of long fields and of others
NEVER_FUZZY = {"total"}  # one digit off is another amount
SHORTEST_FUZZY = 6  # letters and digits: of fewer, one that differs makes another number
SHORTEST_LINE = 4  # of a part of a long field: less is found anywhere
SHORTEST_WITHIN = 3  # of what one word holds among more
LONGEST_RUN = 60  # words of a field

# What the words left of an occurrence, or above it, say for it: the sum of those found. Of equal ones see `_chosen`.
CUES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "total": (
        (r"total|amount|amt|balance|due|pay|nett?\b", 3),
        (r"grand|rounded|round\w* total|total due|amount due|balance due|total amount|please pay|pay this|payable", 2),
        (r"sub|(?<!incl )(?<!inclusive )(?<!inclusive of )(?<!including )\b(tax|gst|vat)\b", -3),
        (r"qty|quantity|items?\b|disc|saving|excl", -3),
        (r"cash|change|tender|paid|visa|master|card|round\w* adj", -2),
    ),
    "issue_date": (
        (r"date|dated|tarikh", 3),
        (r"inv\w* date|date of inv|bill\w* date", 2),
        (r"due|deliver|ship|order|from|period|expir|print|valid|receiv|start|end\b", -2),
    ),
    "invoice_number": (
        (r"inv\w*|bill|\bno\b|num\w*|nbr", 2),
        (r"inv\w* (no|num\w*|nbr)", 2),
        (r"order|account|acct|customer|client|job|phone|tel|fax|p o\b|purchase", -2),
    ),
}


class Found(NamedTuple):
    """Where a field is: runs of words as (first, end), the end excluded, and how each was found."""

    how: str
    runs: tuple[tuple[int, int], ...] = ()


def align(words: Sequence[Word], fields: Mapping[str, str]) -> tuple[list[str], dict[str, Found]]:
    """Return an entity per word: the field that it is part of.

    The best way of `HOW` that finds a field decides; a field that none finds takes no word. Of several occurrences
    those count for which what stands left of them or above speaks most (`CUES`). If it speaks for none, the last of
    equal amounts counts and the first of anything else. If it speaks for several alike, all of them count: an amount
    that stands on two lines of totals is the answer in both places, and a tagger told so of one only would learn that
    the other is wrong.

    Args:
        words: a page's, in reading order, each with a box.
        fields: name to value as it was written down.

    Returns:
        An entity a word, "" for nothing; and where each field was found.
    """
    page = _Searched(words)
    entities = [""] * len(words)
    found = {}
    names = sorted(fields, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    for name in names:
        found[name] = page.find(name, fields[name], [bool(entity) for entity in entities])
        for first, end in found[name].runs:
            entities[first:end] = [name] * (end - first)
    return entities, {name: found[name] for name in fields}


def tag_words(words: Sequence[Word], fields: Mapping[str, str]) -> list[Word]:
    """Return the words, each with the entity that `align` finds it to be."""
    entities, _ = align(words, fields)
    return [dataclasses.replace(word, entity=entity) for word, entity in zip(words, entities, strict=True)]


class _Searched:
    """A page's words, prepared to be searched."""

    def __init__(self, words: Sequence[Word]):
        self._texts = [word.text for word in words]
        self._boxes = [word.box or Box(0, 0, 0, 0) for word in words]
        self._lower = [normalization.keep_letters_and_digits(text) for text in self._texts]

    def find(self, name: str, value: str, taken: Sequence[bool]) -> Found:
        """A field's occurrences that count."""
        if not normalization.normalize_field(name, value):
            return Found(NOT_FOUND)
        ways = (
            (EXACT, self._exact(value)),
            (NORMALISED, self._normalised(name, value)),
            (WITHIN, self._within(name, value)),
            (FUZZY, self._fuzzy(name, value)),
            (LINES, self._lines(name, value)),
        )
        for how, runs in ways:
            free = [run for run in runs if not any(taken[run[0] : run[1]])]
            if free:
                return Found(how, tuple(free) if how == LINES else self._chosen(name, free))
        return Found(NOT_FOUND)

    def _exact(self, value: str) -> Iterator[tuple[int, int]]:
        wanted = normalization.normalize_exact(value).split(" ")
        texts = [normalization.normalize_exact(text) for text in self._texts]
        for first in range(len(texts) - len(wanted) + 1):
            if texts[first : first + len(wanted)] == wanted:
                yield first, first + len(wanted)

    def _normalised(self, name: str, value: str) -> Iterator[tuple[int, int]]:
        """Runs that are the value but for what `data.normal` leaves out; no run begins or ends with such a word."""
        wanted = normalization.normalize_field(name, value)
        parts = [normalization.normalize_field(name, text) for text in self._texts]
        if name in normalization.DIGITS_ONLY:  # "TOTAL 9.00" has the digits of 9.00, but the caption is not part of it
            pairs = zip(parts, self._texts, strict=True)
            parts = [part if part == wanted or _is_amount(text) else "" for part, text in pairs]
        for first, part in enumerate(parts):
            if not part or not wanted.startswith(part):
                continue
            joined, end = part, first + 1
            while len(joined) < len(wanted) and end < len(parts) and end - first < LONGEST_RUN:
                if not wanted.startswith(joined + parts[end]):
                    break
                joined, end = joined + parts[end], end + 1
            if joined == wanted:
                yield first, end

    def _within(self, name: str, value: str) -> Iterator[tuple[int, int]]:
        """Single words that hold the value as it stands, not as a part of a longer number or word."""
        bare = "".join(value.split()).upper()
        if name in normalization.DIGITS_ONLY:  # "RM7.42", "$7.42", "7.42*": what is around an amount is not compared
            bare = re.sub(r"^[^\d]+|[^\d]+$", "", bare)
        if len(normalization.keep_letters_and_digits(bare)) < SHORTEST_WITHIN:
            return
        pattern = re.compile(rf"(?<![\dA-Z]){re.escape(bare)}(?![\dA-Z])|(?<![\d.,/-]){re.escape(bare)}(?![\d.,/-])")
        for number, text in enumerate(self._texts):
            if pattern.search(text.upper()):
                yield number, number + 1

    def _fuzzy(self, name: str, value: str) -> Iterator[tuple[int, int]]:
        """The run whose letters and digits are nearest to the value's, if near enough."""
        wanted = normalization.keep_letters_and_digits(value)
        if name in NEVER_FUZZY or len(wanted) < SHORTEST_FUZZY:
            return
        starts = list(itertools.accumulate((len(part) for part in self._lower), initial=0))
        at = fuzz.partial_ratio_alignment(wanted, "".join(self._lower), score_cutoff=FUZZY_AT_LEAST[name in LONG] - 10)
        if at is None or at.dest_end <= at.dest_start:
            return
        # whole words: those of which at least half lies in the stretch
        inside = [
            number
            for number, part in enumerate(self._lower)
            if part and 2 * (min(starts[number + 1], at.dest_end) - max(starts[number], at.dest_start)) >= len(part)
        ]
        if inside:
            first, end = inside[0], inside[-1] + 1
            if fuzz.ratio(wanted, "".join(self._lower[first:end])) >= FUZZY_AT_LEAST[name in LONG]:
                yield first, end

    def _lines(self, name: str, value: str) -> Iterator[tuple[int, int]]:
        """Lines that are parts of a long value, each in its order; nothing if they are less than half of it."""
        if name not in LONG:
            return
        wanted = normalization.keep_letters_and_digits(value)
        runs, place = [], 0
        for first, end in self._rows():
            text = "".join(self._lower[first:end])
            at = wanted.find(text, place) if len(text) >= SHORTEST_LINE else -1
            if at >= 0:
                runs.append((first, end))
                place = at + len(text)
        if 2 * sum(len("".join(self._lower[first:end])) for first, end in runs) >= len(wanted):
            yield from runs

    def _rows(self) -> Iterator[tuple[int, int]]:
        """Runs of words that stand side by side, each right of the one before."""
        first = 0
        for number in range(1, len(self._boxes) + 1):
            if number == len(self._boxes) or not _beside(self._boxes[number - 1], self._boxes[number]):
                yield first, number
                first = number

    def _chosen(self, name: str, runs: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        """Of a field's occurrences those that count."""
        scores = [self._score(name, run) for run in runs]
        best = max(scores)
        equal = [run for run, score in zip(runs, scores, strict=True) if score == best]
        if best > 0:
            return tuple(_apart(equal))
        return (equal[-1] if name in normalization.DIGITS_ONLY else equal[0],)

    def _score(self, name: str, run: tuple[int, int]) -> int:
        """What stands left of a run counts; what stands above it where nothing stands left that says anything."""
        if name not in CUES:
            return 0
        for text in (self._left(run), self._above(run)):
            cues = [weight for pattern, weight in CUES[name] if re.search(pattern, text)]
            if cues:
                return sum(cues)
        return 0

    def _left(self, run: tuple[int, int]) -> str:
        """The words of the same row left of a run, and what is before the value in its own first word."""
        own = self._boxes[run[0]]
        row = [
            (box.left, text)
            for number, (box, text) in enumerate(zip(self._boxes, self._texts, strict=True))
            if number not in range(*run) and box.centre[0] < own.left and own.top <= box.centre[1] <= own.bottom
        ]
        return _plain([text for _, text in sorted(row)] + self._texts[run[0] : run[1]])

    def _above(self, run: tuple[int, int]) -> str:
        """The words over a run, at most three rows up."""
        own = self._boxes[run[0]]
        height = max(own.bottom - own.top, 1.0)
        right = self._boxes[run[1] - 1].right
        return _plain(
            text
            for box, text in zip(self._boxes, self._texts, strict=True)
            if own.top - 4 * height <= box.centre[1] < own.top and box.right >= own.left and box.left <= right
        )


def _plain(texts: Iterator[str] | Sequence[str]) -> str:
    """Lower case words, single spaces, nothing else."""
    return " ".join(re.sub(r"[^a-z]+", " ", " ".join(texts).lower()).split())


def _is_amount(text: str) -> bool:
    """Whether a word is an amount or a piece of one, at most with a currency before it: `RM7.42`, `$`, `5,`."""
    return re.fullmatch(r"[^\w\s]*[A-Za-z]{0,3}[^\w\s]*[\d.,\s*-]*", text) is not None


def _beside(one: Box, other: Box) -> bool:
    """Whether `other` goes on in the row of `one`."""
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    return other.left >= one.left and 2 * overlap >= min(one.bottom - one.top, other.bottom - other.top)


def _apart(runs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Runs that share no word with one before."""
    last = 0
    for first, end in runs:
        if first >= last:
            yield first, end
            last = end
