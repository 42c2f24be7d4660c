"""Glyphs written anew: thinned to the pen's path, traced to strokes, and drawn as one writer's hand draws them.

Source: Guo, Hall, "Parallel Thinning with Two-Subiteration Algorithms", 1989, for the thinning.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from tfx_ocr.data.synthetic import cursive
from tfx_ocr.data.synthetic.paper import Ink, measure_stroke_width

Mask = npt.NDArray[np.bool_]
Stroke = npt.NDArray[np.float64]  # [points, 2] x and y in pixels, in the pen's order

SPUR = 0.5  # of the strokes' width: a shorter branch is an edge of the glyph, not a stroke
CUT_OFF = 0.3  # of the width: how much shorter a stroke is when it is thinned, less the roundness of a pen
REACH = 6  # pixels along a branch by which its direction at a junction is told
STRAIGHT = -0.5  # cosine between two branches that leave a junction, up to which the pen went on: 60 degrees
DETAIL = 0.015  # of the glyph's longer side that a node may lie off the path
RING = 0.15  # of the longer side: a stroke whose ends are nearer is a ring, and round
NEAR = 0.3  # of the longer side: how far the pen may be from the next stroke and stay on the paper
HEAVY = 0.15  # of the longer side: what has wider strokes cannot be traced
STEP = 0.7  # pixels between the pen's prints
BENDS = 3  # times that corners are cut where they are rounded
FRACTION_BITS = 4  # of a pixel, in OpenCV's drawing


@dataclasses.dataclass(frozen=True, kw_only=True)
class Writer:
    """One hand: what all of its syllables have in common.

    Attributes:
        lean: of upright strokes, to the right for each pixel up.
        pen: width of the strokes, as a share of the glyph's longer side.
        pressure: how much thinner a stroke ends than it begins, as a share.
        bulge: of a stroke's middle to its left, as a share of its length.
        waver: of nodes, as a share of the longer side.
        freedom: of each part of a syllable (connected strokes): turn in radians, size and place as shares, at most.
        is_round: whether corners become curves.
        joined: share of near strokes between which the pen stays on the paper.
        skipped: share of strokes of which the pen misses the end.
        cursive: share of consonants that are written in one stroke, where a syllable is written.
    """

    lean: float = 0.0
    pen: float = 0.05
    pressure: float = 0.0
    bulge: float = 0.0
    waver: float = 0.0
    freedom: float = 0.0
    is_round: bool = False
    joined: float = 0.0
    skipped: float = 0.0
    cursive: float = 0.0


def draw_writer(rng: np.random.Generator) -> Writer:
    """Return a hand by chance: the same generator gives the same one."""
    return Writer(
        lean=float(rng.normal(0.05, 0.12)),
        pen=float(rng.uniform(0.025, 0.07)),
        pressure=float(rng.uniform(0.0, 0.5)),
        bulge=float(rng.normal(0.0, 0.035)),
        waver=float(rng.uniform(0.004, 0.014)),
        freedom=float(rng.uniform(0.04, 0.1)),
        is_round=bool(rng.random() < 0.5),
        joined=float(rng.uniform(0.0, 0.4)),
        skipped=float(rng.uniform(0.0, 0.1)),
        cursive=max(0.0, float(rng.uniform(-0.6, 0.6))),  # half of the writers print
    )


def rewrite(ink: Ink, writer: Writer, rng: np.random.Generator, room: int = 16, syllable: str = "") -> Ink:
    """Return a glyph as a writer writes it, with so many pixels of room around.

    Args:
        ink: cut to the glyph.
        writer: who writes.
        rng: where chance comes from.
        room: in pixels.
        syllable: which it is, for a writer who writes consonants in one stroke; "" for none.

    Raises:
        ValueError: it holds no ink.
    """
    size = float(max(ink.shape))
    joined = cursive.join_jamo(ink, syllable, writer.cursive, rng) if writer.cursive and syllable else []
    rest = np.where(np.any([each.mask for each in joined], 0), 0, ink) if joined else ink
    parts = [strokes for strokes in _list_parts(rest, measure_stroke_width(ink)) if strokes]
    if not parts and not joined:
        raise ValueError("no stroke to write: the glyph holds no ink")
    moved = [_direct(stroke) for strokes in parts for stroke in _move_part(strokes, writer, size, rng)]
    in_one = [stroke for each in joined for stroke in _move_part([each.stroke], writer, size, rng)]
    written = sorted(
        [(stroke, writer) for stroke in moved]
        + [(stroke, dataclasses.replace(writer, is_round=True)) for stroke in in_one],
        key=lambda each: each[0][0] @ (0.4, 1.0),
    )
    drawn = np.zeros((ink.shape[0] + 2 * room, ink.shape[1] + 2 * room), np.uint8)
    width = writer.pen * size
    for place, (stroke, by) in enumerate(written):
        path = _bend(stroke, by, size, rng)
        if rng.random() < writer.skipped:
            path = path[: max(2, round(len(path) * rng.uniform(0.8, 0.95)))]
        _print(drawn, path + room, width, width * (1 - writer.pressure))
        following = written[place + 1][0][0] if place + 1 < len(written) else path[-1]
        gap = float(np.hypot(*(following - path[-1])))
        if width < gap < NEAR * size and rng.random() < writer.joined:
            _print(drawn, np.stack([path[-1], following]) + room, width * (1 - writer.pressure) * 0.6, width * 0.4)
    return drawn.astype(np.float32) / 255


def is_traceable(ink: Ink) -> bool:
    """Return whether a glyph's strokes are narrow enough to be told from what they enclose."""
    return measure_stroke_width(ink) <= HEAVY * max(ink.shape)


