"""Encoded pictures: which can be read by everything that comes after, and what is wrong with the others."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import posixpath
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from tfx_ocr.data.features import MOST_PIXELS
from tfx_ocr.data.pixels import encoded, numpy_ops
from tfx_ocr.data.pixels.compose import MIDDLE

PNG = b"\x89PNG\r\n\x1a\n"
PNG_BEGINNING = PNG + b"\0\0\0\rIHDR"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
PNG_SIZE = struct.Struct(">II")  # width and height, from byte 16 on
JPEG = b"\xff\xd8"
GIF = b"GIF8"
FORMATS = (
    "PNG",
    "JPEG",
    "GIF",
    "BMP",
    "TIFF",
    "WEBP",
)  # some of Pillow's others start programs
# How files begin that are met in place of pictures, and what they are.
OTHERS = (
    (rb".{4}ftyp(hei|hev|mif1|msf1)", "HEIC"),
    (rb".{4}ftypavi", "AVIF"),
    (rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000"),
    (rb"\x00\x00\x00\x0cJXL |\xff\x0a", "JPEG XL"),
    (rb"\x00\x00[\x01\x02]\x00", "ICO"),
    (rb"8BPS", "PSD"),
    (rb"P[1-7]\s", "PNM"),
    (rb"%PDF", "PDF"),
    (rb"PK\x03\x04", "ZIP"),
    (rb"version https://git-lfs", "a pointer of Git LFS in place of the file"),
    (rb"\s*<(\?xml|svg|!DOCTYPE svg)", "SVG or other XML"),
    (rb"(?i)\s*<(!doctype html|html)", "a web page"),
)
ENDINGS = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"}  # of file names, in lower case
ORIENTATION = re.compile(encoded.ORIENTATION.replace("ANY", ".").encode(), re.DOTALL)
DECODER_ERROR = re.compile(r"decoder error -?\d+")
ORIENTATION_TAG = 0x0112  # of Exif
PHOTOMETRIC_TAG, WHITE_IS_ZERO = 262, 0  # of TIFF
PNG_KINDS = {0: 1, 2: 3}  # bytes of a pixel of 8 bits a channel by a PNG's kind: grey and RGB
PNG_FILTERS = 5  # ways in which a row may be written
SMALL = 2**22  # bytes of pixels up to which a PNG is unpacked at once
PNG_MARKS = (b"tRNS", b"eXIf", b"Exif")  # of a transparent color and of what may turn the picture
TRANSPOSES = dict(
    enumerate(
        (
            Image.Transpose.FLIP_LEFT_RIGHT,
            Image.Transpose.ROTATE_180,
            Image.Transpose.FLIP_TOP_BOTTOM,
            Image.Transpose.TRANSPOSE,
            Image.Transpose.ROTATE_270,
            Image.Transpose.TRANSVERSE,
            Image.Transpose.ROTATE_90,
        ),
        2,
    )
)


def is_picture(path: str) -> bool:
    """Return whether a file's name ends as those of pictures do, in any case."""
    return posixpath.splitext(path)[1].lower() in ENDINGS


def find_problem(
    image: bytes, max_pixels: int, min_side: int = 1, max_side: int = 0, *, decode: bool = True
) -> str | None:
    """Say why a picture must be set aside; None when it decodes in full.

    The size in the header is looked at before anything is decoded, so a decompression bomb costs nothing. What
    `is_sound_png` knows to be whole is not decoded at all.

    Args:
        image: an encoded picture of one of `FORMATS`; of several frames the first counts.
        max_pixels: width x height that is still accepted.
        min_side: pixels that width and height must have.
        max_side: pixels that neither may exceed; 0 for any, as long as there are not too many in all.
        decode: whether it is decoded; its header alone is looked at otherwise, which is much quicker.

    Returns:
        One clause: what is wrong, a colon, in particular what.
    """
    if not image:
        return "empty file: it holds no bytes"
    if is_sound_png(image):
        width, height = PNG_SIZE.unpack_from(image, 16)
        return _explain_size(width, height, max_pixels, min_side, max_side)
    try:
        with suppress_warnings():
            opened = _open(image)
            width, height = opened.size
            reason = _explain_size(width, height, max_pixels, min_side, max_side)
            if reason or not decode:
                return reason
            opened.load()
            _check_whole(image)
            if _is_too_deep(opened):
                return _explain_depth(opened)
    except UnidentifiedImageError:
        return _explain_format(image)
    except Image.DecompressionBombError:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        return f"too large: its header says more than {most} pixels, where {max_pixels} are allowed"
    except Exception as error:  # decoders of damaged files raise nearly everything
        return _explain_damage(error)
    return None


