"""How data says that its pictures are printed or handwritten."""

from __future__ import annotations

import re

from tfx_ocr.data import features

OF_GROUPS = {"writer": "handwritten", "font": "printed"}  # columns of groups whose names say the style of all rows


def find_style(text: str) -> bytes:
    """Return the style that a path or a cell names, one of `features.STYLES`; b"" for none, or for both.

    >>> find_style("a/train-Printed-00000-of-00010.tfrecord"), find_style("imprinted.png")
    (b'printed', b'')
    """
    words = re.findall(r"[a-z]+", text.lower())
    styles = [style for style in features.STYLES if style.decode() in words]
    return styles[0] if len(styles) == 1 else b""
