"""PAGE XML of any year, in and out. Its schema is PRImA's `pagecontent`, 2010-03-19 to 2019-07-15."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from tfx_ocr.data.alphabets import entities
from tfx_ocr.data.page.markup import (
    LAST,
    Key,
    get_children,
    get_local_name,
    get_namespace,
    parse_confidence,
    parse_number,
    parse_root,
    try_number,
)
from tfx_ocr.data.page.page import (
    MISPLACED,
    OTHER_READING,
    OUTER_TEXT,
    Alternative,
    Box,
    Glyph,
    Line,
    Page,
    Polygon,
    Region,
    Word,
    build_polygon,
    count_lacking,
    divide_word,
    enclose,
    join_boxes,
    sort_regions,
)

NAMESPACE = re.compile(r"https?://schema\.primaresearch\.org/PAGE/gts/pagecontent/\d{4}-\d\d-\d\d")
CUSTOM = re.compile(r"([\w-]+)\s*\{([^}]*)\}")  # Transkribus's tags: `total {offset:6; length:4;}`
TEXTS = ("Unicode", "PlainText")  # of a TextEquiv, the better one first
WRITTEN = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
# Of what a page or a region holds, all that is not a region: TableRegion, Transkribus's TableCell and whatever comes.
NOT_REGIONS = {
    *(
        "TextLine",
        "Word",
        "Glyph",
        "TextEquiv",
        "Coords",
        "Baseline",
        "CornerPts",
        "Property",
        "UserDefined",
        "Metadata",
    ),
    *("ReadingOrder", "Relations", "Layers", "Labels", "Roles", "Grid", "TextStyle", "AlternativeImage", "Border"),
    *("PrintSpace", "ImageMetadata"),
}


def is_page_xml(root: etree._Element) -> bool:
    """Return whether a document's outermost element is that of PAGE XML of some year, or has no namespace."""
    namespace = get_namespace(root)
    return get_local_name(root) == "PcGts" and (not namespace or NAMESPACE.fullmatch(namespace) is not None)


