"""Change pictures on the backend that Keras has: `python change_pictures.py IN.npz OUT.npz`, see `test_changes.py`."""

from __future__ import annotations

import json
import sys

import numpy as np

from tfx_ocr.components.inputs.changes import change
from tfx_ocr.components.recipe import Image, ImageAugmentation, LineImage
from tfx_ocr.components.trainer.compiled import compile_function

SPECS = {"image": Image, "line_image": LineImage}


def run(read: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the changed pictures and labels of what `test_changes.py` wrote."""
    about = json.loads(str(read["about"]))
    spec = SPECS[about["spec"]["kind"]](**about["spec"])
    changes = ImageAugmentation(**about["changes"])
    drawn = {name.removeprefix("drawn_"): array for name, array in read.items() if name.startswith("drawn_")}
    strangers = (read["strangers"], read["of_strangers"])
    function = compile_function(
        lambda pictures, labels, drawn, strangers: change(pictures, labels, drawn, strangers, changes, spec)
    )
    pictures, labels = function(read["pictures"], read["labels"], drawn, strangers)
    return {"pictures": np.array(pictures), "labels": np.array(labels)}


if __name__ == "__main__":
    for source, target in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        with np.load(source) as file:
            np.savez(target, **run(dict(file)))
