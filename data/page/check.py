"""Is a record of a page whole? Its words, boxes, entities and fields must fit together, whoever wrote them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tfx_ocr.data import features
from tfx_ocr.data.alphabets import Alphabet
from tfx_ocr.data.features import MOST_WORDS
from tfx_ocr.data.record import Value


def find_problem(page: Mapping[str, Value], letters: Alphabet) -> str | None:
    """Say what is wrong with a record's page features; None for nothing.

    Args:
        page: features of a record that has `words`, as docs/records.md has them under "A page".
        letters: alphabet that says what an entity may be.

    Returns:
        One clause: what is wrong, a colon, in particular what.
    """
    words, boxes, entities, names, values, size = (_listed(page, name) for name in features.PAGE)
    if reason := check_word_count(len(words)):
        return reason
    if len(boxes) != 4 * len(words):
        return f"words and boxes disagree: {len(words)} words, {len(boxes)} numbers where a box has four"
    if features.ENTITIES in page and len(entities) != len(words):
        return f"words and entities disagree: {len(words)} words, {len(entities)} entities"
    if len(names) != len(values) or len(set(names)) != len(names):
        return f"fields disagree: {len(names)} names, {len(set(names))} of them different, {len(values)} values"
    if features.PAGE_SIZE in page and not (len(size) == 2 and _all_finite(size) and min(size) > 0):
        return f"not a page size: {size} is not a width and height in pixels"
    return _why_no_text(words, [*entities, *names], values, letters) or _why_no_boxes(boxes)


def find_shape_problem(page: Mapping[str, Value], letters: Alphabet) -> str | None:
    """Say what is wrong with the shapes of a record of a page's picture; None for nothing.

    Args:
        page: features of a record that has `shapes` or `polygons`.
        letters: alphabet that says what a shape may be.
    """
    kinds, polygons = _listed(page, features.SHAPES), _listed(page, features.POLYGONS)
    if len(polygons) != 8 * len(kinds):
        return f"shapes and polygons disagree: {len(kinds)} shapes, {len(polygons)} numbers where a shape has eight"
    if not _all_finite(polygons):
        return "not a polygon: a corner is not a number"
    unknown = (letters.find_problem(kind.decode(errors="replace")) for kind in dict.fromkeys(kinds))
    return next(filter(None, unknown), None)


def check_word_count(words: int) -> str | None:
    """Say why a page cannot have so many words; None when it can."""
    if not words:
        return "no words: the page has no text"
    return f"too many words: {words}, where a page may have {MOST_WORDS}" if words > MOST_WORDS else None


def _listed(page: Mapping[str, Value], name: str) -> list[Any]:
    """A feature as the list of its values; [] where it is missing, since a TFRecord drops empty ones."""
    value = page.get(name, [])
    return value if isinstance(value, list) else [value]


def _why_no_text(words: list[Any], labels: list[Any], values: list[Any], letters: Alphabet) -> str | None:
    if not all(isinstance(text, bytes) for text in (*words, *labels, *values)):
        return "not text: words, entities, names and values of fields are bytes"
    try:
        blank = [number for number, word in enumerate(words) if not word.decode().strip()]
        b"".join(values).decode()
        unknown = [letters.find_problem(label.decode()) for label in dict.fromkeys(labels)]
    except UnicodeDecodeError:
        return "text is not UTF-8: words, entities or fields"
    return f"empty word: word {blank[0]} is blank" if blank else next(filter(None, unknown), None)


def _why_no_boxes(boxes: list[Any]) -> str | None:
    if not _all_finite(boxes):
        return "not a box: a side is not a number"
    for number in range(len(boxes) // 4):
        left, top, right, bottom = boxes[4 * number : 4 * number + 4]
        if left > right or top > bottom:
            return f"not a box: word {number} ends before it begins ({left:g}, {top:g}, {right:g}, {bottom:g})"
    return None


def _all_finite(numbers: list[Any]) -> bool:
    return all(isinstance(number, int | float) and math.isfinite(number) for number in numbers)
