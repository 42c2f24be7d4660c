"""Small real data that a recipe runs on out of the box, its licence beside it. One file per sample, one line here."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tfx_ocr.data.registry import load_named

# A sample is a function `fill(folder)` that writes the data into an empty folder.
SAMPLES = {
    "digits": "tfx_ocr.data.samples.digits:fill",
    "hangul": "tfx_ocr.data.samples.hangul:fill",
    "lines": "tfx_ocr.data.samples.lines:fill",
    "print": "tfx_ocr.data.samples.print:fill",
    "invoices": "tfx_ocr.data.samples.invoices:fill",
    "pages": "tfx_ocr.data.samples.pages:fill",
}


def format_run(recipe: str) -> str:
    """Return the command of a first run of a recipe: on its sample, else on a folder of data.

    >>> format_run("digits"), format_run("meters")
    ('tfx-ocr run digits', 'tfx-ocr run meters --data FOLDER')
    """
    return f"tfx-ocr run {recipe}" + ("" if recipe in SAMPLES else " --data FOLDER")


def get_sample(name: str) -> Callable[[Path], Path]:
    """Return the function that writes a sample into a folder and returns it: `write_once` of that sample.

    Raises:
        ValueError: the sample is unknown; the known ones are named.
    """
    return functools.partial(write_once, load_named(SAMPLES, name, "sample"))


def write_once(fill: Callable[[Path], None], folder: Path) -> Path:
    """Have `fill` write into a folder beside `folder` that then becomes it; one that exists is left as it is.

    The folder appears whole or not at all.
    """
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fill(unfinished)
        unfinished.chmod(0o755)  # a temporary folder is closed to others
        unfinished.rename(folder)
    except OSError:
        if not folder.exists():  # else another process was quicker, and wrote the same
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder
