"""Pages of digits, drawn of MNIST's test pictures: which digits are found, which are read right, how long a page takes.

60 A4 pages at 300 dots per inch of 20 to 200 digits each: rows, fields, free places, ruled, dotted, boxes; dark and
light ink, turned by up to 5 degrees, 20 with print around. A digit is found where a box covers it by an IoU of 0.5 or
more, each box for one digit; F1 counts digits over all pages. Tesseract reads the same pages where it is installed, and
RapidOCR with `--rapidocr`, its boxes, as high as the line, cut to the ink in them. Then the first page and one of
dense print are read by cold processes, ours and Tesseract's in turn, and each as a PDF of `--pdf-pages` pages, whose
peak memory is taken.
With `--tune` the pages are others, of MNIST's training pictures: whatever is chosen is chosen there. A run that was
killed goes on.
Writes tests/bench/results/read.csv.

    python tests/bench/bench_read.py --rapidocr ../rapidocr/bin/python
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import functools
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import kept
import mnist
import numpy as np
import results
from PIL import Image

if TYPE_CHECKING:
    from tfx_ocr.data.synthetic.digit_pages import DigitPage

FONTS = results.ROOT / "data" / "samples" / "fonts" / "lines"
COMMAND = "python tests/bench/bench_read.py"
PAGES = 60
SEEDS = {"test": 24, "train": 1}  # of the pages, by MNIST's set
CLI = (str(pathlib.Path(sys.executable).with_name("tfx-ocr")),)
DIGITS = ("--psm", "11", "-c", "tessedit_char_whitelist=0123456789")  # Tesseract's settings: sparse text, digits alone
# Of cold processes and long PDF: our options and Tesseract's, by what is on the page
OPTIONS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "digits": ((), DIGITS),
    "print": (("--recognizer", "print"), ("-l", "eng")),
}
A4_PX = (2480, 3508)  # at 300 dots per inch
LINES_OF_PRINT = 50
OVERLAP = 0.5  # IoU from which on a digit is found
HELD_OUT = 6000  # of MNIST's training set, the last: pages for tuning are drawn of these

RAPIDOCR = """
import json, sys
from rapidocr import RapidOCR
engine = RapidOCR()
print("ready", flush=True)
for file in sys.stdin:
    found = engine(file.strip(), return_word_box=True, return_single_char_box=True)
    signs = [sign for line in found.word_results or () for sign in line]
    print(json.dumps([(text, [[float(x) for x in corner] for corner in box]) for text, _, box in signs]), flush=True)
"""

# Started by a small process: a process begins with the peak of the one that starts it
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""

Found = list[tuple[str, tuple[float, float, float, float]]]  # texts and boxes of a page
Ask = Callable[[np.ndarray], Found]


@dataclasses.dataclass
class Counts:
    """Digits of pages, addable.

    Attributes:
        answered: boxes that were answered.
        written: digits on the pages.
        found: of them, those that a box covers.
        right: of these, those with the right text.
    """

    answered: int = 0
    written: int = 0
    found: int = 0
    right: int = 0

    def add(self, other: Counts) -> None:
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def measure_f1(self, hits: int) -> float:
        """Return 2 x hits / (answered + written); 1.0 where both are 0."""
        total = self.answered + self.written
        return 2 * hits / total if total else 1.0


def main() -> None:
    """Draw, read, count, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--tune", action="store_true", help="other pages, of training pictures; nothing is written")
    parser.add_argument("--rapidocr", help="Python in whose environment RapidOCR is installed")
    parser.add_argument("--processes", type=int, default=9, help="cold processes of each reader")
    parser.add_argument("--pdf-pages", type=int, default=500, help="pages of the PDF whose reading is measured")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    from tfx_ocr.serving import Reader

    reader = Reader()

    def ask_ours(pixels: np.ndarray) -> Found:
        pages = reader.read(pixels).pages
        lines = [line for page in pages for region in page.regions for line in region.lines]
        return [(glyph.text, tuple(glyph.box)) for line in lines for word in line.words for glyph in word.glyphs]

    readers: dict[str, Ask] = {"tfx-ocr": ask_ours}
    if shutil.which("tesseract"):
        readers[describe_tesseract()] = ask_tesseract
    split = "train" if options.tune else "test"
    with contextlib.ExitStack() as ended, tempfile.TemporaryDirectory() as top:
        folder = pathlib.Path(top)
        if options.rapidocr:
            name, ask = start_rapidocr(options.rapidocr, folder, ended)
            readers[name] = ask
        done = kept.Kept(kept.FOLDER / f"read-{split}.jsonl", **vars(options))
        rows = measure(readers, split, options.pages, done)
        pictures = {"digits": Image.fromarray(next(iter(draw(split, 1))).pixels), "print": draw_print()}
        for kind, picture in pictures.items():
            for run, count in ((measure_processes, options.processes), (measure_memory, options.pdf_pages)):
                part = functools.partial(run, kind, picture, count, folder)
                found = done.measure(f"{run.__name__} of {kind}", functools.partial(list_rows, part))
                rows += [results.Row(**row) for row in found]
    for row in rows:
        print(f"{row.measure}: {row.value:.4f} {row.unit} ({row.n})")
    if not options.tune:
        results.record("read", rows, options.results)
    done.finish()


