"""Pictures small enough to stand in a page: always decoded and written anew, whatever their bytes hold."""

from __future__ import annotations

import base64
import io

from PIL import Image, UnidentifiedImageError

from tfx_ocr.components.report.run import Picture
from tfx_ocr.data import images

LONGEST = 192  # pixels of the longer side, where none is asked for


def make_thumbnail(encoded: bytes, longest: int = LONGEST) -> Picture | None:
    """Return a PNG of a picture for a page, on the ground that models lay it on; None where Pillow cannot read it.

    Args:
        encoded: PNG, JPEG, GIF, BMP or whatever else Pillow reads.
        longest: pixels of the longer side; larger pictures are made smaller, smaller ones stay.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            image.thumbnail((longest, longest))
            ground = images.flatten(image.convert("RGBA"))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    target = io.BytesIO()
    ground.quantize(64).save(target, "PNG", optimize=True)
    text = base64.b64encode(target.getvalue()).decode()
    return Picture(uri=f"data:image/png;base64,{text}", width=ground.width, height=ground.height)
