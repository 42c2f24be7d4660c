"""From a request's arrays to what a network takes, as the exported graph does it."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfx_ocr.data import features, images
from tfx_ocr.data.features import MOST_WORDS
from tfx_ocr.data.pixels import glyph, line, numpy_ops, page
from tfx_ocr.data.registry import check_known
from tfx_ocr.data.words import PLACES
from tfx_ocr.serving.portable import words as of_words
from tfx_ocr.serving.portable.form import Parsed, Portable

Record = Mapping[str, Sequence[Any]]  # lists of bytes or float by feature


@dataclasses.dataclass(frozen=True)
class Input:
    """One kind of input.

    Attributes:
        build: a request's arrays to what the network takes.
        stack: records to the arrays of the input's own signature.
    """

    build: Callable[[Parsed, Portable], dict[str, np.ndarray]]
    stack: Callable[[Sequence[Record]], dict[str, np.ndarray]]


def build_words(parsed: Parsed, form: Portable) -> dict[str, np.ndarray]:
    """Turn pages' words and boxes to `characters` [batch, words, characters] int32 and `places` float32.

    Raises:
        ValueError: a page has more than `MOST_WORDS` words, or words and boxes do not fit together.
    """
    words, boxes = parsed[features.WORDS_IN], parsed[features.BOXES_IN]
    if boxes.shape != (*words.shape, 4):
        raise ValueError(
            f"words and boxes disagree: words of {words.shape}, boxes of {boxes.shape}, four numbers a word"
        )
    if not np.isfinite(boxes).all():
        raise ValueError("not a box: a side is not a number")
    counts, width = count_words(words), form.spec["max_characters"]
    most = max(int(counts.max(initial=0)), 1)
    if most > MOST_WORDS:
        raise ValueError(f"too many words: a page may have {MOST_WORDS}; divide it")
    characters = np.zeros((len(counts), most, width), np.int32)
    places = np.zeros((len(counts), most, PLACES), np.float32)
    for row, count in enumerate(counts):
        texts = [text.decode("utf-8", "replace") for text in words[row, :count]]
        characters[row, :count] = of_words.encode_characters(texts, width)
        places[row, :count] = of_words.measure_places(texts, boxes[row, :count])
    return {"characters": characters, "places": places}


def count_words(words: np.ndarray) -> np.ndarray:
    """Return the number of words of each page, [batch, words] bytes: up to the last that is not ""."""
    there = words != b""
    last: np.ndarray = np.where(there, np.arange(1, there.shape[1] + 1), 0).max(1, initial=0)
    return last


def build_pixels(fit: Callable[..., np.ndarray], parsed: Parsed, form: Portable) -> dict[str, np.ndarray]:
    """Fit encoded pictures, [batch] bytes, to `pixels` [batch, height, width, channels] float32."""
    spec = types.SimpleNamespace(**form.spec)
    fitted = [fit(numpy_ops, images.decode_for_model(image), spec) for image in parsed[features.IMAGE_BYTES_IN]]
    low, high = spec.scaled
    pixels = np.stack(fitted).astype(np.float32) * np.float32((high - low) / 255.0) + np.float32(low)
    return {features.PIXELS: pixels}


def _stack_images(records: Sequence[Record]) -> dict[str, np.ndarray]:
    found = np.empty(len(records), object)
    found[:] = [_require_image(record) for record in records]
    return {features.IMAGE_BYTES_IN: found}


def _stack_words(records: Sequence[Record]) -> dict[str, np.ndarray]:
    pages = [(record.get(features.WORDS, []), record.get(features.BOXES, [])) for record in records]
    most = max((len(words) for words, _ in pages), default=0)
    texts, boxes = np.full((len(pages), most), b"", object), np.zeros((len(pages), most, 4), np.float32)
    for row, (words, around) in enumerate(pages):
        if not all(isinstance(word, bytes) for word in words):
            raise ValueError(f"the record's feature {features.WORDS!r} holds something else than bytes")
        if any(isinstance(side, bytes) for side in around):
            raise ValueError(f"the record's feature {features.BOXES!r} holds something else than numbers")
        if len(around) != 4 * len(words):
            raise ValueError(
                f"words and boxes disagree: {len(words)} words, {len(around)} numbers where a box has four"
            )
        texts[row, : len(words)] = list(words)
        boxes[row, : len(words)] = np.reshape(around, (-1, 4))
    return {features.WORDS_IN: texts, features.BOXES_IN: boxes}


def _require_image(record: Record) -> bytes:
    values = record.get(features.IMAGE)
    if not values:
        raise ValueError(f"the record has no feature {features.IMAGE!r}")
    if len(values) > 1 or not isinstance(values[0], bytes):
        kind = type(values[0]).__name__
        raise ValueError(
            f"the record's feature {features.IMAGE!r} holds {len(values)} of {kind}, where it has one of bytes"
        )
    return bytes(values[0])


INPUTS = {
    "image": Input(functools.partial(build_pixels, glyph.fit), _stack_images),
    "line_image": Input(functools.partial(build_pixels, line.fit), _stack_images),
    "page_image": Input(functools.partial(build_pixels, page.fit), _stack_images),
    "words": Input(build_words, _stack_words),
}


def get_input(kind: str) -> Input:
    """Return how a kind of input is read.

    Raises:
        ValueError: unknown kind; the known ones are named.
    """
    check_known(kind, INPUTS, f"no portable input {kind!r}")
    return INPUTS[kind]
