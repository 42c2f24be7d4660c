"""Take the golden answers of the shipped models: `python tests/serving/golden/take.py [--draw]`.

`--draw` first draws the records anew from the samples. `answers.json` was taken first with the code of commit 920a734,
and again when fitting became exact arithmetic, the same in every runtime: all texts but one runner-up of a syllable
stayed, and no probability moved by more than 0.02 (that of one doubtful character of a line; of digits 0.0002). Those
of lines are of the weights of their third training, those of hangul of the mean of two trainings, those of print of
its second training; all three are stored in 8 bits. Those of lines and print are of networks that leave out the paper
behind a line.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfx_ocr.data.example import parse_example

FOLDER = Path(__file__).parent
ANSWERS = FOLDER / "answers.json"
COUNT = 20  # records per model
DIGITS = 5  # behind the point
READERS = {
    "digits": "image_folder",
    "hangul": "tfrecord",
    "lines": "tfrecord",
    "print": "tfrecord",
    "invoices": "tfrecord",
}


def draw(name: str) -> None:
    """Write `COUNT` records of a sample's test split (of all, where the data has no splits), as far apart as can be."""
    import tensorflow as tf

    from tfx_ocr.data.readers import get_reader
    from tfx_ocr.data.record import Record
    from tfx_ocr.data.record_file import serialize
    from tfx_ocr.data.samples import get_sample

    reader = get_reader(READERS[name])
    with tempfile.TemporaryDirectory() as top:
        folder = get_sample(name)(Path(top) / name)
        read = [record for shard in reader.list_shards(folder) for record in reader.read(folder, shard)]
    records = [record for record in read if isinstance(record, Record) and record.split in ("test", "")]
    with tf.io.TFRecordWriter(str(FOLDER / f"{name}.tfrecord.gz"), "GZIP") as writer:
        for record in records[:: max(1, len(records) // COUNT)][:COUNT]:
            writer.write(serialize(record))


def read(name: str) -> list[bytes]:
    """Return a model's records as serialized tf.Examples."""
    content, found = gzip.decompress((FOLDER / f"{name}.tfrecord.gz").read_bytes()), []
    while content:  # length (8 bytes), its checksum (4), the Example, its checksum (4)
        length = int.from_bytes(content[:8], "little")
        found.append(content[12 : 12 + length])
        content = content[16 + length :]
    return found


def build_requests(raw: bytes) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Yield both signatures' names with their inputs about one record."""
    features = parse_example(raw)
    yield "serving_default", {"examples": np.array([raw], dtype=object)}
    if "words" in features:
        boxes = np.reshape(features["boxes"], (1, -1, 4)).astype(np.float32)
        yield "serve_words", {"words": np.array([features["words"]], dtype=object), "boxes": boxes}
    else:
        yield "serve_images", {"image_bytes": np.array(features["image"], dtype=object)}


def to_json(outputs: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the outputs of one record as texts, rounded numbers and lists, sorted by name."""
    return {name: _to_plain(outputs[name][0]) for name in sorted(outputs)}


def compare(one: Any, two: Any, where: str) -> None:
    """Compare answers as `to_json` returns them: numbers within 1e-4, everything else exactly."""
    if isinstance(one, dict):
        assert one.keys() == two.keys(), where
        for name in one:
            compare(one[name], two[name], f"{where}.{name}")
    elif isinstance(one, list):
        assert len(one) == len(two), where
        for number, pair in enumerate(zip(one, two, strict=True)):
            compare(*pair, f"{where}[{number}]")
    elif isinstance(one, float):
        assert abs(one - two) <= 1e-4, where
    else:
        assert one == two, where


def _to_plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | list):
        return [_to_plain(one) for one in value]
    return value.decode() if isinstance(value, bytes) else round(float(value), DIGITS)


def take(name: str) -> list[dict[str, Any]]:
    """Ask the shipped model `name` about its records through both signatures; the own signature's answers."""
    from tfx_ocr.data import pretrained
    from tfx_ocr.serving.runtimes import open_folder

    folder = pretrained.FOLDER / name / "model"
    with open_folder(folder) as model:
        return [
            to_json(model.ask(signature, inputs))
            for raw in read(name)
            for signature, inputs in build_requests(raw)
            if signature != "serving_default"
        ]


def main() -> None:
    """Draw where asked to, take, and write."""
    if "--draw" in sys.argv:
        for name in READERS:
            draw(name)
    answers = {name: take(name) for name in READERS}
    ANSWERS.write_text(
        "{\n"
        + ",\n".join(
            f" {json.dumps(name)}: [\n"
            + ",\n".join("  " + json.dumps(one, sort_keys=True, ensure_ascii=False) for one in answers[name])
            + "\n ]"
            for name in sorted(answers)
        )
        + "\n}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