def read(content: bytes) -> Page:
    """Return the page of a file.

    Coords may be an attribute or `Point` children, with decimals, off the page, or missing; Property, TextEquiv and the
    page's size may be missing; a size of 0 counts as missing. Regions in regions, a table's cells among them, come with
    their lines, each with the entity of the innermost region that has one: its Property `entity`, or UserAttribute or
    Label of that name, else Transkribus's
    tag in `custom`, `structure {type:total;}` of a region and `total {offset:6; length:4;}` of a part of a line, where
    it names one of `data.alphabets.entities`.

    Raises:
        ValueError: it is not PAGE XML, or the name of the image is missing, or a number is malformed.
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
    references = dict.fromkeys(_list_references(page))  # of one that stands twice the first place counts
    reader = _Reader({name: place for place, name in enumerate(references)})
    regions = sort_regions(reader.walk(page, (LAST,), {}))
    reader.left_out[MISPLACED] = len(list(_list_texts(page))) - reader.found
    size = (sides[0], sides[1]) if min(sides) > 0 else None
    return Page(image=image, size=size, regions=regions, left_out=+reader.left_out)


def write(page: Page, created: str = "1970-01-01T00:00:00") -> bytes:
    """Return a page in pixels as PAGE XML of 2019-07-15 that `read` gives back.

    Property elements, which its schema lacks, stand where the Kaggle invoices have them: first in a region.

    Args:
        page: with a box for each part, where the file is to be valid.
        created: date and time in its metadata, ISO 8601.
    """
    root = etree.Element(f"{{{WRITTEN}}}PcGts", nsmap={None: WRITTEN})
    metadata = _child(root, "Metadata")
    for name, text in (("Creator", "tfx-ocr"), ("Created", created), ("LastChange", created)):
        _child(metadata, name).text = text
    written = _child(root, "Page", imageFilename=page.image)
    if page.size:
        written.set("imageWidth", f"{page.size[0]:g}")
        written.set("imageHeight", f"{page.size[1]:g}")
    for place, region in enumerate(page.regions):
        name = f"r{place}"
        block = _child(written, region.kind, id=name)
        for key, value in region.properties.items():
            _child(block, "Property", key=key, value=value)
        _coords(block, region.box, region.polygon)
        for row, line in enumerate(region.lines):
            element = _child(block, "TextLine", id=f"{name}_l{row}")
            _entity(element, line.entity)
            _coords(element, line.box, line.polygon)
            for column, word in enumerate(line.words):
                _write_word(element, f"{name}_l{row}_w{column}", word)
            _text(element, line.text, line.confidence)
        _text(block, region.text)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _write_word(line: etree._Element, name: str, word: Word) -> None:
    element = _child(line, "Word", id=name)
    _entity(element, word.entity)
    _coords(element, word.box, word.polygon)
    for place, glyph in enumerate(word.glyphs):
        inner = _child(element, "Glyph", id=f"{name}_g{place}")
        _coords(inner, glyph.box, glyph.polygon)
        readings = [Alternative(glyph.text, glyph.confidence), *glyph.alternatives]
        for index, (text, confidence) in enumerate(readings):
            _text(inner, text, confidence, **({"index": str(index)} if glyph.alternatives else {}))
    _text(element, word.text, word.confidence)


class _Reader:
    """What reads the elements of one page, and counts the texts that do not come along.

    Args:
        order: ids of regions to their places in the reading order.
    """

    def __init__(self, order: Mapping[str, int]):
        self.order = order
        self.left_out: Counter[str] = Counter()
        self.found = 0  # texts

    def walk(self, within: etree._Element, key: Key, inherited: Mapping[str, str]) -> Iterator[tuple[Key, Region]]:
        """Yield all regions below an element, each with a key that sorts it into the reading order.

        A region that the order leaves out comes after the one that it is in; outside of all, last.
        """
        inner = [child for child in within if get_local_name(child) not in ("", *NOT_REGIONS)]
        for place, child in enumerate(sorted(inner, key=lambda child: (_get_index(child), *_get_cell(child)))):
            rank = self.order.get(child.get("id", ""))
            below = (*key, place) if rank is None else (rank,)
            own = _get_properties(child)
            if structure := _find_structure(child):
                own.setdefault("entity", structure)
            properties = {**own, **{name: own.get(name) or value for name, value in inherited.items()}}
            yield below, self._read_region(child, properties)
            passed = {
                name: value for name, value in properties.items() if (value and name == "entity") or name == "Margin"
            }
            yield from self.walk(child, below, passed)

    def _read_region(self, element: etree._Element, properties: dict[str, str]) -> Region:
        text = self._read_text(element)[0]
        lines = [self._read_line(line) for line in sorted(get_children(element, "TextLine"), key=_get_index)]
        if words := get_children(element, "Word"):  # outside of lines: not in the schema
            lines.append(Line(words=tuple(map(self._read_word, words))))
        regions = [child for child in element if get_local_name(child) not in NOT_REGIONS]
        inner = " ".join(text for region in regions for text in _list_texts(region))
        if inner.strip():  # the regions in this one say it, with their boxes
            said = " ".join([inner, *(line.text for line in lines)])
            self.left_out[OUTER_TEXT] += count_lacking(text, said)
            text = ""
        return Region(
            kind=get_local_name(element),
            text=text,
            box=_box(element),
            lines=tuple(lines),
            properties=properties,
            polygon=_outline(element),
        )

    def _read_line(self, element: etree._Element) -> Line:
        words = tuple(map(self._read_word, get_children(element, "Word")))
        entity = _get_properties(element).get("entity", "") or _find_structure(element)
        text, confidence = self._read_text(element)
        if tags := list(_list_tags(element)):
            words = tuple(_tag_words(text, words or divide_word(Word(text=text, box=_box(element))), tags))
        return Line(
            text=text, box=_box(element), words=words, entity=entity, confidence=confidence, polygon=_outline(element)
        )

    def _read_word(self, element: etree._Element) -> Word:
        text, confidence = self._read_text(element)
        glyphs = tuple(map(self._read_glyph, get_children(element, "Glyph")))
        joined = "".join(glyph.text for glyph in glyphs)
        if text and joined:
            self.left_out[OTHER_READING] += "".join(text.split()) != joined
        box = _box(element) or join_boxes(glyph.box for glyph in glyphs)
        entity = _get_properties(element).get("entity", "")
        return Word(
            text=text or joined, box=box, confidence=confidence, entity=entity, polygon=_outline(element), glyphs=glyphs
        )

    def _read_glyph(self, element: etree._Element) -> Glyph:
        (text, confidence), *others = self._list_readings(element) or [Alternative("")]
        return Glyph(
            text=text,
            box=_box(element),
            confidence=confidence,
            polygon=_outline(element),
            alternatives=tuple(other for other in others if other.text != text),
        )

    def _read_text(self, element: etree._Element) -> tuple[str, float | None]:
        """Text and confidence of the best TextEquiv that is not empty: of the lowest index, else the first."""
        readings = self._list_readings(element)
        if not readings:
            return "", None
        best, confidence = readings[0]
        self.left_out[OTHER_READING] += sum(text != best for text, _ in readings)
        return best, confidence

    def _list_readings(self, element: etree._Element) -> list[Alternative]:
        """The texts of TextEquivs that are not empty, by their index, else as they stand; plain ones last."""
        readings = []
        for equivalent in sorted(get_children(element, "TextEquiv"), key=_get_index):
            confidence = parse_confidence(equivalent.get("conf"))
            for name in TEXTS:
                readings += [Alternative(text, confidence) for text in _list_texts(equivalent, name)]
        self.found += len(readings)
        return readings


def _list_references(page: etree._Element) -> Iterator[str]:
    """Yield the ids of regions as ReadingOrder has them: groups inside groups, an ordered group by its indices."""
    for order in get_children(page, "ReadingOrder"):
        yield from _follow_group(order)


def _follow_group(group: etree._Element) -> Iterator[str]:
    for child in sorted((child for child in group if get_local_name(child)), key=_get_index):
        if "regionRef" in child.attrib:
            yield child.get("regionRef", "")
        yield from _follow_group(child)


def _get_index(element: etree._Element) -> float:
    """An element's place among its siblings: its index, or the one that Transkribus writes into `custom`; else last."""
    place = element.get("index", "")
    if not place and (custom := element.get("custom")):
        place = "".join(re.findall(r"readingOrder\s*\{[^}]*\bindex:\s*(\d+)", custom)[:1])
    index = try_number(place) if place else None
    return LAST if index is None else index


