"""What pens, paper and scanners do to writing, in `keras.ops`: strokes of another width, blur, fading, noise, holes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from tfx_ocr.components.recipe import Picture

KINDS = 5  # pen, blur, fading, noise, holes
HOLES = 3  # in a picture that has any
KNOTS = 5  # of fading along a picture
NOISE = 24.0  # grey levels either way at most


def draw_wear(draw: Callable[[Sequence[Any]], Any], count: Any, spec: Picture) -> dict[str, Any]:
    """Draw how `count` pictures are worn; the grain of the noise is one for all of them.

    Args:
        draw: float32 from 0 to 1 of a shape, each call from another source.
        count: of the pictures.
        spec: of the pictures.
    """
    return {
        "wear": draw([2 * KINDS, count]),  # whether, and how much
        "fading": draw([count, 1, KNOTS, 1]),
        "holes": draw([HOLES, 4, count]),
        "grain": draw([1, spec.height, spec.width, 1]),
    }


def apply_wear(ink: Any, drawn: dict[str, Any], share: float, spec: Picture) -> Any:
    """Apply wear to pictures: each kind comes to a share of them, whatever the others do.

    Args:
        ink: [batch, height, width, channels] uint8, ink light.
        drawn: by `draw_wear`.
        share: of the pictures, for each kind.
        spec: of the pictures.

    Returns:
        Pictures of the same shape and type.
    """
    lots, amounts = (each[..., None, None, None] for each in (drawn["wear"][:KINDS], drawn["wear"][KINDS:]))
    amounts = ops.where(lots < share, amounts, 0.0)
    found = ops.cast(ink, "float32") / 255.0
    found = _change_pen(found, amounts[0], lots[0] < share / 2)
    found = found + amounts[1] * (_blur(found) - found)
    profile = ops.image.resize(drawn["fading"], (1, spec.width), interpolation="bilinear")
    found = found * (1.0 - 0.8 * amounts[2] * profile)
    grain = ops.roll(drawn["grain"], spec.width // 3, 2) - drawn["grain"]  # from -1 to 1, most near 0
    found = found + amounts[3] * (NOISE / 255.0) * grain
    found = ops.where((amounts[4] > 0.0) & _find_holes(drawn["holes"], spec), 0.0, found)
    return ops.cast(ops.round(ops.clip(found, 0.0, 1.0) * 255.0), "uint8")


def _change_pen(ink: Any, amount: Any, is_thicker: Any) -> Any:
    """Make strokes thicker or thinner by up to 0.7 of a pixel on each side."""
    widest = ops.max_pool(ink, 3, strides=1, padding="same")
    thinnest = 1.0 - ops.max_pool(1.0 - ink, 3, strides=1, padding="same")
    return ink + 0.7 * amount * (ops.where(is_thicker, widest, thinnest) - ink)


def _blur(ink: Any) -> Any:
    """Weigh each pixel by 1, 2, 1 with its neighbours, down and across."""
    for axis in (1, 2):
        size = ops.shape(ink)[axis]
        padded = ops.pad(ink, [[0, 0], *([1, 1] if each == axis else [0, 0] for each in (1, 2)), [0, 0]])
        before, middle, after = (ops.take(padded, ops.arange(start, start + size), axis=axis) for start in range(3))
        ink = (before + 2.0 * middle + after) / 4.0
    return ink


def _find_holes(holes: Any, spec: Picture) -> Any:
    """Return where rectangles of up to a third of the height and half of it across lie: [batch, height, width, 1]."""
    row, column = ops.arange(spec.height, dtype="float32")[:, None], ops.arange(spec.width, dtype="float32")
    found: Any = False
    for hole in range(HOLES):
        top, left, high, wide = (holes[hole, each][:, None, None] for each in range(4))
        down, across = row - top * spec.height, column - left * spec.width
        inside = (down >= 0.0) & (down < high * spec.height / 3) & (across >= 0.0) & (across < wide * spec.height / 2)
        found = inside | found
    return found[..., None]
