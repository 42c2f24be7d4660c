"""What a reader answers: the pages of a file with their text, and what could not be read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfx_ocr.data.page.fields import Field
from tfx_ocr.data.page.page import Glyph, Line, Page, Polygon, Region, Word, build_polygon, enclose

if TYPE_CHECKING:
    from PIL import Image

    from tfx_ocr.serving.reader.pages import PageImage

SCHEMA = Path(__file__).with_name("document.schema.json")
VERSION = 1  # of the JSON; a new one where a reader of the old one would misread it


@dataclasses.dataclass(frozen=True, kw_only=True)
class Document:
    """What was read of one file.

    Attributes:
        source: the file as it was given, "" for bytes and arrays.
        pages: that were read, in their order.
        errors: numbers of pages, from 1, to why they were not.
        images: opens the pages' pictures again; `draw` needs it.
    """

    source: str = ""
    pages: tuple[Page, ...] = ()
    errors: Mapping[int, str] = dataclasses.field(default_factory=dict)
    images: Callable[[], Iterator[PageImage]] | None = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The lines of all pages; an empty line between regions, a form feed before each further page."""
        return "\n\f".join(format_text(page) for page in self.pages)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The number of each page of `pages` in the file, from 1."""
        total = len(self.pages) + len(self.errors)
        return tuple(number for number in range(1, total + 1) if number not in self.errors)

    def to_json(self, indent: int | None = None) -> str:
        """Return all of it as JSON, as `document.schema.json` describes it."""
        value = {
            "version": VERSION,
            "source": self.source,
            "pages": [
                {"number": number, **_to_plain(page)} for number, page in zip(self.numbers, self.pages, strict=True)
            ],
            "errors": [{"number": number, "reason": reason} for number, reason in self.errors.items()],
        }
        return json.dumps(value, ensure_ascii=False, indent=indent)

    def draw(self, number: int = 1) -> Image.Image:
        """Return a page's picture with a box around each word, its text above.

        Args:
            number: of the page in the file, from 1.

        Raises:
            ValueError: the page was not read, or its picture is gone.
        """
        from tfx_ocr.serving.reader.writers import draw_page

        if number not in self.numbers:
            raise ValueError(f"page {number} was not read; there are {', '.join(map(str, self.numbers)) or 'none'}")
        for image in self.images() if self.images else ():
            if image.number == number and image.pixels is not None:
                return draw_page(self.pages[self.numbers.index(number)], image.pixels)
        raise ValueError(f"the picture of page {number} is gone")

    def show(self, number: int = 1) -> None:
        """Open a page, drawn, in the system's viewer."""
        self.draw(number).show()

    def _repr_png_(self) -> bytes | None:
        return self.draw(self.numbers[0])._repr_png_() if self.pages and self.images else None


def build_document(
    pages: Sequence[Page],
    errors: Mapping[int, str],
    source: str = "",
    images: Callable[[], Iterator[PageImage]] | None = None,
) -> Document:
    """Return a document of the pages that were read.

    Args:
        pages: in their order.
        errors: numbers of the other pages to why they were not read; 0 stands for the file.
        source: as in `Document`.
        images: likewise.

    Raises:
        ValueError: no page was read.
    """
    if not pages:
        raise ValueError("; ".join(f"page {number}: {why}" if number else why for number, why in errors.items()))
    return Document(source=source, pages=tuple(pages), errors=errors, images=images)


def drop_glyphs(page: Page) -> Page:
    """Return a page whose words have no glyphs: those of a page of print take 3 MB."""
    return _replace_words(page, lambda words: tuple(dataclasses.replace(word, glyphs=()) for word in words))


def drop_words(page: Page) -> Page:
    """Return a page whose lines have no words: their texts, boxes and the fields stay."""
    return _replace_words(page, lambda _: ())


def _replace_words(page: Page, change: Callable[[tuple[Word, ...]], tuple[Word, ...]]) -> Page:
    regions = tuple(
        dataclasses.replace(
            region, lines=tuple(dataclasses.replace(line, words=change(line.words)) for line in region.lines)
        )
        for region in page.regions
    )
    return dataclasses.replace(page, regions=regions)


def format_text(page: Page) -> str:
    """Return a page's lines, an empty line between regions."""
    regions = ("\n".join(line.text for line in region.lines if line.text) for region in page.regions)
    return "\n\n".join(filter(None, regions))


def _to_plain(part: Page | Region | Line | Word | Glyph) -> dict[str, Any]:
    """A part of a page as JSON has it: what is unknown or empty is left out, but for texts and lists of parts."""
    if isinstance(part, Page):
        size = dict(zip(("width", "height"), part.size or (0, 0), strict=True))
        found = {"fields": [_to_plain_field(field) for field in part.fields]} if part.fields else {}
        return {**size, "text": format_text(part), **found, "regions": [_to_plain(region) for region in part.regions]}
    values: dict[str, Any] = {"text": part.text}
    if isinstance(part, Region):
        values = {"kind": part.kind, "text": "\n".join(line.text for line in part.lines)}
    if part.box:
        values["box"] = _round(part.box)
    if part.polygon:
        values["polygon"] = [[round(x, 1), round(y, 1)] for x, y in part.polygon]
    if not isinstance(part, Region) and part.confidence is not None:
        values["confidence"] = part.confidence
    if isinstance(part, Region):
        values["lines"] = [_to_plain(line) for line in part.lines]
    elif isinstance(part, Line):
        values["words"] = [_to_plain(word) for word in part.words]
    elif isinstance(part, Word):
        if part.entity:
            values["entity"] = part.entity
        values["glyphs"] = [_to_plain(glyph) for glyph in part.glyphs]
    elif part.alternatives:
        values["alternatives"] = [{"text": text, "confidence": confidence} for text, confidence in part.alternatives]
    return values


def _to_plain_field(field: Field) -> dict[str, Any]:
    values = {name: list(texts) for name in ("values", "currencies") if (texts := getattr(field, name))}
    confidence = round(field.confidence, 4)
    return {"name": field.name, "text": field.text, "box": _round(field.box), "confidence": confidence, **values}


def _round(box: Sequence[float]) -> list[float]:
    return [round(side, 1) for side in box]


def move_regions(regions: tuple[Region, ...], place: Callable[[Polygon], Polygon]) -> tuple[Region, ...]:
    """Return regions with every box and outline where `place` moves it: from the upright sheet to the page."""
    return tuple(
        dataclasses.replace(
            _place(region, place),
            lines=tuple(
                dataclasses.replace(
                    _place(line, place),
                    words=tuple(
                        dataclasses.replace(
                            _place(word, place), glyphs=tuple(_place(glyph, place) for glyph in word.glyphs)
                        )
                        for word in line.words
                    ),
                )
                for line in region.lines
            ),
        )
        for region in regions
    )


def move_fields(fields: tuple[Field, ...], place: Callable[[Polygon], Polygon]) -> tuple[Field, ...]:
    """Return fields with their boxes moved likewise."""
    return tuple(field._replace(box=enclose(place(_list_corners(field.box))) or field.box) for field in fields)


def _place(part: Any, place: Callable[[Polygon], Polygon]) -> Any:
    if part.box is None:
        return part
    moved = place(part.polygon or _list_corners(part.box))
    return dataclasses.replace(part, box=enclose(moved), polygon=build_polygon(moved))


def _list_corners(box: tuple[float, float, float, float]) -> Polygon:
    left, top, right, bottom = box
    return (left, top), (right, top), (right, bottom), (left, bottom)