def thin(mask: Mask) -> Mask:
    """Return the middle of strokes, one pixel wide; what is connected stays so."""
    thinned = np.pad(mask, 1)
    inner = thinned[1:-1, 1:-1]
    has_changed = True
    while has_changed:
        has_changed = False
        for edges in _list_edges():
            neighbours = np.zeros(inner.shape, np.uint8)
            for place, around in enumerate(_list_around(thinned)):
                neighbours |= around.view(np.uint8) << np.uint8(place)
            is_edge = inner & edges[neighbours]
            inner[is_edge] = False
            has_changed |= bool(is_edge.any())
    return inner


@functools.cache
def _list_edges() -> tuple[Mask, Mask]:
    """Return which pixels each of the two steps takes, by their neighbours: bit by bit clockwise from the one above."""
    around = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(bool).T
    pairs = [around[place] | around[(place + 1) % 8] for place in range(8)]
    runs = np.sum([~around[place] & pairs[place + 1] for place in range(0, 8, 2)], 0)
    fewest = np.minimum(np.sum(pairs[::2], 0), np.sum(pairs[1::2], 0))
    first, second = (
        (runs == 1) & (fewest >= 2) & (fewest <= 3) & ~((a | b | ~c) & d)
        for a, b, c, d in ([around[(place + turn) % 8] for place in (0, 1, 3, 2)] for turn in (0, 4))
    )
    return first, second


def _list_around(padded: Mask) -> list[Mask]:
    """The eight neighbours of every pixel, clockwise from the one above."""
    offsets = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))
    height, width = padded.shape[0] - 2, padded.shape[1] - 2
    return [padded[y : y + height, x : x + width] for y, x in offsets]


