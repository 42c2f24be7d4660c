"""Changes to training's pictures in `keras.ops`: inside TensorFlow's input pipeline, or without TensorFlow.

What happens to a picture is drawn first, as a few numbers per picture, and then done. Random numbers are the caller's:
TensorFlow draws them in its graph, a training elsewhere on the host.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import keras
import numpy as np
from keras import ops

from tfx_ocr.components.inputs.wear import apply_wear, draw_wear
from tfx_ocr.components.recipe import ImageAugmentation, LineImage, PageImage, Picture
from tfx_ocr.data.pixels.glyph import INK as INK_SHARE

SOURCES = 17  # of random numbers that are drawn for a batch
INK = 64  # grey level from which on a column of a line holds ink
WAVES = ((4.0, 1.0, 0.0), (1.5, 0.4, 0.35), (0.6, 0.24, 0.24))  # along a line: heights a knot, amplitude along, across
GRIDS = ((3, 0.52), (5, 0.34), (9, 0.14))  # over a glyph: knots down and across, and their share of the amplitude
Labels = TypeVar("Labels")
Drawn = dict[str, Any]


class Random(Protocol):
    """Random numbers of one batch, from `SOURCES` sources that are independent of each other."""

    def draw_uniform(self, source: int, shape: Sequence[Any], low: float = 0.0, high: float = 1.0, /) -> Any:
        """Return float32 from `low` to `high`."""

    def draw_integers(self, source: int, shape: Sequence[Any], stop: int, /) -> Any:
        """Return int32 from 0 to `stop`, exclusive."""


def scale(pictures: Any, spec: Picture | PageImage) -> Any:
    """Scale uint8 to float32 in the range of `spec.scaled`: what the network takes."""
    low, high = spec.scaled
    return ops.cast(pictures, "float32") * ((high - low) / 255.0) + low


def draw_changes(random: Random, count: Any, changes: ImageAugmentation, spec: Picture) -> Drawn:
    """Draw what happens to `count` pictures."""
    drawn = {
        "turns": random.draw_uniform(0, [4, count], -1.0, 1.0),
        "crops": random.draw_integers(1, [2, count], 2 * changes.pad + 1),
    }
    is_line = isinstance(spec, LineImage)
    if changes.elastic and not is_line:
        knots = sum(side**2 for side, _ in GRIDS)
        drawn["arrows"] = random.draw_uniform(2, [count, knots, 2], -changes.elastic, changes.elastic)
    if changes.elastic and is_line:
        for number, (heights, along, across) in enumerate(WAVES):
            knots = 1 + math.ceil(spec.width / (heights * spec.height))
            drawn[f"waves_{number}"] = random.draw_uniform(
                9 + number, [count, 2, knots, 2], -changes.elastic, changes.elastic
            ) * np.array([across, along], np.float32)
    if changes.contrast:
        drawn["gains"] = random.draw_uniform(3, [count, 1, 1, 1], 1.0 - changes.contrast, 1.0 + changes.contrast)
    if changes.erase:
        drawn["squares"] = random.draw_uniform(4, [2, count, 1, 1])
        drawn["erased"] = random.draw_uniform(5, [count, 1, 1])
    if changes.strangers:
        drawn["strangers"] = random.draw_uniform(7, [2, count]) if is_line else random.draw_uniform(6, [3, count])
    if is_line and changes.cut:
        drawn["cuts"] = random.draw_uniform(8, [3, count])
    if is_line and changes.neighbors:
        drawn["neighbors"] = random.draw_uniform(12, [4, count])
    if changes.wear:
        sources = iter(range(13, SOURCES))
        drawn |= draw_wear(lambda shape: random.draw_uniform(next(sources), shape), count, spec)
    return drawn


def change(
    pictures: Any,
    labels: Labels,
    drawn: Drawn,
    strangers: tuple[Any, Any] | None,
    changes: ImageAugmentation,
    spec: Picture,
) -> tuple[Any, Labels]:
    """Do what was drawn to a batch, from strangers to wear.

    The shift is a padding and a random crop; the crop's offset is taken up by the one projective transform that also
    rotates, shears and zooms, about the middle of a glyph, and so that a line keeps its first and its last letter. A
    glyph is bent before it, so that `refit` fits the ink as it then is.

    Args:
        pictures: [batch, height, width, channels] uint8.
        labels: of the pictures; a class or a text stays what it is, a stranger's is -1, or 0s, the empty text.
        drawn: by `draw_changes`.
        strangers: pictures [n, height, width, channels] uint8, ink light, and their labels [n], where changes has them.
        changes: the recipe's.
        spec: of the pictures; what comes in at the edges is paper.

    Returns:
        Pictures of the same shape and type, and the labels.
    """
    ink = pictures if spec.ink_is_light else 255 - pictures
    if strangers is not None:
        add = _add_line_strangers if isinstance(spec, LineImage) else _add_strangers
        ink, labels = add(ink, labels, drawn["strangers"], strangers, changes.strangers, spec)
    if "cuts" in drawn:
        ink = _cut(ink, drawn["cuts"], changes.cut, spec)
    if "neighbors" in drawn:
        ink = _add_neighbors(ink, drawn["neighbors"], changes.neighbors, spec)
    if "arrows" in drawn:
        ink = _bend(ink, _enlarge(_list_grids(drawn["arrows"]), spec))
    pad = [changes.pad, changes.pad]
    ink = project(
        ops.pad(ink, [[0, 0], pad, pad, [0, 0]]), _transforms(ink, drawn, changes, spec), spec.height, spec.width
    )
    if "waves_0" in drawn:
        field = _enlarge([drawn[f"waves_{number}"] for number in range(len(WAVES))], spec)
        ink = _bend(ink, field - field[:, :, :1] * np.array([0, 1], np.float32))  # the left edge stays where it is
    if "gains" in drawn:
        ink = ops.cast(ops.clip(ops.cast(ink, "float32") * drawn["gains"], 0.0, 255.0), "uint8")
    if "erased" in drawn:
        ink = _erase(ink, drawn["squares"], drawn["erased"], changes.erase)
    if "wear" in drawn:
        ink = apply_wear(ink, drawn, changes.wear, spec)
    return ink if spec.ink_is_light else 255 - ink, labels


def project(pictures: Any, transforms: Any, height: int, width: int) -> Any:
    """Return pictures of another size, each pixel taken from where a transform says, bilinear; 0 outside.

    Args:
        pictures: [batch, rows, columns, channels] uint8.
        transforms: [batch, 8]: output x, y to input x, y, as TensorFlow's ImageProjectiveTransformV3 has them.
        height: of what is returned.
        width: likewise.
    """
    if keras.backend.backend() != "tensorflow":
        return project_portably(pictures, transforms, height, width)
    import tensorflow as tf

    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=transforms,
        output_shape=[height, width],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def project_portably(pictures: Any, transforms: Any, height: int, width: int) -> Any:
    """Return what TensorFlow's kernel does, up to one grey level, on any backend; affine transforms alone."""
    count, rows, columns, channels = ops.shape(pictures)
    a0, a1, a2, b0, b1, b2 = (transforms[:, place, None, None] for place in range(6))
    across = ops.arange(width, dtype="float32")[None, None]
    down = ops.arange(height, dtype="float32")[None, :, None]
    x, y = a0 * across + a1 * down + a2, b0 * across + b1 * down + b2
    left, top = ops.floor(x), ops.floor(y)
    flat = ops.reshape(pictures, (count * rows * columns, channels))
    first = (ops.arange(count, dtype="int32") * (rows * columns))[:, None, None]
    found: Any = 0.0
    for row, by_row in ((top, 1.0 - (y - top)), (top + 1.0, y - top)):
        for column, by_column in ((left, 1.0 - (x - left)), (left + 1.0, x - left)):
            inside = (row >= 0.0) & (row < rows) & (column >= 0.0) & (column < columns)
            weight = ops.where(inside, by_row * by_column, 0.0)
            at = ops.clip(row, 0, rows - 1) * columns + ops.clip(column, 0, columns - 1)
            taken = ops.cast(ops.take(flat, first + ops.cast(at, "int32"), axis=0), "float32")
            found = found + weight[..., None] * taken
    return ops.cast(found, "uint8")


