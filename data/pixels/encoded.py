"""What decoders disagree about in an encoded image, written once for Pillow and for a TensorFlow graph."""

from __future__ import annotations

from tfx_ocr.data.pixels.ops import Array, Ops

BEGINNINGS = (b"\x89P", b"\xff\xd8", b"GI", b"BM")  # of the formats that a model takes: PNG, JPEG, GIF and BMP
HEADER = 1078  # first bytes that say what kind of image it is: a BMP's 256 colors end there
SEARCHED = 2**18  # first bytes of a PNG or JPEG in which orientation and transparent color are looked for
# The Exif tag 0x0112 of the first directory, little and big endian. ANY is any byte: `.` in Python, `\C` in RE2.
ORIENTATION = (
    r"(?:Exif\x00\x00|eXIf)(?:II\*\x00ANY{0,500}?\x12\x01\x03\x00\x01\x00\x00\x00([\x01-\x08])"
    r"|MM\x00\*ANY{0,500}?\x01\x12\x00\x03\x00\x00\x00\x01\x00([\x01-\x08]))"
)
TURNED = 5  # the first orientation whose rows are columns; what is mirrored comes after that
MIRRORED = (2, 3, 6, 7)  # orientations whose left is right
UPSIDE_DOWN = (3, 4, 7, 8)  # orientations whose top is the bottom
# Why a model does not take an image. What it takes is in docs/serving-contract.md.
UNKNOWN_FORMAT = "unsupported image format (supported: PNG, JPEG, GIF, BMP)"
TOO_LARGE = "too many pixels: a picture may have {}; width and height of this one:"
UNSUPPORTED = (
    "unsupported kind of JPEG: CMYK (supported: grey, RGB)",
    "unsupported kind of GIF: its first frame is transparent or covers a part only (supported: opaque and whole)",
    "unsupported kind of BMP (supported: uncompressed, 24 bits per pixel or 8 bits of grey)",
)


def is_whole_gif(ops: Ops, header: Array) -> Array:
    """Return whether a GIF's first frame covers it and is opaque: others are laid on different grounds.

    Before the frame there may be how often it is shown (Netscape's extension), a comment, and its control extension.

    Args:
        ops: array operations.
        header: the first `HEADER` bytes, float64; 0 past the end.

    Source: GIF89a specification, 18 (logical screen), 20 (image descriptor), 23 (graphic control extension).
    """
    flags = header[10]
    colors = 2.0 ** (flags - 8.0 * ops.floor(flags / 8.0) + 1.0)
    place = 13.0 + ops.where(flags >= 128.0, 3.0 * colors, 0.0)
    place = place + ops.where(_is_at(ops, header, place, [33.0, 255.0, 11.0]), 19.0, 0.0)
    has_comment = _is_at(ops, header, place, [33.0, 254.0])
    place = place + ops.where(has_comment, header[ops.to_int(place + 2.0)] + 4.0, 0.0)
    has_control = _is_at(ops, header, place, [33.0, 249.0, 4.0])
    control = header[ops.to_int(place + 3.0)]
    is_transparent = has_control & (control - 2.0 * ops.floor(control / 2.0) >= 1.0)
    place = place + ops.where(has_control, 8.0, 0.0)
    covers = _is_at(ops, header, place, [44.0, 0.0, 0.0, 0.0, 0.0]) & _is_at(ops, header, place + 5.0, header[6:10])
    return covers & ~is_transparent


def is_plain_bmp(ops: Ops, header: Array) -> Array:
    """Return whether a BMP has 24 bits per pixel, or 8 bits that are grey levels, uncompressed.

    Args:
        ops: array operations.
        header: the first `HEADER` bytes, float64; 0 past the end.

    Source: Microsoft, BITMAPINFOHEADER: its size at 14, bits per pixel at 28, compression at 30, colors at 54.
    """
    places = ops.arange(1024.0)
    levels = ops.floor(places / 4.0)
    greys = ops.where(places - 4.0 * levels < 3.0, levels, 0.0)  # of each level blue, green, red and 0
    is_colored = _is_at(ops, header, 28.0, [24.0, 0.0]) & (header[14] >= 40.0)
    has_greys = _is_at(ops, header, 14.0, [40.0]) & _is_at(ops, header, 54.0, greys)
    is_grey = _is_at(ops, header, 28.0, [8.0, 0.0]) & has_greys
    return _is_at(ops, header, 30.0, [0.0] * 4) & (is_colored | is_grey)


def build_levels(ops: Ops, lightest: Array) -> Array:
    """Return the grey level of 8 bits for each of 16 bits, [lightest + 1] uint8, scaled by the bits that are used.

    A sensor's 12 bits come in files of 16: without scaling they would be a sixteenth of the levels.

    Args:
        ops: array operations.
        lightest: the highest value in the image, float64.
    """
    limit = ops.to_float(255.0)
    for bits in range(9, 17):
        limit = ops.where(lightest >= 2.0 ** (bits - 1), 2.0**bits - 1.0, limit)
    return ops.to_uint8(ops.floor(ops.arange(lightest + 1.0) * 255.0 / limit + 0.5))


def _is_at(ops: Ops, header: Array, place: Array, expected: Array) -> Array:
    """Return whether the bytes from `place` on are the expected ones."""
    start = ops.to_int(place)
    length = ops.shape(ops.to_float(expected))[0]
    return ops.sum(ops.abs(header[start : start + length] - expected)) == 0.0
