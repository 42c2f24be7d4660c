"""Whole pages of print, read by the shipped weights and by peers: lines found, and errors with and without order.

Receipts of SROIE are those of companies never trained on, divided as bench_invoices.py divides them, that have images;
they are transcribed in capitals, so all answers are compared in capitals. Pages of text in columns and of tables are
drawn in font families that training never saw (`bench_print.HELD_OUT`), and there case counts. `--data` judges pages in
PAGE, ALTO or hOCR with their pictures instead, and writes nothing. A line is found where a turned rectangle covers it
by an IoU of 0.5 or more, one to one; error rates are sums over pages, see `data.page.errors`. Peers read the same
pages in the same run: Tesseract (`eng`) where it is installed, and RapidOCR where `--rapidocr` gives the Python of its
environment. Writes tests/bench/results/pages.csv.

    python tests/bench/bench_pages.py --fonts FOLDER --rapidocr PYTHON
    python tests/bench/bench_pages.py --data FOLDER

With `--tune` the companies, families and pages are others: whatever is chosen is chosen there. With `--train` it makes
a detector instead, from SROIE's receipts of the other companies and pages drawn in the other font families; the
receipts held out are its test split. A run of either kind that was killed goes on.

    python tests/bench/bench_pages.py --fonts FOLDER --train
"""

from __future__ import annotations

import argparse
import functools
import io
import itertools
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import bench_invoices
import bench_print
import bench_read
import kept
import numpy as np
import pipelines
import results
from PIL import Image

from tfx_ocr.data.page import document, overlaps
from tfx_ocr.data.page.errors import add_errors, count_errors
from tfx_ocr.data.page.page import Line, Page, Region, enclose, list_words
from tfx_ocr.data.page.shapes import LINE, list_corners, list_shapes
from tfx_ocr.data.record import Record

SEED = 11
DRAWN = 20  # pages of each layout
TRAINED = 3000  # drawn pages to train a detector on
LAYOUTS = {"text": "text in columns", "table": "tables"}
MEASURES = {
    "precision": "lines found, precision",
    "recall": "lines found, recall",
    "h_mean": "lines found, H-mean",
    "cer": "CER",
    "wer": "WER",
    "cer_without_order": "CER without order",
    "wer_without_order": "WER without order",
    "words_f1": "words read, F1",
}
RAPIDOCR = """
import json, sys
from rapidocr import RapidOCR
engine = RapidOCR()
for file in sys.argv[1:]:
    found = engine(file)
    boxes = [] if found.boxes is None else found.boxes.tolist()
    print(json.dumps([boxes, list(found.txts or ())]), flush=True)
"""


class Written(NamedTuple):
    """A page with its truth: the picture, encoded, and lines and words in pixels, in reading order."""

    picture: bytes
    page: Page


class Answer(NamedTuple):
    """What was found on a page: words in reading order, and lines as x and y of four corners."""

    words: list[str]
    lines: list[list[float]]


Read = Callable[[Sequence[bytes]], list[Answer]]


