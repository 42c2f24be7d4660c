"""What answers hang on, drawn over their pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tfx_ocr.components.report.pictures import make_thumbnail
from tfx_ocr.components.report.run import Picture
from tfx_ocr.data import features
from tfx_ocr.serving.explanation import build_explanation
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.runtimes import PORTABLE, SAVED_MODEL, open_folder

SIDE_PX = 112  # of each map on the page


def draw_maps(folder: Path, images: Mapping[str, bytes]) -> dict[str, Picture]:
    """Draw the heat of each answer, and beside it that of each part of a syllable.

    Args:
        folder: of the export; one that is on no file system of this machine explains nothing.
        images: source to encoded picture.

    Returns:
        Source to drawing, without the pictures that the model refuses; empty where it does not explain its answers or
        cannot be loaded.
    """
    if not images or not (folder / SAVED_MODEL).is_file():
        return {}
    drawn: dict[str, Picture] = {}
    try:
        model = open_folder(folder, forms=(PORTABLE, SAVED_MODEL))
    except ValueError:  # the InfraValidator says why
        return {}
    with model:
        if features.EXPLAIN not in model.signatures:
            return {}
        for source, image in images.items():
            try:
                outputs = model.ask(features.EXPLAIN, {features.IMAGE_BYTES_IN: np.array([image], object)})
            except RequestError:
                continue
            explanation = build_explanation({name: values[0] for name, values in outputs.items()})
            target = io.BytesIO()
            explanation.draw().save(target, "PNG")
            picture = make_thumbnail(target.getvalue(), SIDE_PX * (1 + len(explanation.parts)))
            if picture:
                drawn[source] = picture
    return drawn
