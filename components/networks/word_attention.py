"""Words of a page that look at each other: what a word says, where it lies, and what lies around it."""

from __future__ import annotations

import keras
from keras import layers, ops

from tfx_ocr.components.recipe import Base, Words

GIVES = "words"
WIDTH = 96  # features a word
HEADS = 4
BLOCKS = 3
DROPOUT = 0.15
STEPS = 15  # buckets of a distance across or down, half of them either way
BESIDE = 5  # words before and after, itself among them, that a word sees in reading order at once
# Kinds of characters: none, digit, upper case, lower case, mark, other.
KINDS = [0] + [4] * 47 + [1] * 10 + [4] * 7 + [2] * 26 + [4] * 6 + [3] * 26 + [4] * 5 + [5] * 128


def build(words: Words, base: Base) -> keras.Model:
    """Build characters by convolution; then words by convolution in reading order and by attention, block by block.

    Attention has a bias by how far apart two words lie across and down.

    Args:
        words: the recipe's.
        base: not used: base weights are not available.

    Returns:
        A model of `characters` [batch, words, max_characters] int32 and `places` [batch, words, places] float32 to
        [batch, words, `WIDTH`]; what is past a page's last word changes no other word's features.

    Source: Vaswani et al., "Attention Is All You Need", 2017; Raffel et al., "Exploring the Limits of Transfer
    Learning with a Unified Text-to-Text Transformer", 2020, for the bias by buckets of distance; Gulati et al.,
    "Conformer: Convolution-augmented Transformer for Speech Recognition", 2020, for convolution beside attention.
    """
    characters = keras.Input((None, words.max_characters), dtype="int32", name="characters")
    places = keras.Input((None, words.PLACES), name="places")
    spelt = _Spelling(name="spelling")(characters)
    spelt = layers.Dropout(DROPOUT)(spelt)
    x = layers.Dense(WIDTH)(layers.Concatenate()([spelt, layers.Dense(32, activation="relu")(places)]))
    near = _Nearness(name="nearness", dtype="float32")([places, characters])  # half a line is less than bfloat16 tells
    for block in range(BLOCKS):
        inner = _OfWords(name=f"of_words_{block}")([layers.LayerNormalization()(x), characters])
        inner = layers.Conv1D(WIDTH, BESIDE, padding="same", activation="gelu")(inner)
        x = layers.Add()([x, layers.Dropout(DROPOUT)(inner)])
        inner = layers.LayerNormalization()(x)
        # a name of its own: a SavedModel takes none that begins with _
        inner = _Attention(name=f"attention_{block}")([inner, near])
        x = layers.Add()([x, layers.Dropout(DROPOUT)(inner)])
        inner = layers.LayerNormalization()(x)
        inner = layers.Dense(2 * WIDTH, activation="gelu")(inner)
        x = layers.Add()([x, layers.Dropout(DROPOUT)(layers.Dense(WIDTH)(inner))])
    x = layers.LayerNormalization()(x)
    return keras.Model({"characters": characters, "places": places}, x, name="word_attention")


class _Spelling(layers.Layer):
    """[batch, words, characters] int to [batch, words, 2 * 64 + kinds].

    The strongest of each pattern of three characters, and of five; and how many there are of each kind, in tens.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        self._embedding = layers.Embedding(Words.CHARACTERS, 32)
        self._kind = layers.Embedding(max(KINDS) + 1, 32)
        self._patterns = [layers.Conv1D(64, size, padding="same", activation="relu") for size in (3, 5)]
        for part, width in ((self._embedding, None), (self._kind, None), *((each, 32) for each in self._patterns)):
            part.build((None, None, width))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:2], 128 + max(KINDS))

    def call(self, characters: keras.KerasTensor) -> keras.KerasTensor:
        count, words, length = ops.shape(characters)
        kinds = ops.take(ops.array(KINDS, "int32"), ops.reshape(characters, (count * words, length)))
        x = self._embedding(ops.reshape(characters, (count * words, length))) + self._kind(kinds)
        found = [ops.max(pattern(x), 1) for pattern in self._patterns]
        found.append(ops.sum(ops.one_hot(kinds, max(KINDS) + 1, dtype=x.dtype), 1)[:, 1:] / 10.0)
        return ops.reshape(ops.concatenate(found, -1), (count, words, 128 + max(KINDS)))


class _OfWords(layers.Layer):
    """[batch, words, width] with zeros past a page's last word, so that a convolution sees the same in any batch."""

    def call(self, of: list[keras.KerasTensor]) -> keras.KerasTensor:
        x, characters = of
        return x * ops.cast(ops.greater(characters[..., :1], 0), x.dtype)


class _Nearness(layers.Layer):
    """A bias a head and pair of words by their distance across and down: [batch, heads, words, words].

    Pairs with what is past a page's last word get a number that no softmax sees.
    """

    def build(self, shape: list[tuple[int | None, ...]]) -> None:
        self._across = layers.Embedding(STEPS, HEADS)
        self._down = layers.Embedding(STEPS, HEADS)
        self._across.build(None)
        self._down.build(None)

    def compute_output_shape(self, shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        count, words, _ = shape[0]
        return (count, HEADS, words, words)

    def call(self, of: list[keras.KerasTensor]) -> keras.KerasTensor:
        places, characters = of
        across = self._across(_bucket(places[..., 2], 0.02))  # a fiftieth of the page's width
        down = self._down(_bucket(places[..., 4], 0.01))  # half a line, see `inputs.words`
        bias = ops.transpose(across + down, (0, 3, 1, 2))
        is_word = ops.cast(ops.greater(characters[..., 0], 0), bias.dtype)
        return bias - 1e9 * ops.expand_dims(1.0 - is_word, (1, 2))


def _bucket(at: keras.KerasTensor, step: float) -> keras.KerasTensor:
    """[batch, words] places to [batch, words, words] numbers of buckets, by the logarithm of the distance."""
    apart = (ops.expand_dims(at, 1) - ops.expand_dims(at, 2)) / step  # TFLite has no index that adds an axis
    steps = ops.sign(apart) * ops.log(1.0 + ops.abs(apart)) * 2.0
    half = STEPS // 2
    return ops.cast(ops.clip(ops.round(steps), -half, half), "int32") + half


class _Attention(layers.Layer):
    """Multi-head attention with a bias a pair: [batch, words, width] and [batch, heads, words, words] to the first."""

    def build(self, shape: list[tuple[int | None, ...]]) -> None:
        self._ask, self._key, self._value, self._out = (layers.Dense(WIDTH, use_bias=False) for _ in range(4))

    def call(self, of: list[keras.KerasTensor]) -> keras.KerasTensor:
        x, bias = of
        count, words = ops.shape(x)[:2]

        def split(y: keras.KerasTensor) -> keras.KerasTensor:
            return ops.transpose(ops.reshape(y, (count, words, HEADS, WIDTH // HEADS)), (0, 2, 1, 3))

        ask, key, value = split(self._ask(x)), split(self._key(x)), split(self._value(x))
        weights = ops.matmul(ask, ops.transpose(key, (0, 1, 3, 2))) / (WIDTH // HEADS) ** 0.5
        mixed = ops.matmul(ops.softmax(weights + bias, -1), value)
        return self._out(ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (count, words, WIDTH)))
