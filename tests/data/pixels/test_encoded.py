"""Kinds of GIF and BMP by their first bytes, put together by hand, and grey levels of 16 bits."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tfx_ocr.data.pixels import encoded, numpy_ops

SCREEN = b"GIF89a" + struct.pack("<HHBBB", 4, 300, 0x80, 0, 0) + bytes(6)  # 4 x 300, a table of two colors
NETSCAPE = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
COMMENT = b"!\xfe\x05drawn\0"
CONTROL, TRANSPARENT = b"!\xf9\x04\0\0\0\0\0", b"!\xf9\x04\x05\0\0\0\0"
FRAME = b"," + struct.pack("<HHHH", 0, 0, 4, 300)


def read_header(content: bytes) -> np.ndarray:
    return np.frombuffer(content.ljust(encoded.HEADER, b"\0")[: encoded.HEADER], np.uint8).astype(np.float64)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (SCREEN + FRAME, True),
        (SCREEN + CONTROL + FRAME, True),
        (SCREEN + NETSCAPE + COMMENT + CONTROL + FRAME, True),
        (SCREEN.replace(b"\x80", b"\x07")[:-6] + FRAME, True),  # without a table
        (SCREEN.replace(b"\x80", b"\x82") + bytes(18) + FRAME, True),  # a table of eight
        (SCREEN + TRANSPARENT + FRAME, False),
        (SCREEN + b"," + struct.pack("<HHHH", 1, 0, 4, 300), False),
        (SCREEN + b"," + struct.pack("<HHHH", 0, 0, 3, 300), False),
        (SCREEN + CONTROL + CONTROL + FRAME, False),
        (SCREEN, False),
    ],
)
def test_a_gif_whose_first_frame_is_all_of_it(content, expected):
    assert bool(encoded.is_whole_gif(numpy_ops, read_header(content))) is expected


def write_bmp(bits=24, compression=0, size=40, table=b""):
    info = struct.pack("<IiiHHIIiiII", size, 4, 4, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + bytes(8) + struct.pack("<I", 54) + info + table


GREYS = bytes(value for level in range(256) for value in (level, level, level, 0))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (write_bmp(), True),
        (write_bmp(size=124), True),
        (write_bmp(8, table=GREYS), True),
        (write_bmp(8, table=GREYS[::-1]), False),
        (write_bmp(8, size=124, table=GREYS), False),  # the table lies elsewhere
        (write_bmp(8, compression=1, table=GREYS), False),
        (write_bmp(size=12), False),
        *((write_bmp(bits), False) for bits in (1, 4, 16, 32)),
    ],
)
def test_a_bmp_that_every_decoder_reads_alike(content, expected):
    assert bool(encoded.is_plain_bmp(numpy_ops, read_header(content))) is expected


@pytest.mark.parametrize(
    ("lightest", "limit"), [(3, 255), (255, 255), (256, 511), (4095, 4095), (4096, 8191), (65535, 65535)]
)
def test_levels_are_scaled_by_the_bits_in_use(lightest, limit):
    levels = encoded.build_levels(numpy_ops, np.float64(lightest))
    assert (levels.dtype, len(levels), levels[0]) == (np.uint8, lightest + 1, 0)
    assert levels[-1] == int(lightest * 255 / limit + 0.5)