def main() -> None:
    """Read, count, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sources = parser.add_mutually_exclusive_group(required=True)
    sources.add_argument("--fonts", type=pathlib.Path, nargs="+", help="files, or folders, to draw pages with")
    sources.add_argument("--data", type=pathlib.Path, help="folder of pages in PAGE, ALTO or hOCR with their pictures")
    parser.add_argument("--texts", type=pathlib.Path, default=results.ROOT / "LICENSE", help="drawn: a text per line")
    parser.add_argument("--pages", type=int, default=DRAWN, help=f"drawn, of each layout; default: {DRAWN}")
    parser.add_argument("--train", action="store_true", help="make a detector")
    parser.add_argument("--drawn", type=int, default=TRAINED, help=f"pages to train on; default: {TRAINED}")
    parser.add_argument("--overrides", default="", help="values put into the recipe that is trained")
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "pages")
    parser.add_argument("--receipts", type=int, default=0, help="of SROIE; 0, the default, for all")
    parser.add_argument("--tune", action="store_true", help="other pages, font families and companies; no results")
    parser.add_argument("--detector", default="", help="a model that finds our lines; else they are chains of ink")
    parser.add_argument("--rapidocr", help="Python in whose environment RapidOCR is installed")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    if options.train:
        if not options.fonts:
            parser.error("--train draws pages: give --fonts")
        write(options.work / "data", options.fonts, options.drawn)
        pipelines.train_and_judge("pages", options.work / "data", options.work / "run", overrides=options.overrides)
        return
    readers: dict[str, Read] = {"tfx-ocr": functools.partial(read_by_ours, options.detector)}
    if shutil.which("tesseract"):
        readers[bench_read.describe_tesseract()] = read_by_tesseract
    if options.rapidocr:
        code = "import importlib.metadata as m; print(m.version('rapidocr'))"
        said = subprocess.run([options.rapidocr, "-c", code], capture_output=True, text=True, check=True).stdout
        readers[f"RapidOCR {said.strip()}"] = functools.partial(read_by_rapidocr, options.rapidocr)
    if options.data:
        sets = {"pages": list(open_pages(options.data))}
    else:
        sets = {f"drawn pages, {LAYOUTS[name]}": draw(options, name) for name in LAYOUTS}
        receipts = open_receipts("eval" if options.tune else "test")
        chosen = list(itertools.islice(receipts, options.receipts or None))
        sets["SROIE receipts of companies never trained on"] = chosen
    command = "python tests/bench/bench_pages.py --fonts FOLDER" + (" --rapidocr PYTHON" if options.rapidocr else "")
    done = kept.Kept(kept.FOLDER / "pages.jsonl", **vars(options))
    rows = [row for name, pages in sets.items() for row in measure(name, pages, readers, command, done)]
    for row in rows:
        print(f"{row.measure}: {row.value:.4f} ({row.n})")
    if not options.data and not options.tune:
        results.record("pages", rows, options.results)
    done.finish()


def measure(
    name: str, pages: Sequence[Written], readers: Mapping[str, Read], command: str, done: kept.Kept
) -> list[results.Row]:
    """Return rows of each reader over the same pages. What was `done` is not done again."""
    convert = str.upper if name.startswith("SROIE") else str
    rows = []
    for reader, read in readers.items():
        pictures = [written.picture for written in pages]
        answers = [Answer(*each) for each in done.measure(f"{name}, {reader}", functools.partial(read, pictures))]
        pairs = list(zip(pages, answers, strict=True))
        errors = add_errors(
            [
                count_errors(
                    [convert(word.text) for word in list_words(written.page)], [convert(word) for word in answer.words]
                )
                for written, answer in pairs
            ]
        )
        values = errors.compute_rates() | measure_lines(pairs)
        rows += [
            results.Row(
                measure=f"{name}: {words}, {reader}", value=values[metric], unit="fraction",
                n=f"{len(pages)} pages, {errors.words:,} words", command=command,
            )
            for metric, words in MEASURES.items()
        ]  # fmt: skip
    return rows


def measure_lines(pairs: Sequence[tuple[Written, Answer]]) -> dict[str, float]:
    """Return precision, recall and H-mean of the lines of all pages together."""
    hits = written = found = 0
    for truth, answer in pairs:
        wanted = [np.ravel(shape.polygon).tolist() for shape in list_shapes(truth.page) if shape.kind == LINE]
        hits += sum(overlap >= overlaps.LEAST for overlap in overlaps.match(wanted, answer.lines))
        written, found = written + len(wanted), found + len(answer.lines)
    return {
        "precision": hits / max(found, 1),
        "recall": hits / max(written, 1),
        "h_mean": 2 * hits / max(found + written, 1),
    }


def draw(options: argparse.Namespace, layout: str) -> list[Written]:
    """Draw pages of a layout in the families that are held out."""
    from tfx_ocr.data.synthetic import own_texts, pages, vietnamese
    from tfx_ocr.data.synthetic.fonts import choose_fonts, get_family, list_fonts

    files = list_fonts(options.fonts)
    if options.tune:
        files = [file for file in files if get_family(file) not in bench_print.HELD_OUT]
    else:
        files = choose_fonts(files, bench_print.HELD_OUT, ())
    own = own_texts.load_texts(options.texts, "")
    usable, inked = vietnamese.choose_inked(files, own, lambda line: print(line, file=sys.stderr))
    drawing = pages.Drawing(files=usable, inked=inked, texts=own, seed=SEED + 3 * options.tune, styles=(layout,))
    drawn = [drawing.draw(number) for number in range(options.pages)]
    return [Written(encode(each.pixels), each.page) for each in drawn]


def open_receipts(split: str) -> Iterator[Written]:
    """Yield SROIE's receipts of a split that have images, their lines as they are transcribed."""
    from tfx_ocr.data.readers import sroie

    for receipt in bench_invoices.list_receipts(split):
        lines, _, size, picture = sroie.open_receipt(pipelines.data_folder("sroie"), receipt)
        yield Written(picture, build_page([(list_corners(box.clip(size)), text) for box, text in lines]))


