"""From a page's pixels to its ink, upright: whatever the polarity, the shadow and the skew."""

from __future__ import annotations

import math

import cv2
import numpy as np

Grey = np.ndarray  # [height, width] uint8
Mask = np.ndarray  # [height, width] bool or uint8 of 0 and 1

REDUCED_PX = 512  # longer side at which the paper's own grey is looked for
PAPER_SHARE = 0.09  # of the longer side: window of the median that is taken for the paper, far wider than a stroke
FAINTEST = 24  # grey levels between paper and ink; noise and grain are less
STRONG = 0.9  # quantile of the ink that counts as strong
WORD_PX, LETTER_PX = 64, 14  # longer and shorter side of what is as small as writing at that size
EVEN_PX = 128  # longer side at which the strength of ink is looked at
EVEN_SHARE = 0.01  # of the pixels around, that must be ink
MOST_GAIN = 3.0  # by which ink is made stronger or weaker
GAIN_UNIT = 64  # a gain of 1 in the bytes that a page's gains are kept in
INK = 0.3  # share of strong ink from which on a pixel is ink
STEEPEST_DEG = 7.0  # skew that is looked for, either way
CLEAR = 1.2  # times the mean sharpness of all angles that the best must have, or the page has no lines to go by
SKEW_POINTS = 40_000  # pixels of ink that are looked at for it


def flatten(grey: Grey) -> Grey:
    """Return how far each pixel is from the paper around it: 0 is paper, strong ink is light.

    The paper is a wide median, so shadow goes; ink is what is rarer, so light ink on dark paper comes out as dark ink
    on light paper does.

    Args:
        grey: [height, width] uint8 of at least one pixel.
    """
    height, width = grey.shape
    zoom = min(1.0, REDUCED_PX / max(height, width))
    size = max(1, round(width * zoom)), max(1, round(height * zoom))
    reduced = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    window = min(255, 2 * round(max(size) * PAPER_SHARE / 2) + 1)
    paper = cv2.medianBlur(reduced, max(3, window))
    away = reduced.astype(np.float32) - paper
    darker = _is_darker(away)
    paper = cv2.GaussianBlur(paper, (0, 0), max(1.0, window / 12))
    whole = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.subtract(whole, grey) if darker else cv2.subtract(grey, whole)


def _is_darker(away: np.ndarray) -> bool:
    """Whether a page's ink is darker than its paper: what is rarer differs more, and so its cubes count.

    Only pieces as small as writing count where there are any: corners of a sheet on a dark table are larger.
    """
    cubes = away**3
    sums = []
    for sign in (-1, 1):
        mask = (sign * away >= FAINTEST).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
        sides = stats[:, 2:4]
        small = (sides.max(1) <= WORD_PX) & (sides.min(1) <= LETTER_PX)
        small[0] = False
        sums.append(float(np.bincount(labels.ravel(), np.abs(cubes).ravel(), count)[small].sum()))
    return sums[0] > sums[1] if any(sums) else float(cubes.sum()) <= 0


def normalize(ink: Grey) -> Grey:
    """Return ink as strong everywhere: faint print beside strong, or beside the dark table that a sheet lies on.

    Around each place the mean of what is ink is brought to its median over the page, at most by `MOST_GAIN`.

    Args:
        ink: as `flatten` returns it.
    """
    height, width = ink.shape
    zoom = EVEN_PX / max(height, width)
    if zoom >= 1:
        return ink
    size = max(1, round(width * zoom)), max(1, round(height * zoom))
    inked = cv2.threshold(ink, FAINTEST - 1, 1, cv2.THRESH_BINARY)[1]
    levels, shares = (
        cv2.GaussianBlur(cv2.resize(each, size, interpolation=cv2.INTER_AREA).astype(np.float32), (0, 0), EVEN_PX / 16)
        for each in (ink * inked, inked * np.uint8(255))
    )
    written = shares >= EVEN_SHARE * 255
    if not written.any():
        return ink
    means = 255 * levels / np.maximum(shares, 1)
    gains = np.where(written, np.median(means[written]) / np.maximum(means, 1), 1).clip(1 / MOST_GAIN, MOST_GAIN)
    whole = cv2.resize((gains * GAIN_UNIT).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(ink, whole, scale=1 / GAIN_UNIT)


def find_threshold(ink: Grey) -> int:
    """Return the level of `flatten`'s ink from which on a pixel is ink."""
    counts = cv2.calcHist([ink], [0], None, [256], [0, 256]).ravel()
    counts[:FAINTEST] = 0
    strong = int(np.searchsorted(np.cumsum(counts), STRONG * counts.sum()))
    return max(FAINTEST, round(INK * strong))


def binarize(ink: Grey, threshold: int) -> Mask:
    """Return which pixels are ink: [height, width] uint8 of 0 and 1."""
    return cv2.threshold(ink, threshold - 1, 1, cv2.THRESH_BINARY)[1]


def measure_skew(mask: Mask) -> float:
    """Return by how many degrees the lines of a page fall to the right, -7 to 7; 0.0 where it has no lines to go by.

    The angle is that at which the rows' sums of ink differ most from row to row.

    Source: Postl, "Detection of linear oblique structures and skew scan in digitized documents", ICPR 1986.
    """
    ys, xs = np.nonzero(mask)
    if not len(ys):
        return 0.0
    step = max(1, len(ys) // SKEW_POINTS)
    xs, ys = xs[::step].astype(np.float32), ys[::step].astype(np.float32)
    # pixels of a row of the sums; whole ones, or a row would hold more of them than the next at 0 degrees
    cell = max(1, round(mask.shape[0] / 1000))

    def measure_sharpness(angle: float) -> float:
        rows = ((ys - xs * math.tan(math.radians(angle))) / cell).astype(np.int32)
        sums = np.bincount(rows - rows.min()).astype(np.float32)
        return float(np.square(np.diff(sums, prepend=0, append=0)).sum())

    coarse = np.arange(-STEEPEST_DEG, STEEPEST_DEG + 0.25, 0.5)
    sharpness = [measure_sharpness(float(angle)) for angle in coarse]
    best = int(np.argmax(sharpness))
    if sharpness[best] < CLEAR * float(np.mean(sharpness)):
        return 0.0
    fine = coarse[best] + np.arange(-0.5, 0.55, 0.1)
    return float(fine[int(np.argmax([measure_sharpness(float(angle)) for angle in fine]))])


def find_rotation(size: tuple[int, int], angle: float) -> tuple[np.ndarray, tuple[int, int]]:
    """Return how a page is turned by `angle` degrees counter-clockwise on a sheet that holds all of it.

    Args:
        size: width and height in pixels.
        angle: what `measure_skew` returns.

    Returns:
        [2, 3] float64, from x, y and 1 on the page to x and y on the sheet, and the sheet's width and height.
    """
    width, height = size
    cos, sin = math.cos(math.radians(angle)), abs(math.sin(math.radians(angle)))
    sheet = math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turn[:, 2] = turn[:, 2] + (np.array(sheet) - size) / 2
    return turn, sheet


def rotate(ink: Grey, turn: np.ndarray, sheet: tuple[int, int]) -> Grey:
    """Turn ink as `find_rotation` says; what comes in at the corners is paper."""
    return cv2.warpAffine(ink, turn, sheet, flags=cv2.INTER_LINEAR)
