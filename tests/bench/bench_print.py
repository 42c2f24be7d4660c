"""Lines of Latin print: the shipped weights and peers on SROIE's lines, companies never trained on, and on drawn ones.

SROIE is divided as bench_invoices.py divides it, companies apart; its lines are cut out of the receipts that have
images. They are transcribed in capitals, whatever the receipt has, so all answers are compared in capitals. Drawn lines
are of font families that training never saw, and there case counts. Peers read some of the same lines in the same run:
Tesseract (`eng`, one line per picture), and RapidOCR where `--rapidocr` gives the Python of its environment. Writes
tests/bench/results/print.csv.

    python tests/bench/bench_print.py --fonts FOLDER --rapidocr PYTHON

With `--train` it makes the weights instead, from SROIE's lines of the other companies and from drawn ones. Where
Tesseract reads the same letters in another case, a line of training gets that case. A run that was killed goes on.

    python tests/bench/bench_print.py --fonts FOLDER --words FILE... --train

With `--cut` it writes SROIE's lines alone, those of training and those of the test, for drift_profile.py.

    python tests/bench/bench_print.py --cut FOLDER
"""

from __future__ import annotations

import argparse
import difflib
import functools
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence

import bench_invoices
import numpy as np
import pipelines
import results

from tfx_ocr.data import features, images
from tfx_ocr.data.alphabets import latin
from tfx_ocr.data.record import Record

Read = Callable[[Sequence[bytes]], list[str]]  # pictures of a line each, encoded, to texts

DRAWN = 12_000  # lines
JUDGED = 600  # drawn lines of eval and test
LONGEST = 40  # characters of a line of training: a strip of half the width holds them
HELD_OUT = ("B612", "B612Mono", "Caladea", "Cantarell", "NotoMono", "NotoSansMono", "RobotoSlab", "Vollkorn")
STRAY_PX = 2  # room around a box; in training up to twice as much, or none
SEED = 7
TRAINING = "input.width=320 trainer.initial_weights=lines trainer.optimizer.learning_rate=1.5e-3 trainer.epochs=2"
BATCH = 32
PEER_CROPS = 500
MEASURES = {"cer": "CER", "exact_lines": "exact lines"}
RAPIDOCR = """
import json, sys
from rapidocr import RapidOCR
engine = RapidOCR()
for file in sys.argv[1:]:
    print(json.dumps(" ".join(engine(file, use_det=False, use_cls=False, use_rec=True).txts or ())))
"""


