"""PAGE XML of any year, in and out. Its schema is PRImA's `pagecontent`, 2010-03-19 to 2019-07-15."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from tfx_ocr.data.page.markup import get_children, get_local_name, get_namespace, parse_number, parse_root
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word, enclose

NAMESPACE = re.compile(r"https?://schema\.primaresearch\.org/PAGE/gts/pagecontent/\d{4}-\d\d-\d\d")
WRITTEN = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2013-07-15"
LAST = float("inf")  # place of what the reading order leaves out


def is_page_xml(root: etree._Element) -> bool:
    """Whether a document's outermost element is that of PAGE XML of some year."""
    return get_local_name(root) == "PcGts" and NAMESPACE.fullmatch(get_namespace(root)) is not None


def read(content: bytes) -> Page:
    """The page of a file.

    Coords may be an attribute or `Point` children, with decimals, off the page, or missing; Property, TextEquiv and the
    page's size may be missing. A size of 0 is none.

    Raises:
        ValueError: it is not PAGE XML, or a number or the name of the image is missing or is none.
    """
    root = parse_root(content)
    if not is_page_xml(root):
        raise ValueError(f"not PAGE XML: the outermost element is {root.tag}")
    pages = get_children(root, "Page")
    if len(pages) != 1:
        raise ValueError(f"not PAGE XML: {len(pages)} elements Page where there is one")
    page = pages[0]
    image = page.get("imageFilename", "").strip()
    if not image:
        raise ValueError("no image: Page has no imageFilename")
    sides = [parse_number(page.get(name, "0"), f"{name} of Page") for name in ("imageWidth", "imageHeight")]
    return Page(image=image, size=(sides[0], sides[1]) if min(sides) > 0 else None, regions=tuple(_regions(page)))


def write(page: Page) -> bytes:
    """A page in pixels as PAGE XML of 2013-07-15 that `read` gives back.

    Property elements stand where the Kaggle invoices have them: first in a region.
    """
    root = etree.Element(f"{{{WRITTEN}}}PcGts", nsmap={None: WRITTEN})
    written = _child(root, "Page", imageFilename=page.image)
    if page.size:
        written.set("imageWidth", f"{page.size[0]:g}")
        written.set("imageHeight", f"{page.size[1]:g}")
    for place, region in enumerate(page.regions):
        name = f"r{place}"
        block = _child(written, region.kind, id=name)
        for key, value in region.properties.items():
            _child(block, "Property", key=key, value=value)
        _coords(block, region.box)
        for row, line in enumerate(region.lines):
            element = _child(block, "TextLine", id=f"{name}_l{row}")
            _entity(element, line.entity)
            _coords(element, line.box)
            for column, word in enumerate(line.words):
                inner = _child(element, "Word", id=f"{name}_l{row}_w{column}")
                _entity(inner, word.entity)
                _coords(inner, word.box)
                _text(inner, word.text, word.confidence)
            _text(element, line.text)
        _text(block, region.text)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _regions(page: etree._Element) -> list[Region]:
    """All regions in reading order: those that it leaves out come last, those inside others after them."""
    order = {reference: place for place, reference in enumerate(_references(page))}
    placed = [(order.get(element.get("id", ""), LAST), element) for element in page if _is_region(element)]
    found = []
    for _, element in sorted(placed, key=lambda pair: pair[0]):
        found += [_region(inner) for inner in _nested(element, order)]
    return found


def _nested(region: etree._Element, order: dict[str, int]) -> Iterator[etree._Element]:
    yield region
    inner = [child for child in region if _is_region(child)]
    for child in sorted(inner, key=lambda child: order.get(child.get("id", ""), LAST)):
        yield from _nested(child, order)


def _is_region(element: etree._Element) -> bool:
    return get_local_name(element).endswith("Region")


def _references(page: etree._Element) -> Iterator[str]:
    """Ids of regions as ReadingOrder has them: groups inside groups, an ordered group by its indices."""
    for order in get_children(page, "ReadingOrder"):
        yield from _referred(order)


def _referred(group: etree._Element) -> Iterator[str]:
    inner = [child for child in group if get_local_name(child)]
    for child in sorted(inner, key=lambda child: parse_number(child.get("index", "0"), "index of ReadingOrder")):
        if "regionRef" in child.attrib:
            yield child.get("regionRef", "")
        yield from _referred(child)


def _region(element: etree._Element) -> Region:
    return Region(
        kind=get_local_name(element),
        text=_text_of(element)[0],
        box=_box(element),
        lines=tuple(_line(line) for line in get_children(element, "TextLine")),
        properties=_properties(element),
    )


def _line(element: etree._Element) -> Line:
    return Line(
        text=_text_of(element)[0],
        box=_box(element),
        words=tuple(_word(word) for word in get_children(element, "Word")),
        entity=_properties(element).get("entity", ""),
    )


def _word(element: etree._Element) -> Word:
    text, confidence = _text_of(element)
    return Word(text=text, box=_box(element), confidence=confidence, entity=_properties(element).get("entity", ""))


def _properties(element: etree._Element) -> dict[str, str]:
    return {child.get("key", ""): child.get("value", "") for child in get_children(element, "Property")}


def _text_of(element: etree._Element) -> tuple[str, float | None]:
    """Text and confidence of the best TextEquiv, which is the one of the lowest index, else the first."""
    equivalents = get_children(element, "TextEquiv")
    if not equivalents:
        return "", None
    best = min(equivalents, key=lambda equivalent: parse_number(equivalent.get("index", "0"), "index of TextEquiv"))
    text = "".join(unicode.text or "" for unicode in get_children(best, "Unicode"))
    confidence = best.get("conf")
    return text.strip(), None if confidence is None else parse_number(confidence, "conf of TextEquiv")


def _box(element: etree._Element) -> Box | None:
    """The box around Coords; None where there are none, or no points in them."""
    points: list[tuple[float, float]] = []
    what = f"Coords of {get_local_name(element)} {element.get('id', '')}".strip()
    for coords in get_children(element, "Coords"):
        for pair in coords.get("points", "").split():
            x, comma, y = pair.partition(",")
            if not comma:
                raise ValueError(f"not a point: {what} has {pair!r}")
            points.append((parse_number(x, what), parse_number(y, what)))
        for point in get_children(coords, "Point"):
            points.append((parse_number(point.get("x", ""), what), parse_number(point.get("y", ""), what)))
    return enclose(points)


def _child(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{WRITTEN}}}{name}", attributes)


def _entity(parent: etree._Element, entity: str) -> None:
    if entity:
        _child(parent, "Property", key="entity", value=entity)


def _coords(parent: etree._Element, box: Box | None) -> None:
    if box:
        left, top, right, bottom = (f"{side:.10g}" for side in box)
        _child(parent, "Coords", points=f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}")


def _text(parent: etree._Element, text: str, confidence: float | None = None) -> None:
    if text:
        equivalent = _child(parent, "TextEquiv", **({} if confidence is None else {"conf": f"{confidence:.10g}"}))
        _child(equivalent, "Unicode").text = text
