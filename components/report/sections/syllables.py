"""Which syllable is most often read as which other, and which of its jamo."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing
from tfx_ocr.components.report.sections.confusion import build_rows
from tfx_ocr.data.alphabets import hangul

TITLE = "Confusions"
MOST_PAIRS = 20
MOST_OF_A_JAMO = 10
JAMO = {"initial": hangul.INITIALS, "medial": hangul.MEDIALS, "final": hangul.FINALS}

Cells = Mapping[tuple[str, str], int]


def build_facts(run: Run) -> dict[str, Any]:
    """Return `n` answers, how many are `wrong`, `pairs` of syllables of how many `kinds`, and a table per jamo.

    A matrix of 11,172 classes is too large for a page: only pairs that came are listed, the most frequent first. A
    table of jamo has its `place`, how often that jamo is `wrong`, `pairs` of how many `kinds`, and the confusion matrix
    of all of them (`labels`, `rows`, `total`); a final that is not there is "".
    """
    if run.gate is None or not run.gate.get("confusion"):
        return explain_missing("The evaluation holds no confusions.")
    cells = {(label, answer): n for label, answer, n in run.gate["confusion"]}
    wrong = {pair: n for pair, n in cells.items() if pair[0] != pair[1]}
    return {
        "n": sum(cells.values()),
        "wrong": sum(wrong.values()),
        "kinds": len(wrong),
        "pairs": _rows(wrong, MOST_PAIRS),
        "jamo": [
            _describe_jamo(name, letters, of) for (name, letters), of in zip(JAMO.items(), _by_jamo(cells), strict=True)
        ],
    }


def _describe_jamo(place: str, letters: Sequence[str], cells: Cells) -> dict[str, Any]:
    wrong = {pair: n for pair, n in cells.items() if pair[0] != pair[1]}
    came = [letter for letter in letters if any(letter in pair for pair in cells)]
    return {
        "place": place,
        "wrong": sum(wrong.values()),
        "kinds": len(wrong),
        "pairs": _rows(wrong, MOST_OF_A_JAMO),
        "labels": came,
        "rows": build_rows(cells, came),
        "total": len(came),
    }


def _by_jamo(cells: Cells) -> list[Cells]:
    """Of each place, how often which jamo was read as which. Answers other than one syllable are left out."""
    found: list[collections.Counter[tuple[str, str]]] = [collections.Counter() for _ in JAMO]
    for (label, answer), n in cells.items():
        if hangul.find_problem(label) or hangul.find_problem(answer):
            continue
        parts = zip(found, JAMO.values(), hangul.split(label), hangul.split(answer), strict=True)
        for count, jamo, theirs, ours in parts:
            count[jamo[theirs], jamo[ours]] += n
    return list(found)


def _rows(of: Cells, most: int) -> list[dict[str, Any]]:
    often = sorted(of.items(), key=lambda item: (-item[1], item[0]))[:most]
    return [{"reference": reference, "hypothesis": answer, "n": n} for (reference, answer), n in often]