def main() -> None:
    """Train, or measure and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=pathlib.Path, nargs="+", default=[], help="files, or folders")
    parser.add_argument("--words", type=pathlib.Path, nargs="*", default=[], help="files of a word per line, to draw")
    parser.add_argument("--train", action="store_true", help="make the weights")
    parser.add_argument("--cut", type=pathlib.Path, help="folder to write SROIE's lines into, and nothing else")
    parser.add_argument("--drawn", type=int, default=DRAWN, help=f"lines to train on; default: {DRAWN}")
    parser.add_argument("--copies", type=int, default=1, help="of SROIE's lines among them; default: 1")
    parser.add_argument("--overrides", default=TRAINING, help="values put into the recipe")
    parser.add_argument("--rapidocr", help="Python in whose environment RapidOCR is installed")
    parser.add_argument("--peers", type=int, default=PEER_CROPS, help=f"lines that peers read; default: {PEER_CROPS}")
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "print")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    if options.cut:
        write_cut(options.cut)
        return
    if not options.fonts:
        parser.error("lines are drawn in fonts: give --fonts")
    if options.train:
        write(options.work / "data", options.fonts, options.words, options.drawn, options.copies)
        pipelines.train_and_judge("print", options.work / "data", options.work / "run", overrides=options.overrides)
        return
    command = "python tests/bench/bench_print.py --fonts FOLDER" + (" --rapidocr PYTHON" if options.rapidocr else "")
    peers = list_peers(options.rapidocr)
    sets = {"SROIE lines of companies never trained on": list(cut_lines("test"))}
    sets["drawn lines in fonts never trained on"] = draw(options.fonts, JUDGED)
    rows = []
    for name, records in sets.items():
        in_capitals = name.startswith("SROIE")
        rows += measure(name, records, {"tfx-ocr": read_by_ours}, in_capitals, command)
        rows += measure(name, records[:: max(1, len(records) // options.peers)], peers, in_capitals, command)
    results.record("print", rows, options.results)


def measure(
    name: str, records: Sequence[Record], readers: Mapping[str, Read], in_capitals: bool, command: str
) -> list[results.Row]:
    """Return rows of each reader over the same lines, with 95 % intervals of a bootstrap over lines."""
    from tfx_ocr.components.evaluator.metrics import text
    from tfx_ocr.components.evaluator.metrics.bootstrap import compute_intervals, compute_metrics

    rows = []
    for reader, read in readers.items():
        answers = read([record.get_bytes(features.IMAGE) for record in records])
        labels = [record.get_bytes(features.LABEL).decode() for record in records]
        pairs = [
            (label.upper(), answer.upper()) if in_capitals else (label, answer)
            for label, answer in zip(labels, answers, strict=True)
        ]
        values, intervals = compute_metrics(text, pairs), compute_intervals(text, pairs)
        rows += [
            results.Row(
                measure=f"{name}: {words}, {reader}",
                value=values[metric],
                unit="fraction",
                n=f"{len(pairs):,} lines",
                spread=intervals[metric],
                command=command,
            )
            for metric, words in MEASURES.items()
        ]
    return rows


def draw(fonts: Sequence[pathlib.Path], count: int) -> list[Record]:
    """Draw lines of every style in the families that are held out."""
    from tfx_ocr.data.synthetic import print as prints
    from tfx_ocr.data.synthetic.fonts import choose_fonts, list_fonts

    return list(prints.build_drawing(choose_fonts(list_fonts(fonts), HELD_OUT, ()), seed=SEED + 3)(range(count)))


def list_peers(rapidocr: str | None) -> dict[str, Read]:
    """Return the other systems that are installed, by name and version."""
    peers: dict[str, Read] = {}
    if shutil.which("tesseract"):
        said = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True).stdout
        peers[f"Tesseract {said.split()[1]}"] = read_by_tesseract
    if rapidocr:
        code = "import importlib.metadata as m; print(m.version('rapidocr'))"
        said = subprocess.run([rapidocr, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        peers[f"RapidOCR {said}"] = functools.partial(read_by_rapidocr, rapidocr)
    return peers


def read_by_ours(pictures: Sequence[bytes]) -> list[str]:
    """Return what the shipped model reads."""
    from tfx_ocr.serving.locations import open_model

    model = open_model("print")
    read: list[str] = []
    for begin in range(0, len(pictures), BATCH):
        batch = np.array(pictures[begin : begin + BATCH], dtype=object)
        outputs = model.ask(features.SERVE_IMAGES, {features.IMAGE_BYTES_IN: batch}, outputs=[features.LABEL_OUT])
        read += [label.decode() for label in outputs[features.LABEL_OUT]]
    model.close()
    return read


def read_by_rapidocr(python: str, pictures: Sequence[bytes]) -> list[str]:
    """Return what RapidOCR reads, without its detector, by one process of another Python."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [python, "-c", RAPIDOCR, *write_pictures(folder, pictures)], capture_output=True, text=True, check=True
        )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('"')]


def write(
    out: pathlib.Path, fonts: Sequence[pathlib.Path], words: Sequence[pathlib.Path], drawn: int, copies: int = 1
) -> None:
    """Write what is trained on, but for what is there: SROIE's lines, and drawn ones; `test` is drawn alone."""
    from tfx_ocr.data import record_file
    from tfx_ocr.data.synthetic import print as prints
    from tfx_ocr.data.synthetic.fonts import choose_fonts, list_fonts

    if out.exists():
        return
    partial, texts = out.with_name("data.partial"), out.with_name("texts.txt")
    partial.mkdir(parents=True, exist_ok=True)
    for split in ("eval", "train"):
        if not (path := partial / f"{split}-sroie.tfrecord").exists():
            lines = list(restore_case(cut_short_lines(split)))
            write_texts(texts, lines, words)
            record_file.write(path, lines * (copies if split == "train" else 1))
    files = list_fonts(fonts)
    for split, held_out, count, seed in (
        ("train", False, drawn, SEED), ("eval", False, JUDGED, SEED + 1), ("test", True, JUDGED, SEED + 2)
    ):  # fmt: skip
        chosen = choose_fonts(files, *(HELD_OUT, ()) if held_out else ((), HELD_OUT))
        given = None if held_out else texts
        prints.write(partial, chosen, count, seed=seed, texts=given, name=f"{split}-drawn", workers=2)
    partial.rename(out)


def write_cut(out: pathlib.Path) -> None:
    """Write SROIE's lines: those that were trained on, with labels in capitals as they come, and those of the test."""
    from tfx_ocr.data import record_file

    out.mkdir(parents=True)
    record_file.write(out / "train-sroie.tfrecord", cut_short_lines("train"))
    record_file.write(out / "test-sroie.tfrecord", cut_lines("test"))


