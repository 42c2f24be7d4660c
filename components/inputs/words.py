"""The words of a page and their boxes: from texts and pixels to characters and places, one row per word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import tensorflow as tf

from tfx_ocr.components.recipe import WordAugmentation, Words
from tfx_ocr.data import features
from tfx_ocr.data.features import MOST_WORDS
from tfx_ocr.data.words import AMOUNT, ASCII, FAR, OF_DATES, OFTEN, PLACES, WIDE

RAW = {features.WORDS: tf.io.VarLenFeature(tf.string), features.BOXES: tf.io.VarLenFeature(tf.float32)}
REQUEST = {
    features.WORDS_IN: tf.TensorSpec([None, None], tf.string, features.WORDS_IN),
    features.BOXES_IN: tf.TensorSpec([None, None, 4], tf.float32, features.BOXES_IN),
}
WRITTEN = {
    features.CHARACTERS_XF: tf.io.FixedLenFeature([], tf.string),
    features.PLACES_XF: tf.io.FixedLenFeature([], tf.string),
}

Labels = TypeVar("Labels")


def transform(raw: dict[str, tf.Tensor], spec: Words) -> dict[str, tf.Tensor]:
    """Turn words into numbers of their characters and places.

    Args:
        raw: `words`, sparse [batch, most words] string, and `boxes`, sparse [batch, 4 * most words] float32.
        spec: the recipe's.

    Returns:
        [batch, 1] strings: `characters_xf`, words x `max_characters` uint8, 0 past a word's end; `places_xf`, words x
        `PLACES` float32. A page of more than `MOST_WORDS` words is an error that says so.
    """
    words = tf.RaggedTensor.from_sparse(raw[features.WORDS])
    few = tf.debugging.assert_less_equal(
        tf.shape(raw[features.WORDS], tf.int64)[1], tf.constant(MOST_WORDS, tf.int64),
        f"too many words: a page may have {MOST_WORDS}; divide it",
    )  # fmt: skip
    with tf.control_dependencies([few] if few is not None else []):  # none where it runs at once
        words = tf.identity(words)
    boxes = tf.RaggedTensor.from_sparse(raw[features.BOXES])

    def page(one: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        numbers = tf.cast(_characters(one[0], spec), tf.uint8)
        places = tf.concat([_places(tf.reshape(one[1], [-1, 4])), _standing(one[0])], 1)
        return (
            _bytes(numbers, tf.size(one[0]) * spec.max_characters),
            _bytes(places, tf.size(one[0]) * PLACES * tf.float32.size),
        )

    string = tf.TensorSpec([], tf.string)
    characters, places = tf.map_fn(page, (words, boxes), fn_output_signature=(string, string))
    return {features.CHARACTERS_XF: characters[:, tf.newaxis], features.PLACES_XF: places[:, tf.newaxis]}


def _bytes(values: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    # a TensorProto ends with its values: the one quick way from numbers to bytes in a graph
    proto = tf.io.serialize_tensor(values)
    return tf.strings.substr(proto, tf.strings.length(proto) - length, length)


def _characters(words: tf.Tensor, spec: Words) -> tf.Tensor:
    """[words] string to [words, max_characters] int32: 0 past a word's end."""
    codes = tf.strings.unicode_decode(words, "UTF-8").to_tensor(0, shape=[None, spec.max_characters])
    return tf.where(codes < ASCII, codes, ASCII + codes % ASCII)


