"""The options that say how lines are decoded."""

from __future__ import annotations

import pytest

from tfx_ocr.pipeline.cli.decoding import build_decoding
from tfx_ocr.serving.portable.beam import BEAMS, Decoding


def test_neither_option_is_the_best_path():
    assert build_decoding(0, "") is None
    assert build_decoding(3, "") == Decoding(beams=3)


def test_a_language_model_is_named_or_a_file(tmp_path):
    assert build_decoding(0, "vietnamese") == Decoding(beams=BEAMS, language_model="vietnamese")
    (tmp_path / "own.json.gz").touch()
    assert build_decoding(2, str(tmp_path / "own.json.gz")).language_model == str(tmp_path / "own.json.gz")


def test_what_is_neither_is_refused_with_what_ships():
    with pytest.raises(ValueError, match=r"no language model at english: write one .* ships: vietnamese"):
        build_decoding(0, "english")
