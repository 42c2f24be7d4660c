"""Which character is most often read as which other, missed, or read where nothing is written."""

from __future__ import annotations

import collections
from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing
from tfx_ocr.data.edits import count_kinds, list_edits
from tfx_ocr.data.normalization import normalize_text

TITLE = "Confused characters"
MOST_PAIRS = 30


def build_facts(run: Run) -> dict[str, Any]:
    """Return `substitutions`, `deletions`, `insertions`, `tone_edits`, `digit_edits`, `length` and `pairs`.

    Of all edits, `tone_edits` change nothing but a tone mark, and `digit_edits` have a digit on either side.

    `pairs` of how many `kinds`, the most frequent first, have `reference`, "" where nothing is written, `hypothesis`,
    "" where nothing was read, and `n`. Of several shortest ways from a text to its reading rapidfuzz's is taken.
    """
    if run.pairs is None:
        return explain_missing("The evaluation holds no answers.")
    found: collections.Counter[tuple[str, str]] = collections.Counter()
    length = 0
    for (written, answer), n in run.pairs.items():
        reference, read = normalize_text(written), normalize_text(answer)
        length += n * len(reference)
        for edit in list_edits(reference, read):
            found[edit] += n
    tones, digits = count_kinds(found.elements())
    often = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return {
        "length": length,
        "substitutions": sum(n for (there, read), n in found.items() if there and read),
        "deletions": sum(n for (_, read), n in found.items() if not read),
        "insertions": sum(n for (there, _), n in found.items() if not there),
        "tone_edits": tones,
        "digit_edits": digits,
        "kinds": len(often),
        "pairs": [{"reference": there, "hypothesis": read, "n": n} for (there, read), n in often[:MOST_PAIRS]],
    }
