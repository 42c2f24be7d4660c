"""The picture of README and docs shows what the shipped models answer to the images in it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tfx_ocr.pipeline.cli import app

pytestmark = pytest.mark.tfx

SVG = (Path(__file__).resolve().parents[1] / "docs/images/overview.svg").read_text(encoding="utf-8")
IMAGES = [base64.b64decode(image) for image in re.findall(r"base64,([^\"]+)", SVG)]


@pytest.mark.parametrize(
    ("recipe", "images", "texts", "rounded"),
    [
        ("digits", IMAGES[:3], ["2", "6", "7"], None),
        ("digits", IMAGES[3:4], ["5"], "1.000"),
        ("hangul", IMAGES[4:5], ["좋"], "1.000"),
        ("lines", IMAGES[5:], ["Thành phố Rạch Giá"], None),
    ],
    ids=["labelled", "digit", "syllable", "line"],
)
def test_the_shipped_model_answers_what_the_picture_shows(tmp_path, monkeypatch, recipe, images, texts, rounded):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "work"))
    paths = [tmp_path / f"{number}.png" for number, _ in enumerate(images)]
    for path, image in zip(paths, images, strict=True):
        path.write_bytes(image)
    done = CliRunner().invoke(app(), ["predict", recipe, *map(str, paths), "--json"])
    answers = json.loads(done.stdout)
    assert [answer["label"] for answer in answers] == texts
    assert all(f">{text}</text>" in SVG for text in texts)
    if rounded:
        assert {f"{answer['probability']:.3f}" for answer in answers} == {rounded}
        assert f">{rounded}</text>" in SVG
