"""A folder of what a training needs: the records as Transform wrote them, their counts, the recipe's part.

`tfx-ocr pack` writes it, `elsewhere` reads it without TensorFlow.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfx_ocr.components.recipe import LineImage, Part
from tfx_ocr.components.tasks import list_labels
from tfx_ocr.data.example import parse_example
from tfx_ocr.data.record_file import read_records

FILE = "pack.json"
FORMAT = 1  # of the folder: another number is refused
TRAINING = "training"  # folder: of each training its checkpoint and `history.csv`
WEIGHTS = "initial.weights.h5"  # of `trainer.initial_weights`, whatever was named there
STRANGERS = "strangers.npz"  # of `trainer.augment.strangers`: they are drawn with fonts and OpenCV
SPLITS = ("train", "eval")
ROOMS = ("inputs", "networks", "tasks", "trainer")  # folders of `components` whose code says what is learned


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pack:
    """A folder of what a training needs.

    Attributes:
        folder: where it lies.
        part: the recipe's trainer part; its `initial_weights` is "" or a file of the folder.
        labels: what the network's outputs stand for, in their order.
        records: how many each split has.
        version: of the code that wrote it, see `compute_version`.
        digest: SHA-256 of the records' files, by which a training is known again.
    """

    folder: Path
    part: Part
    labels: tuple[str, ...]
    records: Mapping[str, int]
    version: str
    digest: str

    def read_split(self, split: str) -> Iterator[dict[str, list[Any]]]:
        """Yield the records of `train` or `eval`, as lists of bytes, float or int by feature.

        Raises:
            ValueError: a file is damaged.
        """
        for path in sorted((self.folder / split).iterdir()):
            yield from map(parse_example, read_records(path))

    def read_strangers(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return pictures [n, height, width, channels] and labels [n] of strangers; None for a recipe without."""
        path = self.folder / STRANGERS
        if not path.is_file():
            return None
        with np.load(path) as read:
            return read["pictures"], read["labels"].astype(np.int32)


def write_pack(folder: Path, part: str, files: Mapping[str, Sequence[Path]]) -> Pack:
    """Write the folder whole or not at all, in place of one of before.

    Args:
        folder: to write.
        part: the recipe's trainer part, as `Recipe.dump_part` gives it.
        files: gzipped TFRecords of what Transform wrote, by split.

    Raises:
        ValueError: `folder` may not be replaced (`refuse_other`), a split has no records, or the recipe's initial
            weights are not of its network.
    """
    refuse_other(folder)
    unfinished = folder.with_name(f".{os.getpid()}.{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        for split in SPLITS:
            (unfinished / split).mkdir(parents=True)
            for number, path in enumerate(sorted(files[split])):
                shutil.copyfile(path, unfinished / split / f"{number:05d}.tfrecord.gz")
        digest = hashlib.sha256()
        for path in sorted(unfinished.rglob("*.gz")):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        counts = {
            split: sum(1 for path in (unfinished / split).iterdir() for _ in read_records(path)) for split in SPLITS
        }
        if empty := [split for split, count in counts.items() if not count]:
            raise ValueError(f"no records for {' and '.join(empty)}: training needs both train and eval")
        of_recipe = Part.from_json(part)
        if of_recipe.trainer.initial_weights:
            import keras

            from tfx_ocr.components.trainer.model import build

            keras.utils.set_random_seed(of_recipe.trainer.seed)
            build(of_recipe)[0].save_weights(unfinished / WEIGHTS)
        changes = of_recipe.trainer.list_augmentations()
        if strange := next((each for each in changes if getattr(each, "strangers", 0.0)), None):
            pictures, labels = _draw_strangers(of_recipe, strange)
            np.savez_compressed(unfinished / STRANGERS, pictures=pictures, labels=labels)
        about = {
            "format": FORMAT,
            "version": compute_version(),
            "recipe": json.loads(part),
            "labels": list_labels(of_recipe),
            "records": counts,
            "digest": digest.hexdigest(),
        }
        text = json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False)
        (unfinished / FILE).write_text(f"{text}\n", encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return read_pack(folder)


def _draw_strangers(part: Part, changes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures and labels of strangers, as `inputs` has them."""
    from tfx_ocr.data.synthetic.strangers import draw_line_strangers, draw_strangers  # imports OpenCV

    if isinstance(part.input, LineImage):
        drawn = draw_line_strangers(part.input)
        return drawn, np.zeros(len(drawn), np.int64)
    return draw_strangers(part.input, changes.foreign, changes.familiar)


def refuse_other(folder: Path) -> None:
    """Refuse to replace what is there, unless it is a pack that was not trained.

    Raises:
        ValueError: the folder holds something else, or a training.
    """
    if folder.exists() and not (folder / FILE).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there and is not a pack: name another folder")
    if (folder / TRAINING).exists():
        raise ValueError(f"{folder} holds a training: name another folder, or remove it")


def read_pack(folder: Path) -> Pack:
    """Read what `write_pack` wrote, except for the records.

    Raises:
        ValueError: the folder is not a pack, or is one of another format, or this code's alphabet is another.
    """
    if not (folder / FILE).is_file():
        raise ValueError(f"{folder} is not a pack: write one with `tfx-ocr pack RECIPE --data DATA --out {folder}`")
    about = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if about.get("format") != FORMAT:
        raise ValueError(f"{folder} is a pack of format {about.get('format')}; this code reads format {FORMAT}")
    part = Part.from_json(json.dumps(about["recipe"]))
    if part.trainer.initial_weights:
        part = part.change_trainer(initial_weights=str(folder / WEIGHTS))
    labels = tuple(about["labels"])
    if labels != list_labels(part):
        raise ValueError(
            f"{folder} was packed with other labels than alphabet {part.alphabet!r} has here: pack it again"
        )
    return Pack(
        folder=folder,
        part=part,
        labels=labels,
        records={split: about["records"][split] for split in SPLITS},
        version=about["version"],
        digest=about["digest"],
    )


def compute_version() -> str:
    """Return the first 12 hex digits of the SHA-256 over the sources that say what is learned from a pack."""
    digest, components = hashlib.sha256(), Path(__file__).parents[1]
    for path in sorted(path for room in ROOMS for path in (components / room).rglob("*.py")):
        digest.update(f"{path.relative_to(components)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]
