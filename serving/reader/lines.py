"""Lines on a page, found as chains of ink or by a detector, each read as a whole by a model of lines."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfx_ocr.data import features, images
from tfx_ocr.data.page.maps import find_shapes
from tfx_ocr.data.page.page import Box, Glyph, Line, Word, divide_word, enclose
from tfx_ocr.data.page.shapes import LINE
from tfx_ocr.serving.model import Model
from tfx_ocr.serving.reader import glyphs
from tfx_ocr.serving.reader.glyphs import Blob
from tfx_ocr.serving.reader.sheet import Sheet
from tfx_ocr.serving.reader.words import locate_words

BATCH = 16  # lines of a request
GAP = 1.6  # heights between two words of a line
SMALL = 0.5  # of the usual height: points, commas and marks, which join the line that they stand at
BESIDE, LOW = 0.8, 0.25  # usual heights beside a line, and below it, where a mark in its row is still its own
BRIDGE = 3.0  # heights between two parts of a line that a mark links
ROW = 0.7  # of the lower part's height that both share
EDGE, SLIVER = 2.2, 0.25  # usual heights, and width in heights, from which on a line is an edge of the sheet
HAIR = 0.1  # width in heights: a stroke alone is wider
CUT = 0.75  # usual heights, and width in heights, of what a border of the sheet cuts off
SPECK = 0.65  # usual heights: a letter alone is higher
MARGIN = 0.25  # heights of paper around a line
LONGEST = 14.0  # heights that a model reads at once: a strip holds some 18, and squeezes what is longer
LEAST_SPACE = 0.12  # heights of paper in which a longer line may be cut: letters stand closer
SPACE = 1.5  # the same, times the line's usual gap, which is that between letters
OFF_CENTRE = 0.02  # of the distance from where equal parts would meet, that a wider space makes up for
DOT = 0.4  # of the height of the letter below, up to which a full piece of ink may be the dot of an i
FULL = 0.6  # of a dot's box that is ink: letters have less


def read_lines(
    sheet: Sheet, model: Model, whitelist: str = "", min_confidence: float = 0.0, detector: Model | None = None
) -> list[Line]:
    """Find the lines on a sheet and read each.

    Args:
        sheet: upright.
        model: of lines, which answers as those of task `sequence` do.
        whitelist: characters that may be read, others are left out; "" for all that the model knows.
        min_confidence: probability of the lines that are kept.
        detector: of the recipe `pages`, or one with the same signature; None to find lines as chains of ink.

    Returns:
        Lines in no particular order, boxes in pixels of the sheet.

    Raises:
        RequestError: a model fails.
    """
    boxes = find_lines(sheet.mask) if detector is None else detect_lines(sheet, detector)
    parts = [(number, part) for number, box in enumerate(boxes) for part in cut_line(sheet.mask, box)]
    read: dict[int, list[Line]] = {}
    for begin in range(0, len(parts), BATCH):
        batch = parts[begin : begin + BATCH]
        pictures = [_crop(sheet.ink, part, boxes[number]) for number, part in batch]
        outputs = model.ask(features.SERVE_IMAGES, _build_inputs(pictures))
        for row, (number, box) in enumerate(batch):
            answers = {name: values[row] for name, values in outputs.items()}
            read.setdefault(number, []).append(_build_line(answers, box, sheet.mask, whitelist))
    lines = [_join_parts(read[number], box) for number, box in enumerate(boxes)]
    return [line for line in lines if line.text and (line.confidence or 0.0) >= min_confidence]


def cut_line(mask: np.ndarray, box: Box) -> list[Box]:
    """Cut a line that is longer than a model reads at once in its widest spaces, where nearly equal parts would meet.

    Args:
        mask: [height, width] uint8, 1 where the sheet has ink.
        box: of the line, in whole pixels of the sheet.

    Returns:
        The boxes of the parts from the left, as high as the line; the line's own where it has no space to be cut in.
    """
    left, top, right, bottom = (int(side) for side in box)
    height, width = bottom - top, right - left
    count = math.ceil(width / (LONGEST * height))
    if count <= 1:
        return [box]
    empty = np.pad(~mask[top:bottom, left:right].any(0), 1).astype(np.int8)
    begins, ends = np.flatnonzero(np.diff(empty) > 0), np.flatnonzero(np.diff(empty) < 0)
    middles, widths = (begins + ends) / 2, ends - begins
    least = max(LEAST_SPACE * height, SPACE * float(np.median(widths))) if len(widths) else 0.0
    cuts = [0]
    for number in range(1, count):
        away = np.abs(middles - number * width / count)
        near = (away < width / count / 2) & (widths >= least) & (middles > cuts[-1])
        if near.any():
            cuts.append(int(middles[np.argmax(np.where(near, widths - OFF_CENTRE * away, -np.inf))]))
    return [Box(left + begin, top, left + end, bottom) for begin, end in itertools.pairwise([*cuts, width])]


def _join_parts(parts: Sequence[Line], box: Box) -> Line:
    """Return the parts of a line as one; its confidence is the geometric mean over their characters."""
    written = [part for part in parts if part.text]
    if len(written) <= 1:
        return dataclasses.replace(written[0] if written else parts[0], box=box)
    lengths = [len(part.text) for part in written]
    logs = [math.log(max(part.confidence or 0.0, 1e-6)) for part in written]
    return Line(
        text=" ".join(part.text for part in written),
        box=box,
        words=tuple(word for part in written for word in part.words),
        confidence=round(math.exp(float(np.average(logs, weights=lengths))), 4),
    )


def detect_lines(sheet: Sheet, detector: Model) -> list[Box]:
    """Return the boxes of the lines that a detector finds, in whole pixels of the sheet.

    Args:
        sheet: upright.
        detector: of the recipe `pages`, or one with the same signature.

    Raises:
        RequestError: the detector fails, or answers no maps.
    """
    height, width = sheet.ink.shape
    outputs = detector.ask(
        features.SERVE_PAGES, _build_inputs([255 - sheet.ink]), outputs=(features.KINDS_OUT, features.MAPS_OUT)
    )
    kinds = [kind.decode() for kind in outputs[features.KINDS_OUT][0]]
    boxes = []
    for shape in find_shapes(outputs[features.MAPS_OUT][0], kinds, (width, height)):
        box = enclose(shape.polygon)
        if shape.kind == LINE and box is not None:
            left, top, right, bottom = box.clip((width, height))
            box = Box(math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
            # without ink there is nothing to read: a sheet may have kept that of a few lines only
            if sheet.mask[int(box.top) : int(box.bottom), int(box.left) : int(box.right)].any():
                boxes.append(box)
    return boxes


def _build_inputs(pictures: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    encoded = [images.encode_png(picture.tobytes(), *picture.shape) for picture in pictures]
    return {features.IMAGE_BYTES_IN: np.array(encoded, object)}


def _build_line(answers: Mapping[str, Any], box: Box, mask: np.ndarray, whitelist: str) -> Line:
    """Build a line of what the model answers; where a version does not place characters, words share its box."""
    confidence = round(float(answers[features.PROBABILITY_OUT]), 4)
    if features.CHARACTER_PLACES_OUT not in answers:
        text = "".join(filter(lambda sign: _is_kept(sign, whitelist), answers[features.LABEL_OUT].decode())).strip()
        words = tuple(divide_word(Word(text=text, box=box, confidence=confidence)))
    else:
        characters = [character.decode() for character in answers[features.CHARACTERS_OUT]]
        probabilities = answers[features.CHARACTER_PROBABILITIES_OUT].tolist()
        kept = [place for place, character in enumerate(characters) if character and _is_kept(character, whitelist)]
        read = [Glyph(text=characters[place], confidence=round(probabilities[place], 4)) for place in kept]
        words = locate_words(read, answers[features.CHARACTER_PLACES_OUT][kept], box, mask)
    return Line(text=" ".join(word.text for word in words), box=box, words=words, confidence=confidence)


def _is_kept(character: str, whitelist: str) -> bool:
    return not whitelist or character in whitelist or character == " "


def find_lines(mask: np.ndarray) -> list[Box]:
    """Return the boxes of the lines of writing in a page's ink, [height, width] uint8, in pixels."""
    smallest = glyphs.find_smallest(mask.shape)
    blobs = glyphs.find_blobs(mask)
    if not blobs:
        return []
    usual = float(np.median([blob.height for blob in blobs if blob.height >= smallest] or [smallest]))
    small = {id(blob) for blob in blobs if blob.height < SMALL * usual}
    large = [blob for blob in blobs if id(blob) not in small]
    small |= {id(dot) for dot in _list_dots(large)}
    large = [blob for blob in large if id(blob) not in small]
    marks = [Box(blob.left, blob.top, blob.right, blob.bottom) for blob in blobs if id(blob) in small]
    boxes = _bridge([_enclose(chain) for chain in glyphs.list_chains(large, GAP)], marks)
    for mark in marks:
        near = [
            (max(box.top - mark.bottom, mark.top - box.bottom, 0.0), place)
            for place, box in enumerate(boxes)
            if _is_near(box, mark, usual)
        ]
        if near:
            _, place = min(near)
            boxes[place] = _join_boxes(boxes[place], mark)
    return [box for box in boxes if not _is_stray(box, usual, mask.shape)]