def measure(readers: dict[str, Ask], split: str, count: int, done: kept.Kept) -> list[results.Row]:
    """Return the rows of each reader over the same pages; print them by layout. What was `done` is not done again."""
    totals = {name: Counts() for name in readers}
    kinds: dict[tuple[str, str], Counts] = collections.defaultdict(Counts)
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    for number, page in enumerate(draw(split, count), start=1):
        for name, ask in readers.items():
            took, counted = done.measure(f"page {number}, {name}", functools.partial(read_page, ask, page))
            seconds[name].append(took)
            counts = Counts(*counted)
            totals[name].add(counts)
            kinds[name, page.layout + (", print around" if page.printed else "")].add(counts)
        print(f"{number}/{count}", file=sys.stderr)
    for (name, kind), counts in sorted(kinds.items()):
        found_f1, right_f1 = counts.measure_f1(counts.found), counts.measure_f1(counts.right)
        print(f"{name}  {kind}: found {found_f1:.4f}, right {right_f1:.4f}")
    rows = []
    for name, counts in totals.items():
        over = f"{count} pages, {counts.written} digits"
        for words, value in {
            f"pages of digits: found, F1 at IoU {OVERLAP}, {name}": counts.measure_f1(counts.found),
            f"pages of digits: right digit at the right place, F1, {name}": counts.measure_f1(counts.right),
        }.items():
            rows.append(results.Row(measure=words, value=value, unit="fraction", n=over, command=COMMAND))
        words, each = f"pages of digits: seconds a page, {name}", seconds[name]
        mean, ends = float(np.mean(each)), results.spread(each)
        rows.append(results.Row(measure=words, value=mean, unit="s", n=f"{count} pages", spread=ends, command=COMMAND))
    return rows


def read_page(ask: Ask, page: DigitPage) -> tuple[float, tuple[int, ...]]:
    """Return how many seconds it took to read a page, and its `Counts`."""
    begin = time.perf_counter()
    found = ask(page.pixels)
    took = time.perf_counter() - begin
    return took, dataclasses.astuple(score(found, [(digit.label, tuple(digit.box)) for digit in page.digits]))


def list_rows(part: Callable[[], Iterable[results.Row]]) -> list[dict[str, Any]]:
    """Return the rows of a part of the measurement as JSON has them."""
    return [dataclasses.asdict(row) for row in part()]


def measure_processes(kind: str, picture: Image.Image, count: int, folder: pathlib.Path) -> list[results.Row]:
    """Return the seconds of a whole process that reads one page, ours and Tesseract's in turn."""
    page, (ours, tesseracts) = folder / f"{kind}.png", OPTIONS[kind]
    picture.save(page, compress_level=1)
    commands = {"tfx-ocr": [*CLI, "read", *ours, str(page)]}
    if shutil.which("tesseract"):
        commands[describe_tesseract()] = ["tesseract", str(page), "stdout", *tesseracts]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(count):
        for name, command in commands.items():
            begin = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - begin)
    return [
        results.Row(
            measure=f"one page of {kind}, cold, whole process, {name}", value=float(np.median(each)), unit="s",
            n=f"{count} processes", spread=results.spread(each), command=COMMAND,
        )
        for name, each in seconds.items()
    ]  # fmt: skip


