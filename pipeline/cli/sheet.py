"""`tfx-ocr sheet`: a writing sheet to print, and the labelled pictures of one that was filled in."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tfx_ocr.data.writing_sheet import Page, Sheet


def make(
    alphabet: Annotated[str, typer.Argument(help="What is written: an alphabet of single characters, such as hangul.")],
    out: Annotated[Path, typer.Option(help="PDF to print; with --scan, folder of the labelled pictures.")],
    characters: Annotated[
        str, typer.Option(help="To be written; else of hangul 72 syllables with all jamo, of others all.")
    ] = "",
    font: Annotated[
        Path | None, typer.Option(help="Font of the printed characters; else one that this system has.")
    ] = None,
    scan: Annotated[
        list[Path] | None,
        typer.Option(help="Scan or photograph of a filled page (picture or PDF) to read; may be given again."),
    ] = None,
    writer: Annotated[str, typer.Option(help="With --scan: who wrote, so that a split keeps a writer together.")] = "",
) -> None:
    """Make a writing sheet for ALPHABET to print, or read the pages that a writer filled in.

    Reading takes the same --characters that the sheet was made with.

    Examples:
      tfx-ocr sheet hangul --out sheet.pdf

      tfx-ocr sheet hangul --scan page.jpg --writer anna --out written

      tfx-ocr run hangul --data written

    Exit status: 0 the sheet or the pictures are there, 2 they cannot be.
    """
    from tfx_ocr.data import writing_sheet

    sheet = writing_sheet.Sheet(_choose_characters(alphabet, characters))
    if not scan:
        if writer:
            raise ValueError("--writer is of filled pages: give --scan too")
        writing_sheet.write_pdf(sheet, _choose_font(sheet, font), out)
        paper = "1 page" if sheet.pages == 1 else f"{sheet.pages} pages"
        print(f"{out}: {len(sheet.characters):,} cells, {paper} of A4; print at 100 %")
        return
    if not writer:
        raise ValueError("--scan needs --writer NAME: a split must not part what one person wrote")
    pages = [page for file in scan for page in _read_pages(sheet, file)]
    if twice := sorted({page.number + 1 for page in pages if sum(page.number == each.number for each in pages) > 1}):
        raise ValueError(f"page {twice[0]} is there twice: give each page of a sheet once")
    if not any(page.written for page in pages):
        raise ValueError("nothing is written in any cell: fill the sheet in before it is scanned")
    _write_pictures(pages, writer, out)
    written, empty = sum(len(page.written) for page in pages), sum(len(page.empty) for page in pages)
    missing = sheet.pages - len(pages)
    print(
        f"{out}: {written:,} written, {empty:,} of {written + empty:,} cells empty"
        + (f", {missing} of {sheet.pages} pages not given" if missing else "")
    )


def _choose_characters(alphabet: str, characters: str) -> tuple[str, ...]:
    from tfx_ocr.data.alphabets import get_alphabet
    from tfx_ocr.data.alphabets.restriction import list_allowed

    known = list_allowed(alphabet) if get_alphabet(alphabet) else ()
    if any(len(each) != 1 for each in known):
        raise ValueError(f"alphabet {alphabet} has labels of several characters: a sheet is for single characters")
    given = characters or getattr(get_alphabet(alphabet), "COVERING", "")
    if not given:
        return tuple(each for each in known if not each.isspace())
    if wrong := next((each for each in given if each not in known), None):
        raise ValueError(f"--characters has {wrong!r}, which is not in the alphabet {alphabet}")
    return tuple(given)


def _choose_font(sheet: Sheet, given: Path | None) -> Path:
    """Return a font that draws every character of a sheet: the given one, or the first of the system's."""
    from tfx_ocr.data.synthetic import fonts
    from tfx_ocr.serving.reader.labels import SYSTEM_FONTS, list_system_fonts

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # its remarks on fonts that are not taken
    needed = sorted(set(sheet.characters))
    if given:
        if missing := sorted(set(needed) - fonts.find_drawn(given, needed)):
            raise ValueError(f"--font {given} has no ink for {len(missing):,} characters, such as {missing[0]}")
        return given
    for path in list_system_fonts():
        with contextlib.suppress(ValueError):  # a damaged one
            if len(fonts.find_drawn(path, needed)) == len(needed):
                return path
    raise ValueError(f"no font in {SYSTEM_FONTS} has all {len(needed):,} characters: give one with --font")


def _read_pages(sheet: Sheet, file: Path) -> list[Page]:
    """Read the pages of a picture or PDF.

    Raises:
        ValueError: one of them cannot be read; it is named.
    """
    import cv2
    import numpy as np

    from tfx_ocr.data.writing_sheet import read_page
    from tfx_ocr.serving.reader.pages import read_images

    pages = []
    for place, image in enumerate(read_images(file), 1):
        if image.pixels is None:
            raise ValueError(f"{file}: {image.error}")
        grey = image.pixels if image.pixels.ndim == 2 else cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY)
        try:
            pages.append(read_page(sheet, np.asarray(grey, np.uint8)))
        except ValueError as error:
            raise ValueError(f"{file}, page {place}: {error}") from None
    return pages


def _write_pictures(pages: list[Page], writer: str, out: Path) -> None:
    """Write a PNG per written cell and `labels.csv`, as the reader `labelled_csv` takes them; others' stay."""
    import csv

    import cv2

    folder = out / writer
    if not writer.isprintable() or Path(writer).name != writer:
        raise ValueError(f"--writer is {writer!r}: it names a folder; use letters, digits, - and _")
    if folder.exists():
        raise ValueError(f"{folder} exists: give another --writer or --out")
    folder.mkdir(parents=True)
    table = out / "labels.csv"
    is_new = not table.exists()
    with table.open("a", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        if is_new:
            rows.writerow(["image", "label", "writer"])
        for page in pages:
            for place, (character, picture) in enumerate(page.written):
                path = folder / f"{page.number + 1:03d}-{place + 1:03d}.png"
                cv2.imwrite(str(path), picture)
                rows.writerow([f"{writer}/{path.name}", character, writer])
