"""Lines of print, clean and poor: receipts, dot matrix, broken strokes, fax, small scans: `tfx-ocr synthetic print`.

`python -m tfx_ocr.data.synthetic.print` takes the same options.
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
from tfx_ocr.data.alphabets import latin
from tfx_ocr.data.alphabets import vietnamese as letters
from tfx_ocr.data.record import Record
from tfx_ocr.data.registry import check_known
from tfx_ocr.data.synthetic import command, fonts, own_texts, paper, print_texts, shards, vietnamese

LETTERS_AND_DIGITS = letters.LATIN.upper() + letters.LATIN + letters.DIGITS  # a font without one of them is left out
TRIAL_EM = 200  # pixels, at which the height of a font's small x is measured
STRETCH = 0.25  # width against height, logarithm, at most either way
TRACKED = 0.25  # share of the lines whose letters stand apart or close
FADING_CELL = 6  # pixels over which broken strokes come and go, at double size


@dataclasses.dataclass(frozen=True, kw_only=True)
class Style:
    """A kind of print.

    Attributes:
        looks: how pictures were taken, one of them at random.
        x_height: pixels of a small x in the picture, drawn from evenly.
        dots: share of the lines that are of a dot-matrix printer.
        broken: share whose strokes have gaps.
        bled: share whose strokes are thicker or thinner than the font's.
        neighbours: share in which the feet of the line above or the heads of the line below are in sight.
        fax: share that is black and white, with rows lost.
    """

    looks: tuple[paper.Look, ...]
    x_height: paper.Range
    dots: float = 0.0
    broken: float = 0.0
    bled: float = 0.0
    neighbours: float = 0.0
    fax: float = 0.0


HAND = paper.Hand(rotate_deg=1.0, shear_deg=3, stretch=0.05, waver=0.01)
STYLES = {
    "clean": Style(
        looks=(paper.Look(paper=(235, 255), contrast=(0.7, 1.0), grain=(0, 3), blur=(0, 0.7), jpeg=(60, 95)),),
        x_height=(8, 24),
    ),
    "receipt": Style(
        looks=(
            paper.Look(
                paper=(170, 255), contrast=(0.3, 0.95), fading=0.6, shading=(0, 25), grain=(0, 6), blur=(0.3, 1.1),
                jpeg=(35, 95),
            ),
        ),
        x_height=(5, 16),
        dots=0.25,
        broken=0.3,
        bled=0.35,
        neighbours=0.3,
        fax=0.05,
    ),
    "fax": Style(
        looks=(paper.Look(paper=(240, 255), contrast=(0.6, 1.0), fading=0.5, grain=(2, 20), blur=(0.3, 1.0)),),
        x_height=(5, 14),
        dots=0.1,
        broken=0.3,
        bled=0.3,
        neighbours=0.2,
        fax=1.0,
    ),
    "small": Style(
        looks=(
            paper.Look(
                paper=(200, 255), contrast=(0.4, 1.0), grain=(0, 4), blur=(0.2, 0.7), jpeg=(40, 95),
            ),
        ),
        x_height=(4, 7),
        bled=0.3,
        neighbours=0.2,
    ),
}  # fmt: skip


def draw_row(pen: fonts.Pen, text: str, rng: np.random.Generator) -> paper.Ink:
    """Return the ink of a line of print, its words evenly or widely apart: [height, width] coverage.

    Raises:
        ValueError: the font has no ink for a word.
    """
    track = pen.em * rng.uniform(-0.03, 0.2) if rng.random() < TRACKED else 0.0
    gap = pen.em * (rng.uniform(0.2, 0.45) if rng.random() < 0.8 else rng.uniform(0.4, 1.5)) + track
    placed, x = [], 0.0
    for word in text.split():
        for piece in word if track else (word,):
            glyphs, left, top = pen.draw(piece)
            placed.append((round(x + left), top, glyphs))
            x += pen.advance(piece) + track
        x += gap
    return paper.assemble(placed).astype(np.float32) / 255


def draw(pen: fonts.Pen, text: str, rng: np.random.Generator, style: Style) -> paper.Ink:
    """Return the ink of a line in its place: [height, width] coverage.

    Args:
        pen: at double size.
        text: NFC.
        rng: where chance comes from.
        style: of print.

    Raises:
        ValueError: the font has no ink for a word.
    """
    row = draw_row(pen, text, rng)
    small_x = pen.draw("x")[0].shape[0]
    if rng.random() < style.dots:
        row = print_dots(row, small_x, rng)
    elif rng.random() < style.bled:
        row = paper.set_stroke_width(np.pad(row, 3), small_x * rng.uniform(0.1, 0.4))
    if rng.random() < style.broken:
        row = break_strokes(row, rng)
    room = rng.uniform(0.02, 0.5, 4) * max(small_x, 8)  # left, right, above, below
    wide = np.exp(rng.uniform(-STRETCH, STRETCH))
    width, height = round(row.shape[1] * wide + room[0] + room[1]), round(row.shape[0] + room[2] + room[3])
    rise = round(abs(np.tan(np.deg2rad(HAND.rotate_deg)) * width) / 2)
    width, height = max(4, width + width % 2), height + 2 * rise + (height % 2)
    at = room[0] + row.shape[1] * wide / 2, rise + room[2] + row.shape[0] / 2
    hand = HAND if rng.random() < 0.5 else paper.Hand(rotate_deg=0.2)
    ink = paper.halve(paper.bend(row, height, width, rng, hand, (wide, 1.0), at, cells=2))
    if rng.random() < style.neighbours:
        _show_neighbours(ink, rng)
    return ink


def print_dots(ink: paper.Ink, small_x: int, rng: np.random.Generator) -> paper.Ink:
    """Return print as a dot-matrix printer makes it: a dot for each cell of a coarse grid that has ink.

    Args:
        ink: [height, width] coverage.
        small_x: height of a small x in pixels.
        rng: where chance comes from.

    Returns:
        [height, width] coverage of about the same size.
    """
    cell = max(2, round(small_x / rng.uniform(5, 7.5)))
    size = max(1, round(ink.shape[1] / cell)), max(1, round(ink.shape[0] / cell))
    is_inked = cv2.resize(ink, size, interpolation=cv2.INTER_AREA) > rng.uniform(0.3, 0.45)
    across = (np.arange(cell) + 0.5) / cell - 0.5
    radius = rng.uniform(0.38, 0.62)
    dot = np.clip((radius - np.hypot(across, across[:, None])) * cell + 0.5, 0, 1)
    return np.kron(is_inked, dot).astype(np.float32)


def break_strokes(ink: paper.Ink, rng: np.random.Generator) -> paper.Ink:
    """Return print with gaps in its strokes, as of a worn ribbon or of a copy of a copy."""
    height, width = ink.shape
    grid = rng.random((height // FADING_CELL + 2, width // FADING_CELL + 2), np.float32)
    field = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    worn = np.clip((field - rng.uniform(0.05, 0.25)) * 8, rng.uniform(0, 0.5), 1)
    if rng.random() < 0.3:  # of a thermal head: rows that it does not print
        lost = rng.random(height) < rng.uniform(0.02, 0.1)
        worn = worn * np.where(lost, 0.2, 1.0)[:, None]
    return np.asarray(ink * worn, np.float32)


def send_by_fax(grey: paper.Grey, rng: np.random.Generator) -> paper.Grey:
    """Return a picture in black and white, some rows lost and others moved, as a fax machine leaves it."""
    level = float(grey.min()) + rng.uniform(0.4, 0.7) * (float(grey.max()) - float(grey.min()))
    sent = np.where(grey < level, 0, 255).astype(np.uint8)
    for row in np.flatnonzero(rng.random(len(sent)) < rng.uniform(0, 0.08)):
        kind = rng.random()
        if kind < 0.6:
            sent[row] = np.roll(sent[row], int(rng.integers(-3, 4)))
        else:
            sent[row] = sent[max(row - 1, 0)] if kind < 0.8 else 255
    return sent


def _show_neighbours(ink: paper.Ink, rng: np.random.Generator) -> None:
    """Let the feet of a line above or the heads of one below hang into `ink`."""
    rows = np.flatnonzero(ink.max(axis=1) > 0.3)
    shown = min(int(rng.integers(1, 4)), len(ink) // 8)
    if len(rows) <= shown or not shown:
        return
    other = np.roll(ink, int(rng.integers(ink.shape[1])), axis=1)
    if rng.random() < 0.5:
        ink[:shown] = np.maximum(ink[:shown], other[rows[-1] + 1 - shown : rows[-1] + 1])
    else:
        ink[-shown:] = np.maximum(ink[-shown:], other[rows[0] : rows[0] + shown])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawing:
    """A set to be drawn, as values: called with a range of numbers, it gives those records.

    Attributes:
        files: the fonts.
        inked: for each font, the characters it draws.
        texts: to be written.
        seed: of everything; a line depends on it and its number alone.
        styles: names in `STYLES`, one of them at random for each line.
    """

    files: tuple[Path, ...]
    inked: tuple[frozenset[str], ...]
    texts: print_texts.PrintTexts
    seed: int
    styles: tuple[str, ...]

    def __call__(self, numbers: range) -> Iterator[Record]:
        """Yield records; neighbours are of any font."""
        cv2.setNumThreads(1)  # processes, not threads
        small: dict[int, float] = {}  # height of a small x by font, in ems
        for number in numbers:
            rng = np.random.default_rng((self.seed, number))
            name = self.styles[rng.integers(len(self.styles))]
            style = STYLES[name]
            face, text = self._choose_line(rng)
            if face not in small:
                small[face] = fonts.Pen(self.files[face], TRIAL_EM).draw("x")[0].shape[0] / TRIAL_EM
            pen = fonts.Pen(self.files[face], max(8, round(2 * rng.uniform(*style.x_height) / small[face])))
            look = style.looks[rng.integers(len(style.looks))]
            grey = paper.photograph(draw(pen, text, rng, style), rng, look)
            if rng.random() < style.fax:
                grey = send_by_fax(grey, rng)
            yield Record(
                features={features.IMAGE: paper.encode(grey, rng, look), features.LABEL: text.encode()},
                source=f"{self.files[face].stem}/{name}/{number}",
                group=fonts.get_family(self.files[face]),
            )

    @functools.cached_property
    def _families(self) -> list[list[int]]:
        """The fonts of each family: one of many weights is not drawn with more often."""
        of: dict[str, list[int]] = {}
        for face, path in enumerate(self.files):
            of.setdefault(fonts.get_family(path), []).append(face)
        return list(of.values())

    def _choose_line(self, rng: np.random.Generator) -> tuple[int, str]:
        """A font, and a text that it has ink for."""
        while True:
            family = self._families[int(rng.integers(len(self._families)))]
            face, text = family[int(rng.integers(len(family)))], self.texts.draw_line(rng)
            if not set(text) - self.inked[face]:
                return face, text


def build_drawing(
    files: Sequence[Path],
    *,
    seed: int,
    styles: Sequence[str] = tuple(STYLES),
    texts: Path | None = None,
    characters: str = "",
) -> Drawing:
    """Return what draws lines of print.

    Args:
        files: the fonts. One that lacks a character is not given texts with it; one that lacks a letter or digit of
            ASCII is left out.
        seed: the same gives the same bytes.
        styles: names in `STYLES`, about as many lines of each.
        texts: file with a text per line, for half of the lines; the others follow from rules.
        characters: that a text of the file may hold; "" for those of `latin`.

    Raises:
        ValueError: no such style, no font that can be used, or no texts in the file.
    """
    for style in styles:
        check_known(style, STYLES, f"no style {style!r}")
    given = own_texts.load_texts(texts, characters or "".join(latin.CHARACTERS)).lines if texts else ()
    needed = own_texts.OwnTexts((LETTERS_AND_DIGITS,), frozenset(latin.CHARACTERS))
    usable, inked = vietnamese.choose_inked(files, needed, lambda _: None)
    return Drawing(files=usable, inked=inked, texts=print_texts.PrintTexts(given), seed=seed, styles=tuple(styles))


def write(
    out: Path,
    files: Sequence[Path],
    count: int,
    *,
    seed: int,
    styles: Sequence[str] = tuple(STYLES),
    texts: Path | None = None,
    characters: str = "",
    name: str = "print",
    workers: int = 1,
    say: Callable[[str], None] = print,
) -> int:
    """Draw `count` lines to TFRecords in `out`; a second call goes on where a first was stopped.

    Args:
        out: folder.
        files: as `build_drawing` takes them.
        count: of lines.
        seed: see there.
        styles: see there.
        texts: see there.
        characters: see there.
        name: of the set; `train`, `eval` and `test` are splits to whoever reads it.
        workers: processes.
        say: takes a line of progress, and of what a font lacks.

    Returns:
        How many lines were written now.

    Raises:
        ValueError: as `build_drawing`; `count` is below 1, or `out` holds another set of that name.
    """
    if count < 1:
        raise ValueError(f"count is {count}: at least one line is drawn")
    drawing = build_drawing(files, seed=seed, styles=styles, texts=texts, characters=characters)
    settings = {
        "fonts": fonts.hash_fonts(drawing.files),
        "count": count,
        "seed": seed,
        "styles": list(styles),
        "lines": hashlib.sha256("\n".join(drawing.texts.given).encode()).hexdigest(),
    }
    return shards.write(out, name, settings, count, drawing, workers, say)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 when the set is there, 2 for bad use."""
    parser = command.build_parser("print", __doc__, "print")
    parser.add_argument("--texts", type=Path, metavar="FILE", help="a text per line, for half of the lines")
    parser.add_argument("--count", type=int, default=2000, help="lines")
    parser.add_argument("--style", dest="styles", choices=sorted(STYLES), nargs="+", default=sorted(STYLES))
    return command.run(parser, write, arguments)


if __name__ == "__main__":
    sys.exit(main())