def _places(boxes: tf.Tensor) -> tf.Tensor:
    """Where words are, free of the page's resolution.

    Args:
        boxes: [words, 4] float32: left, top, right, bottom in pixels.

    Returns:
        [words, 9] float32: left, right and middle across, 0 to 1 over all the words' width; height as a multiple
        of the page's median word's; distance of the middle from the topmost and from the lowest word, in median
        heights over `FAR`, at most 1; down, 0 to 1 over all the words' height; and the gaps to the word before and to
        the one after in the same row, in median heights over `WIDE`, at most 1, which stands for none too. Pages end
        where their last word does: the distances say more than a share of a height that another line would change.
    """
    left, top, right, bottom = tf.unstack(boxes, axis=1)
    heights = tf.maximum(bottom - top, 1.0)
    count = tf.maximum(tf.size(heights), 1)
    median = tf.sort(tf.concat([heights, tf.ones([1])], 0), direction="DESCENDING")[count // 2]
    first_x, last_x = tf.reduce_min(left), tf.reduce_max(right)
    first_y, last_y = tf.reduce_min(top), tf.reduce_max(bottom)
    middle = (top + bottom) / 2.0

    def across(x: tf.Tensor) -> tf.Tensor:
        return (x - first_x) / tf.maximum(last_x - first_x, 1.0)

    def far(distance: tf.Tensor) -> tf.Tensor:
        return tf.minimum(distance / median / FAR, 1.0)

    beside = tf.minimum(bottom[:-1], bottom[1:]) - tf.maximum(top[:-1], top[1:])  # of words and those that follow them
    beside = (left[1:] >= left[:-1]) & (2.0 * beside >= tf.minimum(heights[:-1], heights[1:]))
    gaps = tf.where(beside, tf.clip_by_value((left[1:] - right[:-1]) / median / WIDE, 0.0, 1.0), 1.0)

    return tf.stack(
        [
            across(left),
            across(right),
            across((left + right) / 2.0),
            tf.minimum(heights / median, 8.0),
            far(middle - first_y),
            far(last_y - middle),
            (middle - first_y) / tf.maximum(last_y - first_y, 1.0),
            tf.pad(gaps, [[1, 0]], constant_values=1.0)[: tf.size(left)],  # a page may have no words
            tf.pad(gaps, [[0, 1]], constant_values=1.0)[: tf.size(left)],
        ],
        axis=1,
    )


def _standing(words: tf.Tensor) -> tf.Tensor:
    """What words are among the others of their page.

    Args:
        words: [words] string.

    Returns:
        [words, 7] float32: an amount's share of the page's largest, 0 of other words; 1 where that is the largest;
        how often the word occurs, over `OFTEN`, at most 1. Totals are large, and stand more than once. And 1 where
        the word is a date, a month's name, a day, a year: few pages teach that 5/40/160 is not a date.
    """
    digits = tf.where(tf.strings.regex_full_match(words, AMOUNT), tf.strings.regex_replace(words, r"[^\d]", ""), "0")
    amounts = tf.strings.to_number(digits, tf.float64)
    largest = tf.maximum(tf.reduce_max(tf.concat([amounts, tf.ones([1], tf.float64)], 0)), 1.0)
    _, which, counts = tf.unique_with_counts(words)
    often = tf.minimum(tf.cast(tf.gather(counts, which), tf.float32) / OFTEN, 1.0)
    is_largest = tf.cast(tf.equal(amounts, largest), tf.float32)
    of_dates = [tf.cast(tf.strings.regex_full_match(words, pattern), tf.float32) for pattern in OF_DATES]
    return tf.stack([tf.cast(amounts / largest, tf.float32), is_largest, often, *of_dates], 1)


def read_batch(written: dict[str, tf.Tensor], spec: Words) -> dict[str, tf.Tensor]:
    """Read what `transform` wrote, padded to the page of most words: one word at least.

    Returns:
        `characters` [batch, words, max_characters] uint8, all 0 past a page's last word; `places` [batch, words,
        `PLACES`] float32.
    """
    strings = {name: tf.reshape(written[name], [-1]) for name in WRITTEN}
    most = tf.reduce_max(tf.strings.length(strings[features.CHARACTERS_XF])) // spec.max_characters
    most = tf.maximum(most, 1)
    characters = tf.io.decode_raw(strings[features.CHARACTERS_XF], tf.uint8, fixed_length=most * spec.max_characters)
    places = tf.io.decode_raw(strings[features.PLACES_XF], tf.float32, fixed_length=most * PLACES * tf.float32.size)
    return {
        "characters": tf.reshape(characters, [-1, most, spec.max_characters]),
        "places": tf.reshape(places, [-1, most, PLACES]),
    }


def augment(
    words: dict[str, tf.Tensor], labels: Labels, seed: tf.Tensor, changes: WordAugmentation, spec: Words
) -> tuple[dict[str, tf.Tensor], Labels]:
    """Change training words: `disguised` ones look the same but say something else, `misread` characters become others.

    Args:
        words: what `read_batch` gives.
        labels: of the words; an entity stays what it is.
        seed: [2] integers; the same seed gives the same words, in any process.
        changes: the recipe's.
        spec: the recipe's.
    """
    characters = tf.cast(words["characters"], tf.int32)
    seeds = tf.unstack(tf.random.split(seed, 4))
    if changes.disguised:
        which = tf.random.stateless_uniform(tf.shape(characters)[:2], seeds[2])[..., tf.newaxis] < changes.disguised
        drawn = tf.random.stateless_uniform(tf.shape(characters), seeds[3], 0, 10 * 26, tf.int32)
        for first, last in ("09", "AZ", "az"):
            inside = which & (characters >= ord(first)) & (characters <= ord(last))
            characters = tf.where(inside, ord(first) + drawn % (ord(last) - ord(first) + 1), characters)
    if changes.misread:
        wrong = tf.random.stateless_uniform(tf.shape(characters), seeds[0]) < changes.misread
        others = tf.random.stateless_uniform(tf.shape(characters), seeds[1], ord("!"), ASCII - 1, tf.int32)
        characters = tf.where(wrong & (characters > 0), others, characters)
    return words | {"characters": tf.cast(characters, tf.uint8)}, labels


def scale(words: dict[str, tf.Tensor], spec: Words) -> dict[str, tf.Tensor]:
    """Return what the network takes: the characters as int32."""
    return words | {"characters": tf.cast(words["characters"], tf.int32)}


def to_raw(request: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Return `words` [batch, words], "" past the last, and `boxes` [batch, words, 4] as sparse record features."""
    words = request[features.WORDS_IN]
    place = tf.range(1, tf.shape(words)[1] + 1)
    counts = tf.reduce_max(tf.where(tf.not_equal(words, ""), place, 0), 1)  # a "" between words is a word
    counts = tf.maximum(counts, 0)  # of no words at all the highest place is the lowest number
    boxes = tf.reshape(request[features.BOXES_IN], [tf.shape(words)[0], 4 * tf.shape(words)[1]])
    return {
        features.WORDS: tf.RaggedTensor.from_tensor(words, counts).to_sparse(),
        features.BOXES: tf.RaggedTensor.from_tensor(boxes, 4 * counts).to_sparse(),
    }


def build_request(records: Sequence[tf.train.Example]) -> dict[str, np.ndarray]:
    """Return records as a request of `serve_words`, padded to the page of most words."""
    words = [record.features.feature[features.WORDS].bytes_list.value for record in records]
    boxes = [record.features.feature[features.BOXES].float_list.value for record in records]
    most = max((len(each) for each in words), default=0)
    texts = np.full((len(records), most), b"", dtype=object)
    places = np.zeros((len(records), most, 4), np.float32)
    for number, (of_page, around) in enumerate(zip(words, boxes, strict=True)):
        texts[number, : len(of_page)] = list(of_page)
        places[number, : len(of_page)] = np.reshape(around, (-1, 4))
    return {features.WORDS_IN: texts, features.BOXES_IN: places}
