"""MNIST for the benches: read from the idx files, drawn balanced, written out as the PNG folders people download."""

from __future__ import annotations

import gzip
import pathlib
import shutil

import numpy as np
import pipelines
from PIL import Image

FILES = {"train": "train", "test": "t10k"}
DIGITS = 10


def folder() -> pathlib.Path:
    """Return the folder of the four files: `mnist/` of the real data.

    Raises:
        FileNotFoundError: they do not.
    """
    return pipelines.data_folder("mnist")


def read(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures [N, 28, 28] uint8, ink light, and labels [N] uint8 of `train` or `test`."""
    name = FILES[split]
    with gzip.open(folder() / f"{name}-images-idx3-ubyte.gz") as file:
        pictures = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(folder() / f"{name}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return pictures, labels


def balanced(labels: np.ndarray, each: int, generator: np.random.Generator) -> np.ndarray:
    """Return indexes of `each` records of every digit, in ascending order, without duplicates.

    Raises:
        ValueError: a digit has fewer.
    """
    chosen = []
    for digit in range(DIGITS):
        (having,) = np.nonzero(labels == digit)
        if len(having) < each:
            raise ValueError(f"digit {digit} has {len(having)} pictures, fewer than the {each} asked for")
        chosen.append(generator.choice(having, each, replace=False))
    return np.sort(np.concatenate(chosen))


def write_draw(target: pathlib.Path, draw: int, each: dict[str, int]) -> None:
    """Write `<split>/<digit>/<n>.png` of a balanced draw, completely or not at all; an existing draw stays.

    Args:
        target: folder to make.
        draw: seed: the same draw is the same pictures.
        each: split to pictures a digit. Test pictures come from MNIST's test set, the others from its train set.
    """
    if target.exists():
        return
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    generator = np.random.default_rng(draw)
    for split, count in each.items():
        pictures, labels = read(split)
        for index in balanced(labels, count, generator):
            path = partial / split / str(labels[index]) / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pictures[index]).save(path)
    partial.rename(target)
