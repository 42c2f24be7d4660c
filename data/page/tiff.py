"""TIFF files of any number of pages, one page after the other as PNG."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image

from tfx_ocr.data import images

BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # little and big endian, the last two of BigTIFF


def is_tiff(image: bytes) -> bool:
    """Whether an encoded picture is a TIFF, by its first bytes."""
    return image.startswith(BEGINNINGS)


def read_pages(image: bytes, max_pixels: int = Image.MAX_IMAGE_PIXELS or 0) -> Iterator[bytes]:
    """Yield each page as PNG; one is decoded at a time, and none whose header says it is too large.

    Args:
        image: a TIFF, its pages compressed by whatever Pillow reads: Group 3 and 4, LZW, Deflate, JPEG, PackBits.
        max_pixels: of a page, width x height.

    Raises:
        ValueError: it is not a TIFF, or the page that comes next is too large, too deep or damaged.
    """
    try:
        with images.suppress_warnings():
            opened = Image.open(io.BytesIO(image), formats=["TIFF"])
            count = getattr(opened, "n_frames", 1)
    except Exception as error:  # decoders of damaged files raise nearly everything
        raise ValueError(f"not a TIFF that can be read: {error}") from None
    for number in range(count):
        try:
            with images.suppress_warnings():
                opened.seek(number)
                width, height = opened.size
                if width * height > max_pixels:
                    raise ValueError(f"too large: {width} x {height} pixels, where {max_pixels} are allowed")
                if opened.mode.startswith(images.DEEP):
                    raise ValueError(f"more than 8 bits a channel: mode {opened.mode}; save it as PNG")
                page = images.save_png(opened)
        except Exception as error:
            raise ValueError(f"page {number + 1} of the TIFF: {error}") from None
        yield page
