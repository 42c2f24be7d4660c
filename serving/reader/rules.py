"""Rules, boxes and combs of a form, taken out of its ink; strokes that cross them go on."""

from __future__ import annotations

import cv2
import numpy as np

from tfx_ocr.serving.reader.ink import Grey, Mask

SHARE = 1 / 20  # of the page's shorter side: a straight run of ink that is longer is a rule
SHORTEST_PX = 100  # for pictures of less than a page
THICKEST = 1 / 8  # of its length: a run that is thicker is a bar or a picture, and stays
ROW_SHARE = 0.8  # of a frame's width that its rules along must be ink: a digit may stand out of it
COLUMN_SHARE = 0.9  # of its height, from the first rule along to the last, that its rules down must be
WHOLE_SHARE = 0.95  # likewise of one beside another: the sides of two cells that nearly touch
FULL = 0.75  # of a frame's area that is ink: more is a block or a picture
LETTER = 1.6  # times the side of the smallest cell, below which it may be a letter
CORNERS, CORNER_PX = 2, 3  # that a frame has at least, of so many pixels; a digit may cover the others
SLANT_PX = 1  # a rule is not quite upright
SMALLEST = 1 / 4  # of `SHARE`: side of the smallest cell
THINNED = 4  # of how many columns one is looked at for long rules
GAP_PX = 2  # a scan breaks a thin rule
EDGE_PX = 2  # soft edge of a rule
STANDING = 0.2  # share of a short run's length on which ink stands: less on a rule, more on serifs that touch
WORD = 4  # times the shortest rule: serifs touch along a word, no further
CROSSING_PX = 15  # rows over which a stroke is taken to go on through a rule


def remove_rules(mask: Mask, faint: Mask) -> Mask:
    """Return ink without rules: [height, width] uint8 of 0 and 1.

    First the sides of boxes, combs and tables, then every straight run along or down that is longer than `SHARE` of
    the page. A stroke that crosses a rule is closed again across it.

    Args:
        mask: as `ink.binarize` returns it, upright to half a degree.
        faint: the same with fainter ink, in which the sides of boxes are looked for: where two cells share a side, it
            may be darker than the others.
    """
    length = max(SHORTEST_PX, round(min(mask.shape) * SHARE))
    rest = _take_out(mask, *_find_cells(faint, length))
    return _take_out(rest, _find_runs(rest, length), _find_runs(rest.T, length).T)


def clear_rules(ink: Grey, mask: Mask, rest: Mask) -> Grey:
    """Return grey ink without rules, and without their soft edges.

    Args:
        ink: as `ink.flatten` returns it.
        mask: its ink, [height, width] uint8 of 0 and 1.
        rest: what `remove_rules` left of it.
    """
    gone = cv2.subtract(mask, rest)
    if not gone.any():
        return ink
    wide = 2 * EDGE_PX + 1
    soft = cv2.subtract(cv2.dilate(gone, np.ones((wide, wide))), cv2.dilate(rest, np.ones((3, 3))))
    blanked: Grey = ink * (1 - soft)
    return blanked


