"""Handwritten digits anywhere on a page: connected ink, read by a model of single digits; what is not a digit goes."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from tfx_ocr.data import features, images
from tfx_ocr.data.page.page import Alternative, Box, Glyph, Line, Polygon, Word, join_boxes
from tfx_ocr.serving.model import Model
from tfx_ocr.serving.reader import glyphs
from tfx_ocr.serving.reader.glyphs import Blob
from tfx_ocr.serving.reader.sheet import Sheet

BATCH = 32  # pictures of a request: serving/docker/batching.config takes no more
MARGIN = 0.2  # paper around a digit, in its longer sides
DOUBT = 0.95  # probability below which other ways to cut or join are tried
WIDE = 1.2  # heights: what is wider may be several digits
NARROWEST, WIDEST = 0.15, 1.1  # of a digit, in heights of the string it is cut from
LEAST = math.log(0.4)  # of each digit that a blob too wide for one is cut into, on average
CERTAIN = math.log(0.8)  # of a blob that is not too wide, and is cut only where it reads worse
SURE, WIDEST_SURE = 0.9995, 1.6  # probability from which on a wide blob is one digit, and heights up to which it may be
PART = 0.9  # what each digit of a cut string costs, so that one digit is not taken for two
NEAR = 0.15  # heights: how far a loose stroke may be from its digit
LIKE = 0.5  # of its digit's height that a stroke is lower, or it is a digit of its own
LOOSE = 0.7  # of a digit's longer side that a loose stroke may be long
SPECK = 0.15  # of a digit's ink, below which a loose stroke is a dot of the paper or of a rule
CHAIN = 0.8  # heights between neighbours on a line that are judged together
CELL = 2.0  # heights between neighbours in cells of a form, at most
WIDER = 1.35  # times the usual distance between middles, from which on a gap may part two numbers
SPACE = 0.5  # heights of such a gap at least
ALIKE, REGULAR = 0.2, 0.6  # of the usual distance, by which so many distances of a row of cells differ at most
# Logarithms of how much likelier a probability is for a digit than for a letter or another sign, counted on pages drawn
# of MNIST's training set and of print (tests/bench/bench_read.py --tune).
EVIDENCE = ((0.9999, 1.1), (0.998, 0.3), (0.99, -0.5), (0.9, -2.0), (0.0, -2.5))
FEW = 4  # of a line that are read first
HOPELESS = 2.5  # evidence against a line at which the rest of it is not read
LEAST_PRIOR, MOST_PRIOR = -1.0, 3.0  # what the page as a whole may add: one without print has hardly a bad reading
SIZES = ((1.5, -1.5), (0.75, 1.5), (0.55, -1.0), (0.0, -3.0))  # the same of a height, in the usual digit's
SLENDER = 0.8  # heights that a 1 may be wide


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """A blob as the model reads it: the best classes and their probabilities, best first."""

    blob: Blob
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]


def read_digits(sheet: Sheet, model: Model, whitelist: str = "", min_confidence: float = 0.0) -> list[Line]:
    """Find the digits on a sheet.

    Args:
        sheet: upright.
        model: of single characters, which answers as those of task `classification` do.
        whitelist: characters that may be read; "" for all that the model knows.
        min_confidence: probability of the digits that are kept.

    Returns:
        Lines of words of digits in no particular order, boxes and outlines in pixels of the sheet.

    Raises:
        RequestError: the model fails.
    """
    smallest = glyphs.find_smallest(sheet.mask.shape)
    blobs = glyphs.find_blobs(sheet.mask)
    asker = _Asker(sheet, model, whitelist)
    readings = _choose_digits(glyphs.list_chains([blob for blob in blobs if blob.height >= smallest], CHAIN), asker)
    kept = {id(reading.blob) for reading in readings}
    readings = _join_loose(readings, [blob for blob in blobs if id(blob) not in kept], asker)
    readings = _cut_touching(readings, asker)
    by_blob = {id(reading.blob): reading for reading in readings if reading.probabilities[0] >= min_confidence}
    found = list_words([reading.blob for reading in readings])
    words = ([by_blob[id(blob)] for blob in word if id(blob) in by_blob] for word in found)
    return [_build_line(word) for word in words if word]


def list_words(blobs: Sequence[Blob]) -> list[list[Blob]]:
    """Return neighbours on a line that are one number, each from left to right.

    Digits as far apart as most of their line are one number, in the cells of a form too, where these are regular; a gap
    that is wider than most parts two. Of fewer than three digits, those closer than `CHAIN` are one.
    """
    words = []
    for row in glyphs.list_chains(blobs, CELL):
        middles = np.array([blob.left + blob.right for blob in row]) / 2
        gaps = np.array([two.left - one.right for one, two in itertools.pairwise(row)])
        height = float(np.median([blob.height for blob in row]))
        apart = gaps > CHAIN * height
        if len(row) > 2:
            distances = np.diff(middles)
            usual = float(np.median(distances))
            regular = float(np.mean(np.abs(distances - usual) <= ALIKE * usual)) >= REGULAR
            wider = distances > WIDER * usual
            apart = (wider & (gaps > SPACE * height)) | (apart & (wider | (not regular)))
        begins = [0, *(np.flatnonzero(apart) + 1).tolist(), len(row)]
        words += [row[begin:end] for begin, end in itertools.pairwise(begins)]
    return words


class _Asker:
    def __init__(self, sheet: Sheet, model: Model, whitelist: str):
        self._sheet, self._model, self._whitelist = sheet, model, whitelist

    def ask(self, blobs: Sequence[Blob]) -> list[Reading]:
        """Read blobs; those that read as nothing allowed are left out."""
        readings = []
        for begin in range(0, len(blobs), BATCH):
            batch = blobs[begin : begin + BATCH]
            pictures = [images.encode_png(p.tobytes(), *p.shape) for p in glyphs.crop(self._sheet.ink, batch, MARGIN)]
            outputs = self._model.ask(
                features.SERVE_IMAGES,
                {features.IMAGE_BYTES_IN: np.array(pictures, dtype=object)},
                outputs=[features.LABELS_OUT, features.PROBABILITIES_OUT],
            )
            rows = zip(batch, outputs[features.LABELS_OUT], outputs[features.PROBABILITIES_OUT], strict=True)
            readings += [reading for row in rows if (reading := self._build(*row))]
        return readings

    def _build(self, blob: Blob, labels: Any, probabilities: Any) -> Reading | None:
        pairs = [(label.decode(), float(p)) for label, p in zip(labels, probabilities, strict=True)]
        if pairs[0][0] == "1" and blob.width > SLENDER * blob.height:
            pairs[0] = "1", pairs[0][1] / 2
        kept = [pair for pair in pairs if not self._whitelist or pair[0] in self._whitelist]
        return Reading(blob, *zip(*kept, strict=True)) if kept else None


def _join_loose(readings: Sequence[Reading], specks: Sequence[Blob], asker: _Asker) -> list[Reading]:
    """Join strokes to the digits that they stand at, such as the bar of a 5, where that reads no worse."""
    kept = dict(enumerate(readings))
    tried: list[tuple[int, int | None, Blob]] = []
    pieces = [(None, blob) for blob in specks] + [(n, reading.blob) for n, reading in kept.items()]
    tree = glyphs.Grid([blob for _, blob in pieces])
    for number, reading in kept.items():
        blob = reading.blob
        for found in tree.list_near(blob, NEAR * blob.height):
            other, piece = pieces[found]
            if other == number or piece.mask.sum() < SPECK * blob.mask.sum():
                continue
            small = piece.height < LIKE * blob.height or max(piece.height, piece.width) < LOOSE * max(
                blob.height, blob.width
            )
            above = min(piece.right, blob.right) - max(piece.left, blob.left) >= min(piece.width, blob.width) / 2
            if small or (other is not None and other > number and above):
                tried.append((number, other, blob.join(piece)))
    for (number, other, _), joined in zip(tried, asker.ask([blob for *_, blob in tried]), strict=False):
        if number in kept and joined.probabilities[0] >= kept[number].probabilities[0] - 0.02:
            kept[number] = joined
            if other is not None:
                kept.pop(other, None)
    return list(kept.values())


def _cut_touching(readings: Sequence[Reading], asker: _Asker) -> list[Reading]:
    """Cut what reads badly, or is wide, where that gives digits that read better."""
    kept: list[Reading] = []
    cut: list[Reading] = []
    for reading in readings:
        blob = reading.blob
        wide = blob.width > WIDE * blob.height and not _is_sure(reading)
        (cut if wide or (reading.probabilities[0] < DOUBT and blob.width > 0.5 * blob.height) else kept).append(reading)
    parts = [glyphs.list_parts(r.blob, NARROWEST * r.blob.height, WIDEST * r.blob.height) for r in cut]
    answers = {id(one.blob): one for one in asker.ask([part for found in parts for part in found.values()])}
    for reading, found in zip(cut, parts, strict=True):
        read = {ends: answers[id(part)] for ends, part in found.items() if id(part) in answers}
        score, best = _find_best_path(read, max((last for _, last in found), default=0))
        blob, one = reading.blob, math.log(max(reading.probabilities[0], 1e-6))
        wide = blob.width > WIDE * blob.height
        better = score > len(best) * (LEAST if wide else one) and (wide or one < CERTAIN)
        kept += best if len(best) > 1 and better else [reading]
    return kept


def _find_best_path(parts: dict[tuple[int, int], Reading], end: int) -> tuple[float, list[Reading]]:
    """The parts from cut 0 to the last that are likeliest together, with the sum of their logarithms."""
    best: dict[int, tuple[float, list[Reading]]] = {0: (0.0, [])}
    for (first, last), reading in sorted(parts.items(), key=lambda part: part[0][::-1]):
        if first in best:
            score = best[first][0] + math.log(max(PART * reading.probabilities[0], 1e-6))
            if last not in best or score > best[last][0]:
                best[last] = score, [*best[first][1], reading]
    return best.get(end, (-math.inf, []))


def _choose_digits(chains: Sequence[Sequence[Blob]], asker: _Asker) -> list[Reading]:
    """Return what is digits, by neighbours on a line: print around them is of letters that read badly as digits.

    Of a long line a few are read, and the others only where these may be digits.
    """
    # loose strokes, such as the bar of a 5, say nothing
    judged = [[b for b in chain if b.height >= LIKE * max(each.height for each in chain)] for chain in chains]
    few = [chain[:: max(1, len(chain) // FEW)] for chain in judged]
    read = {id(one.blob): one for one in asker.ask([blob for chain in few for blob in chain])}
    hopeful = [sum(_weigh(read.get(id(blob))) for blob in chain) > -HOPELESS for chain in few]
    chains = [chain for chain, hope in zip(chains, hopeful, strict=True) if hope]
    judged = [chain for chain, hope in zip(judged, hopeful, strict=True) if hope]
    unread = [blob for chain in chains for blob in chain if id(blob) not in read]
    read |= {id(one.blob): one for one in asker.ask(unread)}
    sure = sum(one.probabilities[0] >= EVIDENCE[2][0] for one in read.values())
    unsure = sum(one.probabilities[0] < EVIDENCE[3][0] for one in read.values())
    prior = min(max(math.log((sure + 1) / (3 * unsure + 1)), LEAST_PRIOR), MOST_PRIOR)
    evidence = [prior + sum(_weigh(read.get(id(blob))) for blob in chain) for chain in judged]
    votes = [
        (blob.height, weight) for chain, weight in zip(chains, evidence, strict=True) if weight > 0 for blob in chain
    ]
    usual = _find_weighted_median(votes)
    chosen = []
    for chain, weight in zip(chains, evidence, strict=True):
        size = float(np.median([blob.height for blob in chain])) / usual
        if weight + next(bonus for least, bonus in SIZES if size >= least) > 0:
            chosen += [read[id(blob)] for blob in chain if id(blob) in read]
    return chosen


def _find_weighted_median(votes: Sequence[tuple[int, float]]) -> float:
    """The value of (value, weight) pairs that half of the weight lies below; 1.0 without pairs."""
    if not votes:
        return 1.0
    values, weights = np.array(sorted(votes)).T
    return float(values[np.searchsorted(np.cumsum(weights), weights.sum() / 2)])


def _weigh(reading: Reading | None) -> float:
    """What a blob says for digits; nothing where it is too wide for one, and may be several."""
    if reading is None or (reading.blob.width > WIDE * reading.blob.height and not _is_sure(reading)):
        return 0.0
    return next(weight for least, weight in EVIDENCE if reading.probabilities[0] >= least)


def _is_sure(reading: Reading) -> bool:
    """Whether a blob reads as one digit beyond doubt, though it may be wide."""
    return reading.probabilities[0] >= SURE and reading.blob.width <= WIDEST_SURE * reading.blob.height


def _build_line(readings: Sequence[Reading]) -> Line:
    found = [_build_glyph(reading) for reading in readings]
    text = "".join(glyph.text for glyph in found)
    confidence = min(glyph.confidence or 0.0 for glyph in found)
    box = join_boxes(glyph.box for glyph in found)
    word = Word(text=text, box=box, confidence=confidence, glyphs=tuple(found))
    return Line(text=text, box=box, words=(word,), confidence=confidence)


def _build_glyph(reading: Reading) -> Glyph:
    blob, (label, *others) = reading.blob, reading.labels
    return Glyph(
        text=label,
        box=Box(blob.left, blob.top, blob.right, blob.bottom),
        confidence=round(reading.probabilities[0], 4),
        polygon=_outline(blob),
        alternatives=tuple(
            Alternative(text, round(p, 4))
            for text, p in zip(others, reading.probabilities[1:], strict=True)
            if p >= 1e-4
        ),
    )


def _outline(blob: Blob) -> Polygon:
    """The convex hull of the blob's pixels."""
    rows, columns = np.nonzero(blob.mask)
    corners = np.concatenate([np.stack([columns + dx, rows + dy], 1) for dx, dy in itertools.product((0, 1), repeat=2)])
    hull = cv2.convexHull(corners.astype(np.int32))[:, 0]
    return tuple((float(x + blob.left), float(y + blob.top)) for x, y in hull)
