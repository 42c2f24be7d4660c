"""What happens to ink on its way to a picture: the hand's width and waver, paper, light, lens and compression.

Everything is drawn from a `numpy.random.Generator` that the caller seeds: the same generator gives the same bytes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Ink = npt.NDArray[np.float32]  # [height, width] coverage: 0 paper, 1 ink
Grey = npt.NDArray[np.uint8]  # [height, width], dark on light
Range = tuple[float, float]  # drawn from evenly


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """How a picture was taken. Ranges are drawn from evenly, anew for each picture.

    Attributes:
        paper: grey of the paper, 0 to 255.
        contrast: how far the ink is from the paper, as a share of the paper's grey.
        fading: how much of the contrast comes and goes along a stroke, at most.
        shading: change of light over the picture, in grey.
        grain: standard deviation of the noise, in grey.
        blur: standard deviation of the lens, in pixels.
        ruled: share of pictures with a line of ruled paper.
        jpeg: quality, 0 to 100; None for PNG.
    """

    paper: Range
    contrast: Range
    fading: float = 0.0
    shading: Range = (0.0, 0.0)
    grain: Range = (0.0, 0.0)
    blur: Range = (0.0, 0.0)
    ruled: float = 0.0
    jpeg: tuple[int, int] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hand:
    """How unsteady a hand is: the most that each may be, either way.

    Attributes:
        rotate_deg: of the whole.
        shear_deg: slant.
        stretch: of width against height, as a share.
        waver: smooth displacement, as a share of the height; each picture has 0.3 of it or more.
        stroke: width of the strokes, as a share of the height, drawn from evenly; None leaves them as they are.
    """

    rotate_deg: float = 0.0
    shear_deg: float = 0.0
    stretch: float = 0.0
    waver: float = 0.0
    stroke: Range | None = None


def measure_stroke_width(ink: Ink) -> float:
    """Return the mean width of the strokes in pixels: in a stroke of width w the mean distance to its edge is w / 4."""
    inside = cv2.distanceTransform((ink > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    return 4.0 * float(inside[inside > 0].mean()) if inside.any() else 0.0


def set_stroke_width(ink: Ink, width: float) -> Ink:
    """Return the same strokes about `width` pixels wide, by moving their edges; none gets so thin that it breaks.

    The picture does not grow: leave room for wider ones.
    """
    dark = (ink > 0.5).astype(np.uint8)
    if not dark.any():
        return ink
    inside = cv2.distanceTransform(dark, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(1 - dark, cv2.DIST_L2, 3)
    middles = inside[(inside > 0) & (inside >= cv2.dilate(inside, np.ones((3, 3), np.uint8)))]
    thinnest = float(np.quantile(middles, 0.05))  # from the middle to the edge
    move = max((width - 4.0 * float(inside[inside > 0].mean())) / 2, min(0.0, 1.25 - thinnest))
    edge = np.where(dark, inside - 0.5, 0.5 - outside)  # distance from the edge, inside positive
    return np.clip(edge + move + 0.5, 0.0, 1.0).astype(np.float32)


def bend(
    ink: Ink, height: int, width: int, rng: np.random.Generator, hand: Hand, scale: Range, at: Range, cells: int
) -> Ink:
    """Draw ink anew as an unsteady hand has it.

    Args:
        ink: to be drawn, its middle on `at`.
        height: pixels of what comes back.
        width: likewise.
        rng: where chance comes from.
        hand: how unsteady.
        scale: of x and y.
        at: x and y in pixels.
        cells: of the grid that wavers, along the height.
    """
    turn, slant = np.deg2rad(rng.uniform(-1, 1, 2) * (hand.rotate_deg, hand.shear_deg))
    stretch = 1.0 + rng.uniform(-1, 1) * hand.stretch
    sx, sy = scale[0] * stretch**0.5, scale[1] / stretch**0.5
    cos, sin, lean = np.cos(turn), np.sin(turn), np.tan(slant)
    # rotation x shear x scale, the other way round: where in the ink does a pixel come from?
    back = np.array([[cos + lean * -sin, sin + lean * cos], [-sin, cos]]) / [[sx], [sy]]
    back = back.astype(np.float32)
    x = np.arange(width, dtype=np.float32) - float(at[0])  # numpy 2 makes float64 of an array less a numpy number
    y = (np.arange(height, dtype=np.float32) - float(at[1]))[:, None]
    grid = (max(2, round(cells * width / height)) + 1, cells + 1)
    amplitude = hand.waver * ink.shape[0] * rng.uniform(0.3, 1)
    wave = rng.uniform(-amplitude, amplitude, (2, grid[1], grid[0])).astype(np.float32)
    dx, dy = (cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC) for part in wave)
    from_x = back[0, 0] * x + back[0, 1] * y + dx + np.float32((ink.shape[1] - 1) / 2)
    from_y = back[1, 0] * x + back[1, 1] * y + dy + np.float32((ink.shape[0] - 1) / 2)
    return np.asarray(cv2.remap(ink, from_x, from_y, cv2.INTER_LINEAR, borderValue=(0.0,)), np.float32)


def assemble(placed: Sequence[tuple[int, int, npt.NDArray[Any]]], room: int = 0) -> npt.NDArray[Any]:
    """Return pieces of ink as one picture, of their type and cut to them.

    Args:
        placed: left and top edge of each piece in pixels, and its ink.
        room: pixels around them.
    """
    left, top = min(x for x, _, _ in placed) - room, min(y for _, y, _ in placed) - room
    right, bottom = (max(at[axis] + at[2].shape[1 - axis] for at in placed) + room for axis in (0, 1))
    whole = np.zeros((bottom - top, right - left), placed[0][2].dtype)
    for x, y, ink in placed:
        part = whole[y - top : y - top + ink.shape[0], x - left : x - left + ink.shape[1]]
        np.maximum(part, ink, out=part)
    return whole


def halve(ink: Ink) -> Ink:
    """Return ink half as high and wide, each pixel the mean of four: ink is drawn at double size for smooth edges."""
    size = ink.shape[1] // 2, ink.shape[0] // 2
    return np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)


def photograph(ink: Ink, rng: np.random.Generator, look: Look) -> Grey:
    """Put ink on paper and take the picture."""
    height, width = ink.shape
    paper, contrast = rng.uniform(*look.paper), rng.uniform(*look.contrast)
    if look.ruled and rng.random() < look.ruled:
        ink = np.maximum(ink, _ruled(height, width, rng))
    if look.fading:
        ink = ink * (1.0 - rng.uniform(0, look.fading) * _slow(height, width, rng, 12))
    if (sigma := rng.uniform(*look.blur)) > 0.2:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), sigma), np.float32)
    light = np.full(1, paper, np.float32)
    if (shading := rng.uniform(*look.shading)) > 0:
        light = light - shading * _slow(height, width, rng, max(height, width))
    grey = light * (1.0 - contrast * ink)
    if (grain := rng.uniform(*look.grain)) > 0:
        noise = rng.standard_normal((height, width), np.float32)
        if rng.random() < 0.5:
            noise = cv2.GaussianBlur(noise, (3, 3), 0) * 2.0  # paper's fibres rather than a sensor's
        grey = grey + grain * noise
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def encode(grey: Grey, rng: np.random.Generator, look: Look) -> bytes:
    """Return the picture as JPEG of the look's quality, or as PNG."""
    if look.jpeg is None:
        done, data = cv2.imencode(".png", grey)
    else:
        quality = int(rng.integers(look.jpeg[0], look.jpeg[1] + 1))
        done, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise OSError("OpenCV could not write the picture")
    return data.tobytes()