def _transforms(ink: Any, drawn: Drawn, changes: ImageAugmentation, spec: Picture) -> Any:
    """[count, 8] of `project`: output x, y to x, y in the padded picture."""
    turn, shear, zoom_x, zoom_y = ops.unstack(drawn["turns"], 4)
    crop_x, crop_y = ops.unstack(drawn["crops"], 2)
    turn, shear = turn * math.radians(changes.rotate_deg), ops.tan(shear * math.radians(changes.shear_deg))
    zoom_x, zoom_y = 1.0 + zoom_x * changes.scale, 1.0 + zoom_y * changes.scale
    is_line = isinstance(spec, LineImage)
    if is_line and (changes.scale or changes.shear_deg or changes.pad or changes.elastic):  # else all stays inside
        zoom_x = ops.minimum(zoom_x, _find_room(ink, shear, changes, spec))
    cos, sin = ops.cos(turn), ops.sin(turn)
    # (rotation) (shear along x), and the inverse zoom
    a0, a1 = cos / zoom_x, (cos * shear - sin) / zoom_y
    b0, b1 = sin / zoom_x, (sin * shear + cos) / zoom_y
    middle_x, middle_y = (spec.width - 1) / 2.0, (spec.height - 1) / 2.0
    to_x, to_y = middle_x, middle_y  # what comes to the middle
    if changes.refit and not is_line:
        to_x, to_y, scale = _find_box(ink, (a0, a1, b0, b1), spec)
        a0, a1, b0, b1 = a0 / scale, a1 / scale, b0 / scale, b1 / scale
    if is_line:  # its first letter stays inside, whatever leans: a text whose label has more letters teaches wrongly
        a2, middle_x = -middle_y * (a1 + ops.absolute(a1)), middle_x / 2.0
    else:
        a2 = to_x - a0 * middle_x - a1 * middle_y
    b2 = to_y - b0 * middle_x - b1 * middle_y
    a2, b2 = a2 + ops.cast(crop_x, "float32"), b2 + ops.cast(crop_y, "float32")
    nothing = ops.zeros_like(a0)
    return ops.stack([a0, a1, a2, b0, b1, b2, nothing, nothing], 1)


