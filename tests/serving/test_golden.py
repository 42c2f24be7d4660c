"""The shipped models answer what they answered before, through both signatures and in both forms."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.tfx

SPEC = importlib.util.spec_from_file_location("golden_take", Path(__file__).parent / "golden" / "take.py")
golden = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(golden)


@pytest.mark.parametrize("form", ["saved_model.pb", "assets.extra/portable/network.tflite"], ids=["whole", "portable"])
@pytest.mark.parametrize("name", ["digits", "hangul", "lines", "print", "invoices"])
def test_a_shipped_model_answers_as_it_did(name, form):
    from tfx_ocr.data import pretrained
    from tfx_ocr.serving.runtimes import open_folder

    expected = json.loads(golden.ANSWERS.read_text(encoding="utf-8"))[name]
    raws = golden.read(name)
    assert len(raws) == len(expected) == 20
    folder = pretrained.get_folder(name)
    assert (folder / form).is_file()
    with open_folder(folder, forms=(form,)) as model:
        for number, (raw, answers) in enumerate(zip(raws, expected, strict=True)):
            for signature, inputs in golden.build_requests(raw):
                golden.compare(golden.to_json(model.ask(signature, inputs)), answers, f"{signature}[{number}]")


def test_other_answers_are_found():
    with pytest.raises(AssertionError, match=r"here\.probabilities\[1\]"):
        golden.compare({"probabilities": [0.5, 0.5]}, {"probabilities": [0.5, 0.5002]}, "here")
    assert np.isclose(golden.to_json({"b": np.array([0.123456]), "a": np.array([b"7"], object)})["b"], 0.12346)