def write(out: pathlib.Path, fonts: Sequence[pathlib.Path], drawn: int) -> None:
    """Write what a detector is trained on, but for what is there: SROIE's receipts by split, and drawn pages."""
    from tfx_ocr.data import record_file
    from tfx_ocr.data.synthetic import pages
    from tfx_ocr.data.synthetic.fonts import choose_fonts, list_fonts

    if out.exists():
        return
    partial = out.with_name("data.partial")
    partial.mkdir(parents=True, exist_ok=True)
    for split in ("train", "eval", "test"):
        if not (path := partial / f"{split}-sroie.tfrecord").exists():
            record_file.write(path, list_receipts(split))
    chosen = choose_fonts(list_fonts(fonts), (), bench_print.HELD_OUT)
    for split, count, seed in (("train", drawn, SEED + 1), ("eval", DRAWN, SEED + 2)):
        pages.write(partial, chosen, count, seed=seed, name=f"{split}-drawn", workers=2)
    partial.rename(out)


def list_receipts(split: str) -> list[Record]:
    """Return the records of a split's receipts that have images: their pictures and where their lines lie."""
    from tfx_ocr.data.readers import sroie_shapes

    return [*bench_invoices.read_receipts(sroie_shapes, split)]


def open_pages(folder: pathlib.Path) -> Iterator[Written]:
    """Yield the pages of a folder that have pictures; say which are left out, and why."""
    from tfx_ocr.data.readers import page_xml

    for shard in page_xml.list_shards(folder):
        for row in json.loads(shard):
            try:
                if "wrong" in row:
                    raise ValueError(row["wrong"])
                page, _, picture = page_xml.open_page(folder, row)
                yield Written(picture, page)
            except (ValueError, OSError) as error:
                print(f"{page_xml.format_source(row)}: {error}", file=sys.stderr)


def read_by_ours(detector: str, pictures: Sequence[bytes]) -> list[Answer]:
    """Return what the shipped print model reads. Lines are those that are found, before pieces of a row are joined."""
    from tfx_ocr.serving import Reader
    from tfx_ocr.serving.locations import open_model
    from tfx_ocr.serving.reader.lines import detect_lines, find_lines
    from tfx_ocr.serving.reader.pages import read_images
    from tfx_ocr.serving.reader.sheet import prepare

    finder = open_model(detector) if detector else None
    answers = []
    with Reader("print", keep_orientation=True, detector=finder or "") as reader:
        for picture in pictures:
            [image] = read_images(picture)
            grey = np.asarray(Image.fromarray(image.pixels).convert("L"))
            sheet = prepare(grey, keep_orientation=True)
            boxes = detect_lines(sheet, finder) if finder else find_lines(sheet.mask)
            corners = [sheet.move_back(list_corners(box)) for box in boxes]
            words = [word.text for word in list_words(reader.read_page(image))]
            answers.append(Answer(words, [np.ravel(each).tolist() for each in corners if len(each) == 4]))
    if finder:
        finder.close()
    return answers


def read_by_tesseract(pictures: Sequence[bytes]) -> list[Answer]:
    """Return what Tesseract finds and reads, by a process per page."""
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        for path in bench_print.write_pictures(folder, pictures):
            done = subprocess.run(["tesseract", path, "stdout", "-l", "eng", "hocr"], capture_output=True, check=True)
            answers.append(build_answer(document.read_pages(done.stdout)[0]))
    return answers


def read_by_rapidocr(python: str, pictures: Sequence[bytes]) -> list[Answer]:
    """Return what RapidOCR finds and reads, in its order, by one process of another Python."""
    with tempfile.TemporaryDirectory() as folder:
        command = [python, "-c", RAPIDOCR, *bench_print.write_pictures(folder, pictures)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    pages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[[")]
    return [build_answer(build_page(list(zip(boxes, texts, strict=True)))) for boxes, texts in pages]


def build_page(lines: Sequence[tuple[Sequence[Sequence[float]], str]]) -> Page:
    """Return a page of one region whose lines have four corners and a text each."""
    built = []
    for corners, text in lines:
        polygon = tuple((float(x), float(y)) for x, y in corners)
        built.append(Line(text=text, box=enclose(polygon), polygon=polygon))
    return Page(regions=(Region(lines=tuple(built)),))


def build_answer(page: Page) -> Answer:
    """Return the words of a page and its lines."""
    lines = [np.ravel(shape.polygon).tolist() for shape in list_shapes(page) if shape.kind == LINE]
    return Answer([word.text for word in list_words(page)], lines)


def encode(pixels: np.ndarray) -> bytes:
    """Return a picture as PNG."""
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG", compress_level=1)
    return encoded.getvalue()


if __name__ == "__main__":
    sys.exit(main())