def _find_box(ink: Any, linear: tuple[Any, Any, Any, Any], spec: Picture) -> tuple[Any, Any, Any]:
    """Find the box of each glyph's ink once it is transformed: the x and y of its middle before, and the zoom to fit.

    Args:
        ink: [batch, height, width, channels] uint8, ink light.
        linear: a0, a1, b0, b1 of the transform from output to input, each [batch].
        spec: of the pictures: the box's longer side shall fill them less the margin, as `data.pixels.glyph.fit` has it.
    """
    a0, a1, b0, b1 = (each[:, None, None] for each in linear)
    grey = ops.cast(ops.max(ink, axis=3), "float32")
    is_ink = grey >= INK_SHARE * ops.maximum(ops.max(grey, axis=(1, 2), keepdims=True), 1.0)
    is_ink = is_ink | ~ops.any(is_ink, axis=(1, 2), keepdims=True)  # a blank picture stays as large
    x, y = ops.arange(spec.width, dtype="float32"), ops.arange(spec.height, dtype="float32")[:, None]
    determinant = a0 * b1 - a1 * b0
    first, last = [], []
    for place in ((b1 * x - a1 * y) / determinant, (a0 * y - b0 * x) / determinant):
        first.append(ops.min(ops.where(is_ink, place, np.inf), axis=(1, 2)) - 0.5)
        last.append(ops.max(ops.where(is_ink, place, -np.inf), axis=(1, 2)) + 0.5)
    room = 1.0 + 2.0 * spec.margin
    scale = ops.minimum(spec.width / room / (last[0] - first[0]), spec.height / room / (last[1] - first[1]))
    middle_x, middle_y = ((low + high) / 2.0 for low, high in zip(first, last, strict=True))
    a0, a1, b0, b1 = linear
    return a0 * middle_x + a1 * middle_y, b0 * middle_x + b1 * middle_y, scale


