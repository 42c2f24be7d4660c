"""What a page is made of: regions, lines and words, each with its box and its text as the file has them."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from tfx_ocr.data import features
from tfx_ocr.data.page.fields import Field
from tfx_ocr.data.page.markup import Key
from tfx_ocr.data.record import Value

# Why a text of a file is not among its page's words.
NO_BOX = "text without a place: no box"
OUTER_TEXT = "text of a region or a line that its parts do not have"
OTHER_READING = "another reading of the same text"
MARGIN = "text of a margin"
MISPLACED = "text in an unexpected place"

SHAPE_OFF = 0.05  # by which width to height of a page and of its picture may differ: a scan is cut by a margin


class Box(NamedTuple):
    """An upright rectangle, in the page's unit; the origin is the page's top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle, x and y."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def is_around(self, point: tuple[float, float]) -> bool:
        """Return whether a point, x and y, lies inside or on the edge."""
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom

    def scale(self, across: float, down: float) -> Box:
        """Return the box on a page `across` times as wide and `down` times as high."""
        return Box(self.left * across, self.top * down, self.right * across, self.bottom * down)

    def clip(self, size: tuple[float, float] | None) -> Box:
        """Return the part of the box that lies on the page; without a size, cut it left and top only."""
        width, height = size or (math.inf, math.inf)
        left, top = min(max(self.left, 0.0), width), min(max(self.top, 0.0), height)
        return Box(left, top, min(max(self.right, left), width), min(max(self.bottom, top), height))


Polygon = tuple[tuple[float, float], ...]


def enclose(points: Iterable[tuple[float, float]]) -> Box | None:
    """Return the smallest box that holds all points; None without points."""
    xs, ys = zip(*points, strict=True) if (points := list(points)) else ((), ())
    return Box(min(xs), min(ys), max(xs), max(ys)) if xs else None


def build_polygon(points: Iterable[tuple[float, float]]) -> Polygon:
    """Return points as a polygon; () where they are four and only those of the box around them."""
    polygon = tuple(points)
    box = enclose(polygon)
    corners = {(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)} if box else set()
    return () if len(polygon) == 4 and set(polygon) == corners else polygon


def join_boxes(boxes: Iterable[Box | None]) -> Box | None:
    """Return the smallest box that holds all boxes; None without boxes."""
    known = [box for box in boxes if box]
    return enclose(point for box in known for point in ((box.left, box.top), (box.right, box.bottom)))


