"""The words that stand above their boxes on a drawn page, in a font that has their letters."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from PIL import ImageFont

from tfx_ocr.data import samples
from tfx_ocr.data.page.page import Word

SYSTEM_FONTS = Path("/usr/share/fonts")
ENDINGS = {".ttf", ".otf", ".ttc"}
VIETNAMESE = Path(samples.__file__).parent / "fonts" / "lines" / "Mali.ttf"
MISSING = "\U0010ffff"  # no font has it
PROBED_PX = 20  # size at which a font is asked for a letter
SHARE = 0.5  # of the usual word's height that a label has
PARTS = 80  # of the page's shorter side: a label has one at least

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def list_system_fonts() -> list[Path]:
    """Return the font files that this system has, by name."""
    return sorted(path for path in SYSTEM_FONTS.rglob("*") if path.suffix.lower() in ENDINGS)


def find_size(words: Iterable[Word], page: tuple[int, int]) -> float:
    """Return the size of all labels of a page, in pixels.

    The shorter sides of the boxes count: words of a page that lies on its side are higher than wide.

    Args:
        words: those without a box do not count.
        page: its width and height.
    """
    sides = sorted(min(word.box.right - word.box.left, word.box.bottom - word.box.top) for word in words if word.box)
    usual = sides[len(sides) // 2] if sides else 0.0
    return max(10.0, SHARE * usual, min(page) / PARTS)


def load_font(text: str, size: float) -> Font:
    """Return the first font that has the letters of a text: Pillow's, one of Vietnamese that ships, or the system's.

    Pillow's has ASCII alone. Where no font has them all, Pillow's is returned.
    """
    place = max((_find_font(letter) for letter in text), default=0)
    return _open(_list_fonts()[place], size)


@functools.cache
def _list_fonts() -> tuple[Path | None, ...]:
    return (None, VIETNAMESE, *list_system_fonts())


@functools.cache
def _find_font(letter: str) -> int:
    """Find the first font that draws a letter otherwise than one it lacks; 0, Pillow's, where none does."""
    for place, path in enumerate(_list_fonts()):
        try:
            font = _open(path, PROBED_PX)
            drawn, missing = (font.getmask(each) for each in (letter, MISSING))
        except OSError:  # a damaged font
            continue
        if (drawn.size, bytes(drawn)) != (missing.size, bytes(missing)):
            return place
    return 0


def _open(path: Path | None, size: float) -> Font:
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(path, size)
