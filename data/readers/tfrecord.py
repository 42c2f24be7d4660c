"""TFRecord files of tf.Examples: as others' data sets come, as ExampleGen writes them and as corrections are kept."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tfx_ocr.data import features, files, labels
from tfx_ocr.data.readers.split_names import parse_split
from tfx_ocr.data.record import Record, Rejected, Value

LAYOUT = "*.tfrecord[.gz] of tf.Examples with image and label"
IMAGES = (features.IMAGE, "image/encoded")  # the second is that of TensorFlow's own models and data sets
LABELS = (features.LABEL, "image/class/text")
SPLIT = "split"  # feature of a file that holds several; a file's or a folder's name is asked first
GZIP = b"\x1f\x8b"


def is_supported(root: Path) -> bool:
    """Whether a file's name says that it is a TFRecord."""
    return any(_is_one(path) for path in files.walk(root))


def list_shards(root: Path) -> list[str]:
    """A file a piece: a TFRecord is read from its beginning only."""
    return [json.dumps(path) for path in files.list_files(root) if _is_one(path)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record an Example; where the file is damaged or cut off, one set aside ends it."""
    import tensorflow as tf

    path = json.loads(shard)
    file = files.format_path(path)
    named = (parse_split(name.removeprefix("Split-")) for name in path.split("/"))  # the prefix is TFX's own
    split = next(filter(None, named), "")
    number = 0
    try:
        with (root / path).open("rb") as opened:
            compression = "GZIP" if opened.read(len(GZIP)) == GZIP else ""
        for raw in tf.data.TFRecordDataset(str(root / path), compression).as_numpy_iterator():
            yield _record(raw, f"{file}#{number}", file, split)
            number += 1
    except (OSError, tf.errors.OpError) as error:
        reason = error.strerror if isinstance(error, OSError) else re.sub(r"^\{\{.*?\}\} | \[Op:.*", "", error.message)
        yield Rejected(source=f"{file}#{number}", reason=f"damaged file: nothing more can be read ({reason})")


def serialize(record: Record) -> bytes:
    """A record as a tf.Example: its features with `source` and `group`."""
    import tensorflow as tf

    example = tf.train.Example()
    values = {**record.features, features.SOURCE: record.source.encode(), features.GROUP: record.group.encode()}
    for name, value in values.items():
        feature = example.features.feature[name]
        listed = value if isinstance(value, list) else [value]
        if not listed or isinstance(listed[0], bytes):
            feature.bytes_list.value.extend(listed)
        elif isinstance(listed[0], int):
            feature.int64_list.value.extend(listed)
        else:
            feature.float_list.value.extend(listed)
    return example.SerializeToString(deterministic=True)


def write(path: Path, records: Iterable[Record]) -> int:
    """Write records to a TFRecord that `read` gives back, but for their split, which the file's name says.

    Args:
        path: the file, `NAME.tfrecord` or, compressed, `NAME.tfrecord.gz`. It appears whole or not at all.
        records: what to write.

    Returns:
        How many there were.
    """
    import tensorflow as tf

    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    count = 0
    try:
        with tf.io.TFRecordWriter(str(unfinished), "GZIP" if path.suffix == ".gz" else "") as writer:
            for record in records:
                writer.write(serialize(record))
                count += 1
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _is_one(path: str) -> bool:
    return "tfrecord" in path.rsplit("/", 1)[-1].lower()


def _record(raw: bytes, source: str, file: str, split: str) -> Record | Rejected:
    """One tf.Example read; what is no Example, or has nothing to read or no answer, is set aside."""
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        example = tf.train.Example.FromString(raw)
        given = {name: _values(feature) for name, feature in example.features.feature.items()}
        image, label = _only(given, *IMAGES), _only(given, *LABELS)
        text = {name: _text(_only(given, name)) for name in (features.SOURCE, features.GROUP, SPLIT)}
        known: dict[str, Value] = {name: given[name] for name in features.PAGE if given.get(name)}
        known |= {name: _floats(given[name]) for name in (features.BOXES, features.PAGE_SIZE) if given.get(name)}
        if isinstance(image, bytes):
            known[features.IMAGE] = image
        if label is not None:
            known[features.LABEL] = labels.normalize_label(_text(label)).encode()
    except DecodeError:
        return Rejected(source=source, reason="not a tf.Example: the record is something else")
    except UnicodeDecodeError:
        return Rejected(source=source, reason="text is not UTF-8: label, source, group or split")
    if not known.keys() & {features.IMAGE, features.WORDS}:
        return Rejected(source=source, reason=f"no image: one of {', '.join(IMAGES)} is needed, of one value of bytes")
    if not known.get(features.LABEL) and features.ENTITIES not in known:
        return Rejected(source=source, reason=f"no label: one of {', '.join(LABELS)} is needed, of one value")
    return Record(
        features=known,
        source=text[features.SOURCE] or source,
        file=file,
        group=text[features.GROUP],
        split=split or parse_split(text[SPLIT]),
    )


def _values(feature: Any) -> list[Any]:
    """The values of a tf.train.Feature, whichever of its three lists they are in."""
    kind = feature.WhichOneof("kind")
    return list(getattr(feature, kind).value) if kind else []


def _floats(values: list[Any]) -> list[Any]:
    """Whole numbers as the floats that a record has in their place; anything else as it is."""
    return [float(value) if isinstance(value, int) else value for value in values]


def _only(given: dict[str, list[Any]], *names: str) -> Any:
    """The value of the first of `names` that has exactly one; None where none has."""
    return next((given[name][0] for name in names if len(given.get(name, ())) == 1), None)


def _text(value: bytes | float | None) -> str:
    """A value as text: UTF-8 read, a class number written out, "" for None."""
    if isinstance(value, bytes):
        return value.decode()
    return "" if value is None else str(value)
