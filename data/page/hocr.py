"""hOCR 1.0 to 1.2, in: HTML whose classes and titles say what is where, as Tesseract, kraken and ocropy write it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from tfx_ocr.data.page.markup import check_size, get_local_name, parse_confidence, try_number, unpack
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word, join_boxes

LOOKS_SO = re.compile(rb"""class\s*=\s*["'][^"']*\bocr_page\b""")
LINES = {"ocr_line", "ocrx_line", "ocr_header", "ocr_footer", "ocr_caption", "ocr_textfloat"}
WORDS = {"ocrx_word", "ocr_word"}


def is_hocr(content: bytes) -> bool:
    """Return whether a document, plain or gzipped, has an element of the class `ocr_page`."""
    return LOOKS_SO.search(unpack(content)) is not None


def read(content: bytes) -> list[Page]:
    """Return the pages of a file, in pixels: a region per area or paragraph, the text outside of words by its line.

    Raises:
        ValueError: it is damaged, or has no page.
    """
    content = unpack(content)
    try:
        content.decode("utf-8")
        encoding: str | None = "utf-8"  # else lxml takes what states no encoding for Latin-1
    except UnicodeDecodeError:
        encoding = None
    try:
        parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding=encoding)
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not HTML: {error.msg}") from None
    if root is not None:
        check_size(root)
    pages = [] if root is None else [element for element in root.iter() if "ocr_page" in _get_classes(element)]
    if not pages:
        raise ValueError("not hOCR: no element of the class ocr_page")
    return [_read_page(page) for page in pages]


def _read_page(page: etree._Element) -> Page:
    image = re.search(r"""\bimage\s+("[^"]*"|'[^']*'|[^;]+)""", page.get("title", ""))
    box = _box(page)
    return Page(
        image=image[1].strip().strip("\"'") if image else "",
        size=(box.right, box.bottom) if box and box.right > 0 and box.bottom > 0 else None,
        regions=tuple(_walk(page)),
    )


def _walk(area: etree._Element) -> Iterator[Region]:
    """Yield the areas below one in the document's order, text outside of lines as a line of its area."""
    lines: list[Line] = []
    loose = [area.text or ""]
    for child in area:
        classes = _get_classes(child)
        if classes & LINES:
            lines.append(_read_line(child))
        elif classes & WORDS:
            lines.append(Line(words=(_read_word(child),)))
        elif get_local_name(child) not in ("script", "style", ""):
            inner = [region for region in _walk(child) if region.lines or region.text]
            if inner:
                if lines:
                    yield Region(box=_box(area), lines=tuple(lines))
                    lines = []
                yield from inner
        loose.append(child.tail or "")
    if text := " ".join(" ".join(loose).split()):
        lines.append(Line(text=text, box=_box(area)))
    if lines:
        yield Region(box=_box(area), lines=tuple(lines))


def _read_line(line: etree._Element) -> Line:
    words = [element for element in line.iter() if _get_classes(element) & WORDS]
    text = " ".join("".join(line.itertext()).split())
    return Line(text=text, box=_box(line), words=tuple(map(_read_word, words)))


def _read_word(word: etree._Element) -> Word:
    confidence = re.search(r"\bx_wconf\s+(\S+?)(?=;|\s|$)", word.get("title", ""))
    glyphs = (_box(element) for element in word.iter() if _get_classes(element) & {"ocrx_cinfo", "ocr_cinfo"})
    return Word(
        text=" ".join("".join(word.itertext()).split()),
        box=_box(word) or join_boxes(glyphs),
        confidence=parse_confidence(confidence and confidence[1], 100.0),
    )


def _get_classes(element: etree._Element) -> set[str]:
    return set(element.get("class", "").split()) if isinstance(element.tag, str) else set()


def _box(element: etree._Element) -> Box | None:
    """The box of the title's property `bbox` (or a character's `x_bboxes`); None without one."""
    found = re.search(r"\b(?:bbox|x_bboxes)((?:\s+[-+.\d]+){4})", element.get("title", ""))
    sides = [try_number(side) for side in found[1].split()] if found else []
    return Box(*sides) if sides and None not in sides else None  # type: ignore[arg-type]
