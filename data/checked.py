"""Is a record fit to be used? What ExampleGen and `tfx-ocr evaluate` set aside alike, and why."""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data import features, images
from tfx_ocr.data.page import check
from tfx_ocr.data.record import Record, Rejected

STAY = (images.PNG, b"\xff\xd8")  # beginnings of PNG and JPEG, which are written as they are; others become PNG


def checked(
    record: Record | Rejected, letters: ModuleType, max_pixels: int, min_side: int = 1, max_side: int = 0
) -> Record | Rejected:
    """Give the record back, or what is set aside in its place.

    Args:
        record: as a reader yields it; what a reader has set aside stays so.
        letters: module of `data.alphabets` that says what a label may be.
        max_pixels: of a picture, width x height; larger ones are set aside before they are decoded.
        min_side: pixels that a picture's width and height must have.
        max_side: pixels that neither may exceed; 0 for any.
    """
    if isinstance(record, Rejected):
        return record
    reason = _what_it_lacks(record, letters)
    if not reason and features.LABEL in record.features:
        reason = letters.why_not(record.encoded(features.LABEL).decode())
    if not reason and features.WORDS in record.features:
        reason = check.why_not(record.features, letters)
    if not reason and features.IMAGE in record.features:
        reason = _why_no_picture(record.encoded(features.IMAGE), max_pixels, min_side, max_side)
    return Rejected(source=record.source, reason=reason) if reason else record


def _what_it_lacks(record: Record, letters: ModuleType) -> str | None:
    """An alphabet of entities, in which "" is nothing, is one of pages; any other is one of labelled pictures."""
    of_pages = "" in getattr(letters, "CLASSES", ())
    needed = (features.WORDS, features.ENTITIES) if of_pages else (features.IMAGE, features.LABEL)
    lacking = [name for name in needed if name not in record.features]
    return f"another kind of record: it has no {' and no '.join(lacking)}" if lacking else None


def _why_no_picture(image: bytes, *sizes: int) -> str | None:
    reason = images.why_not(image, *sizes)
    if reason or not image.startswith(STAY):
        return reason
    import tensorflow as tf

    try:
        tf.io.decode_image(image, expand_animations=False)  # stricter than Pillow, and in Transform it stops the run
    except tf.errors.InvalidArgumentError:
        return "damaged image: TensorFlow cannot decode it; save it anew"
    return None