def _explain_size(width: int, height: int, max_pixels: int, min_side: int, max_side: int) -> str | None:
    if width * height > max_pixels:
        return f"too large: {width} x {height} pixels, where {max_pixels} are allowed"
    if max_side and max(width, height) > max_side:
        return f"too large: {width} x {height} pixels, where no side may exceed {max_side}"
    if min(width, height) < min_side:
        return f"too small: {width} x {height} pixels, where both sides must have {min_side}"
    return None


def is_sound_png(image: bytes) -> bool:
    """Return whether an image is a small, plain PNG that is whole and undamaged, so that every decoder reads it.

    That is one of grey or RGB pixels of 8 bits, in order from the top, with nothing else in the file, of which every
    checksum holds and the pixels are as many as the header says. It takes a fifth of the time of decoding. Of other
    images nothing is said.

    Source: PNG specification, third edition: 5.3 (chunks), 9.2 (filters), 10 (zlib stream), 11.2.1 (header).
    """
    if not image.startswith(PNG_BEGINNING) or not image.endswith(PNG_END):
        return False
    width, height = PNG_SIZE.unpack_from(image, 16)
    row = 1 + width * PNG_KINDS.get(image[25], 0)
    length = row * height
    is_plain = image[24] == 8 and image[25] in PNG_KINDS and image[26:29] == b"\0\0\0" and width > 0
    if not is_plain or not 0 < length <= SMALL or not _has_checksum(image, 12, 29):
        return False
    packed, start, last = [], 33, len(image) - len(PNG_END)
    while start < last:
        end = start + 8 + int.from_bytes(image[start : start + 4], "big")
        if (
            image[start + 4 : start + 8] != b"IDAT"
            or not start + 8 < end <= last - 4
            or not _has_checksum(image, start + 4, end)
        ):
            return False
        packed.append(image[start + 8 : end])
        start = end + 4
    unpack = zlib.decompressobj(0)  # of the window that the stream states, as libpng does
    try:
        rows = unpack.decompress(b"".join(packed), length + 1)
    except zlib.error:
        return False
    is_whole = len(rows) == length and unpack.eof and not unpack.unused_data
    return is_whole and max(rows[::row]) < PNG_FILTERS


def _has_checksum(image: bytes, start: int, end: int) -> bool:
    return zlib.crc32(image[start:end]) == int.from_bytes(image[end : end + 4], "big")


def read_size(image: bytes) -> tuple[int, int] | None:
    """Return width and height of an encoded picture upright, by its header; None where it has no such header."""
    try:
        with suppress_warnings(), _open(image) as opened:
            width, height = opened.size
            return (height, width) if _find_orientation(opened, image) >= encoded.TURNED else (width, height)
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


def _check_whole(image: bytes) -> None:
    """Refuse a PNG or GIF that Pillow reads though others do not.

    Raises:
        ValueError: the file is damaged, or ends too early.
    """
    if image.startswith(PNG):
        _check_png(image)
    elif image.startswith(GIF):
        _check_gif(image)


def _check_gif(image: bytes) -> None:
    """Hold the first frame to its end: giflib does, Pillow stops at its last pixel.

    Raises:
        ValueError: it lacks the block that ends it.

    Source: GIF89a specification, 15 (data sub-blocks), 18 to 22 (what comes before the pixels), 24 to 26 (extensions).
    """
    place = 13 + _measure_gif_colors(image[10])
    while image[place : place + 1] == b"!":
        place = _skip_gif_blocks(image, place + 2)
    if image[place : place + 1] == b"," and place + 10 < len(image):
        _skip_gif_blocks(image, place + 11 + _measure_gif_colors(image[place + 9]))


