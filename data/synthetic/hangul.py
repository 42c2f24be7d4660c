"""Hangul syllables drawn from any fonts: `python -m tfx_ocr.data.synthetic.hangul --fonts DIR --out DIR`."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tfx_ocr.data import features
from tfx_ocr.data.alphabets import hangul
from tfx_ocr.data.record import Record
from tfx_ocr.data.registry import check_known
from tfx_ocr.data.synthetic import command, fonts, glyph_ink, own_texts, paper, recombined, shards, strokes
from tfx_ocr.data.synthetic.glyph_ink import EM, ROOM
from tfx_ocr.data.synthetic.writing import Written, read_writing

SMALLEST, LARGEST = 64, 256  # side of a picture in pixels
WRITTEN = ("labelled_csv", "image_folder", "tfrecord")  # formats of handwriting
TRIES = 20  # pairs of written syllables for one picture
SYLLABLES = {"ks_x_1001": hangul.KS_X_1001, "all": hangul.CLASSES}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Style:
    """A kind of picture.

    Attributes:
        hand: how unsteady.
        looks: how pictures were taken, one of them at random.
        cut: cut to the ink with a margin of 2 to 20 %, as crops from a page are.
        shift: of the middle, as a share of the picture's side, at most.
        resize: of the ink, as a share, at most; only smaller.
        is_rewritten: whether glyphs are traced and written anew, see `strokes`.
        style: what the records say they are, see `features.STYLES`.
    """

    hand: paper.Hand
    looks: tuple[paper.Look, ...]
    cut: bool = False
    shift: float = 0.0
    resize: float = 0.0
    is_rewritten: bool = False
    style: bytes = b"handwritten"


STYLES = {
    # Fonts as they are: scans and screens, upright.
    "printed": Style(
        hand=paper.Hand(rotate_deg=3, shear_deg=2, stretch=0.06),
        looks=(
            paper.Look(paper=(225, 255), contrast=(0.75, 1.0), blur=(0, 0.9), grain=(0, 6), jpeg=(70, 98)),
            paper.Look(paper=(255, 255), contrast=(0.9, 1.0)),
        ),
        shift=0.06,
        resize=0.25,
        style=b"printed",
    ),
    # After crops of eight people's pages: photographs in grey, ruled paper, pencil, a digital pen.
    "handwritten": Style(
        hand=glyph_ink.HAND,
        looks=(
            paper.Look(
                paper=(150, 220), contrast=(0.65, 0.95), fading=0.2, shading=(0, 40), grain=(1, 6), blur=(0, 1.2),
                jpeg=(75, 98),
            ),
            paper.Look(
                paper=(150, 220), contrast=(0.5, 0.9), fading=0.2, shading=(0, 30), grain=(1, 8), blur=(0.3, 1.4),
                ruled=0.7, jpeg=(75, 98),
            ),
            paper.Look(
                paper=(150, 235), contrast=(0.36, 0.7), fading=0.4, shading=(0, 25), grain=(1, 6), blur=(0, 1.0),
                jpeg=(75, 98),
            ),
            paper.Look(paper=(250, 255), contrast=(0.95, 1.0), blur=(0, 0.5)),
        ),
        cut=True,
    ),
}  # fmt: skip
# Strokes of the glyphs, each writer with a hand of his own: only the paper is that of handwriting.
STYLES["strokes"] = dataclasses.replace(
    STYLES["handwritten"], hand=paper.Hand(rotate_deg=5, stretch=0.15, waver=0.02), is_rewritten=True
)


def render(
    pen: fonts.Pen,
    syllable: str,
    rng: np.random.Generator,
    style: Style,
    writer: strokes.Writer | None = None,
    **sizes: int,
) -> bytes:
    """Return one encoded picture of a syllable in a style, by a writer or as the font has it.

    `sizes` are those of `glyph_ink.draw`.
    """
    return _render(functools.partial(glyph_ink.draw, pen, syllable, rng, writer=writer), rng, style, **sizes)


def _render(draw_ink: Callable[..., paper.Ink], rng: np.random.Generator, style: Style, **sizes: int) -> bytes:
    look = style.looks[rng.integers(len(style.looks))]
    side, size = sizes.get("image_size", 96), sizes.get("size", 76)
    x, y = np.rint(rng.uniform(-1, 1, 2) * style.shift * side)
    moved = {
        "image_size": side,
        "size": round(size * (1 - rng.uniform(0, style.resize))),
        "x_offset": sizes.get("x_offset", 0) + int(x),
        "y_offset": sizes.get("y_offset", 0) + int(y),
    }
    ink = draw_ink(**moved, hand=style.hand)
    if style.cut:
        ink = _cut(ink, rng)
    return paper.encode(paper.photograph(ink, rng, look), rng, look)


def _cut(ink: paper.Ink, rng: np.random.Generator) -> paper.Ink:
    """Cut to the ink, with a margin of its own on each side."""
    x, y, width, height = cv2.boundingRect((ink > 0.1).astype(np.uint8))
    left, top, right, bottom = np.rint(rng.uniform(0.02, 0.2, 4) * max(width, height)).astype(int)
    cut = ink[max(0, y - top) : y + height + bottom, max(0, x - left) : x + width + right]
    return np.ascontiguousarray(cut)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawing:
    """A set to be drawn, as values: called with a range of numbers, it gives those records.

    Attributes:
        files: the fonts.
        syllables: for each font, those it has ink for and that are asked for.
        each: pictures of a syllable and font.
        seed: of everything; a picture depends on it and its number alone.
        style: name in `STYLES`.
        sizes: of `glyph_ink.draw`, by name.
        most: pictures of them; 0 for all.
        writing: folder of written syllables of a format that `WRITTEN` names: every second picture is one that its
            writer did not write, of jamo that he did; None for none of them.
    """

    files: tuple[Path, ...]
    syllables: tuple[str, ...]
    each: int
    seed: int
    style: str
    sizes: tuple[tuple[str, int], ...]
    most: int = 0
    writing: Path | None = None

    @functools.cached_property
    def _firsts(self) -> list[int]:
        return [0, *np.cumsum([len(drawn) * self.each for drawn in self.syllables]).tolist()]

    @property
    def total(self) -> int:
        """How many pictures there are."""
        return min(self._firsts[-1], self.most or self._firsts[-1])

    @functools.cached_property
    def recombinations(self) -> list[tuple[Written, Written]]:
        """Pairs of one writer's syllables that make one which he did not write; the second gives the final."""
        by_layout: dict[tuple[str, str], list[Written]] = {}
        wrote = set()
        for each in read_writing(self.writing, WRITTEN) if self.writing else ():
            wrote.add((each.writer, each.text))
            if not hangul.find_problem(each.text) and (layout := recombined.get_layout(each.text)).endswith("+"):
                by_layout.setdefault((each.writer, layout), []).append(each)
        wanted = {syllable for drawn in self.syllables for syllable in drawn}
        pairs = (pair for alike in by_layout.values() for pair in itertools.permutations(alike, 2))
        made = ((recombined.recombine(first.text, second.text), first, second) for first, second in pairs)
        return [(a, b) for text, a, b in made if text in wanted and (a.writer, text) not in wrote]

    def _draw_recombined(self, rng: np.random.Generator) -> tuple[str, Written, bytes] | None:
        """Return a new syllable, a written part of it, and its picture; None where none of some pairs can be cut."""
        for _ in range(TRIES):
            first, second = self.recombinations[rng.integers(len(self.recombinations))]
            inks = (cv2.resize(each.ink, (EM, EM), interpolation=cv2.INTER_AREA) for each in (first, second))
            ink = recombined.combine(*(each.astype(np.float32) / 255 for each in inks))
            if ink is None:
                continue
            # as wide for its height as the first was
            size = (np.array(first.ink.shape[::-1]) * EM / max(first.ink.shape)).round().astype(int)
            ink = np.pad(cv2.resize(ink, tuple(size.tolist()), interpolation=cv2.INTER_AREA), ROOM)
            picture = _render(
                functools.partial(glyph_ink.place, ink, EM, rng), rng, STYLES[self.style], **dict(self.sizes)
            )
            return recombined.recombine(first.text, second.text), first, picture
        return None

    def __call__(self, numbers: range) -> Iterator[Record]:
        """Yield records; neighbours are of any font and syllable."""
        order = np.random.default_rng(self.seed).permutation(self._firsts[-1])
        pens: dict[int, fonts.Pen] = {}
        cv2.setNumThreads(1)  # processes, not threads
        for number in numbers:
            place = int(order[number])
            face = int(np.searchsorted(self._firsts, place, side="right")) - 1
            syllable, copy = divmod(place - self._firsts[face], self.each)
            if face not in pens:
                pens[face] = fonts.Pen(self.files[face], EM)
            label, path = self.syllables[face][syllable], self.files[face]
            rng = np.random.default_rng((self.seed, number))
            if number % 2 and self.writing and (found := self._draw_recombined(rng)):
                text, of, image = found
                yield Record(
                    features={
                        features.IMAGE: image,
                        features.LABEL: text.encode(),
                        features.STYLE: STYLES["handwritten"].style,
                    },
                    source=f"{of.writer}/{text}/{number}",
                    group=of.writer,
                )
                continue
            style = STYLES[self.style]
            hand = np.random.default_rng((self.seed, face, copy))  # of one writer: all syllables of the font's copy
            writer = strokes.draw_writer(hand) if style.is_rewritten else None
            image = render(pens[face], label, rng, style, writer, **dict(self.sizes))
            yield Record(
                features={
                    features.IMAGE: image,
                    features.LABEL: label.encode(),
                    features.STYLE: style.style,
                },
                source=f"{path.stem}/{label}/{copy}",
                group=fonts.get_family(path),
            )


