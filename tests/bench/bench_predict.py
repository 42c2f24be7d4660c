"""What it costs to ask: `tfx-ocr predict` as a whole process, cold, and the size of what must be installed.

One picture and a file that is missing, 1,000 MNIST digits, 500 Kalapa lines (the same lines by Tesseract, `vie`, and by
RapidOCR where they are installed), and the unpacked light installation. Writes the medians to
tests/bench/results/predict.csv. With `--against`, two builds take turns.

    python tests/bench/bench_predict.py --against ../920a734 --rapidocr ../rapidocr/bin/python
"""

from __future__ import annotations

import argparse
import io
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence

import builds
import mnist
import numpy as np
import pipelines
import results
from PIL import Image

RAPIDOCR = """
import sys
from rapidocr import RapidOCR
engine = RapidOCR()
for file in sys.argv[1:]:
    print(engine(file, use_det=False, use_cls=False, use_rec=True).txts)
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the pictures, ask in turn, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9, help="processes of each small measure; a third of the large")
    parser.add_argument("--digits", type=int, default=1000, help="pictures of digits")
    parser.add_argument("--lines", type=int, default=500, help="pictures of lines")
    parser.add_argument("--rapidocr", help="Python in whose environment RapidOCR is installed")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    builds.add_argument(parser)
    options = parser.parse_args(arguments)
    compared, few = builds.list_builds(options), max(1, options.repeats // 3)
    command = "python tests/bench/bench_predict.py" + (f" --against {compared[0].commit}" if options.against else "")
    command += " --rapidocr PYTHON" if options.rapidocr else ""
    rows: list[results.Row] = []

    def note(*found: results.Row) -> None:
        for row in found:
            print(f"{row.measure}: {row.value:.4g} {row.unit}", flush=True)
        rows.extend(found)

    with tempfile.TemporaryDirectory() as top:
        digits = write_digits(pathlib.Path(top, "digits"), options.digits)
        lines = write_lines(pathlib.Path(top, "lines"), options.lines)

        def compare(measure: str, repeats: int, recipe: str, files: Sequence[str], statuses: Sequence[int]) -> None:
            used: list[builds.Used] = []

            def ask(build: builds.Build) -> float:
                used.append(builds.run([build.cli, "predict", recipe, *files], statuses, cwd=top))
                return used[-1].wall

            walls = builds.alternate(compared, ask, repeats)
            peaks = [[each.peak for each in used[number :: len(compared)]] for number in range(len(compared))]
            note(*builds.compare(f"{measure}: wall", compared, walls, "s", command))
            note(*builds.compare(f"{measure}: peak memory", compared, peaks, "MB", command))

        compare("predict one digit", options.repeats, "digits", digits[:1], (0,))
        compare("predict a missing file", options.repeats, "digits", ["missing.png"], (1,))
        compare(f"predict {len(digits):,} digits", few, "digits", digits, (0,))
        compare(f"predict {len(lines):,} lines", few, "lines", lines, (0,))
        for name, version, peer in list_peers(options.rapidocr, lines, pathlib.Path(top)):
            values = [builds.run(peer).wall for _ in range(few)]
            note(*builds.compare(f"{len(lines):,} lines by {name} {version}: wall", [], [values], "s", command))
        note(*builds.compare("light installation, unpacked", [], [[install(pathlib.Path(top))]], "MB", command))
        if options.against:
            size = measure_size(options.against / ".venv")
            note(*builds.compare(f"installation of {compared[0].commit}, unpacked", [], [[size]], "MB", command))
    results.record("predict", rows, options.results)


def write_digits(folder: pathlib.Path, count: int) -> list[str]:
    """Write the first MNIST test pictures as PNG; return their paths."""
    pictures, _ = mnist.read("test")
    return _write(folder, pictures[:count], Image.fromarray)


def write_lines(folder: pathlib.Path, count: int) -> list[str]:
    """Write the first Kalapa lines that can be read as PNG; return their paths."""
    from tfx_ocr.data.readers import get_reader
    from tfx_ocr.data.record import Record

    root, reader = pipelines.data_folder("kalapa"), get_reader("kalapa")
    records = (record for shard in reader.list_shards(root) for record in reader.read(root, shard))
    pictures = [record.get_bytes("image") for record in records if isinstance(record, Record)][:count]
    return _write(folder, pictures, lambda content: Image.open(io.BytesIO(content)).convert("L"))


def _write(
    folder: pathlib.Path, pictures: Sequence[bytes] | np.ndarray, decode: Callable[..., Image.Image]
) -> list[str]:
    folder.mkdir()
    paths = [str(folder / f"{number}.png") for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        decode(picture).save(path)
    return paths


def list_peers(rapidocr: str | None, lines: Sequence[str], folder: pathlib.Path) -> list[tuple[str, str, list[str]]]:
    """Return name, version and command of the other systems that are installed, each for all lines in one process."""
    found = []
    if shutil.which("tesseract"):
        listed = folder / "lines.txt"
        listed.write_text("\n".join(lines))
        version = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True).stdout.split()[
            1
        ]
        found.append(("Tesseract", version, ["tesseract", str(listed), "stdout", "-l", "vie", "--psm", "7"]))
    if rapidocr:
        code = "import importlib.metadata as m; print(m.version('rapidocr'))"
        version = subprocess.run([rapidocr, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        found.append(("RapidOCR", version, [rapidocr, "-c", RAPIDOCR, *lines]))
    return found


def install(folder: pathlib.Path) -> float:
    """Install the newest commit as `pip install .` does, in a fresh environment without pip; return its MB."""
    source = folder / "source"
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=results.ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        opened.extractall(source, filter="data")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    pip = [sys.executable, "-m", "pip", "--python", folder / "venv/bin/python", "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, source], check=True)
    return measure_size(folder / "venv")


def measure_size(folder: pathlib.Path) -> float:
    """Return the MB of the files of an environment, without compiled bytecode."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files if "__pycache__" not in path.parts) / 2**20


if __name__ == "__main__":
    sys.exit(main())
