"""Which character is most often read as which other, missed, or read where nothing is written."""

from __future__ import annotations

import collections
from typing import Any

from rapidfuzz.distance import Levenshtein

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing
from tfx_ocr.data.normalization import normalize_text

TITLE = "Confused characters"
MOST_PAIRS = 30
KINDS = {"replace": "substitutions", "delete": "deletions", "insert": "insertions"}


def build_facts(run: Run) -> dict[str, Any]:
    """Return `substitutions`, `deletions`, `insertions`, the `length` of all references, and `pairs`.

    `pairs` of how many `kinds`, the most frequent first, have `reference`, "" where nothing is written, `hypothesis`,
    "" where nothing was read, and `n`. Of several shortest ways from a text to its reading rapidfuzz's is taken.
    """
    if run.pairs is None:
        return explain_missing("The evaluation holds no answers.")
    edits: collections.Counter[str] = collections.Counter()
    found: collections.Counter[tuple[str, str]] = collections.Counter()
    length = 0
    for (written, answer), n in run.pairs.items():
        reference, read = normalize_text(written), normalize_text(answer)
        length += n * len(reference)
        for edit in Levenshtein.editops(reference, read):
            edits[edit.tag] += n
            there = reference[edit.src_pos] if edit.tag != "insert" else ""
            found[there, read[edit.dest_pos] if edit.tag != "delete" else ""] += n
    often = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return {
        "length": length,
        **{name: edits[tag] for tag, name in KINDS.items()},
        "kinds": len(often),
        "pairs": [{"reference": there, "hypothesis": read, "n": n} for (there, read), n in often[:MOST_PAIRS]],
    }