def measure_memory(kind: str, picture: Image.Image, pages: int, folder: pathlib.Path) -> list[results.Row]:
    """Return the peak memory of a process that reads a PDF of one page, and of many."""
    rows = []
    for count in (1, pages):
        path = folder / f"{kind}-{count}.pdf"
        picture.save(path, save_all=True, append_images=[picture] * (count - 1), resolution=300)
        command = [sys.executable, "-c", PEAK, *CLI, "read", *OPTIONS[kind][0], str(path)]
        kib = int(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        words = f"PDF of {count} pages of {kind}: peak memory"
        rows.append(results.Row(measure=words, value=kib / 1024, unit="MiB", n="1", command=COMMAND))
    return rows


def draw_print() -> Image.Image:
    """Draw an A4 page of dense print: `LINES_OF_PRINT` lines of a text."""
    from PIL import ImageDraw, ImageFont

    page = Image.new("L", A4_PX, 250)
    canvas, font = ImageDraw.Draw(page), ImageFont.load_default(46)
    words = __doc__.split()
    for line in range(LINES_OF_PRINT):
        text = " ".join(words[(9 * line + place) % len(words)] for place in range(12))
        canvas.text((200, 200 + 62 * line), text, fill=30, font=font)
    return page


def start_rapidocr(python: str, folder: pathlib.Path, ended: contextlib.ExitStack) -> tuple[str, Ask]:
    """Start RapidOCR in a process of its own; return its name, and what asks it."""
    code = "import importlib.metadata as m; print(m.version('rapidocr'))"
    version = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    process = subprocess.Popen(
        [python, "-c", RAPIDOCR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    ended.enter_context(process)  # at its end the input is closed, and so the process ends
    while process.stdout.readline().strip() not in ("ready", ""):
        pass

    def ask(pixels: np.ndarray) -> Found:
        page = folder / "rapidocr.bmp"
        Image.fromarray(pixels).save(page)
        print(page, file=process.stdin, flush=True)
        signs = json.loads(process.stdout.readline())
        return [(text, cut_to_ink(pixels, corners)) for text, corners in signs if text.isdecimal()]

    return f"RapidOCR {version}", ask


def cut_to_ink(pixels: np.ndarray, corners: Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    """Return the box of what differs most from the paper inside a box."""
    xs, ys = zip(*corners, strict=True)
    left, top = max(0, round(min(xs))), max(0, round(min(ys)))
    part = pixels[top : round(max(ys)), left : round(max(xs))].astype(float)
    if not part.size:
        return (left, top, left, top)
    away = np.abs(part - np.median(part))
    rows, columns = np.nonzero(away >= away.max() / 2)
    return (left + columns.min(), top + rows.min(), left + columns.max() + 1, top + rows.max() + 1)


def draw(split: str, count: int) -> Iterable:
    """Draw the pages of MNIST's `test` or, of what the model was not trained on, `train`."""
    from tfx_ocr.data.synthetic.digit_pages import draw_pages

    pictures, labels = mnist.read(split)
    if split == "train":
        pictures, labels = pictures[-HELD_OUT:], labels[-HELD_OUT:]
    return draw_pages(pictures, [str(label) for label in labels], sorted(FONTS.glob("*.ttf")), count, SEEDS[split])


def score(found: Found, written: Found) -> Counts:
    """Pair boxes with digits, the best overlap first, each once, and count."""
    pairs = sorted(
        ((overlap(box, other), a, b) for a, (_, box) in enumerate(found) for b, (_, other) in enumerate(written)),
        reverse=True,
    )
    of: dict[int, int] = {}
    for value, a, b in pairs:
        if value < OVERLAP:
            break
        if a not in of and b not in of.values():
            of[a] = b
    right = sum(found[a][0] == written[b][0] for a, b in of.items())
    return Counts(len(found), len(written), len(of), right)


def overlap(box: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection of two boxes over their union: left, top, right, bottom."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in (box, other)]
    return width * height / (sum(areas) - width * height)


def describe_tesseract() -> str:
    """Return Tesseract's name and version."""
    said = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True).stdout
    return said.splitlines()[0].title()


def ask_tesseract(pixels: np.ndarray) -> Found:
    """Read a page's characters with Tesseract: sparse text, digits only."""
    command = ["tesseract", "stdin", "stdout", *DIGITS, "makebox"]
    picture = Image.fromarray(pixels)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        picture.save(process.stdin, "PPM")
        process.stdin.close()
        said = process.stdout.read().decode()
    found = []
    for text, *sides, _ in (line.split(" ") for line in said.splitlines()):
        left, bottom, right, top = map(float, sides)
        found.append((text, (left, picture.height - top, right, picture.height - bottom)))
    return found


if __name__ == "__main__":
    sys.exit(main())
