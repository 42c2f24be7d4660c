"""Short lines of Vietnamese drawn from eleven fonts whose licence allows it, some of the fonts held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tfx_ocr.data.synthetic import fonts, vietnamese

FONTS = Path(__file__).parent / "fonts" / "lines"
# A split by font: eval and test are in hands that training never saw. Families and lines:
SPLITS = {
    "train": (("Charm", "GrapeNuts", "Itim", "Kodchasan", "Mali", "Pangolin", "PlaypenSans", "ShantellSans"), 1200),
    "eval": (("Grandstander",), 200),
    "test": (("PatrickHand", "Sriracha"), 300),
}
SEEDS = {"train": 1, "eval": 2, "test": 3}  # texts differ between the splits, all but the shortest


def fill(folder: Path) -> None:
    """Write TFRecords per split, 48 pixels high and as wide as the text; the group is the font."""
    draw_splits(folder, SPLITS, vietnamese.write, "short")


def draw_splits(
    folder: Path, splits: Mapping[str, tuple[tuple[str, ...], int]], write: Callable[..., int], style: str
) -> None:
    """Write TFRecords per split, drawn with the fonts of its families.

    Args:
        folder: of the files.
        splits: families and lines of each.
        write: of `data.synthetic`.
        style: one of its own.
    """
    files = fonts.list_fonts([FONTS])
    for split, (families, count) in splits.items():
        write(
            folder,
            fonts.choose_fonts(files, families, ()),
            count,
            seed=SEEDS[split],
            styles=(style,),
            name=split,
            say=lambda _: None,
        )
