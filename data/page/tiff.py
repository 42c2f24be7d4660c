"""TIFF files of any number of pages, a page of one as PNG."""

from __future__ import annotations

from PIL import Image

from tfx_ocr.data import images

BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # little and big endian, the last two of BigTIFF


def is_tiff(image: bytes) -> bool:
    """Return whether an encoded picture is a TIFF, by its first bytes."""
    return image.startswith(BEGINNINGS)


def read_page(image: bytes, number: int = 0, max_pixels: int = Image.MAX_IMAGE_PIXELS or 0) -> bytes:
    """Return a page as PNG; no other is decoded, nor one whose header says it is too large.

    Args:
        image: a TIFF, its pages compressed by whatever Pillow reads: Group 3 and 4, LZW, Deflate, JPEG, PackBits.
        number: of the page, from 0.
        max_pixels: of the page, width x height.

    Raises:
        ValueError: it is not a TIFF, or has fewer pages, or the page is too large, too deep or damaged.
    """
    try:
        return images.save_png(images.open_picture(image, number, max_pixels))
    except ValueError as error:
        raise ValueError(f"page {number + 1} of the TIFF: {error}") from None
