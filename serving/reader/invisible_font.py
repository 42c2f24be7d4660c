"""The font of a PDF's invisible text: every character is a square of an em, whatever its script."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from typing import Any

EM = 1000  # units of the font that a character is wide and high
ON_CURVE = 1  # flag of a glyph's point
TO_UNICODE = b"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
1 beginbfrange
<0000> <FFFF> <0000>
endbfrange
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


def load_font(pdf: Any) -> Any:
    """Put the font into a PDF; the codes of its characters are those of UTF-16, which `encode` returns.

    PDF's own fonts have the letters of Western Europe alone (`findings/pdfium_other_letters.sh`). Source: Tesseract's
    `pdfrenderer.cpp`, whose font without glyphs maps all codes likewise.

    Args:
        pdf: a PdfDocument of PDFium.

    Returns:
        A font of PDFium, which the PDF holds.
    """
    from pypdfium2 import raw

    font = _build_font()
    glyphs = struct.pack(">H", 1) * 0x10000  # of every code the square
    return raw.FPDFText_LoadCidType2Font(pdf, _to_bytes(font), len(font), TO_UNICODE, _to_bytes(glyphs), len(glyphs))


def encode(text: str) -> Sequence[int]:
    """Return the codes of a text in the font: two for a character beyond the first 65,536."""
    encoded = text.encode("utf-16-le", "replace")
    return struct.unpack(f"<{len(encoded) // 2}H", encoded)


def _to_bytes(content: bytes) -> Any:
    return (ctypes.c_ubyte * len(content)).from_buffer_copy(content)


def _build_font() -> bytes:
    """Return a TrueType font of two glyphs: none, and the square, which its map gives to the space."""
    square = struct.pack(">hhhhh", 1, 0, 0, EM, EM)  # one outline and its box
    square += struct.pack(">HH4B", 3, 0, *[ON_CURVE] * 4)  # its last point, no instructions
    square += struct.pack(">4h4h", 0, EM, 0, -EM, 0, 0, EM, 0)  # steps right, steps up
    square += b"\0" * (-len(square) % 4)
    segments = struct.pack(">2HH2H2H2H", 32, 0xFFFF, 0, 32, 0xFFFF, (1 - 32) & 0xFFFF, 1, 0, 0)
    mapped = struct.pack(">7H", 4, 14 + len(segments), 0, 4, 4, 1, 0) + segments
    tables = {
        b"cmap": struct.pack(">HHHHI", 0, 1, 3, 1, 12) + mapped,
        b"glyf": square,
        b"head": struct.pack(
            ">IIIIHHQQ4hHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, EM, 0, 0, 0, 0, EM, EM, 0, 8, 2, 1, 0
        ),
        b"hhea": struct.pack(">I3hH11hH", 0x10000, EM, 0, 0, EM, 0, 0, EM, 1, *[0] * 7, 1),
        b"hmtx": struct.pack(">Hhh", EM, 0, 0),
        b"loca": struct.pack(">3I", 0, 0, len(square)),
        b"maxp": struct.pack(">IH13H", 0x10000, 2, 4, 1, 0, 0, 1, *[0] * 8),
    }
    directory, body = struct.pack(">IHHHH", 0x10000, len(tables), 64, 2, 16 * len(tables) - 64), b""
    for tag, table in tables.items():
        padded = table + b"\0" * (-len(table) % 4)
        total = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        directory += struct.pack(">4sIII", tag, total, 12 + 16 * len(tables) + len(body), len(table))
        body += padded
    return directory + body
