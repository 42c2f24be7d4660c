"""TFRecord files of tf.Examples: as others' data sets come, as ExampleGen writes them and as corrections are kept."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfx_ocr.data import features, files
from tfx_ocr.data.example import parse_example
from tfx_ocr.data.normalization import normalize_label
from tfx_ocr.data.readers.shard import Unread, reject_failures
from tfx_ocr.data.readers.split_names import find_split, parse_split
from tfx_ocr.data.readers.styles import find_style
from tfx_ocr.data.record import Record, Rejected, Value
from tfx_ocr.data.record_file import read_records

LAYOUT = "*.tfrecord[.gz], *.tfrec or *-00000-of-00001 of tf.Examples with image and label"
NAME = re.compile(
    r".*(tfrec.*|-\d{5}-of-\d{5}(\.gz)?)"
)  # of a file, in lower case; the last is TensorFlow's of any shards
IMAGES = (features.IMAGE, "image/encoded")  # the second is that of TensorFlow's own models and data sets
LABELS = (features.LABEL, "image/class/text", "image/text")  # the last is that of lines
MOST_NAMED = 8  # features of an Example
FLOATS = (features.BOXES, features.PAGE_SIZE, features.POLYGONS)
SPLIT = "split"  # feature of a file that holds several; a file's or a folder's name is asked first


def is_supported(root: Path) -> bool:
    """Return whether a file's name says that it is a TFRecord."""
    return any(_is_one(path) for path in files.walk(root))


def list_shards(root: Path) -> list[str]:
    """Return one shard per file: a TFRecord is read from its beginning only."""
    return [json.dumps(path) for path in files.list_files(root) if _is_one(path)]


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per Example; where the file is damaged or cut off, one set aside ends it."""
    path = json.loads(shard)
    file, split, number = files.format_path(path), find_split(path), 0
    try:
        for raw in read_records(root / path):
            yield f"{file}#{number}", functools.partial(_parse_example, raw, f"{file}#{number}", file, split)
            number += 1
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        yield Rejected(source=f"{file}#{number}", reason=f"damaged file: nothing more can be read ({reason})")


def _is_one(path: str) -> bool:
    return NAME.fullmatch(path.rsplit("/", 1)[-1].lower()) is not None


def _parse_example(raw: bytes, source: str, file: str, split: str) -> Record:
    """One tf.Example read.

    Raises:
        ValueError: it is something else, or has nothing to read or no label.
    """
    try:
        given = parse_example(raw)
    except ValueError:
        raise ValueError("not a tf.Example: the record is something else") from None
    try:
        image, label = _get_only(given, *IMAGES), _get_only(given, *LABELS)
        text = {name: _to_text(_get_only(given, name)) for name in (features.SOURCE, features.GROUP, SPLIT)}
        known: dict[str, Value] = {name: given[name] for name in (*features.PAGE, features.SHAPES) if given.get(name)}
        known |= {name: _to_floats(given[name]) for name in FLOATS if given.get(name)}
        if isinstance(image, bytes):
            known[features.IMAGE] = image
        if label is not None:
            known[features.LABEL] = normalize_label(_to_text(label)).encode()
            style = _get_only(given, features.STYLE)
            if style := style if style in features.STYLES else find_style(file):
                known[features.STYLE] = style
    except UnicodeDecodeError:
        raise ValueError("text is not UTF-8: label, source, group or split") from None
    found = ", ".join(map(files.format_path, sorted(given)[:MOST_NAMED])) or "nothing"
    if isinstance(label, float) and not label.is_integer():
        raise ValueError(f"not a text: the label is the float {label:g}; write a text as bytes, a class as int64")
    if not known.keys() & {features.IMAGE, features.WORDS}:
        raise ValueError(f"no image: one of {', '.join(IMAGES)} is needed, of one value of bytes; it has {found}")
    if not known.get(features.LABEL) and not known.keys() & {features.ENTITIES, features.PAGE_SIZE}:
        raise ValueError(f"no label: one of {', '.join(LABELS)} is needed, of one value; it has {found}")
    return Record(
        features=known,
        source=text[features.SOURCE] or source,
        file=file,
        group=text[features.GROUP],
        split=split or parse_split(text[SPLIT]),
    )


def _to_floats(values: list[Any]) -> list[Any]:
    """Whole numbers as the floats that a record has in their place; anything else as it is."""
    return [float(value) if isinstance(value, int) else value for value in values]


def _get_only(given: dict[str, list[Any]], *names: str) -> Any:
    """The value of the first of `names` that has exactly one; None where none has."""
    return next((given[name][0] for name in names if len(given.get(name, ())) == 1), None)


def _to_text(value: bytes | float | None) -> str:
    """A value as text: UTF-8 read, a class number written out, 7.0 as 7, "" for None."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value)
