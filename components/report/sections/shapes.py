"""The pages on which most shapes are missed or found in vain, drawn."""

from __future__ import annotations

import json
from typing import Any

from tfx_ocr.components.report.run import Run
from tfx_ocr.components.report.sections import explain_missing
from tfx_ocr.data.page.overlaps import count_hits

TITLE = "Worst pages"


def build_facts(run: Run) -> dict[str, Any]:
    """Return `shown`: of each page `source`, `width`, `height`, `kinds` and `lacking`, what its H-mean lacks of 1.

    A kind has `kind`, `hits`, `reference` and `found`, how many; the corners to draw are under `outlines`: `reference`
    and `found`, each a list of "x,y x,y x,y x,y" in pixels, of the kind that comes first.
    """
    if run.mistakes is None:
        return explain_missing("The evaluation holds no answers.")
    return {"shown": [_show(mistake) for mistake in run.mistakes]}


def _show(mistake: Any) -> dict[str, Any]:
    wanted, given = json.loads(mistake["reference"]), json.loads(mistake["hypothesis"])
    counts = count_hits(mistake["reference"], mistake["hypothesis"])
    first = next(iter(counts))
    return {
        "source": mistake["source"],
        "lacking": mistake["badness"],
        "width": wanted["size"][0],
        "height": wanted["size"][1],
        "kinds": [
            {"kind": kind, "hits": hits, "reference": reference, "found": found}
            for kind, (hits, reference, found, _) in counts.items()
        ],
        "outlines": {
            name: [_format_corners(shape[1:]) for shape in page["shapes"] if shape[0] == first]
            for name, page in (("reference", wanted), ("found", given))
        },
    }


def _format_corners(numbers: list[float]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in zip(numbers[::2], numbers[1::2], strict=True))