def find_strokes(mask: Mask, width: float) -> list[Stroke]:
    """Find the strokes of a pen in ink: through a junction it goes on as straight as it can.

    Args:
        mask: of ink.
        width: of its strokes, in pixels.

    Returns:
        Paths with a point per pixel; a closed one ends where it begins.
    """
    skeleton = thin(mask)
    crossing = skeleton & (np.sum(_list_around(np.pad(skeleton, 1)), 0) >= 3)
    _, nodes, _, middles = cv2.connectedComponentsWithStats(crossing.astype(np.uint8), connectivity=8)
    number, branches = cv2.connectedComponents((skeleton & ~crossing).astype(np.uint8), connectivity=8)
    near = cv2.dilate(nodes.astype(np.float32), np.ones((3, 3))).astype(int)
    paths, ends = [], []
    for branch in range(1, number):
        path = _walk(np.argwhere(branches == branch)[:, ::-1])
        first, last = (int(near[round(y), round(x)]) for x, y in (path[0], path[-1]))
        is_free = not first or not last
        if is_free and (first or last) and len(path) < SPUR * width:
            continue
        is_ring = not first and not last and len(path) > 2 and np.abs(path[0] - path[-1]).max() <= 1
        if is_ring:
            path = np.vstack([path, path[:1]])
        begin, end = (
            middles[node] if node else () if is_ring else _extend(leaving, CUT_OFF * width)
            for node, leaving in ((first, path), (last, path[::-1]))
        )
        paths.append(np.vstack([*([begin] if len(begin) else ()), path, *([end] if len(end) else ())]))
        ends.append((first, last))
    dots = [] if number > 1 else [middles[1:2].repeat(2, 0)] if len(middles) > 1 else []
    return [*_follow(paths, ends), *dots]


def _extend(path: Stroke, length: float) -> npt.NDArray[np.float64]:
    """Return where a stroke began before it was thinned: so many pixels before the first of its middle."""
    away = path[0] - path[min(REACH, len(path) - 1)]
    return np.asarray(path[0] + away * length / max(float(np.hypot(*away)), 1e-9))


def _walk(points: npt.NDArray[np.int64]) -> Stroke:
    """Order the pixels of a branch from one end to the other."""
    left = {(int(x), int(y)) for x, y in points}

    def list_near(at: tuple[int, int]) -> list[tuple[int, int]]:
        steps = ((0, -1), (1, 0), (0, 1), (-1, 0), (1, -1), (1, 1), (-1, 1), (-1, -1))
        return [found for dx, dy in steps if (found := (at[0] + dx, at[1] + dy)) in left]

    at = min(left, key=lambda point: (len(list_near(point)), point))
    path = [at]
    left.discard(at)
    while following := list_near(at):
        at = following[0]
        left.discard(at)
        path.append(at)
    return np.array(path, np.float64)


def _follow(paths: Sequence[Stroke], ends: Sequence[tuple[int, int]]) -> list[Stroke]:
    """Join branches that go on straight through a junction."""
    leaving: dict[int, list[tuple[int, int]]] = {}
    for branch, (first, last) in enumerate(ends):
        for side, node in ((0, first), (-1, last)):
            if node:
                leaving.setdefault(node, []).append((branch, side))

    def point_away(branch: int, side: int) -> npt.NDArray[np.float64]:
        path = paths[branch] if side == 0 else paths[branch][::-1]
        away: npt.NDArray[np.float64] = path[min(REACH, len(path) - 1)] - path[0]
        return away / max(float(np.hypot(*away)), 1e-9)

    goes_on: dict[tuple[int, int], tuple[int, int]] = {}
    for there in leaving.values():
        pairs = [(a, b) for place, a in enumerate(there) for b in there[place + 1 :] if a[0] != b[0]]
        for a, b in sorted(pairs, key=lambda pair: float(point_away(*pair[0]) @ point_away(*pair[1]))):
            if a not in goes_on and b not in goes_on and point_away(*a) @ point_away(*b) < STRAIGHT:
                goes_on[a], goes_on[b] = b, a
    strokes, done = [], set()
    starts = [(branch, side) for branch in range(len(paths)) for side in (0, -1)]
    for branch, side in sorted(starts, key=lambda end: end in goes_on):  # free ends first, then what closes in a ring
        pieces = []
        while branch not in done:
            done.add(branch)
            pieces.append(paths[branch] if side == 0 else paths[branch][::-1])
            if (branch, -1 - side) not in goes_on:
                break
            branch, side = goes_on[branch, -1 - side]
        if pieces:
            strokes.append(np.vstack(pieces))
    return strokes


