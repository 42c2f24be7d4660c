"""ALTO 1 to 4, in. Its schema is the Library of Congress's; version 1 has CCS's namespace, or none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from tfx_ocr.data.page.markup import get_children, get_local_name, get_namespace, parse_number, parse_root
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word, enclose

NAMESPACE = re.compile(r"(https?://www\.loc\.gov/standards/alto/ns-v\d+#|https?://schema\.ccs-gmbh\.com/ALTO|)")
# MeasurementUnit of the schema: pixels, tenths of a millimetre, 1/1200 inch. A file that says nothing counts pixels.
UNITS = ("pixel", "mm10", "inch1200")


def is_alto(root: etree._Element) -> bool:
    """Whether a document's outermost element is that of ALTO of some version."""
    return get_local_name(root).lower() == "alto" and NAMESPACE.fullmatch(get_namespace(root)) is not None


def read(content: bytes) -> list[Page]:
    """The pages of a file, mostly one, in its unit.

    A word's entity is the TYPE of the NamedEntityTag that it, its line or its block refers to. Shapes may be missing.

    Raises:
        ValueError: it is not ALTO, or a number is none, or its unit is unknown.
    """
    root = parse_root(content)
    if not is_alto(root):
        raise ValueError(f"not ALTO: the outermost element is {root.tag}")
    unit = _said(root, "MeasurementUnit") or "pixel"
    if unit not in UNITS:
        raise ValueError(f"unknown unit: MeasurementUnit is {unit!r}, none of {', '.join(UNITS)}")
    tags = {
        tag.get("ID", ""): tag.get("TYPE", "").lower()
        for found in get_children(root, "Tags")
        for tag in get_children(found, "NamedEntityTag")
    }
    pages = [page for layout in get_children(root, "Layout") for page in get_children(layout, "Page")]
    if not pages:
        raise ValueError("not ALTO: Layout has no Page")
    return [_page(page, _said(root, "fileName"), unit, tags) for page in pages]


def _said(root: etree._Element, name: str) -> str:
    """The text of the first element `name` of Description, "" for none."""
    found = (element for description in get_children(root, "Description") for element in description.iter())
    return next(((element.text or "").strip() for element in found if get_local_name(element) == name), "")


def _page(page: etree._Element, image: str, unit: str, tags: Mapping[str, str]) -> Page:
    sides = [parse_number(page.get(name, "0"), f"{name} of Page") for name in ("WIDTH", "HEIGHT")]
    size = (sides[0], sides[1]) if min(sides) > 0 else None
    return Page(image=image, size=size, regions=tuple(_regions(page, tags)), unit=unit)


def _regions(within: etree._Element, tags: Mapping[str, str]) -> Iterator[Region]:
    """Every block in the file's order; PrintSpace, margins and ComposedBlocks only hold others."""
    for element in within:
        if get_local_name(element) == "TextBlock":
            entity = _entity(element, tags)
            yield Region(
                box=_box(element),
                lines=tuple(_line(line, tags) for line in get_children(element, "TextLine")),
                properties={"entity": entity} if entity else {},
            )
        elif get_local_name(element):
            yield from _regions(element, tags)


def _line(line: etree._Element, tags: Mapping[str, str]) -> Line:
    words = (_word(word, tags) for word in get_children(line, "String"))
    return Line(box=_box(line), words=tuple(words), entity=_entity(line, tags))


def _word(word: etree._Element, tags: Mapping[str, str]) -> Word:
    confidence = word.get("WC")
    return Word(
        text=word.get("CONTENT", "").strip(),
        box=_box(word),
        confidence=None if confidence is None else parse_number(confidence, "WC of String"),
        entity=_entity(word, tags),
    )


def _entity(element: etree._Element, tags: Mapping[str, str]) -> str:
    return next((tags[reference] for reference in element.get("TAGREFS", "").split() if reference in tags), "")


def _box(element: etree._Element) -> Box | None:
    """The box that the element says, else that around its Shape; None where it has neither."""
    what = f"{get_local_name(element)} {element.get('ID', '')}".strip()
    sides = [element.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    given = [parse_number(side, f"box of {what}") for side in sides if side is not None]
    if len(given) == len(sides):
        left, top, width, height = given
        return Box(left, top, left + width, top + height)
    points = [
        parse_number(side, f"Shape of {what}")
        for shape in get_children(element, "Shape")
        for polygon in get_children(shape, "Polygon")
        for side in re.split(r"[\s,]+", polygon.get("POINTS", "").strip())
        if side
    ]
    return enclose(zip(points[::2], points[1::2], strict=False))