def _is_near(box: Box, mark: Box, usual: float) -> bool:
    """Whether a mark is at a line: around it, or a little farther in its row, as the point of `.50` in wide print."""
    reach = SMALL * usual
    if mark.bottom < box.top - reach or mark.top > box.bottom + reach:
        return False
    if box.left - reach <= mark.left <= box.right + reach:
        return True
    is_in_row = box.top <= mark.top and mark.bottom <= box.bottom + LOW * usual
    return is_in_row and box.left - BESIDE * usual <= mark.right and mark.left <= box.right + BESIDE * usual


def _is_stray(box: Box, usual: float, shape: tuple[int, ...]) -> bool:
    """Whether a line is a hair, a speck, an edge of the sheet, a rule, or what a border has cut off."""
    width, height = box.right - box.left, box.bottom - box.top
    is_edge = height > EDGE * usual and width < SLIVER * height
    is_speck = height < SPECK * usual and width < usual
    is_cut_beside = (box.left <= 0 or box.right >= shape[1]) and width < CUT * height
    is_cut_lengthwise = (box.top <= 0 or box.bottom >= shape[0]) and height < CUT * usual
    return width < HAIR * height or is_edge or is_speck or is_cut_beside or is_cut_lengthwise


def _bridge(boxes: Sequence[Box], marks: Sequence[Box]) -> list[Box]:
    """Join lines that a mark links, such as the colon in `No : 12`: of one row, with the mark in the gap between."""
    sides = np.array(marks, float).reshape(-1, 4)
    joined: list[Box] = []
    for box in sorted(boxes):
        for place, other in enumerate(joined):
            height = min(box.bottom - box.top, other.bottom - other.top)
            top, bottom = max(box.top, other.top), min(box.bottom, other.bottom)
            if 0 < box.left - other.right <= BRIDGE * height and bottom - top >= height * ROW:
                between = (sides[:, 0] >= other.right) & (sides[:, 2] <= box.left)
                if (between & (sides[:, 1] >= top) & (sides[:, 3] <= bottom)).any():
                    joined[place] = _join_boxes(other, box)
                    break
        else:
            joined.append(box)
    return joined


