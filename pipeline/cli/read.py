"""`tfx-ocr read`: pages in, what is written on them out, as text or as a file of another form."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfx_ocr.pipeline.cli.decoding import Beams, LanguageModelFile, build_decoding

if TYPE_CHECKING:
    from tfx_ocr.serving.reader.document import Document

UNREAD = ".unread"  # ending of a file that says which pages of another have no result, and why
TEXTS = ("text", "json", "page", "alto", "hocr")  # forms that may go to the console


def read(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pictures, TIFF or PDF; folders and patterns of them; - for the standard input.", metavar="FILE..."
        ),
    ] = None,
    form: Annotated[str, typer.Option("--as", help="text, json, page, alto, hocr, pdf or image.")] = "text",
    out: Annotated[str, typer.Option(help="Folder for a file per page or document; else the console.")] = "",
    recognizer: Annotated[
        str,
        typer.Option(
            help="What to look for: digits (default), lines or print (default with --fields); or a model of yours, as "
            "--model."
        ),
    ] = "",
    model: Annotated[
        str, typer.Option(help="Recipe, folder of a model, or server, of any recognizer; else the recognizer's own.")
    ] = "",
    detector: Annotated[
        str, typer.Option(help="Recipe (pages), folder or server of a model that finds lines; else chains of ink.")
    ] = "",
    min_confidence: Annotated[float, typer.Option(help="From 0 to 1, of what is kept.")] = 0.5,
    whitelist: Annotated[str, typer.Option(help="Characters that may be read; else all.")] = "",
    dpi: Annotated[int, typer.Option(help="Dots per inch at which a PDF is rendered.")] = 300,
    force_ocr: Annotated[
        bool, typer.Option("--force-ocr", help="Read a PDF's page that already has text too.")
    ] = False,
    keep_orientation: Annotated[
        bool, typer.Option("--keep-orientation", help="Read pages on their side or upside down as they lie.")
    ] = False,
    fields: Annotated[
        bool, typer.Option("--fields", help="Find supplier, date, total and other fields of receipts and invoices too.")
    ] = False,
    tagger: Annotated[
        str, typer.Option(help="Recipe, folder or server of a model that finds fields; else invoices. Sets --fields.")
    ] = "",
    beams: Beams = 0,
    language_model: LanguageModelFile = "",
    review: Annotated[
        str | None,
        typer.Option(
            help="File or postgresql:// URL of a review queue, which keeps doubtful digits or lines as pictures."
        ),
    ] = None,
    doubt: Annotated[float, typer.Option(help="With --review: what is less certain than this is doubtful.")] = 0.9,
    again: Annotated[bool, typer.Option("--again", help="Read what already has its file in OUT too.")] = False,
) -> None:
    """Read what is written on each FILE.

    With --out, a file of which all pages were read before is left as it is, so that a folder that was stopped goes on.

    Examples:
      tfx-ocr read form.jpg

      tfx-ocr read scans/ --as page --out read

      tfx-ocr read letter.pdf --recognizer lines --as pdf --out read

      tfx-ocr read receipt.tif --fields --as json

      tfx-ocr read scans/ --recognizer meters --out read

      tfx-ocr read scans/ --out read --review review.sqlite

      tfx-ocr read - --as json < form.png

    Exit status: 0 every page was read, 1 one or more were not, 2 bad use, or a server that does not answer.
    """
    from tfx_ocr.serving.locations import find_scheme
    from tfx_ocr.serving.model import RequestError
    from tfx_ocr.serving.reader.pages import STDIN, list_files
    from tfx_ocr.serving.reader.reader import TAGGER, Reader
    from tfx_ocr.serving.reader.writers import get_writer
    from tfx_ocr.serving.review.doubt import offer_document
    from tfx_ocr.serving.review.queue import Queue

    if not files:
        raise ValueError("no file to read: tfx-ocr read FILE...")
    writer = get_writer(form)
    if not out and form not in TEXTS:
        raise ValueError(f"--as {form}: give --out, the folder to write it to")
    if fields and not tagger:
        tagger = model if find_scheme(model) else TAGGER
    reader = Reader(
        recognizer, model, min_confidence=min_confidence, whitelist=whitelist, dpi=dpi, force_ocr=force_ocr,
        keep_orientation=keep_orientation, fields=tagger, detector=detector,
        decoding=build_decoding(beams, language_model),
    )  # fmt: skip
    queue = None if review is None else Queue(review, threshold=doubt)
    failed = False
    kept = 0
    named = list_files(files)
    with reader:
        for number, (file, name) in enumerate(named.items(), start=1):
            target = Path(out, name)
            if out and not again and file != STDIN and _is_done(target, writer.ending, Path(file)):
                kept += 1
                continue
            if len(named) > 1 and sys.stderr.isatty():
                print(f"{number}/{len(named)} {file}", file=sys.stderr)
            try:
                # glyphs are offered for review too
                document = reader.read(file, None if queue else writer.simplify, _show_page)
            except RequestError:  # of the model: it would meet every file
                raise
            except ValueError as error:
                print(f"tfx-ocr: {file}: {error}", file=sys.stderr)
                failed = True
                continue
            for page, reason in document.errors.items():
                print(f"tfx-ocr: {file}: page {page}: {reason}", file=sys.stderr)
                failed = True
            if queue:
                offer_document(
                    queue, document, recognizer=reader.recognizer, parts=reader.parts, version=reader.version, name=file
                )
            _write(document, form, dpi, target if out else None)
    if kept:
        said = "has its result" if kept == 1 else "have their results"
        anew = "it" if kept == 1 else "them"
        print(f"tfx-ocr: {kept:,} of {len(named):,} files {said} in {out}: --again reads {anew} anew", file=sys.stderr)
    raise typer.Exit(1 if failed else 0)


def _show_page(number: int, count: int) -> None:
    """Say on a terminal how far a file of several pages is read."""
    if count > 1 and sys.stderr.isatty():
        print(f"page {number}/{count}", file=sys.stderr)


def _is_done(target: Path, ending: str, source: Path) -> bool:
    """Whether what is written of a file is there, of every page, and not older."""
    places = (target.with_name(target.name + ending), target.with_name(f"{target.name}-1{ending}"))
    if target.with_name(target.name + UNREAD).exists():
        return False
    return source.is_file() and any(
        path.is_file() and path.stat().st_mtime >= source.stat().st_mtime for path in places
    )


def _write(document: Document, form: str, dpi: int, target: Path | None) -> None:
    """Write a document's files, the first page's last, so that what is there is whole; or print it.

    Pages that were not read are named in a file beside them, so that the document is read again.
    """
    from tfx_ocr.serving.reader.writers import write_files

    written = write_files(document, form, dpi)
    if target is None:
        for _, content in written:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        return
    unread = "".join(f"page {page}: {reason}\n" for page, reason in document.errors.items()).encode()
    if unread:
        _replace(target, UNREAD, unread)
    first = next(written)
    for ending, content in itertools.chain(written, (first,)):
        _replace(target, ending, content)
    if not unread:
        target.with_name(target.name + UNREAD).unlink(missing_ok=True)


def _replace(target: Path, ending: str, content: bytes) -> None:
    """Write a file whole, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path = target.with_name(target.name + ending)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)