def write(
    out: Path,
    files: Sequence[Path],
    syllables: Sequence[str],
    *,
    each: int,
    seed: int,
    style: str = "printed",
    name: str = "hangul",
    workers: int = 1,
    say: Callable[[str], None] = print,
    most: int = 0,
    of_writing: Path | None = None,
    **sizes: int,
) -> int:
    """Draw every syllable `each` times in every font that has ink for it, to TFRecords in `out`; a second call goes on.

    Args:
        out: folder.
        files: the fonts.
        syllables: which.
        each: pictures of a syllable and font.
        seed: the same gives the same bytes.
        style: name in `STYLES`.
        name: of the set; `train`, `eval` and `test` are splits to whoever reads it.
        workers: processes.
        say: takes a line of progress, and of what a font lacks.
        most: pictures of them, by chance; 0 for all.
        of_writing: see `Drawing.writing`.
        sizes: `image_size`, `size`, `x_offset`, `y_offset` of `glyph_ink.draw`, in pixels.

    Returns:
        How many pictures were written now.

    Raises:
        ValueError: no such style, sizes that do not fit, no font has ink for any of the syllables, or `out` holds
            another set of that name.
    """
    check_known(style, STYLES, f"no style {style!r}")
    side, size = sizes.get("image_size", 96), sizes.get("size", 76)
    if not SMALLEST <= side <= LARGEST:
        raise ValueError(f"image_size is {side}: from {SMALLEST} to {LARGEST} pixels are possible")
    if not 8 <= size <= side:
        raise ValueError(f"size is {size}: the ink is from 8 pixels to the picture's side of {side}")
    if each < 1:
        raise ValueError(f"each is {each}: at least one picture of a syllable and font is drawn")
    drawn = []
    for path in files:
        there = fonts.find_drawn(path, syllables)
        missing = [syllable for syllable in syllables if syllable not in there]
        if missing:
            say(
                f"{path.name}: no ink for {len(missing)} of {len(syllables)} syllables, such as {missing[0]}: not drawn"
            )
        if there and STYLES[style].is_rewritten and not _is_traceable(path, min(there)):
            say(f"{path.name}: too heavy, its strokes cannot be told apart: not drawn")
            there = frozenset()
        drawn.append("".join(syllable for syllable in syllables if syllable in there))
    drawing = Drawing(
        files=tuple(files),
        syllables=tuple(drawn),
        each=each,
        seed=seed,
        style=style,
        sizes=tuple(sorted(sizes.items())),
        most=most,
        writing=of_writing,
    )
    if not drawing.total:
        raise ValueError("nothing to draw: none of the fonts has ink for any of the syllables")
    settings = {
        "fonts": fonts.hash_fonts(files),
        "syllables": hashlib.sha256("".join(syllables).encode()).hexdigest(),
        "each": each,
        "seed": seed,
        "style": style,
        "sizes": sizes,
        **({"most": most} if most else {}),
        **({"writing": of_writing.name} if of_writing else {}),
    }
    if of_writing and not drawing.recombinations:
        raise ValueError(
            f"{of_writing}: no writer wrote two syllables with a final whose parts make another of those to be drawn"
        )
    return shards.write(out, name, settings, drawing.total, drawing, workers, say)


