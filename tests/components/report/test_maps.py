"""Maps of a model that ships, by its portable form."""

from __future__ import annotations

import shutil

import pytest

from tfx_ocr.components.report.maps import SIDE_PX, draw_maps
from tfx_ocr.data.pretrained import get_folder


@pytest.mark.parametrize(("name", "maps"), [("digits", 1), ("hangul", 4)])
def test_each_picture_has_its_heat_and_that_of_its_parts(make, name, maps):
    drawn = draw_maps(get_folder(name), {"a": make.png("7"), "b": b"not a picture"})
    assert list(drawn) == ["a"]
    assert (drawn["a"].width, drawn["a"].height) == (maps * SIDE_PX, SIDE_PX)
    assert drawn["a"].uri.startswith("data:image/png;base64,")


def test_a_model_that_does_not_explain_has_no_maps(make, tmp_path):
    assert draw_maps(get_folder("lines"), {"a": make.png("7")}) == {}
    assert draw_maps(tmp_path, {"a": make.png("7")}) == {}
    shutil.copytree(get_folder("digits"), tmp_path / "model")
    assert draw_maps(tmp_path / "model", {}) == {}
    (tmp_path / "model" / "assets.extra/portable/portable.json").write_text("{")
    assert draw_maps(tmp_path / "model", {"a": make.png("7")}) == {}
