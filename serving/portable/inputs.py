"""From a request's arrays to what a network takes, as the exported graph does it."""

from __future__ import annotations

import types
from collections.abc import Callable

import numpy as np

from tfx_ocr.data import features, images
from tfx_ocr.data.features import MOST_WORDS
from tfx_ocr.data.pixels import glyph, line, numpy_ops
from tfx_ocr.serving.portable import words as of_words
from tfx_ocr.serving.portable.form import Parsed, Portable


def build_glyphs(parsed: Parsed, form: Portable) -> dict[str, np.ndarray]:
    """Fit encoded images of one glyph each, [batch] bytes, to `pixels` [batch, height, width, channels] float32."""
    return _fit(glyph.fit, parsed, form)


def build_lines(parsed: Parsed, form: Portable) -> dict[str, np.ndarray]:
    """Fit encoded images of one line each, [batch] bytes, to `pixels` [batch, height, width, 1] float32."""
    return _fit(line.fit, parsed, form)


def build_words(parsed: Parsed, form: Portable) -> dict[str, np.ndarray]:
    """Turn pages' words and boxes to `characters` [batch, words, characters] int32 and `places` float32.

    Raises:
        ValueError: a page has more than `MOST_WORDS` words.
    """
    counts, width = parsed["counts"], form.spec["max_characters"]
    most = max(int(counts.max(initial=0)), 1)
    if most > MOST_WORDS:
        raise ValueError(f"too many words: a page may have {MOST_WORDS}; divide it")
    characters = np.zeros((len(counts), most, width), np.int32)
    places = np.zeros((len(counts), most, of_words.PLACES), np.float32)
    for row, count in enumerate(counts):
        texts = [text.decode("utf-8", "replace") for text in parsed[features.WORDS_IN][row, :count]]
        characters[row, :count] = of_words.encode_characters(texts, width)
        places[row, :count] = of_words.measure_places(texts, parsed[features.BOXES_IN][row, :count])
    return {"characters": characters, "places": places}


def count_words(inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return the number of words of each page of `words` [batch, words]: up to the last that is not ""."""
    there = inputs[features.WORDS_IN] != b""
    last: np.ndarray = np.where(there, np.arange(1, there.shape[1] + 1), 0).max(1, initial=0)
    return last


def _fit(fit: Callable[..., np.ndarray], parsed: Parsed, form: Portable) -> dict[str, np.ndarray]:
    spec = types.SimpleNamespace(**form.spec)
    fitted = [fit(numpy_ops, images.decode_planes(image), spec) for image in parsed[features.IMAGE_BYTES_IN]]
    low, high = spec.scaled
    pixels = np.stack(fitted).astype(np.float32) * np.float32((high - low) / 255.0) + np.float32(low)
    return {features.PIXELS: pixels}
