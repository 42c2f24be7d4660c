"""Lines drawn from written-looking fonts, of Vietnamese or of texts of one's own: `tfx-ocr synthetic lines --out DIR`.

`python -m tfx_ocr.data.synthetic.vietnamese` takes the same options.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from tfx_ocr.data import features
from tfx_ocr.data.alphabets import vietnamese
from tfx_ocr.data.record import Record
from tfx_ocr.data.registry import check_known
from tfx_ocr.data.synthetic import command, fonts, own_texts, paper, shards, vietnamese_texts

X_HEIGHT = 36  # pixels of a small x at which words are taken from a font: about twice that of a line 64 pixels high
ROOM = 10  # pixels around the words, for wider strokes and for what a hand's slant moves


@dataclasses.dataclass(frozen=True, kw_only=True)
class Style:
    """A kind of line.

    Attributes:
        hand: how unsteady; its stroke is a share of the height of a small x.
        looks: how pictures were taken, one of them at random.
        height: pixels of the picture, drawn from evenly; like all that follow.
        width: likewise; None fits it to the text.
        x_height: of a small x, as a share of the picture's height.
        gap: between words, as a share of the height of a small x.
        loose: share of the lines whose letters stand apart, each a little higher, lower, larger or smaller.
        commas: addresses as people write them on a sheet; without, as they fill boxes in.
        short: one to four words.
        boxed: within the lines of a form, the next field's edge and the lines above and below in sight.
    """

    hand: paper.Hand
    looks: tuple[paper.Look, ...]
    height: tuple[int, int] = (64, 64)
    width: tuple[int, int] | None = None
    x_height: paper.Range = (0.2, 0.3)
    gap: paper.Range = (0.6, 1.6)
    loose: float = 0.0
    commas: bool = False
    short: bool = False
    boxed: bool = False


HAND = paper.Hand(rotate_deg=0.8, shear_deg=14, stretch=0.12, waver=0.06, stroke=(0.08, 0.2))
STYLES = {
    # After Kalapa's: a field of a form, grey, now and then bleached.
    "form": Style(
        hand=HAND,
        looks=(
            *[
                paper.Look(
                    paper=(185, 228), contrast=(0.6, 0.95), fading=0.3, shading=(0, 14), grain=(0, 3), blur=(0, 0.7),
                    jpeg=(55, 95),
                )
            ] * 6,
            paper.Look(paper=(252, 255), contrast=(0.35, 0.95), fading=0.3, blur=(0, 0.6), jpeg=(55, 95)),
        ),
        height=(58, 64),
        width=(740, 1180),
        x_height=(0.22, 0.36),
        gap=(0.5, 1.8),
        loose=0.5,
        boxed=True,
    ),
    # After Cinnamon's: a line cut from a sheet, light pen on light paper, the width nearly filled; few dark, bleached.
    "sheet": Style(
        hand=HAND,
        looks=(
            *[
                paper.Look(
                    paper=(218, 240), contrast=(0.35, 0.75), fading=0.4, shading=(0, 8), grain=(0, 2.5),
                    blur=(0.2, 0.8), jpeg=(50, 95),
                )
            ] * 16,
            *[paper.Look(paper=(255, 255), contrast=(0.9, 1.0), blur=(0, 0.5), jpeg=(70, 95))] * 2,
            paper.Look(
                paper=(100, 200), contrast=(0.5, 0.8), shading=(5, 30), grain=(1, 4), blur=(0.2, 1), ruled=0.5,
                jpeg=(50, 95),
            ),
        ),
        width=(1000, 1165),
        x_height=(0.22, 0.36),
        gap=(0.4, 1.2),
        loose=0.5,
        commas=True,
    ),
    # Short and clean, for a small model's first run.
    "short": Style(
        hand=paper.Hand(rotate_deg=0.6, shear_deg=8, stretch=0.08, waver=0.015),
        looks=(paper.Look(paper=(225, 255), contrast=(0.7, 1.0), grain=(0, 3), blur=(0, 0.6), jpeg=(80, 95)),),
        height=(48, 48),
        x_height=(0.3, 0.36),
        gap=(0.5, 1.0),
        short=True,
    ),
}  # fmt: skip


def create_pen(path: Path) -> fonts.Pen:
    """Return the font at the size at which the ink of its small x is `X_HEIGHT` pixels high."""
    ink, _, _ = fonts.Pen(path, 200).draw("x")
    return fonts.Pen(path, max(8, round(200 * X_HEIGHT / ink.shape[0])))


def draw_words(pen: fonts.Pen, text: str, rng: np.random.Generator, gap: float, loose: bool = False) -> paper.Ink:
    """Return the ink of a line, its words now higher, now lower, larger and smaller, with unequal gaps.

    Args:
        pen: as `create_pen` gives it.
        text: NFC.
        rng: where chance comes from.
        gap: between words, in pixels, on average.
        loose: letters likewise.

    Returns:
        [height, width] coverage, `ROOM` pixels wider than the ink on each side.

    Raises:
        ValueError: the font has no ink for a word.
    """
    placed: list[tuple[int, int, paper.Ink]] = []
    x, drift = 0.0, 0.0
    for word in text.split():
        scale = rng.uniform(0.92, 1.08)
        drift = 0.7 * drift + rng.normal(0, 0.06 * X_HEIGHT)
        end = x
        for piece in word if loose else (word,):
            glyphs, left, top = pen.draw(piece)
            each = scale * (rng.uniform(0.92, 1.08) if loose else 1.0)
            size = max(1, round(glyphs.shape[1] * each)), max(1, round(glyphs.shape[0] * each))
            ink = np.asarray(cv2.resize(glyphs, size, interpolation=cv2.INTER_AREA), np.float32) / 255
            up = rng.normal(0, 0.05 * X_HEIGHT) if loose else 0.0
            placed.append((round(x + left * each), round(top * each + drift - up), ink))
            end = max(end, x + left * each + size[0])
            x += pen.advance(piece) * each + (rng.normal(0.02, 0.06) * X_HEIGHT if loose else 0.0)
        x = end + gap * rng.uniform(0.6, 1.4)
    return paper.assemble(placed, ROOM)


def draw(pen: fonts.Pen, text: str, rng: np.random.Generator, style: Style) -> paper.Ink:
    """Return the ink of a line in its place: [height, width] coverage, the size of the picture to be.

    What is too wide is written narrower; what is too high may be cut off a little, as it is in real ones.

    Raises:
        ValueError: the font has no ink for a word.
    """
    height = int(rng.integers(style.height[0], style.height[1] + 1))
    row = draw_words(pen, text, rng, X_HEIGHT * rng.uniform(*style.gap), rng.random() < style.loose)
    if style.hand.stroke:
        row = paper.set_stroke_width(row, X_HEIGHT * rng.uniform(*style.hand.stroke))
    high, wide = row.shape[0] - 2 * ROOM, row.shape[1] - 2 * ROOM
    scale = min(height * rng.uniform(*style.x_height) / X_HEIGHT, height * rng.uniform(0.8, 1.08) / high)
    left, right = rng.uniform(0.12, 0.8, 2) * height
    if style.width:
        width = int(rng.integers(style.width[0], style.width[1] + 1))
        right += height if style.boxed else 0.0
        squeeze = min(1.0, (width - left - right) / (wide * scale * 1.05))
        if not style.boxed and rng.random() < 0.75:  # people fill a line that is theirs
            squeeze = min(1.35, (width - left - right) / (wide * scale * 1.05))
    else:
        width, squeeze = round(wide * scale + left + right), 1.0
    if squeeze < 0.6:  # people write no narrower than that: smaller, then
        scale, squeeze = scale * squeeze / 0.6, 0.6
    span = min(width, round(row.shape[1] * scale * squeeze) + height)  # of the part that the text is in
    start = min(max(0, round(left - (height + 2 * ROOM * scale) / 2)), width - span)
    middle = left + wide * scale * squeeze / 2 - start, height * rng.uniform(0.45, 0.56)
    ink = np.zeros((height, width), np.float32)
    ink[:, start : start + span] = paper.halve(
        paper.bend(
            row, 2 * height, 2 * span, rng, style.hand, (2 * scale * squeeze, 2 * scale),
            (2 * middle[0] - 0.5, 2 * middle[1] - 0.5), cells=2,
        )
    )  # fmt: skip
    if style.boxed:
        _box(ink, rng)
    return ink


def _box(ink: paper.Ink, rng: np.random.Generator) -> None:
    """Draw a form's lines around the text, and what hangs in from the lines above and below."""
    height, width = ink.shape
    if rng.random() < 0.3:
        shown = int(rng.integers(3, 10))
        other = np.roll(ink, int(rng.integers(width)), axis=1)
        rows = np.flatnonzero(other.max(axis=1) > 0.3)
        if len(rows) > shown:
            if rng.random() < 0.6:
                ink[:shown] = np.maximum(ink[:shown], other[rows[-1] + 1 - shown : rows[-1] + 1])
            else:
                ink[-shown:] = np.maximum(ink[-shown:], other[rows[0] : rows[0] + shown])
    strength = rng.uniform(0.5, 1.0)
    edge, tilt = width - height * rng.uniform(0.7, 1.15), height * rng.uniform(-0.06, 0.06)
    top, bottom = height * rng.uniform(-0.08, 0.08), height * rng.uniform(0.88, 1.06)
    for y in (top, bottom):
        paper.draw_line(ink, (-1, y - tilt), (edge, y + tilt), rng.uniform(0.8, 2), strength)
    paper.draw_line(ink, (edge, -1), (edge + rng.uniform(-2, 2), height), rng.uniform(0.8, 2), strength)
    if rng.random() < 0.3:
        x = rng.uniform(-1, 3)
        paper.draw_line(ink, (x, -1), (x, height), 1, strength)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawing:
    """A set to be drawn, as values: called with a range of numbers, it gives those records.

    Attributes:
        files: the fonts.
        inked: for each font, the characters it draws.
        texts: folder of the word lists, or file with a text per line; None for the lists that come with the project.
            Or the texts themselves.
        seed: of everything; a line depends on it and its number alone.
        styles: names in `STYLES`, one of them at random for each line.
        characters: of a text; without a file, texts are invented from them; "" for any.
    """

    files: tuple[Path, ...]
    inked: tuple[frozenset[str], ...]
    texts: Path | own_texts.OwnTexts | None
    seed: int
    styles: tuple[str, ...]
    characters: str = ""

    @functools.cached_property
    def _texts(self) -> vietnamese_texts.Texts | own_texts.OwnTexts:
        return load_texts(self.texts, self.characters)

    def __call__(self, numbers: range) -> Iterator[Record]:
        """Yield records; neighbours are of any font."""
        cv2.setNumThreads(1)  # processes, not threads
        pens: dict[int, fonts.Pen] = {}
        for number in numbers:
            rng = np.random.default_rng((self.seed, number))
            name = self.styles[rng.integers(len(self.styles))]
            style = STYLES[name]
            face, text = self._line(rng, style)
            if face not in pens:
                pens[face] = create_pen(self.files[face])
            look = style.looks[rng.integers(len(style.looks))]
            image = paper.encode(paper.photograph(draw(pens[face], text, rng, style), rng, look), rng, look)
            yield Record(
                features={features.IMAGE: image, features.LABEL: text.encode()},
                source=f"{self.files[face].stem}/{name}/{number}",
                group=fonts.get_family(self.files[face]),
            )

    def _line(self, rng: np.random.Generator, style: Style) -> tuple[int, str]:
        """A font, and a text that it has ink for."""
        while True:
            face = int(rng.integers(len(self.files)))
            text = self._texts.draw_short(rng) if style.short else self._texts.draw_line(rng, style.commas)
            if not set(text) - self.inked[face]:
                return face, text


