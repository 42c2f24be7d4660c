"""An export's portable form: its network for LiteRT, and what surrounds it as values (`serving.portable`)."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import keras
import tensorflow as tf

from tfx_ocr.components.progress import say
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.trainer.fast import convert, explain_failure, write_file
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.serving.portable import FOLDER, NETWORK
from tfx_ocr.serving.portable.form import FORM, REASON, Portable
from tfx_ocr.serving.runtimes.saved_model import read_definitions
from tfx_ocr.serving.signature import Signature


def write(model: keras.Model, part: Part, path: str) -> None:
    """Write the portable form into an export's folder, or why the network cannot be converted.

    Args:
        model: trained.
        part: the recipe's trainer part.
        path: folder of the export, which holds the SavedModel.
    """
    folder = os.path.join(path, *FOLDER.split("/"))
    tf.io.gfile.makedirs(folder)
    try:
        network = convert(model, rows=None, quantize=False)
    except Exception as error:  # whatever it is, the export is there without
        reason = f"the network cannot be converted: {explain_failure(error)}"
        say(f"no portable form: {reason}")
        write_file(os.path.join(folder, REASON), f"{reason}\n".encode())
        return
    write_file(os.path.join(folder, NETWORK), network)
    write_file(os.path.join(folder, FORM), _describe(part, path).to_json().encode())


def _describe(part: Part, path: str) -> Portable:
    labels = get_task(part.task).labels
    definitions = read_definitions(Path(path), ("serve",))
    return Portable(
        input=part.input.kind,
        task=part.task,
        spec=dataclasses.asdict(part.input),
        labels=tuple(getattr(get_alphabet(part.alphabet), labels)) if labels else (),
        top_n=part.serving.top_n,
        signatures={
            name: dataclasses.asdict(Signature.read(each))
            for name, each in definitions.items()
            if not name.startswith("__")  # TensorFlow's own
        },
    )
