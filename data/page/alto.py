"""ALTO 1 to 4, in, and 4, out. Its schema is the Library of Congress's; version 1 has CCS's namespace, or none."""

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
)
from tfx_ocr.data.page.page import (
    MISPLACED,
    OTHER_READING,
    Alternative,
    Box,
    Glyph,
    Line,
    Page,
    Polygon,
    Region,
    Word,
    build_polygon,
    enclose,
    join_boxes,
    sort_regions,
)

NAMESPACE = re.compile(r"|.*alto.*", re.IGNORECASE)  # of version 1 CCS's, a library's own, or none
WRITTEN = "http://www.loc.gov/standards/alto/ns-v4#"
# MeasurementUnit of the schema: pixels, tenths of a millimetre, 1/1200 inch. A file without one counts pixels.
UNITS = ("pixel", "mm10", "inch1200")
IN_LINES = ("String", "HYP")  # what holds a text


def is_alto(root: etree._Element) -> bool:
    """Return whether a document's outermost element is that of ALTO of some version."""
    return get_local_name(root).lower() == "alto" and NAMESPACE.fullmatch(get_namespace(root)) is not None


def read(content: bytes) -> list[Page]:
    """Return the pages of a file, mostly one, in its unit.

    An entity is the TYPE of the NamedEntityTag that a word, its line or a block around them refers to, the innermost
    first; its LABEL where that alone names an entity of ours, and of another tag the LABEL or TYPE that does. Blocks
    are read in the order of ReadingOrder, else of IDNEXT, else of the file. Shapes may be missing.

    Raises:
        ValueError: it is not ALTO, or a number is malformed, or its unit is unknown.
    """
    root = parse_root(content)
    if not is_alto(root):
        raise ValueError(f"not ALTO: the outermost element is {root.tag}")
    unit = _find_text(root, "MeasurementUnit").lower() or "pixel"
    if unit not in UNITS:
        raise ValueError(f"unknown unit: MeasurementUnit is {unit!r} (known: {', '.join(UNITS)})")
    tags = {tag.get("ID", ""): _get_kind(tag) for found in get_children(root, "Tags") for tag in found}
    order: dict[str, int] = {}
    for group in get_children(root, "ReadingOrder"):
        for element in group.iter():
            for name in element.get("REF", "").split():
                order.setdefault(name, len(order))  # of several orders the first counts
    pages = [page for layout in get_children(root, "Layout") for page in get_children(layout, "Page")]
    if not pages:
        raise ValueError("not ALTO: Layout has no Page")
    return [_read_page(page, _find_text(root, "fileName"), unit, _Reader(tags, order)) for page in pages]


def _get_kind(tag: etree._Element) -> str:
    """What a tag says: the TYPE or LABEL that names an entity of ours, in any case, else the TYPE as it stands.

    A LABEL may be the text itself.

    eScriptorium tags blocks and lines by other tags, with the kind of block for a TYPE.
    """
    kind, label = tag.get("TYPE", ""), tag.get("LABEL", "")
    is_named = get_local_name(tag) == "NamedEntityTag"
    names = (name.lower() for name in ((kind, label) if is_named else (label, kind)))
    ours = (name for name in names if name in entities.CLASSES[1:])
    return next(ours, kind if is_named else "")


def _find_text(root: etree._Element, name: str) -> str:
    """The text of the first element `name` of Description, "" for none."""
    found = (element for description in get_children(root, "Description") for element in description.iter())
    return next(((element.text or "").strip() for element in found if get_local_name(element) == name), "")


def _read_page(page: etree._Element, image: str, unit: str, reader: _Reader) -> Page:
    sides = [parse_number(page.get(name, "0"), f"{name} of Page") for name in ("WIDTH", "HEIGHT")]
    size = (sides[0], sides[1]) if min(sides) > 0 else None
    reader.places = _rank_blocks(page)
    regions = sort_regions(reader.walk(page, (LAST,), ""))
    reader.left_out[MISPLACED] = sum(map(_has_text, page.iter())) - reader.found
    return Page(image=image, size=size, regions=regions, unit=unit, left_out=+reader.left_out)


