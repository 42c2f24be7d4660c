"""Font files: which characters they really draw, and the ink of a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from fontTools.pens.basePen import BasePen  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]
from PIL import Image, ImageDraw, ImageFont

from tfx_ocr.data.files import hash_file

ENDINGS = {".ttf", ".otf", ".ttc"}  # of a .ttc the first font is taken
# Ends of file names that say weight, width or slant, not family.
STYLE = re.compile(
    r"([-_ ]?(thin|extralight|ultralight|light|regular|book|medium|semibold|demibold|extrabold|ultrabold|bold|black"
    r"|heavy|italic|oblique|roman|condensed|variable|vf))+$",
    re.IGNORECASE,
)


def list_fonts(folders: Sequence[Path]) -> list[Path]:
    """Return the font files in `folders` and below them, by name.

    Raises:
        ValueError: no font is found, or two have one name, by which pictures are told apart.
    """
    found = {path for folder in folders for path in (folder.rglob("*") if folder.is_dir() else (folder,))}
    paths = sorted((path for path in found if path.suffix.lower() in ENDINGS), key=lambda path: (path.name, path))
    if not paths:
        raise ValueError(f"no font in {', '.join(map(str, folders))}: files of {', '.join(sorted(ENDINGS))} are needed")
    twice = [name for name, count in Counter(path.stem for path in paths).items() if count > 1]
    if twice:
        raise ValueError(f"two fonts are called {twice[0]}: leave one out, or rename it")
    return paths


def choose_fonts(files: Sequence[Path], only: Sequence[str], without: Sequence[str]) -> list[Path]:
    """Return the fonts of the families `only`, or of all where it is empty, but for those of the families `without`.

    Raises:
        ValueError: a family is named that no font is of, or none is left.
    """
    known = {get_family(path) for path in files}
    for name in (*only, *without):
        if name not in known:
            raise ValueError(f"no font of the family {name!r}; there are: {', '.join(sorted(known))}")
    left = [path for path in files if (not only or get_family(path) in only) and get_family(path) not in without]
    if not left:
        raise ValueError("no font is left: all were left out")
    return left


def hash_fonts(files: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 in hex of each font, by its file's name: what a set was drawn with."""
    return {path.name: hash_file(path) for path in files}


def get_family(path: Path) -> str:
    """Return what a split must not cut: the font by its file's name, without weight and slant.

    >>> get_family(Path("DancingScript-BoldItalic.ttf")), get_family(Path("BlackHanSans.ttf"))
    ('DancingScript', 'BlackHanSans')
    """
    return STYLE.sub("", path.stem) or path.stem


def find_drawn(path: Path, characters: Iterable[str]) -> frozenset[str]:
    """Return the characters that a font draws, by their outlines: a map from character to glyph alone says nothing.

    Left out is a character that the font does not map or maps to .notdef, one whose glyph is empty, and those that
    share a glyph with two others or more: that is a box for whatever is missing. A space needs no ink.

    Raises:
        ValueError: this is not a font, or a damaged one.
    """
    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            glyphs, first = font.getGlyphSet(), font.getGlyphOrder()[0]
            mapped = font.getBestCmap() or {}
            wanted = {character: mapped.get(ord(character), first) for character in characters}
            shared = Counter(wanted.values())
            has_ink = {name: name != first and _has_ink(glyphs, name) for name in shared}
            return frozenset(
                character
                for character, name in wanted.items()
                if (character == " " and name != first) or (has_ink[name] and shared[name] <= 2)
            )
    except (TTLibError, OSError, KeyError, AssertionError) as error:
        raise ValueError(f"{path} cannot be read as a font: {error}") from None


def _has_ink(glyphs: Any, name: str) -> bool:
    try:
        glyphs[name].draw(_Touch(glyphs))
    except _InkError:
        return True
    return False


class _InkError(Exception):
    """The pen drew something: no need to go on."""


class _Touch(BasePen):  # type: ignore[misc]
    """A pen that stops at the first line it is to draw; components of a glyph are followed."""

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802 (fontTools' name)
        pass

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802 (fontTools' name)
        raise _InkError

    def _curveToOne(self, pt1: object, pt2: object, pt3: object) -> None:  # noqa: N802 (fontTools' name)
        raise _InkError


class Pen:
    """One font at one size.

    Args:
        path: of the font file.
        em: pixels.
    """

    def __init__(self, path: Path, em: int):
        self.em = em
        self._font = ImageFont.truetype(path, em, layout_engine=ImageFont.Layout.BASIC)

    def draw(self, text: str) -> tuple[npt.NDArray[np.uint8], int, int]:
        """Return the ink of a text, cut to it.

        Returns:
            [height, width] coverage from 0 to 255, then its left and top edge in pixels from where the text's baseline
            begins, down being positive.

        Raises:
            ValueError: it leaves no ink.
        """
        left, top, right, bottom = (round(edge) for edge in self._font.getbbox(text, anchor="ls"))
        canvas = Image.new("L", (max(1, right - left), max(1, bottom - top)))
        ImageDraw.Draw(canvas).text((-left, -top), text, 255, self._font, anchor="ls")
        pixels = np.asarray(canvas)
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        if not len(rows):
            raise ValueError(f"the font draws nothing for {text!r}")
        cut = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return cut, left + int(columns[0]), top + int(rows[0])

    def advance(self, text: str) -> float:
        """Return how far the pen moves, in pixels."""
        return float(self._font.getlength(text))
