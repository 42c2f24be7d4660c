"""What is read: pictures, TIFF of many pages and PDF, one page at a time, so that a long one takes no more memory."""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import io
import math
import mmap
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from tfx_ocr.data import images
from tfx_ocr.data.features import MOST_PIXELS
from tfx_ocr.data.page import tiff
from tfx_ocr.data.page.page import Box, Word
from tfx_ocr.serving.requests import Source, read_source

ENDINGS = images.ENDINGS | {".pdf"}
PDF = b"%PDF-"
HEADER = 1024  # bytes in which a PDF begins
DPI = 300
LEAST_DPI, MOST_DPI = 20, 1200
STDIN = "-"
POINTS = 72  # of an inch
UNITS = b"/UserUnit", b"/ObjStm"  # of a page; in an object stream, compressed, one may be
ENCRYPT = b"/Encrypt"  # of a PDF's trailer, which is never compressed
NO_PASSWORD = "locked by a password: save a copy that needs none"
HIGH = ("\ud800", "\udbff")  # first halves of characters outside the basic plane
NOT_IN_XML = {"\ufffe", "\uffff"}
UPRIGHT = 0.2  # radians by which text may be turned and be taken as it is: scanners do not lay pages straight


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class PageImage:
    """A page as a picture, or why it cannot be had.

    Attributes:
        number: of the page in its file, from 1; 0 where the file itself cannot be read.
        count: of pages in the file.
        pixels: [height, width] or [height, width, 3] uint8, upright as its EXIF says; None where there is an error.
        words: of the text that a PDF's page already has, boxes in these pixels.
        error: one clause; "" for none.
    """

    number: int
    count: int = 1
    pixels: np.ndarray | None = None
    words: tuple[Word, ...] = ()
    error: str = ""


def list_files(paths: Sequence[str]) -> dict[str, str]:
    """List files, those of folders that may be pages, and those that patterns match, each once.

    Args:
        paths: files, folders, patterns with `*`, `?` or `[`; `-` stands for the standard input.

    Returns:
        Each file to the name of what is written of it: below the folder that it was found in, or its own name.

    Raises:
        ValueError: a folder or pattern has no page.
    """
    found: dict[str, str] = {}
    for path in paths:
        if Path(path).is_dir():
            inner = [each for each in sorted(Path(path).rglob("*")) if each.suffix.lower() in ENDINGS]
            named = {str(each): str(each.relative_to(path)) for each in inner}
        elif any(sign in path for sign in "*?[") and not Path(path).exists():
            named = {each: Path(each).name for each in sorted(glob.glob(path, recursive=True)) if Path(each).is_file()}
        else:
            named = {path: "stdin" if path == STDIN else Path(path).name}
        if not named:
            raise ValueError(f"{path}: no file that may be a page ({', '.join(sorted(ENDINGS))})")
        found |= named
    return found


def read_images(source: Source, dpi: int = DPI, max_pixels: int = MOST_PIXELS, only: int = 0) -> Iterator[PageImage]:
    """Yield the pages of a picture, TIFF or PDF; of other formats with several frames the first.

    Args:
        source: as `requests.read_source` takes it, or `-` for the standard input.
        dpi: at which a PDF's page is rendered.
        max_pixels: of a page; a larger one is not decoded.
        only: number of the page that is yielded alone, from 1; 0 for all.
    """
    try:
        if isinstance(source, str | os.PathLike) and source != STDIN and _is_pdf(Path(source)):
            yield from _read_pdf(Path(source), dpi, max_pixels, only)  # as it lies: a scanned one may have gigabytes
            return
        content = sys.stdin.buffer.read() if isinstance(source, str) and source == STDIN else read_source(source)
        if not content:
            raise ValueError("empty file: it holds no bytes")
    except ValueError as error:
        yield PageImage(number=0, error=str(error))
        return
    if PDF in content[:HEADER]:
        yield from _read_pdf(content, dpi, max_pixels, only)
    else:
        yield from _read_pictures(content, max_pixels, only)


