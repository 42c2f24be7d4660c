"""One broken or unsupported picture among 10,000: the others are answered as without it, and it is counted.

Asks the real `tfx-ocr predict` and `tfx-ocr evaluate` about MNIST's test pictures, in place of one of them a file of
each kind in turn, and writes to tests/bench/results/broken.csv how many of the others were answered as before, and how
many were refused or set aside.

    python tests/bench/bench_broken.py
"""

from __future__ import annotations

import argparse
import io
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import builds
import mnist
import numpy as np
import results
from PIL import Image

COMMAND = "python tests/bench/bench_broken.py"


def draw_broken() -> dict[str, bytes]:
    """Return files by kind, none of them a picture that is read: damaged, unsupported, another format."""
    picture = Image.fromarray(np.full((28, 28), 200, np.uint8))
    png, tiff = io.BytesIO(), io.BytesIO()
    picture.save(png, "PNG")
    picture.convert("F").save(tiff, "TIFF")
    return {
        "a PNG cut off": png.getvalue()[:40],
        "a TIFF of floats": tiff.getvalue(),
        "an SVG": b"<svg/>",
    }


def write_pictures(folder: pathlib.Path, count: int) -> list[pathlib.Path]:
    """Write MNIST's first test pictures in a folder per label; return their paths in order."""
    paths = []
    for number, (picture, label) in enumerate(zip(*(part[:count] for part in mnist.read("test")), strict=True)):
        paths.append(folder / str(label) / f"{number}.png")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(paths[-1])
    return paths


def predict(paths: Sequence[pathlib.Path]) -> list[dict[str, Any]]:
    """Return what `tfx-ocr predict` answers about each picture."""
    command = [builds.Build().cli, "predict", "digits", *map(str, paths), "--json"]
    rows: list[dict[str, Any]] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)
    return rows


def evaluate(folder: pathlib.Path) -> tuple[int, int]:
    """Return how many pictures `tfx-ocr evaluate` judges, and how many it sets aside."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [builds.Build().cli, "evaluate", "digits", "--data", str(folder), "--json", out.name]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        found = json.load(out)
    return found["n"], found["set_aside"]["n"]


def measure(count: int) -> list[results.Row]:
    """Ask with each kind of file in the place of the picture in the middle."""
    rows = []
    with tempfile.TemporaryDirectory() as top:
        paths = write_pictures(pathlib.Path(top), count)
        middle = count // 2
        before = predict(paths)
        for kind, content in draw_broken().items():
            paths[middle].write_bytes(content)
            after = predict(paths)
            same = sum(one == other for one, other in zip(before, after, strict=True))
            refused = sum("error" in one for one in after)
            judged, aside = evaluate(pathlib.Path(top))
            for what, value in (
                ("predict, others answered as without it", same),
                ("predict, refused", refused),
                ("evaluate, others judged", judged),
                ("evaluate, set aside", aside),
            ):
                name = f"{kind} among {count}: {what}"
                rows.append(
                    results.Row(measure=name, value=value, unit="pictures", n=f"{count} pictures", command=COMMAND)
                )
    return rows


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    rows = measure(options.pictures)
    results.record("broken", rows, options.results)
    for row in rows:
        print(f"{row.measure}: {row.value:g}")


if __name__ == "__main__":
    sys.exit(main())