def _find_room(ink: Any, shear: Any, changes: ImageAugmentation, spec: Picture) -> Any:
    """Return the zoom along each line at which its last letter stays inside whatever else is done: [count]."""
    columns = ops.cast(ops.max(ink, axis=(1, 3)) >= INK, "float32")
    end = ops.max(columns * ops.arange(1, spec.width + 1, dtype="float32"), axis=1)
    return spec.width / ops.maximum(end + _sum_shifts(ops.absolute(shear), changes, spec), 1.0)


def find_reach(end: Any, changes: ImageAugmentation, spec: Picture) -> Any:
    """Return the column up to which a line may reach once it is changed, given where it ends: numbers of any array."""
    return end * (1.0 + changes.scale) + _sum_shifts(math.tan(math.radians(changes.shear_deg)), changes, spec)


def _sum_shifts(shear: Any, changes: ImageAugmentation, spec: Picture) -> Any:
    """Return the pixels by which a line's end may move, less by zoom; `shear` is columns a row, or more."""
    return shear * spec.height + changes.pad + changes.elastic * sum(along for _, along, _ in WAVES)


def _cut(ink: Any, cuts: Any, share: float, spec: Picture) -> Any:
    """Cut a share of the lines off below, of a quarter as many above, by 8 to 32 % of the height; stretch the rest."""
    lot, side, lost = ops.unstack(cuts, 3)
    lost = ops.where(lot < share, 0.08 + 0.24 * lost, 0.0)
    one, nothing = ops.ones_like(lost), ops.zeros_like(lost)
    from_row = ops.where(side < 0.25, lost * spec.height, 0.0)
    transforms = ops.stack([one, nothing, nothing, nothing, one - lost, from_row, nothing, nothing], 1)
    return project(ink, transforms, spec.height, spec.width)


def _add_neighbors(ink: Any, lots: Any, share: float, spec: Picture) -> Any:
    """Let another line of the batch hang by 6 to 19 % of the height into a share of the lines, above, then below."""
    others = ops.roll(ink, 1, 0)
    above, below, high, low = ops.unstack(lots, 4)
    one, nothing = ops.ones_like(above), ops.zeros_like(above)
    for lot, rows, sign in ((above, high, 1.0), (below, low, -1.0)):
        moved = ops.where(lot < share, sign * (1.0 - (0.06 + 0.13 * rows)) * spec.height, 2.0 * spec.height)
        transforms = ops.stack([one, nothing, nothing, nothing, one, moved, nothing, nothing], 1)
        ink = ops.maximum(ink, project(others, transforms, spec.height, spec.width))
    return ink