def _join_boxes(one: Box, two: Box) -> Box:
    return Box(min(one.left, two.left), min(one.top, two.top), max(one.right, two.right), max(one.bottom, two.bottom))


def _list_dots(blobs: Sequence[Blob]) -> list[Blob]:
    """Return the dots of large letters, such as a heading's, which are as high as letters of the text below."""
    grid = glyphs.Grid(blobs)
    heights = grid.bottom - grid.top
    found = []
    for blob in blobs:
        if blob.mask.mean() < FULL or blob.width > 2 * blob.height:
            continue
        shared = np.minimum(grid.right, blob.right) - np.maximum(grid.left, blob.left)
        above = (grid.top >= blob.bottom) & (grid.top - blob.bottom <= DOT * heights)
        if (above & (shared >= blob.width / 2) & (blob.height <= DOT * heights)).any():
            found.append(blob)
    return found


def _enclose(chain: Sequence[Blob]) -> Box:
    return Box(
        float(min(blob.left for blob in chain)), float(min(blob.top for blob in chain)),
        float(max(blob.right for blob in chain)), float(max(blob.bottom for blob in chain)),
    )  # fmt: skip


def _crop(ink: np.ndarray, part: Box, line: Box) -> np.ndarray:
    """A part of a line dark on light, with paper around: [height, width] uint8.

    A full stop may stand at the line's own side; where the line was cut, what stands beside is of the other part.
    """
    left, top, right, bottom = (int(side) for side in part)
    border = round(MARGIN * (bottom - top))
    begin = max(0, left - border) if left == int(line.left) else left
    end = right + border if right == int(line.right) else right
    picture = 255 - ink[top:bottom, begin:end]
    sides = border - (left - begin), border - (begin + picture.shape[1] - right)
    return np.pad(picture, ((border, border), sides), constant_values=255)
