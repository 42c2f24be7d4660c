"""What goes into the review queue: answers to pictures, and the words, lines and glyphs of pages that were read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tfx_ocr.data import images
from tfx_ocr.data.page.page import Box, Glyph, Line, Page
from tfx_ocr.serving.prediction import Prediction
from tfx_ocr.serving.requests import read_source
from tfx_ocr.serving.review.queue import Queue

if TYPE_CHECKING:
    from tfx_ocr.serving.reader.document import Document

MARGIN = 0.15  # of a crop's shorter side, around it
GLYPHS = "digits"  # recognizer of single characters; others read lines


def offer_prediction(queue: Queue, prediction: Prediction, *, recipe: str, version: str, document: str) -> str:
    """Offer the answer to one picture to a queue.

    Args:
        queue: the queue.
        prediction: of a model of classes, syllables or lines; pages and errors are left out.
        recipe: of the model.
        version: of the model.
        document: what the picture was cut from.

    Returns:
        Why it is kept; "" where it is not.
    """
    if prediction.error or prediction.fields or prediction.shapes:
        return ""
    picture = images.to_png(read_source(prediction.source))
    return queue.offer(
        picture,
        prediction.text,
        prediction.confidence,
        recipe=recipe,
        version=version,
        document=document,
        runners_up=prediction.alternatives,
    )


def offer_document(queue: Queue, document: Document, *, recognizer: str, version: str, name: str = "") -> int:
    """Offer what was read of a document to a queue: its glyphs where single characters are read, else its lines.

    Args:
        queue: the queue.
        document: what a reader returned; its pictures are opened again.
        recognizer: of the reader; also the recipe that learns from the corrections.
        version: of the model.
        name: of the document; "" for its source.

    Returns:
        How many parts are kept.
    """
    pages, kept = dict(zip(document.numbers, document.pages, strict=True)), 0
    for image in document.images() if document.images else ():
        if image.pixels is None or image.number not in pages:
            continue
        for part in _list_parts(pages[image.number], recognizer):
            if part.box is None or part.confidence is None or not (crop := _cut(image.pixels, part.box)).size:
                continue
            others = part.alternatives if isinstance(part, Glyph) else ()
            kept += bool(
                queue.offer(
                    read_source(crop),
                    part.text,
                    part.confidence,
                    recipe=recognizer,
                    version=version,
                    document=name or document.source,
                    runners_up=[(text, confidence or 0.0) for text, confidence in others],
                )
            )
    return kept


def _list_parts(page: Page, recognizer: str) -> Iterator[Line | Glyph]:
    for region in page.regions:
        for line in region.lines:
            if recognizer != GLYPHS:
                yield line
                continue
            for word in line.words:
                yield from word.glyphs


def _cut(pixels: np.ndarray, box: Box) -> np.ndarray:
    """Return the part of a page [height, width] or [height, width, 3] in a box, with a margin, contiguous."""
    margin = MARGIN * min(box.right - box.left, box.bottom - box.top)
    left, top = max(0, math.floor(box.left - margin)), max(0, math.floor(box.top - margin))
    return np.ascontiguousarray(pixels[top : math.ceil(box.bottom + margin), left : math.ceil(box.right + margin)])
