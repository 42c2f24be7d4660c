"""Loads a SavedModel through TensorFlow's C API alone, in a process of its own: what TensorFlow Serving's loader does.

A model that Python loads can fail there (tensorflow/serving #2250), and one whose operations came from a Python package
would pass in a process that has imported it. So nothing of TensorFlow's Python is imported here.

    python -m tfx_ocr.serving.c_loader FOLDER
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

LIBRARY = "libtensorflow_cc.so.2"  # of the TensorFlow wheel, 2.16 as 2.21, beside its __init__.py
TAG = b"serve"
SECONDS = 600  # a model that takes longer to load is useless in a server


def check_loads(path: str | os.PathLike[str]) -> None:
    """Load the SavedModel in `path` through the C API and let it go.

    Raises:
        ValueError: it cannot be loaded so; the sentence says why.
        RuntimeError: this TensorFlow has no C API.
    """
    find_library()
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-m", "tfx_ocr.serving.c_loader", os.fspath(path)]
    try:
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ValueError(f"{path} does not load within {SECONDS} s") from None
    if done.returncode:
        reason = done.stderr.strip() if done.returncode > 0 else f"the loader was ended by signal {-done.returncode}"
        raise ValueError(f"{path} cannot be loaded as TensorFlow Serving would: {reason.splitlines()[-1]}")


def find_library() -> Path:
    """Find TensorFlow's C API.

    Raises:
        RuntimeError: TensorFlow is not installed, or comes without it.
    """
    spec = importlib.util.find_spec("tensorflow")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (found := Path(folder) / LIBRARY).exists():
            return found
    raise RuntimeError(f"the installed TensorFlow has no {LIBRARY}, which loads models as TensorFlow Serving does")


def load(path: str) -> str:
    """Load in this process.

    Returns:
        What is wrong, on one line; "" where nothing is.
    """
    api = ctypes.CDLL(os.fspath(find_library()))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("TF_NewStatus", pointer, ()),
        ("TF_NewGraph", pointer, ()),
        ("TF_NewSessionOptions", pointer, ()),
        ("TF_GetCode", number, (pointer,)),
        ("TF_Message", text, (pointer,)),
        (
            "TF_LoadSessionFromSavedModel",
            pointer,
            (pointer, pointer, text, ctypes.POINTER(text), number, pointer, pointer, pointer),
        ),
    ):
        function = getattr(api, name)
        function.restype, function.argtypes = result, arguments
    status = api.TF_NewStatus()
    tags = (text * 1)(TAG)
    api.TF_LoadSessionFromSavedModel(
        api.TF_NewSessionOptions(), None, path.encode(), tags, 1, api.TF_NewGraph(), None, status
    )
    return " ".join(api.TF_Message(status).decode(errors="replace").split()) if api.TF_GetCode(status) else ""


if __name__ == "__main__":
    sys.exit(load(sys.argv[1]) or 0)
