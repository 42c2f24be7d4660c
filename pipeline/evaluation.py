"""A served or given model on data of any kind its recipe reads: the gate's numbers without a pipeline."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfx_ocr.components.evaluator import gate as gates
from tfx_ocr.components.evaluator.metrics import family
from tfx_ocr.components.recipe import Recipe
from tfx_ocr.data import features, images
from tfx_ocr.data.alphabets import alphabet
from tfx_ocr.data.checked import checked
from tfx_ocr.data.readers import choose, reader
from tfx_ocr.data.record import Record, Rejected
from tfx_ocr.pipeline.chosen import chosen, chosen_model
from tfx_ocr.pipeline.settings import Settings

BATCH = 64
SPLITS = ("train", "eval", "test")
SHOWN = 20  # records set aside that are named


def evaluated(here: Settings, data: Path, model: Path | None, split: str = "") -> dict[str, Any]:
    """Judge a model.

    Args:
        here: settings; `recipe` says which.
        data: folder that a reader of the recipe knows.
        model: folder of an export; None for the newest pushed version, or the shipped one while there is none.
        split: `train`, `eval`, `test` or `all`; "" for `test` where the data names one, else all of it.

    Returns:
        What `gate.json` holds, with `data`, `model` (`version`, `path`) and `set_aside` (`n`, `examples`).

    Raises:
        ValueError: no such data, split or model, or nothing in it can be judged.
    """
    it = chosen(here)
    if split not in ("", "all", *SPLITS):
        raise ValueError(f"--split is {split!r}; known: {', '.join(SPLITS)}, all")
    if not data.is_dir():
        raise ValueError(f"no folder {data}: give one that holds {', '.join(it.examples.readers)}")
    path, version = chosen_model(here, it, model)
    rejected: list[Rejected] = []
    by_split: dict[str, list[Record]] = collections.defaultdict(list)
    for record in _records(it, data):
        if isinstance(record, Rejected):
            rejected.append(record)
        else:
            by_split[record.split].append(record)
    wanted = split or ("test" if by_split["test"] else "all")
    records = [record for name in sorted(by_split) if wanted in (name, "all") for record in by_split[name]]
    if not records:
        raise ValueError(f"{data} has no {wanted} examples that can be judged ({len(rejected)} set aside)")
    digest = hashlib.sha256()
    for record in records:
        digest.update(hashlib.sha256(record.encoded(features.IMAGE)).digest())
        digest.update(record.encoded(features.LABEL))
    without_served = dataclasses.replace(it.gate, at_most_worse={})
    verdict = gates.verdict(
        it.name, without_served, family(it.task), _pairs(it, path, records), None, digest.hexdigest()
    )
    return verdict | {
        "split": wanted,
        "data": str(data),
        "model": {"version": version, "path": str(path)},
        "set_aside": {"n": len(rejected), "examples": [dataclasses.asdict(one) for one in rejected[:SHOWN]]},
    }


def _records(it: Recipe, data: Path) -> Iterator[Record | Rejected]:
    source = reader(choose(data, it.examples.readers))
    letters = alphabet(it.alphabet)
    for shard in source.shards(data):
        for record in source.read(data, shard):
            yield checked(record, letters, it.examples.max_pixels)


def _pairs(it: Recipe, path: Path, records: list[Record]) -> collections.Counter[tuple[str, str]]:
    """Count (label, answer) over `records`, asked in batches."""
    import numpy as np

    from tfx_ocr.serving.export import Export

    pairs: collections.Counter[tuple[str, str]] = collections.Counter()
    with Export(path) as export:
        for begin in range(0, len(records), BATCH):
            batch = records[begin : begin + BATCH]
            pictures = np.array([images.to_png(record.encoded(features.IMAGE)) for record in batch], dtype=object)
            outputs = export.answer(features.SERVE_IMAGES, {features.IMAGE_BYTES_IN: pictures})
            pairs.update(
                (record.encoded(features.LABEL).decode(), text.decode())
                for record, text in zip(batch, outputs[features.LABEL_OUT], strict=True)
            )
    return pairs