def load_texts(texts: Path | own_texts.OwnTexts | None, characters: str) -> vietnamese_texts.Texts | own_texts.OwnTexts:
    """Return the texts that `Drawing` names."""
    if isinstance(texts, own_texts.OwnTexts):
        return texts
    if is_own(texts, characters):
        return own_texts.load_texts(texts, characters)
    return vietnamese_texts.load_folder(texts) if texts else vietnamese_texts.load_built_in()


def is_own(texts: Path | None, characters: str) -> bool:
    """Return whether texts are one's own: of a file, or invented from characters."""
    return bool(characters) or (texts is not None and not texts.is_dir())


def write(
    out: Path,
    files: Sequence[Path],
    count: int,
    *,
    seed: int,
    styles: Sequence[str] = ("sheet",),
    texts: Path | None = None,
    characters: str = "",
    name: str = "lines",
    workers: int = 1,
    say: Callable[[str], None] = print,
) -> int:
    """Draw `count` lines to TFRecords in `out`; a second call goes on where a first was stopped.

    Args:
        out: folder.
        files: the fonts. One that lacks a letter is not given texts with it; one that lacks a Latin letter is left out,
            or of texts of one's own, one that can draw none of them.
        count: of lines.
        seed: the same gives the same bytes.
        styles: names in `STYLES`, about as many lines of each.
        texts: folder of word lists (`vietnamese_texts.load_folder`), or file with a text per line
            (`own_texts.load_texts`); None for the lists that come with the project.
        characters: of a text; without a file, texts are invented from them; "" for any.
        name: of the set; `train`, `eval` and `test` are splits to whoever reads it.
        workers: processes.
        say: takes a line of progress, and of what a font lacks.

    Returns:
        How many lines were written now.

    Raises:
        ValueError: no such style, no font that can be used, no word lists, or `out` holds another set of that name.
    """
    for style in styles:
        check_known(style, STYLES, f"no style {style!r}")
    if count < 1:
        raise ValueError(f"count is {count}: at least one line is drawn")
    own = own_texts.load_texts(texts, characters) if is_own(texts, characters) else None
    if texts and not own:
        vietnamese_texts.load_folder(texts)
    usable, inked = choose_inked(files, own, say)
    settings = {
        "fonts": fonts.hash_fonts(usable),
        "count": count,
        "seed": seed,
        "styles": list(styles),
        "texts": texts.name if texts else "",
    }
    if own:
        settings |= {"characters": characters, "lines": hashlib.sha256("\n".join(own.lines).encode()).hexdigest()}
    drawing = Drawing(files=usable, inked=inked, texts=texts, seed=seed, styles=tuple(styles), characters=characters)
    return shards.write(out, name, settings, count, drawing, workers, say)


