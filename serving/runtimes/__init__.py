"""What runs a model in this process: one row per runtime, by the file in a version's folder that it is found by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfx_ocr.data.registry import load_named
from tfx_ocr.serving.portable import FOLDER, NETWORK

if TYPE_CHECKING:
    from tfx_ocr.serving.runtimes.runtime import Options, Runtime

SAVED_MODEL, TFLITE = "saved_model.pb", "model.tflite"  # TensorFlow Serving's names
PORTABLE = f"{FOLDER}/{NETWORK}"

# The preferred first; made by `(folder, name, version, options)`: a `Runtime`. Servers are in `locations.SERVERS`.
RUNTIMES = {
    TFLITE: "tfx_ocr.serving.runtimes.tflite:TFLiteModel",
    PORTABLE: "tfx_ocr.serving.runtimes.own_process:open_portable",
    SAVED_MODEL: "tfx_ocr.serving.runtimes.saved_model:SavedModel",
}


def open_folder(
    folder: Path,
    name: str = "",
    version: str = "",
    forms: Sequence[str] = (SAVED_MODEL,),
    options: Options | None = None,
) -> Runtime:
    """Load the model in a version's folder.

    Args:
        folder: holds a model in one form or more.
        name: of the model; "" for the name of the folder above.
        version: of the model; "" for the folder's name.
        forms: files in `RUNTIMES`, the preferred one first; the last is tried where none is there.
        options: how to run it; None for the defaults.

    Raises:
        ValueError: the folder holds no model that can be loaded.
    """
    from tfx_ocr.serving.runtimes.runtime import Options

    form = next((form for form in forms if (folder / form).is_file()), forms[-1])
    load = load_named(RUNTIMES, form, "runtime")
    runtime: Runtime = load(folder, name or folder.absolute().parent.name, version or folder.name, options or Options())
    return runtime
