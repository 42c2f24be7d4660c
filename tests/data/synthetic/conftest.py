"""A font whose every outline is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def make_font() -> Callable[..., Path]:
    """Return `make_font(path, {"a": "square", "b": "empty"})`: characters by glyph, 1,000 units to the em.

    `square` is ink from 100 to 600 across and 0 to 500 up, `bar` 100 to 900 and 0 to 200, `box` 0 to 800 both ways,
    `composite` is the square once more (in .ttf), `empty` has no outline; .notdef is a square too.
    """

    def make(path: Path, characters: dict[str, str]) -> Path:
        from fontTools.fontBuilder import FontBuilder
        from fontTools.pens.t2CharStringPen import T2CharStringPen
        from fontTools.pens.ttGlyphPen import TTGlyphPen

        shapes = {
            ".notdef": [(0, 0, 700, 700)],
            "square": [(100, 0, 600, 500)],
            "bar": [(100, 0, 900, 200)],
            "box": [(0, 0, 800, 800)],
            "empty": [],
            "space": [],
        }
        order = [*shapes, "composite"]
        true_type = path.suffix == ".ttf"
        builder = FontBuilder(1000, isTTF=true_type)
        builder.setupGlyphOrder(order)
        builder.setupCharacterMap({ord(character): glyph for character, glyph in characters.items()})
        drawn = {}
        for name in order:
            pen = TTGlyphPen(drawn) if true_type else T2CharStringPen(1000, None)
            if name == "composite" and true_type:
                pen.addComponent("square", (1, 0, 0, 1, 0, 0))
            for left, low, right, high in shapes.get(name, []):
                pen.moveTo((left, low))
                for corner in ((left, high), (right, high), (right, low)):
                    pen.lineTo(corner)
                pen.closePath()
            drawn[name] = pen.glyph() if true_type else pen.getCharString()
        if true_type:
            builder.setupGlyf(drawn)
        else:
            builder.setupCFF("Tiny", {}, drawn, {})
        builder.setupHorizontalMetrics(
            {name: (1000, min([left for left, *_ in shapes.get(name, [(100,)])] or [0])) for name in order}
        )
        builder.setupHorizontalHeader(ascent=800, descent=-200)
        builder.setupNameTable({"familyName": "Tiny", "styleName": "Regular"})
        builder.setupOS2()
        builder.setupPost()
        builder.save(path)
        return path

    return make
