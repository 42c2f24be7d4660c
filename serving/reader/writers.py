"""A document as a file: text, JSON, PAGE XML, ALTO, hOCR, a PDF that can be searched, or a picture with boxes."""

from __future__ import annotations

import ctypes
import dataclasses
import datetime
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from tfx_ocr.data.page import alto, hocr, page_xml
from tfx_ocr.data.page.page import Page, list_words
from tfx_ocr.data.registry import make_unknown_error
from tfx_ocr.serving.reader import invisible_font, labels
from tfx_ocr.serving.reader.document import Document, drop_glyphs, drop_words

BOX_COLOR = (0, 110, 200)
TEXT_COLOR = (200, 30, 0)
JPEG_QUALITY = 80  # of the pictures in a PDF
POINTS = 72  # of an inch


@dataclasses.dataclass(frozen=True)
class Writer:
    """One form of a document.

    Attributes:
        ending: of its files, with the dot.
        write: a document and the resolution of its pictures to a file's content.
        by_page: whether a file holds one page, so that a document of several becomes several files.
        simplify: what it needs of a page; None for all.
    """

    ending: str
    write: Callable[[Document, int], bytes]
    by_page: bool = False
    simplify: Callable[[Page], Page] | None = None


def write_text(document: Document, dpi: int) -> bytes:
    """Return the document's lines as UTF-8, then an empty line and the fields, each as `name: text`."""
    fields = "\n".join(f"{field.name}: {field.text}" for page in document.pages for field in page.fields)
    parts = [part for part in (document.text, fields) if part]
    return "".join(["\n\n".join(parts), "\n" if parts else ""]).encode()


def write_json(document: Document, dpi: int) -> bytes:
    """Return the document as JSON of `document.schema.json`."""
    return f"{document.to_json()}\n".encode()


def write_page_xml(document: Document, dpi: int) -> bytes:
    """Return a document of one page as PAGE XML of 2019-07-15."""
    created = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return page_xml.write(_name_image(document)[0], created)


def write_alto(document: Document, dpi: int) -> bytes:
    """Return the document as ALTO 4."""
    return alto.write(_name_image(document))


def write_hocr(document: Document, dpi: int) -> bytes:
    """Return the document as hOCR."""
    return hocr.write(_name_image(document))


def write_picture(document: Document, dpi: int) -> bytes:
    """Return a document of one page as PNG, a box around each word and its text above."""
    written = io.BytesIO()
    document.draw(document.numbers[0]).save(written, "PNG")
    return written.getvalue()


def write_pdf(document: Document, dpi: int) -> bytes:
    """Return the document as PDF: its pictures, and on each word its text, invisible, to search and select.

    Args:
        document: with its pictures.
        dpi: of the pictures.
    """
    import pypdfium2

    pdf = pypdfium2.PdfDocument.new()
    font = invisible_font.load_font(pdf)
    scale = POINTS / dpi
    for page, pixels in _pair_with_pictures(document):
        height, width = pixels.shape[:2]
        sheet = pdf.new_page(width * scale, height * scale)
        picture = pypdfium2.PdfImage.new(pdf)
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "JPEG", quality=JPEG_QUALITY)
        picture.load_jpeg(encoded, inline=True)
        picture.set_matrix(pypdfium2.PdfMatrix().scale(width * scale, height * scale))
        sheet.insert_obj(picture)
        for word in list_words(page):
            if word.box:
                left, top, right, bottom = (side * scale for side in word.box)
                _insert_text(pdf, sheet, font, word.text, left, height * scale - bottom, right - left, bottom - top)
        sheet.gen_content()
        sheet.close()
    written = io.BytesIO()
    pdf.save(written)
    pdf.close()
    return written.getvalue()


def _insert_text(pdf: Any, sheet: Any, font: Any, text: str, x: float, y: float, width: float, height: float) -> None:
    """Put a word on a page, invisible, stretched to `width` points, its lower left corner at x, y; a space follows."""
    from pypdfium2 import raw

    size = max(height, 1.0)
    placed = raw.FPDFPageObj_CreateTextObj(pdf, font, size)
    codes = invisible_font.encode(f"{text} ")
    raw.FPDFText_SetCharcodes(placed, (ctypes.c_uint * len(codes))(*codes), len(codes))
    raw.FPDFTextObj_SetTextRenderMode(placed, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    stretch = width / (size * max(1, len(codes) - 1))  # a character is as wide as it is high
    raw.FPDFPageObj_Transform(placed, stretch, 0, 0, 1, x, y)
    raw.FPDFPage_InsertObject(sheet, placed)


def draw_page(page: Page, pixels: np.ndarray) -> Image.Image:
    """Return a page's picture in colour with a box around each word, its text above.

    Args:
        page: in pixels of its picture.
        pixels: [height, width] or [height, width, 3] uint8.
    """
    picture = Image.fromarray(pixels).convert("RGB")
    canvas = ImageDraw.Draw(picture)
    line = max(1, min(picture.size) // 800)
    words = list_words(page)
    size = labels.find_size(words, picture.size)
    for word in words:
        if word.box:
            left, top, right, bottom = word.box
            corners = word.polygon or ((left, top), (right, top), (right, bottom), (left, bottom))
            canvas.line([*corners, corners[0]], fill=BOX_COLOR, width=line)
            font = labels.load_font(word.text, size)
            canvas.text((left, top), word.text, fill=TEXT_COLOR, font=font, anchor="lb")
    return picture


WRITERS = {
    "text": Writer(".txt", write_text, simplify=drop_words),
    "json": Writer(".json", write_json),
    "page": Writer(".page.xml", write_page_xml, by_page=True),
    "alto": Writer(".alto.xml", write_alto),
    "hocr": Writer(".hocr", write_hocr),
    "pdf": Writer(".pdf", write_pdf, simplify=drop_glyphs),
    "image": Writer(".png", write_picture, by_page=True, simplify=drop_glyphs),
}


def get_writer(name: str) -> Writer:
    """Return the writer registered as `name`.

    Raises:
        ValueError: unknown name; the known ones are named.
    """
    if name not in WRITERS:
        raise make_unknown_error(f"unknown form {name!r}", WRITERS)
    return WRITERS[name]


def write_files(document: Document, name: str, dpi: int) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a document: the ending of each, such as `-3.png` for a page of several, and its content.

    Raises:
        ValueError: unknown form.
    """
    writer = get_writer(name)
    if not writer.by_page or len(document.pages) + len(document.errors) <= 1:
        yield writer.ending, writer.write(document, dpi)
        return
    opened = document.images() if document.images else iter(())  # once for all pages, as far as they are looked at
    for number, page in zip(document.numbers, document.pages, strict=True):
        others = dict.fromkeys(range(1, number), "")  # so that the page keeps its number
        alone = dataclasses.replace(document, pages=(page,), errors=others, images=lambda: opened)
        yield f"-{number}{writer.ending}", writer.write(alone, dpi)


def _name_image(document: Document) -> list[Page]:
    name = Path(document.source).name or "page"
    return [dataclasses.replace(page, image=page.image or name) for page in document.pages]


def _pair_with_pictures(document: Document) -> Iterator[tuple[Page, np.ndarray]]:
    pages = dict(zip(document.numbers, document.pages, strict=True))
    for image in document.images() if document.images else ():
        if image.number in pages and image.pixels is not None:
            yield pages[image.number], image.pixels