class Alternative(NamedTuple):
    """Another reading of a glyph, with its confidence from 0 to 1, None where the file does not say."""

    text: str
    confidence: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Glyph:
    """One drawn character.

    Attributes:
        text: the best reading.
        box: None where the file lacks it.
        confidence: 0 to 1, None where the file does not say.
        polygon: outline, points in the page's unit; () where it is the box.
        alternatives: other readings, best first.
    """

    text: str
    box: Box | None = None
    confidence: float | None = None
    polygon: Polygon = ()
    alternatives: tuple[Alternative, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word.

    Attributes:
        text: as recognised or transcribed; "" where the file lacks it.
        box: None where the file lacks it.
        confidence: 0 to 1 as the file says, None where it does not.
        entity: what it is part of, by `data.alphabets.entities` where the file is ours; "" for nothing.
        polygon: outline, points in the page's unit; () where it is the box.
        glyphs: its characters where they have places or confidences of their own, else ().
    """

    text: str
    box: Box | None = None
    confidence: float | None = None
    entity: str = ""
    polygon: Polygon = ()
    glyphs: tuple[Glyph, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text; `text` and the texts of its words may differ, or one may be missing.

    `confidence` and `polygon` are as a word's.
    """

    text: str = ""
    box: Box | None = None
    words: tuple[Word, ...] = ()
    entity: str = ""
    confidence: float | None = None
    polygon: Polygon = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region.

    Attributes:
        kind: `TextRegion`, `ImageRegion`, `SeparatorRegion` ... as PAGE XML names them.
        text: of the whole region, where the file gives one.
        box: None where the file lacks it.
        lines: in the file's order.
        properties: PAGE XML's Property elements, key to value.
        polygon: as a word's.
    """

    kind: str = "TextRegion"
    text: str = ""
    box: Box | None = None
    lines: tuple[Line, ...] = ()
    properties: Mapping[str, str] = dataclasses.field(default_factory=dict)
    polygon: Polygon = ()

    @property
    def entity(self) -> str:
        """What the region is, by its Property `entity`; "" without one."""
        return self.properties.get("entity", "")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page.

    Attributes:
        image: the name of its picture as the file has it, "" for none.
        size: width and height in `unit`; None where the file does not say.
        regions: in reading order, regions inside others after them.
        unit: `pixel`; `mm10` (a tenth of a millimetre) or `inch1200` (1/1200 inch) in ALTO.
        left_out: texts of the file that are not in the regions, counted by reason.
        fields: that a model found on it.
    """

    image: str = ""
    size: tuple[float, float] | None = None
    regions: tuple[Region, ...] = ()
    unit: str = "pixel"
    left_out: Mapping[str, int] = dataclasses.field(default_factory=dict)
    fields: tuple[Field, ...] = ()


T = TypeVar("T", Region, Line, Word, Glyph)


def sort_regions(regions: Iterable[tuple[Key, Region]]) -> tuple[Region, ...]:
    """Return regions in the order of their keys; equal keys keep their order."""
    return tuple(region for _, region in sorted(regions, key=lambda pair: pair[0]))


def count_lacking(text: str, others: str) -> int:
    """Return how many words of a text are not among those of the others; 0 where they differ in spaces only.

    >>> count_lacking("a b b", "b c"), count_lacking("No.7", "No. 7"), count_lacking("2", "12")
    (2, 0, 1)
    """
    wanted, known = "".join(text.split()), "".join(others.split())
    ends = set(itertools.accumulate(map(len, others.split()), initial=0))
    if any(start + len(wanted) in ends and known.startswith(wanted, start) for start in ends):
        return 0
    return (Counter(text.split()) - Counter(others.split())).total()


def list_words(page: Page) -> list[Word]:
    """Return every word that has a text and a box, in reading order: those of `read_words`."""
    return read_words(page)[0]


def read_words(page: Page) -> tuple[list[Word], dict[str, int]]:
    """Return the words of a page in reading order, and the texts that are left out, counted by reason.

    Each word has a text without white space inside, a box and the innermost entity. Where levels of the file contradict
    each other the words count, since only they say where each stands. A line whose words lack texts or boxes gives its
    own text, shared out over its box; without a text of its own, that of its words, if none of them has a box. So does
    a region without lines, a line of its text being an equal part of its height. Margins (`Property key="Margin"`) are
    not read.
    """
    found: list[Word] = []
    left_out = Counter(page.left_out)
    for region in page.regions:
        lines = region.lines
        if not any(line.text.strip() or any(word.text.strip() for word in line.words) for line in lines):
            lines = tuple(_cut_into_lines(region))
            if not lines:
                left_out[NO_BOX] += len(region.text.split())
        else:
            said = " ".join(f"{line.text} {' '.join(word.text for word in line.words)}" for line in lines)
            left_out[OUTER_TEXT] += count_lacking(region.text, said)
        for line in lines:
            words, lost = _choose_words(line)
            left_out[OTHER_READING] += sum(len(glyph.alternatives) for word in line.words for glyph in word.glyphs)
            left_out.update(lost)
            if "Margin" in region.properties:
                left_out[MARGIN] += sum(len(word.text.split()) for word in words)
                continue
            for word in words:
                entity = word.entity or line.entity or region.entity
                found += [dataclasses.replace(part, entity=entity) for part in divide_word(word)]
    return found, +left_out


def divide_word(word: Word) -> list[Word]:
    """Return a text with white space inside as words, the box shared out as if every character were equally wide.

    >>> [(part.text, part.box.left, part.box.right) for part in divide_word(Word(text="NO 53", box=Box(0, 0, 50, 9)))]
    [('NO', 0.0, 20.0), ('53', 30.0, 50.0)]
    """
    text, box, start, parts = word.text, word.box, 0, []
    if box is None:
        return []
    if text.split() == [text]:
        return [word]
    for part in text.split():
        start = text.index(part, start)
        end = start + len(part)
        step = (box.right - box.left) / len(text)
        shared = Box(box.left + start * step, box.top, box.left + end * step, box.bottom)
        parts.append(dataclasses.replace(word, text=part, box=shared, polygon=(), glyphs=()))
        start = end
    return parts


def _choose_words(line: Line) -> tuple[list[Word], dict[str, int]]:
    """A line's words, or one of the line's whole text where they lack texts or boxes; and what is left out."""
    whole = [word for word in line.words if word.text.strip() and word.box]
    box = line.box or join_boxes(word.box for word in line.words)
    said = " ".join(word.text for word in line.words)
    if line.text.strip() and box and not len(whole) == len(line.words) > 0:
        return [Word(text=line.text.strip(), box=box)], {OTHER_READING: count_lacking(said, line.text)}
    if line.box and said.strip() and not any(word.box for word in line.words):
        return _share_box(line.words, line.box), {}
    lost = sum(len(word.text.split()) for word in line.words if not word.box)
    lacking = count_lacking(line.text, said)
    return whole, {NO_BOX: lost, OUTER_TEXT: lacking} if line.words else {NO_BOX: lacking}


def _share_box(words: Sequence[Word], box: Box) -> list[Word]:
    """Words without boxes, each with its share of the box of their line, as a line's text is shared out."""
    said = [word for word in words if word.text.strip()]
    places = iter(divide_word(Word(text=" ".join(word.text for word in said), box=box)))
    shares = [join_boxes(part.box for part in itertools.islice(places, len(word.text.split()))) for word in said]
    return [dataclasses.replace(word, box=share) for word, share in zip(said, shares, strict=True)]


def _cut_into_lines(region: Region) -> Iterator[Line]:
    """A region's own text as lines."""
    texts = [text for text in region.text.splitlines() if text.strip()]
    if region.box is None:
        return
    left, top, right, bottom = region.box
    for number, text in enumerate(texts):
        step = (bottom - top) / len(texts)
        yield Line(text=text, box=Box(left, top + number * step, right, top + (number + 1) * step))


def sort_into_rows(words: Sequence[Word]) -> list[Word]:
    """Return words with boxes row by row from the top, each row from the left: the order where a file states none.

    A row takes what has its middle in the upper part of the row's highest word, down to half a height below its middle.
    """
    rows: list[list[tuple[Box, Word]]] = []
    end = -math.inf
    placed = [(word.box, word) for word in words if word.box]
    for box, word in sorted(placed, key=lambda pair: pair[0].centre[1]):
        middle = box.centre[1]
        if middle > end:
            rows.append([])
            end = middle + (box.bottom - box.top) / 2
        rows[-1].append((box, word))
    return [word for row in rows for _, word in sorted(row, key=lambda pair: pair[0].left)]


def convert_to_pixels(page: Page, image_size: tuple[int, int]) -> Page:
    """Return the page in the pixels of its picture, which may be a copy of another size.

    Args:
        page: in any unit.
        image_size: width and height of its picture in pixels.

    Raises:
        ValueError: page and picture are not of one shape, or the unit is not pixels and the file says no page size.
    """
    width, height = image_size
    if page.size is None and page.unit != "pixel":
        raise ValueError(f"no page size: without it {page.unit} cannot be turned into pixels")
    across, down = (width / page.size[0], height / page.size[1]) if page.size else (1.0, 1.0)
    if not abs(across / down - 1) <= SHAPE_OFF:  # not a number where a side is next to nothing
        raise ValueError(f"another page: the file's is {page.size}, its picture {width} x {height} pixels")

    def placed(part: T) -> T:
        polygon = tuple((x * across, y * down) for x, y in part.polygon)
        return dataclasses.replace(part, box=part.box and part.box.scale(across, down), polygon=polygon)

    def placed_word(word: Word) -> Word:
        return dataclasses.replace(placed(word), glyphs=tuple(map(placed, word.glyphs)))

    regions = []
    for region in page.regions:
        lines = (dataclasses.replace(placed(line), words=tuple(map(placed_word, line.words))) for line in region.lines)
        regions.append(dataclasses.replace(placed(region), lines=tuple(lines)))
    return dataclasses.replace(page, size=(float(width), float(height)), regions=tuple(regions), unit="pixel")


def join_entities(words: Iterable[Word]) -> dict[str, str]:
    """Return the text of each entity: its runs of words in reading order, joined by spaces, equal runs once.

    >>> join_entities([Word(text="9", entity="total"), Word(text="EUR"), Word(text="9", entity="total")])
    {'total': '9'}
    """
    runs: dict[str, dict[str, None]] = {}
    for entity, run in itertools.groupby(words, lambda word: word.entity):
        if entity:
            runs.setdefault(entity, {})[" ".join(word.text for word in run)] = None
    return {entity: " ".join(texts) for entity, texts in runs.items()}


def build_features(
    words: Sequence[Word],
    *,
    fields: Mapping[str, str] | None = None,
    size: tuple[float, float] | None = None,
    image: bytes = b"",
) -> dict[str, Value]:
    """Return the features of a page's record, as docs/records.md has them.

    Args:
        words: in reading order, each with its box in pixels and its entity.
        fields: name to value as it was written down; an empty value is left out.
        size: width and height in pixels; boxes end at the page's edge.
        image: the page's picture, b"" for none.
    """
    named = {name: value for name, value in (fields or {}).items() if value.strip()}
    boxes = [word.box.clip(size) for word in words if word.box]
    values: dict[str, Value] = {
        features.WORDS: [word.text.encode() for word in words],
        features.BOXES: [float(side) for box in boxes for side in box],
        features.ENTITIES: [word.entity.encode() for word in words],
        features.FIELD_NAMES: [name.encode() for name in named],
        features.FIELD_VALUES: [value.encode() for value in named.values()],
    }
    if size:
        values[features.PAGE_SIZE] = [float(side) for side in size]
    if image:
        values[features.IMAGE] = image
    return values
