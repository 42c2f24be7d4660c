"""Pages drawn from the fonts of the sample of lines and from scikit-learn's digits, some of the fonts held out."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tfx_ocr.data.samples import digits, lines
from tfx_ocr.data.synthetic import fonts, pages

HERE = Path(__file__).parent
COUNTS = {"train": 48, "eval": 8, "test": 16}  # pages; fonts of each split as in the sample of lines
SEEDS = {"train": 1, "eval": 2, "test": 3}


def fill(folder: Path) -> None:
    """Write TFRecords per split; the group is the layout."""
    files = fonts.list_fonts([lines.FONTS])
    with tempfile.TemporaryDirectory() as temporary:
        digits.fill(Path(temporary) / "digits")
        for split, count in COUNTS.items():
            families, _ = lines.SPLITS[split]
            pages.write(
                folder,
                fonts.choose_fonts(files, families, ()),
                count,
                seed=SEEDS[split],
                writing=Path(temporary) / "digits",
                name=split,
                say=lambda _: None,
            )
