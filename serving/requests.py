"""What turns a file, bytes, an array or an image into a request: one row per signature.

Imports no TensorFlow, and what reads pictures and pages only where there is one.
"""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Union, cast

from tfx_ocr.data import features

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

NOT_OF_PNG = ("CMYK", "YCbCr", "HSV", "LAB")  # Pillow's modes of 8 bits per channel that PNG lacks

Inputs = dict[str, "np.ndarray"]
Source = Union[str, os.PathLike[str], bytes, "np.ndarray", "Image.Image"]


@dataclasses.dataclass(frozen=True)
class Kind:
    """How requests to a signature are built.

    Attributes:
        build: one source's content to its own part of each input.
        batch: sources that share a request: fewer than the largest batch that a server is usually set to take.
    """

    build: Callable[[bytes], Inputs]
    batch: int


def build_image_inputs(content: bytes) -> Inputs:
    """Build the inputs of `serve_images`, or of `serve_pages`, from an encoded picture.

    Raises:
        ValueError: it is not a picture, or has more pixels than a model answers; one clause.
    """
    import numpy as np

    from tfx_ocr.data import images

    if reason := images.find_problem(content, features.MOST_PIXELS):
        raise ValueError(reason)
    return {features.IMAGE_BYTES_IN: np.array(images.to_png(content), dtype=object)}


def build_word_inputs(content: bytes) -> Inputs:
    """Build the inputs of `serve_words` from a page as PAGE XML, ALTO or hOCR, in whatever unit its boxes are.

    Raises:
        ValueError: it is not one page; one clause.
    """
    import numpy as np

    from tfx_ocr.data import images
    from tfx_ocr.data.page import check, document
    from tfx_ocr.data.page.page import build_features, list_words

    if images.read_size(content):
        raise ValueError(
            "a picture: this model takes words; give the page's PAGE XML, ALTO or hOCR, "
            "or read the picture by `tfx-ocr read --fields`"
        )
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
    features.SERVE_PAGES: Kind(build_image_inputs, batch=4),  # an answer is a map of the page
    features.SERVE_WORDS: Kind(build_word_inputs, batch=1),  # pages have as many words as they have
}


def list_sources(images: Source | Iterable[Source]) -> Iterable[Source]:
    """Return sources as they are given, one alone as a list of one. An array of four axes is several pictures."""
    is_one = isinstance(images, str | os.PathLike | bytes) or not isinstance(images, Iterable)
    is_picture = len(getattr(images, "shape", ())) in (2, 3)
    return cast("Iterable[Source]", [images] if is_one or is_picture else images)


def read_source(source: Source) -> bytes:
    """Read what a request is built from.

    Args:
        source: a path, a file's content, a picture as an array [height, width] or [height, width, 3 or 4] of uint8, or
            an image of Pillow.

    Raises:
        ValueError: it cannot be read; one clause.
    """
    if isinstance(source, bytes):
        return source
    if not isinstance(source, str | os.PathLike):
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
    import numpy as np

    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def _encode(picture: np.ndarray | Image.Image) -> bytes:
    """Encode an array, or an image with its orientation, as PNG."""
    import numpy as np
    from PIL import Image

    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,), (4,)):
            raise ValueError(
                f"an array of {picture.dtype} {list(picture.shape)}: give uint8 of [height, width] or "
                "[height, width, 3]"
            )
        picture = Image.fromarray(picture)
    elif not isinstance(picture, Image.Image):
        raise ValueError(f"a {type(picture).__name__}: give a path, bytes, an array or an image of Pillow")
    out = io.BytesIO()
    try:
        written = picture.convert("RGB") if picture.mode in NOT_OF_PNG else picture
        written.save(out, "PNG", exif=picture.getexif(), compress_level=1)  # holds the orientation
    except OSError as error:
        raise ValueError(f"an image that cannot be encoded: {error}") from None
    return out.getvalue()