def _measure_gif_colors(flags: int) -> int:
    """Return the bytes of a color table by the flags before it."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 128 else 0


def _skip_gif_blocks(image: bytes, place: int) -> int:
    while place < len(image) and image[place]:
        place += 1 + image[place]
    if place >= len(image):
        raise ValueError("the file ends before the picture does")
    return place + 1


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
        if kind[:1].isupper() and not _has_checksum(image, start + 4, end):
            raise ValueError(f"wrong checksum in chunk {kind.decode('ascii', 'replace')}")
        start = end + 4


def is_plain_png(image: bytes) -> bool:
    """Return whether an image that `find_problem` accepts is a PNG that `to_png` gives back, as its bytes show.

    Nothing is opened. Some that `to_png` gives back as well are not told: those in which a mark occurs by chance.
    """
    return image.startswith(PNG) and image[24] <= 8 and not any(mark in image for mark in PNG_MARKS)


def to_png(image: bytes) -> bytes:
    """Return an image that `find_problem` accepts in a form that every model reads alike, older ones too.

    A PNG of 8 bits and a grey or RGB JPEG, upright, come back as they are; all else as a PNG of `open_picture`.
    """
    if is_plain_png(image):
        return image
    with suppress_warnings(), _open(image) as opened:
        plain = opened.format == "PNG" and image[24] <= 8 and (opened.mode == "P" or "transparency" not in opened.info)
        plain |= image.startswith(JPEG) and opened.mode in ("L", "RGB")
        if plain and _find_orientation(opened, image) == 1:
            return image
    return save_png(open_picture(image))


def save_png(picture: Image.Image) -> bytes:
    """Encode an image as PNG, without anything that is not pixels."""
    written = io.BytesIO()
    Image.frombytes(picture.mode, picture.size, picture.tobytes()).save(written, "PNG")
    return written.getvalue()


def decode_pixels(image: bytes) -> np.ndarray:
    """Decode an image to the pixels of `open_picture`.

    Returns:
        [height, width, 1 to 4] uint8: grey, grey and opacity, RGB, or RGB and opacity.

    Raises:
        ValueError: the image cannot be decoded.
    """
    return _list_pixels(open_picture(image))


def decode_for_model(image: bytes) -> np.ndarray:
    """Decode an image as a model takes it: to the pixels of `decode_pixels`, or not at all.

    Raises:
        ValueError: the image is damaged, too large, or of a kind that decoders read differently; in the words of the
            exported graph.
    """
    if image[:2] not in encoded.BEGINNINGS:
        raise ValueError(encoded.UNKNOWN_FORMAT)
    try:
        return _list_pixels(_decode(image, functools.partial(_check_for_model, image=image)))
    except UnidentifiedImageError as error:
        raise ValueError(f"damaged image: {error}") from None


def _check_for_model(opened: Image.Image, image: bytes) -> None:
    """Refuse an image by its header."""
    refused = (
        opened.mode == "CMYK",
        opened.format == "GIF" and not encoded.is_whole_gif(numpy_ops, _read_header(image)),
        opened.format == "BMP" and not encoded.is_plain_bmp(numpy_ops, _read_header(image)),
    )
    width, height = opened.size
    if width * height > MOST_PIXELS:
        raise _RefusedError(f"{encoded.TOO_LARGE.format(MOST_PIXELS)} {width}, {height}")
    if reason := next(itertools.compress(encoded.UNSUPPORTED, refused), None):
        raise _RefusedError(reason)


def _read_header(image: bytes) -> np.ndarray:
    """Return the first bytes of an image as numbers, zeros past its end."""
    header = np.zeros(encoded.HEADER)
    header[: len(image)] = np.frombuffer(image[: encoded.HEADER], np.uint8)
    return header


def _list_pixels(picture: Image.Image) -> np.ndarray:
    pixels = np.asarray(picture)
    return pixels.reshape(*pixels.shape[:2], -1)


def open_picture(image: bytes, frame: int = 0, max_pixels: int = 0) -> Image.Image:
    """Decode an image: the one way from an encoded image to pixels, upright and of 8 bits per channel.

    Orientation marks are applied, colors of palettes looked up, transparent colors made opacity. Grey of 16 bits is
    scaled by the bits it uses; of the channels of a color image of 16 bits the upper 8 count.

    Args:
        image: of one of `FORMATS`.
        frame: of a TIFF with several pages, from 0; no other is decoded.
        max_pixels: width x height of the frame, by its header; 0 for any.

    Returns:
        An image of mode L, LA, RGB or RGBA.

    Raises:
        ValueError: the image cannot be decoded, is too large, or is of more than 16 bits per channel.
    """

    def check(opened: Image.Image) -> None:
        width, height = opened.size
        if max_pixels and width * height > max_pixels:
            raise _RefusedError(f"too large: {width} x {height} pixels, where {max_pixels} are allowed")

    try:
        return _decode(image, check, frame)
    except UnidentifiedImageError:
        raise ValueError(_explain_format(image)) from None


def _explain_damage(error: Exception) -> str:
    """Say what a decoder found, but for the numbers that Pillow gives of some."""
    said = str(error)
    return f"damaged image: {'its pixels cannot be decoded' if DECODER_ERROR.fullmatch(said) else said}"


class _RefusedError(ValueError):
    """An image that is refused for a reason that is whole."""


def _decode(image: bytes, check: Callable[[Image.Image], None], frame: int = 0) -> Image.Image:
    """Decode an image once `check` has seen its header.

    Raises:
        ValueError: the image is damaged, of more than 16 bits per channel, or refused by `check`.
        UnidentifiedImageError: the image is of none of `FORMATS`.
    """
    try:
        with suppress_warnings(), _open(image) as opened:
            opened.seek(frame)
            check(opened)
            _check_whole(image)
            orientation = _find_orientation(opened, image)
            if _is_too_deep(opened):
                raise _RefusedError(_explain_depth(opened))
            picture = _simplify(opened, image)
    except (_RefusedError, UnidentifiedImageError):
        raise
    except Exception as error:  # decoders of damaged files raise nearly everything
        raise ValueError(_explain_damage(error)) from None
    return picture.transpose(TRANSPOSES[orientation]) if orientation in TRANSPOSES else picture


def flatten(picture: Image.Image) -> Image.Image:
    """Return an image of mode L, LA, RGB or RGBA as L or RGB, on the ground that `pixels.compose` lays it on.

    That is white, or black where what is opaque is light.
    """
    if picture.mode not in ("LA", "RGBA"):
        return picture
    opacity, luma = np.asarray(picture.getchannel("A")), np.asarray(picture.convert("L"))
    inked = np.multiply(luma, opacity, dtype=np.uint16).sum(dtype=np.uint64)
    is_light = bool(opacity.min() < 255) and inked > MIDDLE * opacity.sum(dtype=np.uint64)
    ground = Image.new("RGBA", picture.size, "black" if is_light else "white")
    laid = Image.alpha_composite(ground, picture.convert("RGBA"))
    return laid.convert("L" if picture.mode == "LA" else "RGB")


def _open(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image), formats=FORMATS)


def recognize_format(image: bytes) -> str:
    """Return what a file of `OTHERS` is, by its beginning; "" of anything else.

    >>> recognize_format(b"%PDF-1.7"), recognize_format(b"text")
    ('PDF', '')
    """
    return next((name for begins, name in OTHERS if re.match(begins, image[:512], re.DOTALL)), "")


def _explain_format(image: bytes) -> str:
    """Say that an image is of a format that is not supported, and of which, as far as its beginning shows."""
    name = recognize_format(image)
    return f"not an image: unsupported format{name and f', {name}'} (supported: {', '.join(FORMATS)})"


def _find_orientation(opened: Image.Image, image: bytes) -> int:
    """Return the orientation mark, 1 to 8; 1 (upright) without a mark. Pillow turns a TIFF itself."""
    if opened.format == "WEBP":
        return int(opened.getexif().get(ORIENTATION_TAG, 1))
    found = ORIENTATION.search(image[: encoded.SEARCHED]) if image.startswith((PNG, JPEG)) else None
    return int((found[1] or found[2])[0]) if found else 1


def _is_too_deep(opened: Image.Image) -> bool:
    if opened.mode != "I":
        return opened.mode == "F"
    levels = np.asarray(opened)
    return bool(levels.min() < 0 or levels.max() >= 2**16)


def _explain_depth(opened: Image.Image) -> str:
    return f"more than 16 bits per channel: {opened.format} of mode {opened.mode}; save it with 8 or 16"


def _simplify(opened: Image.Image, image: bytes) -> Image.Image:
    """Return an opened image of at most 16 bits per channel as L, LA, RGB or RGBA."""
    if opened.mode.startswith("I"):
        levels = np.asarray(opened)
        grey_of = np.asarray(encoded.build_levels(numpy_ops, np.float64(levels.max())))
        if isinstance(opened, TiffImageFile) and opened.tag_v2.get(PHOTOMETRIC_TAG) == WHITE_IS_ZERO:
            grey_of = 255 - grey_of  # Pillow inverts what has 8 bits, not what has 16
        return Image.fromarray(grey_of[levels])
    if opened.format == "PNG" and opened.mode != "P" and "transparency" in opened.info:
        if image[24] > 8:
            del opened.info["transparency"]
        elif image[24] in (2, 4):  # Pillow scales the levels, and not the one that is transparent
            opened.info["transparency"] = opened.info["transparency"] * 255 // (2 ** image[24] - 1)
    grey = opened.mode in ("1", "L", "LA")
    mode = ("LA" if grey else "RGBA") if opened.has_transparency_data else ("L" if grey else "RGB")
    return opened.convert(mode)


@contextlib.contextmanager
def suppress_warnings() -> Iterator[None]:
    """Keep Pillow's from the console: what is wrong is in the reason, and a bomb's size is judged by our own limit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
