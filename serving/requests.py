"""What turns a file, bytes or an array into a request: one row per signature. Imports no TensorFlow."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tfx_ocr.data import features, images
from tfx_ocr.data.page import check, document
from tfx_ocr.data.page.page import build_features, list_words

Inputs = dict[str, np.ndarray]
Source = str | os.PathLike[str] | bytes | np.ndarray
Sizes = tuple[int, int, int]  # max_pixels, min_side, max_side, as `data.images.find_problem` takes them

SIZES: Sizes = (features.MOST_PIXELS, 1, 0)


@dataclasses.dataclass(frozen=True)
class Kind:
    """How requests to a signature are built.

    Attributes:
        build: one source's content and the sizes of a picture that are accepted, to its own part of each input.
        batch: sources that share a request: fewer than the largest batch that a server is usually set to take.
    """

    build: Callable[[bytes, Sizes], Inputs]
    batch: int


def build_image_inputs(content: bytes, sizes: Sizes = SIZES) -> Inputs:
    """Build the inputs of `serve_images` from an encoded picture.

    Raises:
        ValueError: it is not a picture, or not of these sizes; one clause.
    """
    if reason := images.find_problem(content, *sizes):
        raise ValueError(reason)
    return {features.IMAGE_BYTES_IN: np.array(images.to_png(content), dtype=object)}


def build_word_inputs(content: bytes, sizes: Sizes = SIZES) -> Inputs:
    """Build the inputs of `serve_words` from a page as PAGE XML, ALTO or hOCR, in whatever unit its boxes are.

    Raises:
        ValueError: it is not one page; one clause.
    """
    if images.read_size(content):
        raise ValueError("a picture: this model takes words; give the page's PAGE XML, ALTO or hOCR")
    pages = document.read_pages(content)
    if len(pages) != 1:
        raise ValueError(f"{len(pages)} pages: give a file for each")
    words = list_words(pages[0])
    if reason := check.check_word_count(len(words)):
        raise ValueError(reason)
    record = build_features(words)
    return {
        features.WORDS_IN: np.array(record[features.WORDS], dtype=object),
        features.BOXES_IN: np.array(record[features.BOXES], dtype=np.float32).reshape(-1, 4),
    }


# A signature that takes another kind of source is a row here.
REQUESTS = {
    features.SERVE_IMAGES: Kind(build_image_inputs, batch=16),
    features.SERVE_WORDS: Kind(build_word_inputs, batch=1),  # pages have as many words as they have
}
# A recipe's kind of input to the signature that takes it.
SIGNATURES = {
    "image": features.SERVE_IMAGES,
    "line_image": features.SERVE_IMAGES,
    "words": features.SERVE_WORDS,
}


def read_source(source: Source) -> bytes:
    """Read what a request is built from.

    Args:
        source: a path, a file's content, or a picture as an array [height, width] or [height, width, 3 or 4] of uint8.

    Raises:
        ValueError: it cannot be read; one clause.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, np.ndarray):
        return _encode(source)
    try:
        return Path(source).read_bytes()
    except FileNotFoundError:
        raise ValueError("no such file") from None
    except IsADirectoryError:
        raise ValueError("a folder: give the files in it") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None


def stack(parts: Sequence[Mapping[str, np.ndarray]]) -> Inputs:
    """Stack the parts of several sources to the inputs of one request."""
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def _encode(picture: np.ndarray) -> bytes:
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,), (4,)):
        raise ValueError(
            f"an array of {picture.dtype} {list(picture.shape)}: give uint8 of [height, width] or [height, width, 3]"
        )
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()