def _find_runs(mask: Mask, length: int) -> Mask:
    """Pixels of runs of at least `length` along that are thin."""
    thinned = np.ascontiguousarray(cv2.dilate(np.ascontiguousarray(mask), np.ones((1, THINNED + 1)))[:, ::THINNED])
    runs = cv2.morphologyEx(thinned, cv2.MORPH_OPEN, np.ones((1, length // THINNED)))
    if not runs.any():
        return np.zeros_like(mask)
    thick = np.ones((max(3, round(length * THICKEST)), 1))
    runs = cv2.subtract(runs, cv2.morphologyEx(runs, cv2.MORPH_OPEN, thick))
    return _drop_serifs(cv2.resize(runs, mask.shape[::-1], interpolation=cv2.INTER_NEAREST), mask, WORD * length)


def _drop_serifs(runs: Mask, mask: Mask, longest: int) -> Mask:
    """Runs without shorter ones on or below which ink stands all along: feet and heads of letters that touch."""
    count, labels = cv2.connectedComponents(runs, connectivity=8, ltype=cv2.CV_32S)
    is_serif = np.zeros(count, bool)
    for flip in (slice(None), slice(None, None, -1)):
        of, ink = labels[flip], mask[flip]
        rows, columns = np.nonzero((of > 0) & (np.pad(of, ((1, 0), (0, 0)))[:-1] == 0))  # upper edges
        beside = (rows > EDGE_PX) & (ink[rows - EDGE_PX - 1, columns] > 0)
        of_edge = of[rows, columns]
        lengths = np.bincount(of_edge, minlength=count)
        is_serif |= (np.bincount(of_edge, beside, count) > STANDING * lengths) & (lengths < longest)
    return runs * ~is_serif[labels]


def _find_cells(mask: Mask, length: int) -> tuple[Mask, Mask]:
    """Find the sides of cells, along and down: of connected ink with rules above and below, left and right."""
    along, down = np.zeros_like(mask), np.zeros_like(mask)
    closed = cv2.dilate(mask, np.ones((2 * GAP_PX + 1, 2 * GAP_PX + 1)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4, ltype=cv2.CV_32S)
    least = round(length * SMALLEST)
    for number in np.flatnonzero(stats[1:, 2:4].min(1) >= least) + 1:
        left, top, width, height = (int(side) for side in stats[number, :4])
        place = np.s_[top : top + height, left : left + width]
        own = ((labels[place] == number) & (mask[place] > 0)).astype(np.uint8)
        # of what is hardly larger than a letter, `O` and `D` are full once gaps are closed
        filled = own.sum() if min(width, height) >= LETTER * least else stats[number, 4]
        if filled > FULL * width * height:
            continue
        rows = _find_full(own, ROW_SHARE, least)
        if len(rows) < 2:
            continue
        inside = own[rows[0][0] : rows[-1][1]]
        columns = _find_full(np.ascontiguousarray(inside.T), COLUMN_SHARE, least)
        if len(columns) < 2 or _count_corners(inside) < CORNERS:
            continue
        for begin, end in rows:
            along[place][begin:end] |= own[begin:end]
        for begin, end in columns:
            down[place][rows[0][0] : rows[-1][1], begin:end] |= inside[:, begin:end]
    return along, down


def _count_corners(frame: Mask) -> int:
    """Of the four corners of ink those that are inked: a round 0 or 8 has sides, and no corners."""
    held = np.flatnonzero(frame.any(0))
    cut = frame[:, held[0] : held[-1] + 1]
    ends = slice(None, CORNER_PX), slice(-CORNER_PX, None)
    return sum(bool(cut[rows, columns].any()) for rows in ends for columns in ends)


def _find_full(mask: Mask, share: float, least: int) -> list[tuple[int, int]]:
    """Find the rows that are ink for `share` of their length: first and last (excluded) of each rule.

    Rules are at least `least` apart, and at most a third as thick; those of two cells that nearly touch are both found.
    """
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, 2 * GAP_PX + 1)))
    inked = cv2.dilate(closed, np.ones((2 * SLANT_PX + 1, 1))).mean(1)
    steps = np.diff(np.pad((inked >= share).astype(np.int8), 1))
    bounds = zip(np.flatnonzero(steps > 0).tolist(), np.flatnonzero(steps < 0).tolist(), strict=True)
    thin = [(begin, end) for begin, end in bounds if end - begin <= least / 3 + 2 * SLANT_PX]
    rules: list[tuple[int, int]] = []
    for begin, end in sorted(thin, key=lambda rule: -inked[slice(*rule)].max()):  # a digit's bar is less full
        reach = 2 * GAP_PX if inked[begin:end].max() >= WHOLE_SHARE else -1
        if all(abs(begin - first) >= least or max(begin - last, first - end) <= reach for first, last in rules):
            rules.append((begin, end))
    return sorted(rules)


def _take_out(mask: Mask, along: Mask, down: Mask) -> Mask:
    """Ink without those rules, strokes closed across them."""
    for rules, upright in ((along, True), (down, False)):
        if rules.any():
            wide = 2 * EDGE_PX + 1
            grown = cv2.dilate(np.ascontiguousarray(rules), np.ones((wide, 1) if upright else (1, wide)))
            soft = np.asarray(grown, np.uint8)
            rest = mask & (1 - soft)
            bridge = np.ones((CROSSING_PX, 1) if upright else (1, CROSSING_PX))
            crossing = np.asarray(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, bridge), np.uint8)
            mask = rest | (crossing & soft & mask)
    return mask
