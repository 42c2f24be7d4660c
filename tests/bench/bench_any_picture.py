"""The shipped digits model on MNIST's test pictures as they come from scans and phones: other polarity, size, margin.

Writes the accuracy of each kind to tests/bench/results/any_picture.csv, over the same 2,000 balanced test pictures.

    python tests/bench/bench_any_picture.py
"""

from __future__ import annotations

import argparse
import io
import pathlib
import sys
from collections.abc import Callable

import mnist
import numpy as np
import results
from PIL import Image, ImageFilter

BATCH = 200


def phone(picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw dark ink on grey paper, eight times as large, with a shadow across it and the sensor's noise."""
    large = Image.fromarray(255 - picture).resize((224, 224), Image.Resampling.BICUBIC)
    soft = np.asarray(large.filter(ImageFilter.GaussianBlur(2)), np.float32)
    shadow = np.linspace(1.0, generator.uniform(0.75, 1.0), 224, dtype=np.float32)
    noisy = 40 + soft / 255 * 160 * shadow + generator.normal(0, 5, soft.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def wide(picture: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """Draw the picture off the middle of a dark field with three times the side."""
    return np.pad(picture, ((10, 46), (40, 16)))


def tight(picture: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """Cut to the ink, one pixel left around it."""
    rows, columns = np.nonzero(picture.max(1) > 60)[0], np.nonzero(picture.max(0) > 60)[0]
    return np.pad(picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1)


KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "as they are": lambda picture, _: picture,
    "dark on light": lambda picture, _: 255 - picture,
    "off the middle of a wide margin": wide,
    "cut to the ink": tight,
    "twelve times as large": lambda picture, _: np.kron(picture, np.ones((12, 12), np.uint8)),
    "like a phone's, grey, soft, shaded, noisy": phone,
}


def main() -> None:
    """Ask the shipped model, kind by kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=200, help="pictures a digit")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    from tfx_ocr.data import features, pretrained
    from tfx_ocr.serving.runtimes import open_folder

    pictures, labels = mnist.read("test")
    chosen = mnist.balanced(labels, options.each, np.random.default_rng(0))
    found = []
    with open_folder(pretrained.get_folder("digits")) as export:
        for kind, change in KINDS.items():
            generator, right = np.random.default_rng(0), 0
            for begin in range(0, len(chosen), BATCH):
                batch = chosen[begin : begin + BATCH]
                encoded = [png(change(pictures[index], generator)) for index in batch]
                asked = {features.IMAGE_BYTES_IN: np.array(encoded, dtype=object)}
                answers = export.ask(features.SERVE_IMAGES, asked)[features.LABEL_OUT]
                right += sum(int(answer) == labels[index] for answer, index in zip(answers, batch, strict=True))
            found.append(
                results.Row(
                    measure=f"shipped digits model, MNIST test pictures {kind}: accuracy",
                    value=right / len(chosen),
                    unit="fraction",
                    n=f"{len(chosen):,} pictures",
                    command="python tests/bench/bench_any_picture.py",
                )
            )
            print(f"{kind}: {right / len(chosen):.4f}", flush=True)
    results.record("any_picture", found, options.results)


def png(picture: np.ndarray) -> bytes:
    """Encode as PNG."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