class _Reader:
    """What reads the elements of one page, and counts the texts that do not come along.

    Args:
        tags: ids of tags to entities.
        order: ids of elements to their places in the reading order.
    """

    def __init__(self, tags: Mapping[str, str], order: Mapping[str, int]):
        self.tags, self.order = tags, order
        self.places: dict[etree._Element, int] = {}  # of blocks, by `_rank_blocks`
        self.left_out: Counter[str] = Counter()
        self.found = 0  # texts

    def walk(self, within: etree._Element, key: Key, entity: str) -> Iterator[tuple[Key, Region]]:
        """Yield a region per block with lines; PrintSpace, margins and ComposedBlocks only hold others.

        Each has a key that sorts it into the reading order: what the order leaves out comes after what it is in. Lines
        that the order names are regions of their own.
        """
        entity = self._get_entity(within) or entity
        lines = [element for element in within if get_local_name(element) == "TextLine"]
        if any(get_local_name(element) in IN_LINES for element in within):  # outside of lines: not in the schema
            lines.append(within)
        free = [line for line in lines if line.get("ID", "") not in self.order or line is within]
        for place, group in ((key, free), *((self._place(line, key), [line]) for line in lines if line not in free)):
            if group:
                yield place, self._read_region(within, group, entity)
        for block in _list_blocks(within):
            yield from self.walk(block, self._place(block, (key[0], self.places[block])), entity)

    def _place(self, element: etree._Element, otherwise: Key) -> Key:
        rank = self.order.get(element.get("ID", ""))
        return otherwise if rank is None else (rank,)

    def _read_region(self, block: etree._Element, lines: Sequence[etree._Element], entity: str) -> Region:
        properties = {"entity": entity} if entity else {}
        polygon = build_polygon(_list_points(block))
        return Region(box=_box(block), lines=tuple(map(self._read_line, lines)), properties=properties, polygon=polygon)

    def _read_line(self, line: etree._Element) -> Line:
        """A line; a hyphen that divides a word at its end is the end of the word before it, as it is printed."""
        words: list[Word] = []
        inner = [element for element in line if get_local_name(element) in IN_LINES]
        for element in sorted(inner, key=lambda element: self._place(element, (LAST,))):
            word = self._read_word(element)
            if get_local_name(element) == "HYP" and words and word.text:
                whole = words[-1].text if words[-1].text.endswith(word.text) else words[-1].text + word.text
                words[-1] = dataclasses.replace(words[-1], text=whole, box=join_boxes((words[-1].box, word.box)))
            else:
                words.append(word)
        polygon = build_polygon(_list_points(line))
        return Line(box=_box(line), words=tuple(words), entity=self._get_entity(line), polygon=polygon)

    def _read_word(self, element: etree._Element) -> Word:
        text, glyphs = element.get("CONTENT", "").strip(), tuple(map(_read_glyph, get_children(element, "Glyph")))
        self.found += _has_text(element)
        others = get_children(element, "ALTERNATIVE")
        self.left_out[OTHER_READING] += sum((other.text or "").strip() not in ("", text) for other in others)
        joined = "".join(glyph.text for glyph in glyphs)
        if text and joined:
            self.left_out[OTHER_READING] += "".join(text.split()) != joined
        return Word(
            text=text or joined,
            box=_box(element) or join_boxes(glyph.box for glyph in glyphs),
            confidence=parse_confidence(element.get("WC")),
            entity=self._get_entity(element),
            polygon=build_polygon(_list_points(element)),
            glyphs=glyphs,
        )

    def _get_entity(self, element: etree._Element) -> str:
        """What an element's tags say that it is; of several, one that names an entity of ours goes first."""
        found = [self.tags.get(reference, "") for reference in element.get("TAGREFS", "").split()]
        return next(filter(None, sorted(found, key=lambda kind: kind not in entities.CLASSES)), "")


def _has_text(element: etree._Element) -> bool:
    return get_local_name(element) in IN_LINES and bool(element.get("CONTENT", "").strip())


def _list_blocks(within: etree._Element) -> list[etree._Element]:
    return [element for element in within if get_local_name(element) not in ("", "TextLine", *IN_LINES)]


def _rank_blocks(page: etree._Element) -> dict[etree._Element, int]:
    """Places of a page and its blocks, each followed by what is in it, then by the block that its IDNEXT names."""
    blocks = [page]
    for block in blocks:  # grows
        blocks += _list_blocks(block)
    named = {block.get("ID"): block for block in blocks if block.get("ID")}
    after = {block.get("IDNEXT") for block in blocks if block.get("IDNEXT")}
    places: dict[etree._Element, int] = {}
    waiting = [page]
    while waiting:
        block = waiting.pop()
        if block in places:
            continue
        places[block] = len(places)
        if (following := named.get(block.get("IDNEXT"))) is not None:
            waiting.append(following)
        waiting += sorted(_list_blocks(block), key=lambda inner: inner.get("ID") in after)[::-1]
    return places


def _read_glyph(element: etree._Element) -> Glyph:
    variants = [
        Alternative(variant.get("CONTENT", "").strip(), parse_confidence(variant.get("VC")))
        for variant in get_children(element, "Variant")
    ]
    text = element.get("CONTENT", "").strip()
    return Glyph(
        text=text,
        box=_box(element),
        confidence=parse_confidence(element.get("GC")),
        polygon=build_polygon(_list_points(element)),
        alternatives=tuple(variant for variant in variants if variant.text not in ("", text)),
    )


