"""The texts read worst, as pictures, with what was written and what was read set against each other."""

from __future__ import annotations

from typing import Any

from rapidfuzz.distance import Levenshtein

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing
from tfx_ocr.data.normalization import normalize_text

TITLE = "Worst readings"


def build_facts(run: Run) -> dict[str, Any]:
    """Return `shown`: of each text `source`, `reference`, `hypothesis`, `edits`, `length` of the reference, `parts`.

    Text and reading are NFC with single spaces, as they are judged. Each of `parts` has `kind` (`equal`, `delete`,
    `insert`, `replace`), and what stands there in the `reference` and in the `hypothesis`.
    """
    if run.mistakes is None:
        return explain_missing("The evaluation holds no answers.")
    return {
        "shown": [_shown(mistake["source"], mistake["reference"], mistake["hypothesis"]) for mistake in run.mistakes]
    }


def _shown(source: str, reference: str, hypothesis: str) -> dict[str, Any]:
    reference, hypothesis = normalize_text(reference), normalize_text(hypothesis)
    return {
        "source": source,
        "reference": reference,
        "hypothesis": hypothesis,
        "edits": Levenshtein.distance(reference, hypothesis),
        "length": len(reference),
        "parts": [
            {
                "kind": part.tag,
                "reference": reference[part.src_start : part.src_end],
                "hypothesis": hypothesis[part.dest_start : part.dest_end],
            }
            for part in Levenshtein.opcodes(reference, hypothesis)
        ],
    }
