"""Lines on a page, found as chains of ink or by a detector, each read as a whole by a model of lines."""

from __future__ import annotations

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
MARGIN = 0.25  # heights of paper around a line


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
    found = []
    for begin in range(0, len(boxes), BATCH):
        batch = boxes[begin : begin + BATCH]
        outputs = model.ask(features.SERVE_IMAGES, _build_inputs([_crop(sheet.ink, box) for box in batch]))
        for number, box in enumerate(batch):
            answers = {name: values[number] for name, values in outputs.items()}
            if answers[features.PROBABILITY_OUT] >= min_confidence:
                line = _build_line(answers, box, sheet.mask, whitelist)
                found += [line] if line.text else []
    return found


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
    large = [blob for blob in blobs if blob.height >= SMALL * usual]
    small = [blob for blob in blobs if blob.height < SMALL * usual]
    boxes = [_enclose(chain) for chain in glyphs.list_chains(large, GAP)]
    reach = SMALL * usual
    for mark in small:
        near = [
            place
            for place, box in enumerate(boxes)
            if box.left - reach <= mark.left <= box.right + reach and box.top - reach <= mark.bottom
            and mark.top <= box.bottom + reach
        ]  # fmt: skip
        if near:
            box = boxes[near[0]]
            boxes[near[0]] = Box(
                min(box.left, mark.left),
                min(box.top, mark.top),
                max(box.right, mark.right),
                max(box.bottom, mark.bottom),
            )
    return boxes


def _enclose(chain: Sequence[Blob]) -> Box:
    return Box(
        float(min(blob.left for blob in chain)), float(min(blob.top for blob in chain)),
        float(max(blob.right for blob in chain)), float(max(blob.bottom for blob in chain)),
    )  # fmt: skip


def _crop(ink: np.ndarray, box: Box) -> np.ndarray:
    """The line dark on light, with paper around: [height, width] uint8. A full stop may stand at its side."""
    left, top, right, bottom = (int(side) for side in box)
    border = round(MARGIN * (bottom - top))
    line = np.pad(ink[top:bottom], ((0, 0), (border, border)))[:, left : right + 2 * border]
    return np.pad(255 - line, ((border, border), (0, 0)), constant_values=255)
