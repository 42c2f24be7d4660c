"""What goes into the review queue: answers to pictures, and the words, lines and glyphs of pages that were read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tfx_ocr.data import images
from tfx_ocr.data.page.page import Glyph, Line, Page
from tfx_ocr.serving.prediction import Prediction
from tfx_ocr.serving.reader.recognizers import GLYPHS
from tfx_ocr.serving.requests import read_source
from tfx_ocr.serving.review.pages import encode_page, format_lines
from tfx_ocr.serving.review.queue import PAGES, Queue

if TYPE_CHECKING:
    from tfx_ocr.serving.reader.document import Document
    from tfx_ocr.serving.reader.pages import PageImage

MARGIN = 0.15  # of a crop's shorter side, around it


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


def offer_document(
    queue: Queue, document: Document, *, recognizer: str, parts: str, version: str, name: str = ""
) -> int:
    """Offer what was read of a document to a queue: its glyphs where single characters are read, else its lines.

    Args:
        queue: the queue.
        document: what a reader returned; its pictures are opened again.
        recognizer: of the reader; also the recipe that learns from the corrections.
        parts: that it reads, as the reader says: `glyphs` or `lines`.
        version: of the model.
        name: of the document; "" for its source.

    Returns:
        How many parts are kept.
    """
    pages = dict(zip(document.numbers, document.pages, strict=True))
    return sum(
        offer_page(
            queue,
            pages[image.number],
            image,
            recognizer=recognizer,
            parts=parts,
            version=version,
            document=name or document.source,
        )
        for image in (document.images() if document.images else ())
        if image.number in pages
    )


def offer_page(
    queue: Queue, page: Page, image: PageImage, *, recognizer: str, parts: str, version: str, document: str
) -> int:
    """Offer what was read of a page to a queue: its glyphs where single characters are read, else its lines.

    With lines the page itself is offered too, so that a reviewer can say where its lines are: as one of recipe `PAGES`,
    as sure as its lines are on average.

    Args:
        queue: the queue.
        page: what was read.
        image: its picture; without one nothing is offered.
        recognizer: of the reader; also the recipe that learns from the corrections.
        parts: that it reads, as the reader says: `glyphs` or `lines`.
        version: of the model.
        document: that the page is of.

    Returns:
        How many parts are kept, the page itself left out.
    """
    kept = 0
    if image.pixels is None:
        return kept
    if parts != GLYPHS:
        _offer_whole(queue, page, image, version, document)
    for line in (line for region in page.regions for line in region.lines):
        turns = _count_turns(line)
        for part in _list_glyphs(line) if parts == GLYPHS else (line,):
            if part.box is None or part.confidence is None or not (crop := _cut(image.pixels, part, turns)).size:
                continue
            others = part.alternatives if isinstance(part, Glyph) else ()
            kept += bool(
                queue.offer(
                    read_source(crop),
                    part.text,
                    part.confidence,
                    recipe=recognizer,
                    version=version,
                    document=document,
                    place=f"page {image.number}, {' '.join(f'{side:.0f}' for side in part.box)}",
                    runners_up=[(text, confidence or 0.0) for text, confidence in others],
                )
            )
    return kept


def _offer_whole(queue: Queue, page: Page, image: PageImage, version: str, document: str) -> None:
    lines = [line for region in page.regions for line in region.lines]
    sure = [line.confidence for line in lines if line.confidence is not None]
    if lines and not sure:  # a PDF's own text
        return
    queue.offer(
        encode_page(Image.fromarray(np.ascontiguousarray(image.pixels))),
        format_lines(lines),
        sum(sure) / len(sure) if sure else 0.0,
        recipe=PAGES,
        version=version,
        document=document,
        place=f"page {image.number}",
    )


def _list_glyphs(line: Line) -> list[Glyph]:
    return [glyph for word in line.words for glyph in word.glyphs]


def _count_turns(line: Line) -> int:
    """Return by how many quarter turns, against the clock, a line's picture comes to lie along.

    A page that was read on its side or upside down has boxes alone; where its text begins and ends tells how it lies.
    """
    boxes = [part.box for part in _list_glyphs(line) or line.words if part.box]
    if len(boxes) < 2:
        return 0
    first, last = boxes[0], boxes[-1]
    across, down = last.left + last.right - first.left - first.right, last.top + last.bottom - first.top - first.bottom
    return round(math.atan2(down, across) / (math.pi / 2)) % 4


def _cut(pixels: np.ndarray, part: Line | Glyph, turns: int) -> np.ndarray:
    """Return a part of a page [height, width] or [height, width, 3] upright, with a margin, contiguous."""
    import cv2

    if len(part.polygon) == 4:  # of a page that was turned: its corners as read, from the upper left one
        corners = np.array(part.polygon, np.float32)
        width, height = (float(np.linalg.norm(corners[place] - corners[0])) for place in (1, 3))
        if min(width, height) < 1:
            return pixels[:0]
        margin = MARGIN * min(width, height)
        right, bottom = width + margin, height + margin
        target = np.array([(margin, margin), (right, margin), (margin, bottom)], np.float32)
        move = cv2.getAffineTransform(corners[[0, 1, 3]], target)
        size = round(right + margin), round(bottom + margin)
        return cv2.warpAffine(np.ascontiguousarray(pixels), move, size, borderMode=cv2.BORDER_REPLICATE)
    assert part.box is not None
    box = part.box
    margin = MARGIN * min(box.right - box.left, box.bottom - box.top)
    left, top = max(0, math.floor(box.left - margin)), max(0, math.floor(box.top - margin))
    crop = pixels[top : math.ceil(box.bottom + margin), left : math.ceil(box.right + margin)]
    return np.ascontiguousarray(np.rot90(crop, turns))