def choose_inked(
    files: Sequence[Path], own: own_texts.OwnTexts | None, say: Callable[[str], None]
) -> tuple[tuple[Path, ...], tuple[frozenset[str], ...]]:
    """Return the fonts that can be used, and for each the characters that it draws.

    Args:
        files: the fonts.
        own: texts of one's own; None for Vietnamese.
        say: takes a line of what a font lacks.

    Raises:
        ValueError: no font can be used, or one cannot be read.
    """
    wanted = sorted(own.characters) if own else vietnamese.CHARACTERS
    needed = {" ", *vietnamese.LATIN, *vietnamese.LATIN.upper(), *vietnamese.DIGITS}
    usable: list[Path] = []
    inked: list[frozenset[str]] = []
    for path in files:
        there = fonts.find_drawn(path, wanted)
        missing = [character for character in wanted if character not in there]
        is_used = own.is_drawable(there) if own else not needed & set(missing)
        if missing:
            what = "given no text with them" if is_used else "not used"
            say(f"{path.name}: no ink for {len(missing)} of {len(wanted)} characters, such as {missing[0]}: {what}")
        if is_used:
            usable.append(path)
            inked.append(there)
    if not usable:
        what = "a text, or for all characters" if own else "all Latin letters and digits"
        raise ValueError(f"nothing to draw with: none of the fonts has ink for {what}")
    return tuple(usable), tuple(inked)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 when the set is there, 2 for bad use."""
    parser = command.build_parser("vietnamese", __doc__, "lines")
    parser.add_argument("--texts", type=Path, metavar="PATH", help="word lists (a folder), or a text per line (a file)")
    parser.add_argument("--characters", default="", help="of a text; without --texts, texts are invented from them")
    parser.add_argument("--count", type=int, default=2000, help="lines")
    parser.add_argument("--style", dest="styles", choices=sorted(STYLES), nargs="+", default=["form", "sheet"])
    return command.run(parser, write, arguments)


if __name__ == "__main__":
    sys.exit(main())
