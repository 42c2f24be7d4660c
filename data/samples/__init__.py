"""Small real data that a recipe runs on out of the box, its licence beside it. One file a sample, one line here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tfx_ocr.data.registry import load_named

# A sample is a function `write(folder) -> folder` that writes the data there once: a second call changes no file.
SAMPLES = {
    "digits": "tfx_ocr.data.samples.digits:write",
    "hangul": "tfx_ocr.data.samples.hangul:write",
    "lines": "tfx_ocr.data.samples.lines:write",
    "invoices": "tfx_ocr.data.samples.invoices:write",
}


def get_sample(name: str) -> Callable[[Path], Path]:
    """Import and return the function that writes the sample that `name` stands for.

    Raises:
        ValueError: there is no such sample; the known ones are named.
    """
    return load_named(SAMPLES, name, "sample")