def _add_strangers(
    ink: Any, labels: Any, lots: Any, strangers: tuple[Any, Any], share: float, spec: Picture
) -> tuple[Any, Any]:
    """Replace some pictures by a drawn stranger (of 5 times 3), by two side by side, or by halves of two, swapped."""
    (drawn, classes), half, height = strangers, spec.width // 2, spec.height
    number, kind, lot = ops.unstack(lots, 3)
    others = ops.roll(ink, 1, 0)
    beside = ops.cast(ops.concatenate([ink, others], 2), "float32")
    beside = ops.image.resize(beside, (height // 2, spec.width), antialias=True)
    above = height // 4
    beside = ops.pad(beside, [[0, 0], [above, height - height // 2 - above], [0, 0], [0, 0]])
    swapped = ops.concatenate([ink[:, :, half:], others[:, :, :half]], 2)
    place, kind = ops.cast(number * drawn.shape[0], "int32"), ops.maximum(ops.cast(kind * 5.0, "int32") - 2, 0)
    choices = [ops.take(drawn, place, axis=0), ops.cast(ops.round(beside), "uint8"), swapped]
    others_labels = ops.where(kind == 0, ops.cast(ops.take(classes, place, axis=0), labels.dtype), -1)
    is_stranger = lot < share
    for which, choice in enumerate(choices):
        ink = ops.where((is_stranger & (kind == which))[:, None, None, None], choice, ink)
    return ink, ops.where(is_stranger, others_labels, labels)


def _add_line_strangers(
    ink: Any, labels: Any, lots: Any, strangers: tuple[Any, Any], share: float, spec: Picture
) -> tuple[Any, Any]:
    """Replace some lines by a drawn stranger, whose text is empty."""
    number, lot = ops.unstack(lots, 2)
    drawn, _ = strangers
    is_stranger = lot < share
    chosen = ops.take(drawn, ops.cast(number * drawn.shape[0], "int32"), axis=0)
    ink = ops.where(is_stranger[:, None, None, None], chosen, ink)
    return ink, ops.where(is_stranger[:, None], ops.zeros_like(labels), labels)


def _list_grids(arrows: Any) -> list[Any]:
    """Part [batch, knots, 2] into `GRIDS`: each [batch, rows, columns, 2], by its share."""
    ends = np.cumsum([side**2 for side, _ in GRIDS])[:-1].tolist()
    parts = zip(ops.split(arrows, ends, axis=1), GRIDS, strict=True)
    return [share * ops.reshape(part, (-1, side, side, 2)) for part, (side, share) in parts]


def _enlarge(grids: Sequence[Any], spec: Picture) -> Any:
    """Return the sum of fields [batch, rows, columns, 2], bicubic between their knots: [batch, height, width, 2]."""
    return sum(ops.image.resize(grid, (spec.height, spec.width), interpolation="bicubic") for grid in grids)


def _bend(pictures: Any, field: Any) -> Any:
    """Move each pixel by a smooth field: [batch, height, width, 2] in pixels, down and across.

    Source: Simard, Steinkraus, Platt, "Best practices for convolutional neural networks", 2003, with the Gaussian
    smoothing of the field replaced by interpolation of a coarse one.
    """
    count, height, width, channels = ops.shape(pictures)
    y = ops.arange(height, dtype="float32")[:, None] + field[..., 0]
    x = ops.arange(width, dtype="float32") + field[..., 1]
    y, x = ops.clip(y, 0.0, height - 1.0), ops.clip(x, 0.0, width - 1.0)
    top, left = ops.minimum(ops.cast(y, "int32"), height - 2), ops.minimum(ops.cast(x, "int32"), width - 2)
    y, x = (y - ops.cast(top, "float32"))[..., None], (x - ops.cast(left, "float32"))[..., None]
    flat = ops.reshape(ops.cast(pictures, "float32"), (-1, channels))
    corner = (ops.arange(count, dtype="int32")[:, None, None] * height + top) * width + left
    upper = ops.take(flat, corner, axis=0) * (1.0 - x) + ops.take(flat, corner + 1, axis=0) * x
    lower = ops.take(flat, corner + width, axis=0) * (1.0 - x) + ops.take(flat, corner + width + 1, axis=0) * x
    return ops.cast(ops.round(upper * (1.0 - y) + lower * y), "uint8")


def _erase(pictures: Any, place: Any, half: Any, side: int) -> Any:
    """Paint a square of `side` pixels black (0) somewhere in half of the pictures."""
    _, height, width, _ = ops.shape(pictures)
    top = ops.cast(place[0] * float(height - side + 1), "int32")
    left = ops.cast(place[1] * float(width - side + 1), "int32")
    row, column = ops.arange(height, dtype="int32")[:, None], ops.arange(width, dtype="int32")
    inside = (row >= top) & (row < top + side) & (column >= left) & (column < left + side)
    return ops.where((inside & (half < 0.5))[..., None], ops.zeros_like(pictures), pictures)
