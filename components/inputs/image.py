"""One picture of one glyph: from encoded bytes to the pixels a network sees, and the changes training makes to them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import keras
import numpy as np
import tensorflow as tf

from tfx_ocr.components.inputs import tensorflow_ops
from tfx_ocr.components.inputs.changes import SOURCES, change, draw_changes
from tfx_ocr.components.inputs.changes import scale as scale  # of this input too
from tfx_ocr.components.recipe import Image, ImageAugmentation, PageImage, Picture
from tfx_ocr.data import features, images
from tfx_ocr.data.features import MOST_PIXELS
from tfx_ocr.data.pixels import encoded, glyph
from tfx_ocr.data.synthetic.strangers import draw_strangers

FAINTEST = 0.5  # contrast, as a share of the range, from which on there is ink: 18 grey levels, which noise has not
LEAST = 0.005  # ink in squares of the height: a speck has less, a stroke a hundred times as much
Labels = TypeVar("Labels")
Fit = Callable[[tf.Tensor, Any], tf.Tensor]  # one encoded picture to [height, width, channels] uint8

RAW = {features.IMAGE: tf.io.FixedLenFeature([1], tf.string)}
REQUEST = {features.IMAGE_BYTES_IN: tf.TensorSpec([None], tf.string, features.IMAGE_BYTES_IN)}
WRITTEN = {features.PIXELS_XF: tf.io.FixedLenFeature([], tf.string)}

ANY_BYTES = r"\C*"
ORIENTATION = rf"(?s)^{ANY_BYTES}?{encoded.ORIENTATION.replace('ANY', ANY_BYTES[:2])}{ANY_BYTES}$"
PNG_MARKED = rf"(?s){ANY_BYTES}(?:{'|'.join(mark.decode() for mark in images.PNG_MARKS)}){ANY_BYTES}"
LOT, LOT_PIXELS = 64, 2**18  # pictures that are fitted together, and pixels of theirs, at most
PNG_OF_ONE_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a4944415478da63600000000200"
    "01e527defc0000000049454e44ae426082"
)
JPEG_OF_ONE_PIXEL = bytes.fromhex("ffd8 ffc0000b080001000101011100 ffda0008010100003f00")  # begins; its size is enough


def fit(image_bytes: tf.Tensor, spec: Image) -> tf.Tensor:
    """Decode one picture and fit its ink to the recipe's size, as `data.pixels.glyph.fit` does.

    Args:
        image_bytes: scalar string, an encoded PNG, JPEG, GIF or BMP of a kind that docs/serving-contract.md names.
        spec: the recipe's.

    Returns:
        [height, width, channels] uint8; paper is 0 and ink light when `spec.ink_is_light`, else as in the picture.

    Raises:
        tf.errors.InvalidArgumentError: when run, for what is refused, see `decode`.
    """
    shape = [spec.height, spec.width, spec.channels]
    return tf.ensure_shape(glyph.fit(tensorflow_ops, decode(image_bytes), spec), shape)


def decode(image_bytes: tf.Tensor) -> tf.Tensor:
    """Decode one picture to [height, width, 1 to 4] uint8 as `data.images.open_picture` does, or refuse it.

    JPEG is decoded by its accurate integer transform, as Pillow does: the default one differs by some grey levels.

    Raises:
        tf.errors.InvalidArgumentError: when run, for what `data.images.decode_for_model` refuses.
    """
    padded = tf.strings.substr(tf.strings.join([image_bytes, "\0" * encoded.HEADER]), 0, encoded.HEADER)
    header = tf.ensure_shape(tf.cast(tf.io.decode_raw(padded, tf.uint8), tf.float64), [encoded.HEADER])
    is_png, is_jpeg, is_gif, is_bmp = (tf.equal(tf.strings.substr(padded, 0, 2), each) for each in encoded.BEGINNINGS)
    # no conditional, see `_known_formats`: a decoder that is not wanted is given a picture of one pixel
    jpeg_shape = tf.ensure_shape(tf.io.extract_jpeg_shape(tf.where(is_jpeg, image_bytes, JPEG_OF_ONE_PIXEL)), [3])
    is_refused = tf.stack(
        [
            is_jpeg & (jpeg_shape[2] == 4),
            is_gif & ~encoded.is_whole_gif(tensorflow_ops, header),
            is_bmp & ~encoded.is_plain_bmp(tensorflow_ops, header),
        ]
    )
    reason = tf.gather(encoded.UNSUPPORTED, tf.argmax(is_refused))
    checks = [
        # TensorFlow 2.21 would decode WebP too
        tf.raw_ops.Assert(condition=is_png | is_jpeg | is_gif | is_bmp, data=[encoded.UNKNOWN_FORMAT]),
        _check_size(padded, jpeg_shape, is_png, is_gif, is_bmp),
        tf.raw_ops.Assert(condition=~tf.reduce_any(is_refused), data=[reason]),
    ]
    searched = tf.strings.substr(tf.where(is_png | is_jpeg, image_bytes, ""), 0, encoded.SEARCHED)
    is_opaque_kind = (header[25] == 0.0) | (header[25] == 2.0)
    has_transparent_color = tf.strings.regex_full_match(searched, f"(?s){ANY_BYTES}tRNS{ANY_BYTES}")
    is_deep = is_png & (header[24] > 8.0) & (header[25] == 0.0)
    is_keyed = is_png & (header[24] <= 8.0) & is_opaque_kind & has_transparent_color
    with tf.control_dependencies(checks):
        jpeg, deep, keyed, other = (
            tf.where(is_wanted, image_bytes, PNG_OF_ONE_PIXEL)
            for is_wanted in (is_jpeg, is_deep, is_keyed, ~(is_jpeg | is_deep | is_keyed))
        )
    levels = tf.io.decode_png(deep, channels=1, dtype=tf.uint16)
    table = encoded.build_levels(tensorflow_ops, tensorflow_ops.to_float(tf.reduce_max(levels)))
    decoded = [
        (is_jpeg, tf.io.decode_jpeg(jpeg, dct_method="INTEGER_ACCURATE")),
        (is_deep, tf.gather(table, tf.cast(levels, tf.int32))),
        (is_keyed, tf.io.decode_png(keyed, channels=4)),
        (~(is_jpeg | is_deep | is_keyed), tf.io.decode_image(other, expand_animations=False)),
    ]
    return _turn(tf.ensure_shape(_choose(decoded), [None, None, None]), searched)


def _choose(decoded: Sequence[tuple[tf.Tensor, tf.Tensor]]) -> tf.Tensor:
    """Return the one that is wanted of several pixels of one rank, each with whether it is."""
    shape = tf.add_n([tf.where(is_wanted, tf.shape(pixels), 0) for is_wanted, pixels in decoded])
    flat = [tf.reshape(pixels, [-1])[: tf.where(is_wanted, tf.size(pixels), 0)] for is_wanted, pixels in decoded]
    return tf.reshape(tf.concat(flat, 0), shape)


def _check_size(header: tf.Tensor, of_jpeg: tf.Tensor, *formats: tf.Tensor) -> tf.Operation:
    """Refuse too many pixels by the header: `formats` says whether it is that of a PNG, a GIF, a BMP, else a JPEG."""
    of_png = tf.io.decode_raw(tf.strings.substr(header, 16, 8), tf.int32, little_endian=False)
    of_gif = tf.cast(tf.io.decode_raw(tf.strings.substr(header, 6, 4), tf.uint16), tf.int32)
    of_bmp = tf.io.decode_raw(tf.strings.substr(header, 18, 8), tf.int32)  # from the top where the height is below 0
    size = of_jpeg[1::-1]
    for is_format, of_format in zip(formats, (of_png, of_gif, tf.abs(of_bmp)), strict=True):
        size = tf.where(is_format, of_format, size)
    width, height = tf.unstack(tf.cast(tf.ensure_shape(size, [2]), tf.int64))
    message = encoded.TOO_LARGE.format(MOST_PIXELS)
    return tf.raw_ops.Assert(condition=height * width <= MOST_PIXELS, data=[message, width, height])


def _turn(pixels: tf.Tensor, searched: tf.Tensor) -> tf.Tensor:
    """Turn a picture upright by the orientation mark in its first bytes."""
    mark = tf.strings.regex_replace(searched, ORIENTATION, r"\1\2")
    mark = tf.io.decode_raw(tf.where(tf.strings.length(mark) == 1, mark, "\1"), tf.uint8)[0]
    turned = tf.transpose(pixels, tf.where(mark >= encoded.TURNED, [1, 0, 2], [0, 1, 2]))
    upside_down, mirrored = (
        tf.reduce_any(mark == tf.constant(marks, tf.uint8)) for marks in (encoded.UPSIDE_DOWN, encoded.MIRRORED)
    )
    return tf.raw_ops.Reverse(tensor=turned, dims=tf.stack([upside_down, mirrored, False]))


def transform(raw: dict[str, tf.Tensor], spec: Image) -> dict[str, tf.Tensor]:
    """Fit `image` [batch, 1], encoded, to `pixels_xf` [batch, 1], height x width x channels uint8 each.

    Plain PNGs of one size and kind are fitted together, which costs a third of fitting each; all else one by one.
    """
    fitted = _run_traced(_fit_lots, _known_formats(tf.reshape(raw[features.IMAGE], [-1])), spec)
    return _write(tf.map_fn(tf.io.serialize_tensor, fitted, fn_output_signature=tf.TensorSpec([], tf.string)), spec)


def fit_all(raw: dict[str, tf.Tensor], spec: Picture | PageImage, fit: Fit) -> dict[str, tf.Tensor]:
    """Run `transform` with a function that fits one encoded picture to [height, width, channels] uint8."""
    protos = tf.map_fn(
        lambda image_bytes: tf.io.serialize_tensor(_run_traced(fit, image_bytes, spec)),
        _known_formats(tf.reshape(raw[features.IMAGE], [-1])),
        fn_output_signature=tf.TensorSpec([], tf.string),
    )
    return _write(protos, spec)


def _write(protos: tf.Tensor, spec: Picture | PageImage) -> dict[str, tf.Tensor]:
    """Return what `transform` does from each picture's pixels as a serialized TensorProto: [batch]."""
    length = spec.height * spec.width * spec.channels
    # a TensorProto ends with its values: the one quick way from numbers to bytes in a graph
    return {features.PIXELS_XF: tf.strings.substr(protos, -length, length)[:, tf.newaxis]}