def cut_short_lines(split: str) -> list[Record]:
    """Return the lines of a split that a strip of training holds."""
    return [record for record in cut_lines(split) if len(record.get_bytes(features.LABEL).decode()) <= LONGEST]


def write_texts(out: pathlib.Path, lines: Sequence[Record], words: Sequence[pathlib.Path]) -> None:
    """Write the texts of lines of training, and as many of the words, a text per line."""
    rng = np.random.default_rng(SEED)
    texts = [record.get_bytes(features.LABEL).decode() for record in lines]
    known = sorted({word for file in words for word in file.read_text(encoding="utf-8").split()})
    texts += [known[place] for place in rng.integers(len(known), size=len(texts))] if known else []
    out.write_text("\n".join(texts), encoding="utf-8")


def cut_lines(split: str) -> Iterator[Record]:
    """Yield a record per line of the receipts of a split that have images: a PNG, its text and the company."""
    import cv2

    from tfx_ocr.data.normalization import normalize_label
    from tfx_ocr.data.readers import sroie

    root, rng = pipelines.data_folder("sroie"), np.random.default_rng(SEED)
    for receipt in bench_invoices.list_receipts(split):
        grey = cv2.imread(str(root / receipt["image"]), cv2.IMREAD_GRAYSCALE)
        height, width = grey.shape
        across, down = (side / float(of) for side, of in zip((width, height), receipt["size"], strict=True))
        for number, (box, text) in enumerate(sroie.read_lines((root / receipt["box"]).read_bytes())[0]):
            text = normalize_label(text)
            stray = rng.integers(0, 2 * STRAY_PX + 1, 4) if split == "train" else np.full(4, STRAY_PX)
            box = box.scale(across, down)
            left, top = max(0, round(box.left - stray[0])), max(0, round(box.top - stray[1]))
            crop = grey[top : round(box.bottom + stray[2]), left : round(box.right + stray[3])]
            if min(crop.shape) >= 4 and latin.find_problem(text) is None:
                png = images.encode_png(np.ascontiguousarray(crop).tobytes(), *crop.shape)
                yield Record(
                    features={features.IMAGE: png, features.LABEL: text.encode()},
                    source=f"{receipt['key']}/{number}",
                    group=receipt["group"],
                )


def restore_case(records: Sequence[Record]) -> Iterator[Record]:
    """Yield the records with labels in the case that their pictures have, as far as Tesseract reads it."""
    read = read_by_tesseract([record.get_bytes(features.IMAGE) for record in records])
    for record, text in zip(records, read, strict=True):
        label = set_case(record.get_bytes(features.LABEL).decode(), text)
        yield Record(
            features={**record.features, features.LABEL: label.encode()}, source=record.source, group=record.group
        )


def set_case(label: str, read: str) -> str:
    """Return a label in capitals with the case of what was read, where both have the same letters.

    >>> set_case("TAX INVOICE", "Tax lnvoice")
    'Tax Invoice'
    >>> set_case("TAX INVOICE", "")
    'TAX INVOICE'
    """
    matcher = difflib.SequenceMatcher(None, label.lower(), read.lower(), autojunk=False)
    case = {a + n: read[b + n] for a, b, size in matcher.get_matching_blocks() for n in range(size)}
    lower = [place for place, letter in case.items() if letter.islower()]
    if len(lower) < 0.3 * sum(letter.isalpha() for letter in case.values()) or len(case) < len(label) / 2:
        return label
    restored = []
    for place, letter in enumerate(label):
        if place not in case and letter.isalpha():  # in a word that begins with a capital, as its end
            near = case.get(place + 1) or case.get(place - 1) or letter
            is_first = place == 0 or not label[place - 1].isalpha()
            restored.append(letter if is_first or near.isupper() else letter.lower())
        else:
            restored.append(case.get(place, letter))
    return "".join(restored)


def read_by_tesseract(pictures: Sequence[bytes]) -> list[str]:
    """Return what Tesseract reads in pictures of a line each, by one process."""
    with tempfile.TemporaryDirectory() as folder:
        listed = pathlib.Path(folder, "list.txt")
        listed.write_text("\n".join(write_pictures(folder, pictures)), encoding="utf-8")
        command = ["tesseract", str(listed), "stdout", "-l", "eng", "--psm", "7"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={"OMP_THREAD_LIMIT": "1"})
    pages = done.stdout.split("\f")
    return [" ".join(page.split()) for page in pages[: len(pictures)]]


def write_pictures(folder: str, pictures: Sequence[bytes]) -> list[str]:
    """Write pictures to files; return their paths."""
    paths = [pathlib.Path(folder, f"{number}.png") for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        path.write_bytes(picture)
    return [str(path) for path in paths]


if __name__ == "__main__":
    sys.exit(main())