def _is_pdf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return PDF in file.read(HEADER)
    except OSError:
        return False  # `read_source` says why


def _choose_pages(count: int, only: int) -> range:
    """Return the places of the pages that are yielded, from 0."""
    return range(only - 1, min(only, count)) if only else range(count)


def _read_pictures(content: bytes, max_pixels: int, only: int) -> Iterator[PageImage]:
    try:
        with images.suppress_warnings():
            opened = Image.open(io.BytesIO(content), formats=images.FORMATS)
            count = getattr(opened, "n_frames", 1) if tiff.is_tiff(content) else 1
    except UnidentifiedImageError:
        name = images.recognize_format(content)
        yield PageImage(number=0, error=f"not a page: {name and f'{name}, '}none of PDF, {', '.join(images.FORMATS)}")
        return
    except Exception as error:  # decoders of damaged files raise nearly everything
        yield PageImage(number=0, error=f"damaged or too large: {error}")
        return
    for number in _choose_pages(count, only):
        try:
            pixels = np.asarray(images.flatten(images.open_picture(content, number, max_pixels)))
        except ValueError as error:
            yield PageImage(number=number + 1, count=count, error=_say(error))
        else:
            yield PageImage(number=number + 1, count=count, pixels=pixels)


def _read_pdf(content: bytes | Path, dpi: int, max_pixels: int, only: int) -> Iterator[PageImage]:
    import pypdfium2

    try:
        opened = pypdfium2.PdfDocument(content)
        opened.init_forms()  # before a page is opened: PDFium draws no field of a form else
        count = len(opened)
    except pypdfium2.PdfiumError as error:
        yield PageImage(number=0, error=_explain_pdf(content, error))
        return
    has_units = _holds_any(content, UNITS)
    with contextlib.closing(opened):
        if not count:
            yield PageImage(number=0, error="a PDF without pages")
        for number in _choose_pages(count, only):
            try:
                with contextlib.closing(_open_page(opened, number)) as page:
                    unit = _find_unit(opened, number) if has_units else 1.0
                    pixels, words = _render(page, dpi, unit / POINTS, max_pixels)
            except (pypdfium2.PdfiumError, ValueError) as error:
                yield PageImage(number=number + 1, count=count, error=_say(error))
            else:
                yield PageImage(number=number + 1, count=count, pixels=pixels, words=words)


def _explain_pdf(content: bytes | Path, error: Exception) -> str:
    """Say why a PDF cannot be opened.

    PDFium may name the reason of an earlier file instead: only an encrypted one can lack a password.
    """
    said = _say(error)
    if "assword" in said:
        return NO_PASSWORD if _holds_any(content, (ENCRYPT,)) else "damaged PDF, or one without pages"
    return "damaged PDF, or one without pages" if "Success" in said else f"damaged PDF: {said}"


def _open_page(opened: Any, number: int) -> Any:
    """Open a page; what is filled into the fields of a form becomes part of its text."""
    import pypdfium2

    page = opened[number]
    if opened.formenv:
        with contextlib.suppress(pypdfium2.PdfiumError):  # fields are drawn all the same
            page.flatten()
        page.close()  # does not show what was flattened
        page = opened[number]
    return page


def _render(page: Any, dpi: int, inches: float, max_pixels: int) -> tuple[np.ndarray, tuple[Word, ...]]:
    """Render a page whose unit is so many inches."""
    scale = dpi * inches
    width, height = (side * scale for side in page.get_size())
    if min(width, height) < 1:
        raise ValueError("a page of no size")
    if width * height > max_pixels:
        said = f"too large: {width:.0f} x {height:.0f} pixels, where {max_pixels} are allowed"
        fitting = math.floor(dpi * math.sqrt(max_pixels / (width * height)))
        raise ValueError(f"{said}: give {fitting} dots per inch (dpi) or fewer" if fitting >= LEAST_DPI else said)
    pixels = page.render(scale=scale, rev_byteorder=True).to_numpy()[..., :3]
    return np.array(pixels), _read_words(page, scale)


