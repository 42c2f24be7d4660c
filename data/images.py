"""Encoded pictures: which can be read by everything that comes after, and what is wrong with the others."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, UnidentifiedImageError

PNG = b"\x89PNG\r\n\x1a\n"
FORMATS = (
    "PNG",
    "JPEG",
    "GIF",
    "BMP",
    "TIFF",
    "WEBP",
)  # some of Pillow's others start programs
ENDINGS = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"}  # of file names, in lower case
AS_THEY_ARE = {"PNG", "JPEG", "MPO"}  # every decoder reads these alike (MPO: a phone's JPEG with more behind it)
DEEP = ("I", "F")  # beginnings of Pillow's modes of more than 8 bits a channel, which it would clip, not scale


def find_problem(image: bytes, max_pixels: int, min_side: int = 1, max_side: int = 0) -> str | None:
    """Say why a picture must be set aside; None when it decodes in full.

    The size in the header is looked at before anything is decoded, so a decompression bomb costs nothing.

    Args:
        image: an encoded picture of one of `FORMATS`; of several frames the first counts.
        max_pixels: width x height that is still accepted.
        min_side: pixels that width and height must have.
        max_side: pixels that neither may exceed; 0 for any, as long as there are not too many in all.

    Returns:
        One clause: what is wrong, a colon, in particular what.
    """
    if not image:
        return "empty file: it holds no bytes"
    try:
        with suppress_warnings():
            opened = Image.open(io.BytesIO(image), formats=FORMATS)
            width, height = opened.size
            if width * height > max_pixels:
                return f"too large: {width} x {height} pixels, where {max_pixels} are allowed"
            if max_side and max(width, height) > max_side:
                return f"too large: {width} x {height} pixels, where no side may exceed {max_side}"
            if min(width, height) < min_side:
                return f"too small: {width} x {height} pixels, where both sides must have {min_side}"
            opened.load()
            if opened.format == "PNG":
                _check_png(image)
            elif opened.mode.startswith(DEEP):
                return f"more than 8 bits a channel: {opened.format} of mode {opened.mode}; save it as PNG"
    except UnidentifiedImageError:
        return f"not an image: none of {', '.join(FORMATS)}"
    except Image.DecompressionBombError:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        return f"too large: its header says more than {most} pixels, where {max_pixels} are allowed"
    except Exception as error:  # decoders of damaged files raise nearly everything
        return f"damaged image: {error}"
    return None


def read_size(image: bytes) -> tuple[int, int] | None:
    """Return width and height in the header of an encoded picture; None where it has no such header."""
    try:
        with suppress_warnings(), Image.open(io.BytesIO(image), formats=FORMATS) as opened:
            return opened.size
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None


def encode_png(pixels: bytes, height: int, width: int) -> bytes:
    """Write a grey PNG, without loss.

    Twice as quick as Pillow, which matters where a set of 60,000 comes as bare pixels.

    Args:
        pixels: height x width uint8, row by row.
        height: pixels.
        width: pixels.

    Source: PNG specification, third edition: 11.2.2 (header), 9.2 (filter 0 before each row), 5.3 (chunks).
    """
    rows = b"".join(b"\0" + pixels[start : start + width] for start in range(0, height * width, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _check_png(image: bytes) -> None:
    """Hold every critical chunk to its checksum, to the end: libpng does, Pillow is lenient.

    Raises:
        ValueError: a chunk is damaged or missing.

    Source: PNG specification, third edition, 5.3 (layout of chunks) and 5.4 (a capital first letter is critical).
    """
    start = len(PNG)
    kind = b""
    while kind != b"IEND":
        length, kind = int.from_bytes(image[start : start + 4], "big"), image[start + 4 : start + 8]
        end = start + 8 + length
        if end + 4 > len(image):
            raise ValueError("the file ends before the picture does")
        if kind[:1].isupper() and zlib.crc32(image[start + 4 : end]) != int.from_bytes(image[end : end + 4], "big"):
            raise ValueError(f"wrong checksum in chunk {kind.decode('ascii', 'replace')}")
        start = end + 4


def to_png(image: bytes) -> bytes:
    """Return a picture that `find_problem` accepts in a form that TensorFlow reads too.

    PNG and JPEG (grey and RGB) come back as they are. GIF, BMP, TIFF, WebP and CMYK become a PNG of their first frame:
    TensorFlow reads some of them, and of those some otherwise than everything else does (palettes of BMP).
    """
    if image.startswith(PNG):
        return image
    with suppress_warnings():
        opened = Image.open(io.BytesIO(image), formats=FORMATS)
        if opened.format in AS_THEY_ARE and opened.mode in ("L", "RGB"):
            return image
        return save_png(opened)


def save_png(picture: Image.Image) -> bytes:
    """Encode an image of at most 8 bits per channel as PNG: grey where it is grey, else RGB; alpha stays."""
    written = io.BytesIO()
    _simplify(picture).save(written, "PNG")
    return written.getvalue()


def decode_pixels(image: bytes) -> np.ndarray:
    """Decode an image that `find_problem` accepts to what TensorFlow reads of `to_png(image)`.

    Of 16 bits the upper 8 count. A transparent colour of a PNG counts in a palette only.

    Returns:
        [height, width, 1 to 4] uint8: grey, grey and opacity, RGB, or RGB and opacity.

    Raises:
        ValueError: the image cannot be decoded.
    """
    try:
        with suppress_warnings(), Image.open(io.BytesIO(image), formats=FORMATS) as opened:
            if opened.mode.startswith("I;16"):
                picture = Image.fromarray((np.asarray(opened) >> 8).astype(np.uint8))
            elif opened.format in AS_THEY_ARE and opened.mode in ("L", "RGB", "LA", "RGBA"):
                picture = opened
            else:
                picture = _simplify(opened)
            pixels = np.asarray(picture)
    except (OSError, SyntaxError) as error:
        raise ValueError(f"damaged image: {error}") from None
    return pixels.reshape(*pixels.shape[:2], -1)


def _simplify(picture: Image.Image) -> Image.Image:
    grey = picture.mode in ("1", "L", "LA")
    mode = ("LA" if grey else "RGBA") if picture.has_transparency_data else ("L" if grey else "RGB")
    return picture.convert(mode)


@contextlib.contextmanager
def suppress_warnings() -> Iterator[None]:
    """Keep Pillow's from the console: what is wrong is in the reason, and a bomb's size is judged by our own limit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
