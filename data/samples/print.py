"""Lines of print drawn from the fonts that ship, one family held out for eval, one for test."""

from __future__ import annotations

from pathlib import Path

from tfx_ocr.data.samples.lines import draw_splits
from tfx_ocr.data.synthetic import print as prints

# A split by font. Families and lines:
SPLITS = {
    "train": (("Grandstander", "Itim", "Mali", "PatrickHand", "PlaypenSans", "Sriracha"), 1200),
    "eval": (("Pangolin",), 200),
    "test": (("Kodchasan",), 300),
}


def fill(folder: Path) -> None:
    """Write TFRecords per split, as high and wide as the text; the group is the font."""
    draw_splits(folder, SPLITS, prints.write, "clean")
