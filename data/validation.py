"""Is a record fit to be used? What ExampleGen and `tfx-ocr evaluate` set aside alike, and why."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from tfx_ocr.data import features, images
from tfx_ocr.data.alphabets import Alphabet
from tfx_ocr.data.page import check
from tfx_ocr.data.quiet import silence_stderr
from tfx_ocr.data.record import Record, Rejected

STAY = (images.PNG, b"\xff\xd8")  # beginnings of PNG and JPEG, which are written as they are; others become PNG
LOT = 256  # records that are looked at together, at most
LOT_BYTES = 2**20  # of their pictures, from which on no more are taken


def validate_records(
    records: Iterable[Record | Rejected],
    letters: Alphabet,
    needed: Sequence[str],
    max_pixels: int,
    min_side: int = 1,
    max_side: int = 0,
    *,
    in_graph: bool = True,
) -> Iterator[Record | Rejected]:
    """Give each record back, or what is set aside in its place.

    Args:
        records: as a reader yields them; what a reader has set aside stays so.
        letters: alphabet that says what a label may be.
        needed: features that a record must have.
        max_pixels: of a picture, width x height; larger ones are set aside before they are decoded.
        min_side: pixels that a picture's width and height must have.
        max_side: pixels that neither may exceed; 0 for any.
        in_graph: whether TensorFlow is to decode the pictures, so that what only TensorFlow refuses is set aside.
    """
    for lot in _lots(records):
        found = [_checked(record, letters, needed, max_pixels, min_side, max_side) for record in lot]
        stay = [number for number, record in enumerate(found) if in_graph and _is_doubtful(_picture(record))]
        for number in _undecodable([_picture(found[number]) for number in stay]):
            reason = "damaged image: TensorFlow cannot decode it; save it anew"
            found[stay[number]] = Rejected(source=found[stay[number]].source, reason=reason)
        yield from found


def _lots(records: Iterable[Record | Rejected]) -> Iterator[list[Record | Rejected]]:
    lot, size = [], 0
    for record in records:
        lot.append(record)
        size += len(_picture(record))
        if size >= LOT_BYTES or len(lot) == LOT:
            yield lot
            lot, size = [], 0
    yield lot


def _picture(record: Record | Rejected) -> bytes:
    """The picture of a record that has one and is not set aside, else b""."""
    return b"" if isinstance(record, Rejected) else record.get_bytes_or_empty(features.IMAGE)


def _is_doubtful(picture: bytes) -> bool:
    """Whether a picture is given to TensorFlow as it is, and might not be decoded."""
    return picture.startswith(STAY) and not images.is_sound_png(picture)


def _checked(record: Record | Rejected, letters: Alphabet, needed: Sequence[str], *sizes: int) -> Record | Rejected:
    """`validate_records` of one, without what TensorFlow says of its picture."""
    if isinstance(record, Rejected):
        return record
    reason = find_problem(record, letters, needed)
    if not reason and features.IMAGE in record.features:
        reason = images.find_problem(record.get_bytes(features.IMAGE), *sizes)
    return Rejected(source=record.source, reason=reason) if reason else record


def find_problem(record: Record, letters: Alphabet, needed: Sequence[str]) -> str | None:
    """Say why a record must be set aside for what it lacks, its label or its page; None when its picture decides."""
    reason = _find_lack(record, needed)
    if not reason and features.LABEL in record.features:
        reason = letters.find_problem(record.get_bytes(features.LABEL).decode())
    if not reason and features.WORDS in record.features:
        reason = check.find_problem(record.features, letters)
    if not reason and record.features.keys() & {features.SHAPES, features.POLYGONS}:
        reason = check.find_shape_problem(record.features, letters)
    return reason


def _find_lack(record: Record, needed: Sequence[str]) -> str | None:
    lacking = [name for name in needed if name not in record.features]
    return f"another kind of record: it has no {' and no '.join(lacking)}" if lacking else None


def _undecodable(encoded: Sequence[bytes]) -> list[int]:
    """Numbers of those that TensorFlow refuses: it is stricter than Pillow, and in Transform it stops the run."""
    if not encoded or _decodes(encoded):
        return []
    return [number for number, each in enumerate(encoded) if not _decodes([each])]


def _decodes(encoded: Sequence[bytes]) -> bool:
    with silence_stderr():
        import tensorflow as tf

    try:
        _decoder()(np.array(encoded, dtype=object))
    except tf.errors.InvalidArgumentError:
        return False
    return True


@functools.cache
def _decoder() -> Callable[[np.ndarray], object]:
    """Decodes [n] encoded pictures in one session: an eager call for each costs more than its decoding."""
    import tensorflow as tf

    with tf.Graph().as_default():
        encoded = tf.compat.v1.placeholder(tf.string, [None])
        sizes = tf.map_fn(
            lambda each: tf.size(tf.io.decode_image(each, expand_animations=False)),
            encoded,
            fn_output_signature=tf.int32,
            parallel_iterations=1,  # no two large pictures in memory
        )
        made: Callable[[np.ndarray], object] = tf.compat.v1.Session().make_callable(sizes, [encoded])
    return made
