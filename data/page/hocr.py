"""hOCR 1.0 to 1.2, in, and 1.2, out: HTML whose classes and titles say what is where."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from lxml import etree

from tfx_ocr.data import files
from tfx_ocr.data.page.markup import LAST, check_size, get_local_name, parse_confidence, try_number, unpack
from tfx_ocr.data.page.page import MISPLACED, OTHER_READING, Box, Glyph, Line, Page, Region, Word, enclose, join_boxes

LOOKS_SO = re.compile(r"""class\s*=\s*["']?[^"'>]*\bocr_page\b""", re.IGNORECASE)
OF = "[contains(concat(' ', normalize-space(@class), ' '), ' {} ')]"  # a class, in XPath
OUTSIDE = f"//body//text()[not(ancestor::script or ancestor::style or ancestor::*{OF.format('ocr_page')})]"  # of pages
GLYPHS = f".//*{OF.format('ocrx_cinfo')}"
# What Tesseract adds to a word with `lstm_choice_mode`: readings that it weighed.
CHOICES = f".//*{OF.format('ocr_symbol')} | {GLYPHS}[{GLYPHS}]"
# What the format itself has for that: elements `alt` in an element `alternatives`, the best first.
OTHERS = f".//*{OF.format('alternatives')}/*{OF.format('alt')}[preceding-sibling::*{OF.format('alt')}]"
CHARSET = re.compile(rb"""\b(?:encoding|charset)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
LOOKED_AT = 4096  # bytes in which that is said
UNLABELLED = "windows-1252"  # what HTML that says nothing is in, and what says iso-8859-1 (WHATWG, Encoding, 4.2)
LINES = {"ocr_line", "ocrx_line", "ocr_header", "ocr_footer", "ocr_caption", "ocr_textfloat"}
WORDS = {"ocrx_word", "ocr_word"}


def is_hocr(content: bytes) -> bool:
    """Return whether a document, plain or gzipped, has an element of the class `ocr_page`."""
    return LOOKS_SO.search(files.decode_text(unpack(content))) is not None


def read(content: bytes) -> list[Page]:
    """Return the pages of a file, in pixels: a region per area or paragraph, the text outside of words by its line.

    Raises:
        ValueError: it is damaged, too large, or has no page.
    """
    content = unpack(content)
    try:
        parser = etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
        root = etree.fromstring(_decode(content).encode(), parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not HTML: {error.msg}") from None
    for entry in parser.error_log:
        if entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT:  # the tree lacks the rest
            raise ValueError(f"too large: {entry.message}")
    if root is not None:
        check_size(root)
        for end in root.iter("br"):
            end.tail = f" {end.tail or ''}"
    pages = [] if root is None else [element for element in root.iter() if "ocr_page" in _get_classes(element)]
    if not pages:
        raise ValueError("not hOCR: no element of the class ocr_page")
    outside = Counter({MISPLACED: len(" ".join(root.xpath(OUTSIDE)).split())})
    first, *others = map(_read_page, pages)
    return [dataclasses.replace(first, left_out=outside + Counter(first.left_out)), *others]


def _decode(content: bytes) -> str:
    """Return the text of a file: UTF-8 or UTF-16 where it is that, else as it says."""
    text = files.decode_text(content)
    if not any("\ud800" <= sign <= "\udfff" for sign in text):
        return text
    stated = CHARSET.search(content[:LOOKED_AT])
    name = stated[1].decode().lower() if stated else UNLABELLED
    try:
        return content.decode(UNLABELLED if name in ("iso-8859-1", "latin1", "us-ascii") else name, "replace")
    except (LookupError, UnicodeError):  # no encoding of texts, or one that knows no replacement
        return content.decode(UNLABELLED, "replace")


def _read_page(page: etree._Element) -> Page:
    image = re.search(r"""\b(?:image|file)\s+("[^"]*"|'[^']*'|[^;]+)""", page.get("title", ""))
    box = _box(page)
    for glyph in page.xpath(GLYPHS):  # white space between characters is the file's, not the word's
        glyph.tail = glyph.tail if (glyph.tail or "").strip() else ""
    choices = page.xpath(f"{CHOICES} | {OTHERS}")
    readings = {text for choice in choices for text in choice.iter() if (text.text or "").strip()}
    for choice in choices:
        choice.clear(keep_tail=True)
    return Page(
        image=image[1].strip().strip("\"'") if image else "",
        size=(box.right, box.bottom) if box and box.right > 0 and box.bottom > 0 else None,
        regions=tuple(_walk(page)),
        left_out=+Counter({OTHER_READING: len(readings)}),
    )


def _walk(area: etree._Element) -> Iterator[Region]:
    """Yield the areas below one by their `order`, else as they stand, text outside of lines as a line of its area."""
    lines: list[Line] = []
    loose = [area.text or ""]
    for child in sorted(area, key=_get_order):
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
    words = list(_find_words(line))
    text = " ".join("".join(line.itertext()).split())
    return Line(text=text, box=_box(line), words=tuple(map(_read_word, words)))


def _find_words(within: etree._Element) -> Iterator[etree._Element]:
    """Yield the words in an element, of a word in a word the outer one."""
    for element in within:
        if _get_classes(element) & WORDS:
            yield element
        else:
            yield from _find_words(element)


def _read_word(word: etree._Element) -> Word:
    glyphs = tuple(
        Glyph(text="".join(element.itertext()).strip(), box=_box(element), confidence=_rate(element, "x_confs?"))
        for element in word.iter()
        if _get_classes(element) & {"ocrx_cinfo", "ocr_cinfo"}
    )
    return Word(
        text=" ".join("".join(word.itertext()).split()),
        box=_box(word) or join_boxes(map(_box, word.iter())),
        confidence=next((rate for rate in (_rate(part, "x_wconf") for part in word.iter()) if rate is not None), None),
        glyphs=glyphs,
    )


def _rate(element: etree._Element, name: str) -> float | None:
    found = re.search(rf"\b{name}\s+(\S+?)(?=;|\s|$)", element.get("title", ""))
    return parse_confidence(found and found[1], 100.0)


def _get_order(element: etree._Element) -> float:
    found = re.search(r"(?:^|;)\s*order\s+(\d+)", element.get("title", ""))
    return float(found[1]) if found else LAST


def _get_classes(element: etree._Element) -> set[str]:
    return set(element.get("class", "").split()) if isinstance(element.tag, str) else set()


def _box(element: etree._Element) -> Box | None:
    """The box of the title's property `bbox` (or a character's `x_bboxes`), or around its `poly`; None without one."""
    title = element.get("title", "")
    found = re.search(r"\b(?:bbox|x_bboxes)((?:\s+[-+.\d]+){4})", title) or re.search(
        r"\bpoly((?:\s+[-+.\d]+){6,})", title
    )
    numbers = [try_number(side) for side in found[1].split()] if found else []
    sides = [side for side in numbers if side is not None]
    if not sides or len(sides) < len(numbers):
        return None
    return Box(*sides) if len(sides) == 4 else enclose(zip(sides[::2], sides[1::2], strict=False))


def write(pages: Sequence[Page]) -> bytes:
    """Return pages in pixels as one file of hOCR 1.2 whose lines and words `read` gives back.

    Boxes are whole pixels, as the format has them; it has no alternatives and no outlines.
    """
    root = etree.Element("html")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "meta", charset="utf-8")
    etree.SubElement(head, "title").text = pages[0].image if pages else ""
    etree.SubElement(head, "meta", name="ocr-system", content="tfx-ocr")
    classes = "ocr_page ocr_carea ocr_line ocrx_word ocrx_cinfo"
    etree.SubElement(head, "meta", name="ocr-capabilities", content=classes)
    body = etree.SubElement(root, "body")
    for number, page in enumerate(pages):
        width, height = page.size or (0.0, 0.0)
        title = f'image "{page.image}"; bbox 0 0 {width:.0f} {height:.0f}; ppageno {number}'
        element = etree.SubElement(body, "div", {"class": "ocr_page"}, title=title)
        for region in page.regions:
            area = etree.SubElement(element, "div", {"class": "ocr_carea"}, title=_say_box(region.box))
            for line in region.lines:
                row = etree.SubElement(area, "span", {"class": "ocr_line"}, title=_say_box(line.box))
                for word in line.words:
                    _write_word(row, word)
                if not line.words:
                    row.text = line.text
    return bytes(etree.tostring(root, method="html", encoding="UTF-8", doctype="<!DOCTYPE html>", pretty_print=False))


def _write_word(row: etree._Element, word: Word) -> None:
    title = _say_box(word.box) + _say_confidence("x_wconf", word.confidence)
    element = etree.SubElement(row, "span", {"class": "ocrx_word"}, title=title.removeprefix("; "))
    element.tail = " "
    if "".join(glyph.text for glyph in word.glyphs) != word.text:
        element.text = word.text
        return
    for glyph in word.glyphs:
        title = _say_box(glyph.box, "x_bboxes") + _say_confidence("x_confs", glyph.confidence)
        etree.SubElement(element, "span", {"class": "ocrx_cinfo"}, title=title.removeprefix("; ")).text = glyph.text


def _say_box(box: Box | None, name: str = "bbox") -> str:
    return f"{name} {' '.join(f'{side:.0f}' for side in box)}" if box else ""


def _say_confidence(name: str, confidence: float | None) -> str:
    return "" if confidence is None else f"; {name} {100 * confidence:.10g}"
