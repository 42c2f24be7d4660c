"""Pages of digits, drawn of MNIST's test pictures: which digits are found, which are read right, how long a page takes.

60 A4 pages at 300 dots per inch of 20 to 200 digits each: rows, fields, free places, ruled, dotted, boxes; dark and
light ink, turned by up to 5 degrees, 20 with print around. A digit is found where a box covers it by an IoU of 0.5 or
more, each box for one digit; F1 counts digits over all pages. Tesseract reads the same pages where it is installed.
With `--tune` the pages are others, of MNIST's training pictures: whatever is chosen is chosen there.
Writes tests/bench/results/read.csv.

    python tests/bench/bench_read.py
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence

import mnist
import numpy as np
import results
from PIL import Image

FONTS = results.ROOT / "data" / "samples" / "fonts" / "lines"
COMMAND = "python tests/bench/bench_read.py"
PAGES = 60
SEEDS = {"test": 24, "train": 1}  # of the pages, by MNIST's set
OVERLAP = 0.5  # IoU from which on a digit is found
HELD_OUT = 6000  # of MNIST's training set, the last: pages for tuning are drawn of these

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
    rows = measure(readers, split, options.pages)
    if not options.tune:
        results.record("read", rows, options.results)


def measure(readers: dict[str, Ask], split: str, count: int) -> list[results.Row]:
    """Return the rows of each reader over the same pages; print them by layout."""
    totals = {name: Counts() for name in readers}
    kinds: dict[tuple[str, str], Counts] = collections.defaultdict(Counts)
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    for number, page in enumerate(draw(split, count), start=1):
        for name, ask in readers.items():
            begin = time.perf_counter()
            found = ask(page.pixels)
            seconds[name].append(time.perf_counter() - begin)
            counts = score(found, [(digit.label, tuple(digit.box)) for digit in page.digits])
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
    for row in rows:
        print(f"{row.measure}: {row.value:.4f} {row.unit} ({row.n})")
    return rows


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
    command = ["tesseract", "stdin", "stdout", "--psm", "11", "-c", "tessedit_char_whitelist=0123456789", "makebox"]
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