def _fit_lots(image_bytes: tf.Tensor, spec: Image) -> tf.Tensor:
    """Fit encoded pictures in lots: [n] to [n, height, width, channels] uint8.

    Plain PNGs of one size and kind are a lot, of `LOT` pictures and `LOT_PIXELS` pixels at most; any other picture is
    one alone.
    """
    is_plain = _is_plain_png(image_bytes)
    width, height = tf.unstack(_read_png_size(image_bytes), axis=1)
    kind = tf.cast(_read_byte(image_bytes, 25), tf.int64)  # grey, color, with opacity
    alone = -1 - tf.range(tf.size(kind, tf.int64))
    alike = tf.where(is_plain, width * 2**32 + height * 2**4 + kind, alone)
    order = tf.argsort(alike)
    alike = tf.gather(alike, order)
    most = tf.gather(tf.clip_by_value(LOT_PIXELS // tf.maximum(width * height, 1), 1, LOT), order)

    def fit_lot(begin: tf.Tensor, fitted: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
        (end,) = tf.unstack(tf.searchsorted(alike, alike[begin : begin + 1], side="right"), num=1)
        end = tf.minimum(end, begin + tf.cast(most[begin], tf.int32))
        lot = order[begin:end]
        of_lot, is_alone = tf.gather(image_bytes, lot), alike[begin] < 0
        # no conditional, see `_known_formats`: a decoder that is not wanted is given a picture of one pixel
        alone = decode(tf.where(is_alone, of_lot[0], PNG_OF_ONE_PIXEL))[tf.newaxis]
        plain = tf.map_fn(
            lambda one: tf.io.decode_image(one, expand_animations=False),
            tf.where(is_alone, PNG_OF_ONE_PIXEL, of_lot),
            fn_output_signature=tf.TensorSpec([None, None, None], tf.uint8),
        )
        pixels = tf.ensure_shape(_choose([(is_alone, alone), (~is_alone, plain)]), [None] * 4)
        return end, fitted.scatter(lot, glyph.fit(tensorflow_ops, pixels, spec))

    count, shape = tf.size(order), [spec.height, spec.width, spec.channels]
    fitted = tf.TensorArray(tf.uint8, count, element_shape=shape)
    _, fitted = tf.while_loop(lambda begin, _: begin < count, fit_lot, [0, fitted])
    return fitted.stack()


def _is_plain_png(image_bytes: tf.Tensor) -> tf.Tensor:
    """Return whether each of [n] is a PNG that `decode` only decodes: upright, of 8 bits, without transparent color."""
    is_png = tf.equal(tf.strings.substr(image_bytes, 0, 2), encoded.BEGINNINGS[0])
    is_deep = _read_byte(image_bytes, 24) > 8
    size = _read_png_size(image_bytes)
    is_taken = tf.reduce_all(size > 0, 1) & (tf.reduce_prod(size, 1) <= MOST_PIXELS)
    is_marked = tf.strings.regex_full_match(tf.strings.substr(image_bytes, 0, encoded.SEARCHED), PNG_MARKED)
    return is_png & ~is_deep & is_taken & ~is_marked


def _read_png_size(image_bytes: tf.Tensor) -> tf.Tensor:
    """Return width and height by the header of each of [n] PNGs: [n, 2] int64."""
    sizes = tf.io.decode_raw(_cut(image_bytes, 16, 8), tf.int32, little_endian=False)
    return tf.cast(tf.reshape(sizes, [-1, 2]), tf.int64)


def _read_byte(image_bytes: tf.Tensor, place: int) -> tf.Tensor:
    """Return one byte of each of [n], 0 past its end: [n] uint8."""
    return tf.reshape(tf.io.decode_raw(_cut(image_bytes, place, 1), tf.uint8), [-1])


def _cut(image_bytes: tf.Tensor, begin: int, length: int) -> tf.Tensor:
    """Return bytes of each of [n], zeros past its end."""
    header = tf.strings.join([tf.strings.substr(image_bytes, 0, begin + length), "\0" * (begin + length)])
    return tf.strings.substr(header, begin, length)


def _run_traced(function: Callable[..., tf.Tensor], taken: tf.Tensor, *rest: Any) -> tf.Tensor:
    """Run `function(taken, *rest)`; in a graph, call the function that `_trace` made."""
    if tf.executing_eagerly():
        return function(taken, *rest)
    return _trace(function, taken.shape.rank, taken.dtype, *rest)(taken)


@functools.cache
def _trace(function: Callable[..., tf.Tensor], rank: int, kind: tf.DType, *rest: Any) -> Any:
    """Return the function as traced, to be called in any graph.

    TensorFlow Transform calls `preprocessing_fn` nine times per run: 1,600 operations are built once.
    """
    traced = tf.function(lambda taken: function(taken, *rest), autograph=False)
    return traced.get_concrete_function(tf.TensorSpec([None] * rank, kind))


def _known_formats(image_bytes: tf.Tensor) -> tf.Tensor:
    """The same [batch] strings, once each begins as one of the four formats does: the decoder's error names none."""
    beginning = tf.strings.substr(image_bytes, 0, 2)[:, tf.newaxis]
    strange = tf.where(tf.reduce_all(tf.not_equal(beginning, tf.constant(encoded.BEGINNINGS)), 1))[:, 0]
    message = f"{encoded.UNKNOWN_FORMAT}; number in the batch, counted from 0:"
    # the bare op: tf.debugging's guards it with a conditional, which leaks a little each time it fails in a session
    check = tf.raw_ops.Assert(condition=tf.equal(tf.size(strange), 0), data=[message, strange])
    with tf.control_dependencies([check]):
        return tf.identity(image_bytes)


def read_batch(written: dict[str, tf.Tensor], spec: Picture | PageImage) -> tf.Tensor:
    """Read what `transform` wrote: [batch] strings to [batch, height, width, channels] uint8."""
    values = tf.io.decode_raw(tf.reshape(written[features.PIXELS_XF], [-1]), tf.uint8)
    return tf.reshape(values, [-1, spec.height, spec.width, spec.channels])


def find_ink(pictures: Any, spec: Picture) -> Any:
    """Return 1.0 for each picture that has ink, 0.0 for a blank one, noise and specks being none: [batch].

    Args:
        pictures: [batch, height, width, channels], Keras's or TensorFlow's, as `scale` leaves them.
        spec: of the pictures.
    """
    contrast = spec.scaled[1] - spec.scaled[0]
    lightest, darkest = (take(pictures, axis=(1, 2, 3)) for take in (keras.ops.max, keras.ops.min))
    middle = keras.ops.mean(pictures, axis=(1, 2, 3))
    width = keras.ops.cast(keras.ops.shape(pictures)[2], middle.dtype)  # of a strip that may be cut, not of `spec`
    share = keras.ops.minimum(lightest - middle, middle - darkest) * (width / spec.height)
    has_ink = (lightest - darkest >= FAINTEST * contrast) & (share >= LEAST * contrast)
    return keras.ops.cast(has_ink, "float32")


def augment(
    pictures: tf.Tensor, labels: Labels, seed: tf.Tensor, changes: ImageAugmentation, spec: Image
) -> tuple[tf.Tensor, Labels]:
    """Change a training batch: see `changes.change`.

    The same seed gives the same pictures, in any process.

    Args:
        pictures: [batch, height, width, channels] uint8.
        labels: of the pictures; a class stays what it is, a stranger's is -1.
        seed: [2] integers, such as (the recipe's seed, the step's number).
        changes: the recipe's.
        spec: of the pictures; what comes in at the edges is paper.

    Returns:
        Pictures of the same shape and type, and the labels.
    """
    strangers = draw_strangers(spec, changes.foreign, changes.familiar) if changes.strangers else None
    return augment_picture(pictures, labels, seed, changes, spec, strangers)


def augment_picture(
    pictures: tf.Tensor,
    labels: Labels,
    seed: tf.Tensor,
    changes: ImageAugmentation,
    spec: Picture,
    strangers: tuple[np.ndarray, np.ndarray] | None,
) -> tuple[tf.Tensor, Labels]:
    """Run `augment` with strangers, their pictures and labels, where there are any."""
    drawn = draw_changes(_Random(seed), tf.shape(pictures)[0], changes, spec)
    changed, labels = change(pictures, labels, drawn, strangers, changes, spec)
    return tf.ensure_shape(changed, pictures.shape), labels


class _Random:
    """`changes.Random` that follows from a seed, [2] integers, alone."""

    def __init__(self, seed: tf.Tensor):
        groups = (7, seed), (2, tf.random.fold_in(seed, 1)), (SOURCES - 9, tf.random.fold_in(seed, 2))
        self._seeds = [each for count, of in groups for each in tf.unstack(tf.random.split(of, count))]

    def draw_uniform(self, source: int, shape: Sequence[Any], low: float = 0.0, high: float = 1.0) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, self._seeds[source], low, high)

    def draw_integers(self, source: int, shape: Sequence[Any], stop: int) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, self._seeds[source], 0, stop, tf.int32)


def to_raw(request: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Return `image_bytes` [batch] as `image` [batch, 1]."""
    return {features.IMAGE: request[features.IMAGE_BYTES_IN][:, tf.newaxis]}


def build_request(records: Sequence[tf.train.Example]) -> dict[str, np.ndarray]:
    """Return records as a request of `serve_images`: the pictures' bytes as they came, [batch]."""
    images = [record.features.feature[features.IMAGE].bytes_list.value[0] for record in records]
    return {features.IMAGE_BYTES_IN: np.array(images, dtype=object)}