def _box(element: etree._Element) -> Box | None:
    """The box that the element says, else that around its Shape; None where it has neither."""
    what = f"{get_local_name(element)} {element.get('ID', '')}".strip()
    sides = [element.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    given = [parse_number(side, f"box of {what}") for side in sides if side is not None]
    if len(given) == len(sides):
        left, top, width, height = given
        return Box(left, top, left + width, top + height)
    return enclose(_list_points(element))


def _list_points(element: etree._Element) -> list[tuple[float, float]]:
    """The points of an element's Shape: of a circle or an upright ellipse those of the box around it."""
    what = f"Shape of {get_local_name(element)} {element.get('ID', '')}".strip()
    points: list[tuple[float, float]] = []
    for shape in get_children(element, "Shape"):
        for form in get_children(shape, "Polygon"):
            sides = [parse_number(side, what) for side in re.split(r"[\s,]+", form.get("POINTS", "").strip()) if side]
            points += zip(sides[::2], sides[1::2], strict=False)
        for form in get_children(shape, "Circle", "Ellipse"):
            x, y = (parse_number(form.get(name, ""), what) for name in ("HPOS", "VPOS"))
            if get_local_name(form) == "Circle":
                across = down = parse_number(form.get("RADIUS", ""), what)
            else:  # the schema: width and height of the ellipse
                across, down = (parse_number(form.get(name, ""), what) / 2 for name in ("HLENGTH", "VLENGTH"))
            points += [(x - across, y - down), (x + across, y - down), (x + across, y + down), (x - across, y + down)]
    return points


def write(pages: Sequence[Page]) -> bytes:
    """Return pages in pixels as one file of ALTO 4.4 whose words `read` gives back: places, glyphs and entities too.

    Entities of words, lines and regions are NamedEntityTags. The texts of lines and regions are left out: ALTO has no
    place for them.
    """
    root = etree.Element(f"{{{WRITTEN}}}alto", nsmap={None: WRITTEN}, SCHEMAVERSION="4.4")
    description = _child(root, "Description")
    _child(description, "MeasurementUnit").text = "pixel"
    if pages and pages[0].image:
        _child(_child(description, "sourceImageInformation"), "fileName").text = pages[0].image
    tags = {entity: f"entity{place}" for place, entity in enumerate(_list_entities(pages), start=1)}
    if tags:
        listed = _child(root, "Tags")
        for entity, name in tags.items():
            _child(listed, "NamedEntityTag", ID=name, TYPE=entity, LABEL=entity)
    layout = _child(root, "Layout")
    for number, page in enumerate(pages, start=1):
        name = f"p{number}"
        element = _child(layout, "Page", ID=name, PHYSICAL_IMG_NR=str(number))
        width, height = page.size or (0.0, 0.0)
        element.set("WIDTH", f"{width:.10g}")
        element.set("HEIGHT", f"{height:.10g}")
        space = _child(element, "PrintSpace")
        _place(space, Box(0, 0, width, height))
        for place, region in enumerate(page.regions):
            block = _child(space, "TextBlock", ID=f"{name}_b{place}", **_refer(tags, region.entity))
            _place(block, region.box, region.polygon)
            for row, line in enumerate(region.lines):
                _write_line(block, f"{name}_b{place}_l{row}", line, tags)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _list_entities(pages: Sequence[Page]) -> list[str]:
    """List the entities of regions, lines and words, each once, as they come."""
    found: dict[str, None] = {}
    for region in (region for page in pages for region in page.regions):
        found[region.entity] = None
        for line in region.lines:
            found |= dict.fromkeys((line.entity, *(word.entity for word in line.words)))
    return list(filter(None, found))


def _refer(tags: Mapping[str, str], entity: str) -> dict[str, str]:
    return {"TAGREFS": tags[entity]} if entity else {}


def _write_line(block: etree._Element, name: str, line: Line, tags: Mapping[str, str]) -> None:
    element = _child(block, "TextLine", ID=name, **_refer(tags, line.entity))
    _place(element, line.box, line.polygon)
    for column, word in enumerate(line.words):
        if column:
            _child(element, "SP")
        text = _child(element, "String", ID=f"{name}_s{column}", CONTENT=word.text, **_refer(tags, word.entity))
        _place(text, word.box, word.polygon)
        _rate(text, "WC", word.confidence)
        for glyph in word.glyphs:
            inner = _child(text, "Glyph", CONTENT=glyph.text)
            _place(inner, glyph.box, glyph.polygon)
            _rate(inner, "GC", glyph.confidence)
            for other, confidence in glyph.alternatives:
                _rate(_child(inner, "Variant", CONTENT=other), "VC", confidence)


def _child(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{WRITTEN}}}{name}", attributes)


def _rate(element: etree._Element, name: str, confidence: float | None) -> None:
    if confidence is not None:
        element.set(name, f"{confidence:.10g}")


def _place(element: etree._Element, box: Box | None, polygon: Polygon = ()) -> None:
    if box:
        sides = (box.left, box.top, box.right - box.left, box.bottom - box.top)
        for name, side in zip(("HPOS", "VPOS", "WIDTH", "HEIGHT"), sides, strict=True):
            element.set(name, f"{side:.10g}")
    if polygon:
        points = " ".join(f"{x:.10g},{y:.10g}" for x, y in polygon)
        _child(_child(element, "Shape"), "Polygon", POINTS=points)