def _is_traceable(path: Path, syllable: str) -> bool:
    glyph, _, _ = fonts.Pen(path, EM).draw(syllable)
    return strokes.is_traceable(glyph.astype(np.float32) / 255)


def write_count(
    out: Path,
    files: Sequence[Path],
    count: int,
    *,
    seed: int,
    texts: Path | None = None,
    characters: str = "",
    name: str = "hangul",
    workers: int = 1,
    styles: Sequence[str] = ("strokes",),
    writing: Path | None = None,
) -> int:
    """Draw so many pictures of syllables; a second call goes on.

    Args:
        out: folder of the TFRecords.
        files: the fonts.
        count: pictures.
        seed: the same gives the same bytes.
        texts: file of texts whose syllables are drawn; None for those of `characters`.
        characters: syllables; "" without texts for the 2,350 of KS X 1001.
        name: of the set.
        workers: processes.
        styles: one of `STYLES`.
        writing: see `Drawing.writing`.

    Returns:
        How many pictures were written now.

    Raises:
        ValueError: as `write`, or more than one style, or a text holds no syllable.
    """
    if len(styles) != 1:
        raise ValueError(f"{len(styles)} styles: syllables are drawn in one of {', '.join(sorted(STYLES))} at a time")
    given = own_texts.load_texts(texts, characters).characters if texts or characters else SYLLABLES["ks_x_1001"]
    syllables = sorted(each for each in given if not hangul.find_problem(each))
    if not syllables:
        raise ValueError("no Hangul syllable in the texts or characters: give some, or neither")
    each = -(-count // (len(syllables) * len(files)))
    return write(
        out, files, syllables, each=each, seed=seed, style=styles[0], name=name, workers=workers, most=count,
        of_writing=writing,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 when the set is there, 2 for bad use."""
    parser = command.build_parser("hangul", __doc__, "hangul")
    parser.add_argument("--alphabet", choices=sorted(SYLLABLES), default="ks_x_1001")
    parser.add_argument("--each", type=int, default=1, help="pictures of a syllable and font")
    parser.add_argument("--style", choices=sorted(STYLES), default="printed")
    parser.add_argument("--image-size", type=int, default=96, help=f"pixels, {SMALLEST} to {LARGEST}")
    parser.add_argument("--size", type=int, default=76, help="longer side of the ink, pixels")
    parser.add_argument("--x-offset", type=int, default=0, help="pixels to the right")
    parser.add_argument("--y-offset", type=int, default=0, help="pixels down")

    def write_alphabet(out: Path, files: Sequence[Path], *, alphabet: str, **options: Any) -> int:
        return write(out, files, SYLLABLES[alphabet], **options)

    return command.run(parser, write_alphabet, arguments)


if __name__ == "__main__":
    sys.exit(main())