def _read_words(page: Any, scale: float) -> tuple[Word, ...]:
    """The words of a page's text, each with the box around its characters; none where most stand on their side or head.

    PDFium renders the part of the page that its crop box shows, turned as the page says; it gives places in the whole
    page before it is turned, and text of both.
    """
    from pypdfium2 import raw

    words: list[Word] = []
    letters: list[tuple[str, tuple[float, ...]]] = []
    first, lowest, last, highest = page.get_bbox()
    turned = page.get_rotation()
    upright = 0

    def finish() -> None:
        if letters:
            left, bottom, right, top = zip(*(box for _, box in letters), strict=True)
            middle = ((min(left) + max(right)) / 2, (min(bottom) + max(top)) / 2)
            if first <= middle[0] <= last and lowest <= middle[1] <= highest:
                sides = Box(min(left) - first, highest - max(top), max(right) - first, highest - min(bottom))
                box = Box(*(side * scale for side in _turn(sides, turned, last - first, highest - lowest)))
                words.append(Word(text="".join(letter for letter, _ in letters), box=box))
            letters.clear()

    with contextlib.closing(page.get_textpage()) as text:
        for place, letter in _list_letters(text):
            if letter.isspace():
                finish()
                continue
            letters.append((letter, text.get_charbox(place)))
            upright += 1 if _stands_upright(text, place, turned) else -1
            if raw.FPDFText_IsHyphen(text, place) == 1:
                finish()  # what goes on in the next line is a word of its own
        finish()
    return tuple(words) if upright >= 0 else ()


def _list_letters(text: Any) -> Iterator[tuple[int, str]]:
    """Yield the characters of a page's text, each with its place among PDFium's, by which boxes are asked for.

    The text as a whole has other places: a character outside the basic plane is two there and one in Python. A hyphen
    at the end of a line, which PDFium has a code of its own for, is a hyphen; controls, which are what a font without a
    map to Unicode leaves, and halves are left out: no XML holds them.
    """
    from pypdfium2 import raw

    high = ""
    for place in range(text.count_chars()):
        letter = chr(raw.FPDFText_GetUnicode(text, place))
        if raw.FPDFText_IsHyphen(text, place) == 1:
            letter = "-"
        elif HIGH[0] <= letter <= HIGH[1]:
            high = letter
            continue
        elif high:
            letter = (high + letter).encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
        high = ""
        is_kept = letter and letter not in NOT_IN_XML and unicodedata.category(letter) not in {"Cc", "Cs"}
        if is_kept or letter.isspace():
            yield place, letter


def _stands_upright(text: Any, place: int, turned: int) -> bool:
    from pypdfium2 import raw

    angle = raw.FPDFText_GetCharAngle(text, place) + math.radians(turned)  # clockwise both
    return math.cos(angle) > math.cos(UPRIGHT)


def _turn(box: Box, turned: int, width: float, height: float) -> Box:
    """Return a box of a page after it is turned clockwise by so many degrees."""
    left, top, right, bottom = box
    turns = {
        90: Box(height - bottom, left, height - top, right),
        180: Box(width - right, height - bottom, width - left, height - top),
        270: Box(top, width - right, bottom, width - left),
    }
    return turns.get(turned, box)


def _holds_any(content: bytes | Path, marks: Sequence[bytes]) -> bool:
    """Whether a PDF has one of the marks."""
    if isinstance(content, Path):
        with content.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return any(mapped.find(mark) >= 0 for mark in marks)
    return any(mark in content for mark in marks)


def _find_unit(opened: Any, number: int) -> float:
    """The UserUnit of a page, in points: PDFium takes it for 1, but writes it where the page is copied."""
    import pypdfium2

    copied = io.BytesIO()
    with contextlib.closing(pypdfium2.PdfDocument.new()) as alone:
        alone.import_pages(opened, [number])
        alone.save(copied)
    found = re.search(rb"/UserUnit\s+(\d*\.?\d+)", copied.getvalue())
    return float(found[1]) if found else 1.0


def _say(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