def draw_line(ink: Ink, start: Range, end: Range, width: float, strength: float) -> None:
    """Draw a straight line into `ink`, from and to x, y in pixels."""
    drawn = np.zeros(ink.shape, np.uint8)
    points = [(round(16 * x), round(16 * y)) for x, y in (start, end)]
    cv2.line(drawn, points[0], points[1], (255,), max(1, round(width)), cv2.LINE_AA, 4)
    np.maximum(ink, drawn * np.float32(strength / 255), out=ink)


def _ruled(height: int, width: int, rng: np.random.Generator) -> Ink:
    """A line of ruled paper, faint or as dark as ink, near the lower edge more often than elsewhere."""
    ruled = np.zeros((height, width), np.float32)
    y, tilt = height * rng.beta(3, 1), height * rng.uniform(-0.03, 0.03)
    thick, strength = height * rng.uniform(0.01, 0.03), rng.uniform(0.2, 0.9)
    draw_line(ruled, (-1, y - tilt), (width, y + tilt), thick, strength)
    return ruled


def _slow(height: int, width: int, rng: np.random.Generator, cell: int) -> Ink:
    """Chance from 0 to 1 that changes slowly: over `cell` pixels or so."""
    grid = rng.random((max(2, height // cell + 1), max(2, width // cell + 1)), np.float32)
    return np.clip(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