def _get_cell(element: etree._Element) -> tuple[float, float]:
    """Row and column of a table's cell, as Transkribus's TableCell or PAGE's TableCellRole has them; else (0, 0)."""
    roles = [role for roles in get_children(element, "Roles") for role in get_children(roles, "TableCellRole")]
    said = roles[0] if roles else element
    row, column = ("rowIndex", "columnIndex") if roles else ("row", "col")
    return try_number(said.get(row, "")) or 0.0, try_number(said.get(column, "")) or 0.0


def _get_properties(element: etree._Element) -> dict[str, str]:
    """Property elements, key to value; else what PAGE's own schema has for them, UserAttribute and Label."""
    inner = [child for holder in get_children(element, "UserDefined", "Labels") for child in holder]
    named = [(each.get("name", "") or each.get("type", ""), each.get("value", "")) for each in inner]
    written = [(name, value) for name, value in named if name]
    written += [(child.get("key", ""), child.get("value", "")) for child in get_children(element, "Property")]
    return {key.strip(): value.strip() for key, value in written}


def _find_structure(element: etree._Element) -> str:
    """The entity that Transkribus's `structure`, or kraken's `type`, says an element is; "" for another thing."""
    for name, said in CUSTOM.findall(element.get("custom", "")):
        kind = re.search(r"\btype:\s*([^;\s]+)", said)
        if name in ("structure", "type") and kind and kind[1] in entities.CLASSES:
            return str(kind[1])
    return ""


def _list_tags(line: etree._Element) -> Iterator[tuple[str, int, int]]:
    """Yield each entity that Transkribus tags in a line's text, with its first character and its end."""
    for name, said in CUSTOM.findall(line.get("custom", "")):
        place = {key: int(number) for key, number in re.findall(r"\b(offset|length):\s*(\d{1,9})\b", said)}
        if name in entities.CLASSES and len(place) == 2:
            yield name, place["offset"], place["offset"] + place["length"]


def _tag_words(text: str, words: Sequence[Word], tags: Sequence[tuple[str, int, int]]) -> Iterator[Word]:
    """Yield a line's words, each with the entity whose characters it shares."""
    end = 0
    for word in words:
        start = text.find(word.text, end)
        if start < 0 or word.entity:
            yield word
            continue
        end = start + len(word.text)
        found = (name for name, first, last in tags if first < end and start < last)
        yield dataclasses.replace(word, entity=next(found, ""))


def _list_texts(element: etree._Element, *names: str) -> Iterator[str]:
    """Yield all texts below an element that are not blank, of elements of those names."""
    for child in element.iter():
        if get_local_name(child) in (names or TEXTS) and (text := "".join(child.itertext()).strip()):
            yield text


def _box(element: etree._Element) -> Box | None:
    """The box around Coords; None where they are missing, or have no points."""
    return enclose(_list_points(element))


def _outline(element: etree._Element) -> Polygon:
    """The polygon of Coords; () where it is an upright box."""
    return build_polygon(_list_points(element))


def _list_points(element: etree._Element) -> list[tuple[float, float]]:
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
    return points


def _child(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{WRITTEN}}}{name}", attributes)


def _entity(parent: etree._Element, entity: str) -> None:
    if entity:
        _child(parent, "Property", key="entity", value=entity)


def _coords(parent: etree._Element, box: Box | None, polygon: Polygon) -> None:
    if box:
        left, top, right, bottom = box
        corners = polygon or ((left, top), (right, top), (right, bottom), (left, bottom))
        _child(parent, "Coords", points=" ".join(f"{x:.10g},{y:.10g}" for x, y in corners))


def _text(parent: etree._Element, text: str, confidence: float | None = None, **attributes: str) -> None:
    if text:
        known = {} if confidence is None else {"conf": f"{confidence:.10g}"}
        equivalent = _child(parent, "TextEquiv", **attributes, **known)
        _child(equivalent, "Unicode").text = text