def _list_parts(ink: Ink, width: float) -> Iterator[list[Stroke]]:
    """Yield the strokes, so many pixels wide, of each connected part of a glyph, as few nodes."""
    mask, size = (ink > 0.5).astype(np.uint8), max(ink.shape)
    number, labels, boxes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for part in range(1, number):
        x, y, columns, rows = boxes[part, :4]
        corner = np.array((x, y))
        paths = find_strokes(labels[y : y + rows, x : x + columns] == part, width)
        yield [
            cv2.approxPolyDP((path + corner).astype(np.float32)[:, None], DETAIL * size, False)[:, 0].astype(float)
            for path in paths
        ]


def _move_part(strokes: Sequence[Stroke], writer: Writer, size: float, rng: np.random.Generator) -> list[Stroke]:
    """Turn, scale and move connected strokes together, then their nodes, and lean all of them."""
    points = np.vstack(strokes)
    middle = (points.min(0) + points.max(0)) / 2
    turn = rng.uniform(-1, 1) * writer.freedom
    scale = 1 + rng.uniform(-1, 1, 2) * writer.freedom * 1.5
    shift = rng.uniform(-1, 1, 2) * writer.freedom * 0.35 * size
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[cos, sin], [-sin, cos]]) * scale
    moved = []
    for stroke in strokes:
        at = (stroke - middle) @ matrix + middle + shift
        at = at + rng.normal(0, writer.waver * size, at.shape)
        if np.array_equal(stroke[0], stroke[-1]):
            at[-1] = at[0] + rng.normal(0, 2 * writer.waver * size, 2)  # a ring hardly ever closes
        at[:, 0] += writer.lean * (size / 2 - at[:, 1])
        moved.append(at)
    return moved


def _direct(stroke: Stroke) -> Stroke:
    """Return a stroke as the pen goes: downwards and to the right."""
    return stroke if stroke[0].sum() <= stroke[-1].sum() else stroke[::-1]


def _bend(stroke: Stroke, writer: Writer, size: float, rng: np.random.Generator) -> Stroke:
    """Bulge the stretches between nodes, and round the corners where the writer does."""
    is_round = writer.is_round or (len(stroke) > 4 and np.hypot(*(stroke[0] - stroke[-1])) < RING * size)
    pieces = []
    for begin, end in itertools.pairwise(stroke):
        along = end - begin
        bulge = writer.bulge + rng.normal(0, 2 * writer.waver)
        middle = (begin + end) / 2 + np.array([along[1], -along[0]]) * bulge
        t = np.linspace(0, 1, 9)[:, None]
        curve = (1 - t) ** 2 * begin + 2 * t * (1 - t) * (2 * middle - (begin + end) / 2) + t**2 * end
        pieces.append(np.stack([begin, middle]) if is_round else curve[:-1])
    path = np.vstack([*pieces, stroke[-1:]])
    for _ in range(BENDS if is_round else 0):
        cut = np.stack([0.75 * path[:-1] + 0.25 * path[1:], 0.25 * path[:-1] + 0.75 * path[1:]], 1).reshape(-1, 2)
        path = np.vstack([path[:1], cut, path[-1:]])
    return path


def _print(drawn: npt.NDArray[np.uint8], path: Stroke, begin: float, end: float) -> None:
    """Draw a path with a round pen whose width goes from `begin` to `end`, in pixels."""
    lengths = np.hypot(*np.diff(path, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0.0, along[-1], max(2, round(along[-1] / STEP)))
    points = np.stack([np.interp(at, along, path[:, axis]) for axis in (0, 1)], 1)
    widths = np.linspace(begin, end, len(points))
    factor = 1 << FRACTION_BITS
    for (x, y), width in zip(points, widths, strict=True):
        center, radius = (round(x * factor), round(y * factor)), max(factor // 2, round((width - 1) / 2 * factor))
        cv2.circle(drawn, center, radius, (255,), -1, cv2.LINE_AA, FRACTION_BITS)
