"""Outputs of a model as a prediction: of each task, with worked numbers, and as a notebook shows it."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data.page.fields import Field
from tfx_ocr.serving.prediction import Candidate, Prediction, build_prediction


def texts(*values):
    return np.array([value.encode() for value in values], object)


DIGIT = {
    "label": b"7",
    "labels": texts("7", "1", "9"),
    "probabilities": np.array([0.75, 0.2, 0.0123456789], np.float32),
    "probability": np.float32(0.75),
    "count": np.int64(3),
}


def test_a_class_has_alternatives():
    one = build_prediction("7.png", DIGIT, 3)
    assert one == Prediction(text="7", confidence=0.75, alternatives=(("1", 0.2), ("9", 0.012346)))
    assert repr(one) == (
        "Prediction(text='7', confidence=0.75, alternatives=(Candidate(text='1', confidence=0.2), "
        "Candidate(text='9', confidence=0.012346)))"
    )
    assert one.source == "7.png"


def test_outputs_are_plain_and_what_most_tasks_answer_stands_first():
    assert list(build_prediction(b"", DIGIT, 2).outputs.items()) == [
        ("label", "7"),
        ("probability", 0.75),
        ("count", 3),
        ("labels", ["7", "1"]),
        ("probabilities", [0.75, 0.2]),
    ]


def test_a_syllable_has_parts():
    heads = {"initial": b"\xe3\x85\x8e", "medial": b"\xe3\x85\x8f", "final": b""}
    outputs = {**DIGIT, **heads, **{f"{name}_probability": np.float32(0.5) for name in heads}}
    assert build_prediction(b"", outputs, 1).parts == {
        "initial": Candidate("\u314e", 0.5),
        "medial": Candidate("\u314f", 0.5),
        "final": Candidate("", 0.5),
    }


def test_a_line_has_characters_without_the_padding_of_its_batch():
    one = build_prediction(
        b"",
        {
            "label": "\u0110i".encode(),
            "probability": np.float32(0.5),
            "characters": texts("\u0110", "i", "", ""),
            "character_probabilities": np.array([0.5, 0.25, 0, 0], np.float32),
        },
        3,
    )
    assert (one.text, one.alternatives) == ("\u0110i", ())
    assert one.characters == (("\u0110", 0.5), ("i", 0.25))


PAGE = {
    "field_names": texts("total", "issue_date", "currency"),
    "field_values": texts("12,500", "", "\u20ac"),
    "field_probabilities": np.array([0.875, 0, 0.25], np.float32),
    "field_boxes": np.array([[1, 2, 3, 4], [0] * 4, [5, 6, 7, 8]], np.float32),
}


def test_a_page_has_the_fields_that_were_found():
    one = build_prediction(b"<PcGts/>", PAGE, 3)
    assert one.fields == (
        Field("total", "12,500", 0.875, (1, 2, 3, 4), values=("12500", "12.500")),
        Field("currency", "\u20ac", 0.25, (5, 6, 7, 8)),
    )
    assert (one.text, one.confidence) == ("total: 12,500\ncurrency: \u20ac", 0.25)
    assert one.outputs["field_values"] == ["12,500", "", "\u20ac"]


def test_a_page_without_fields_is_no_confidence():
    one = build_prediction(b"", {**PAGE, "field_values": texts("", "", "")}, 3)
    assert (one.text, one.confidence, one.fields) == ("", 0.0, ())


def test_a_prediction_cannot_be_changed():
    with pytest.raises(AttributeError):
        Prediction(text="7").text = "1"


def shown(html):
    """Return the picture that a notebook shows, and the lines below it."""
    encoded = re.search(r'<img src="data:image/png;base64,([^"]+)"', html)
    caption = re.search(r"<figcaption>(.*)</figcaption>", html)[1].split("<br>")
    return Image.open(io.BytesIO(base64.b64decode(encoded[1]))) if encoded else None, caption


def test_a_notebook_shows_the_picture_with_its_answer(tmp_path):
    Image.new("L", (960, 240), 200).save(tmp_path / "wide.tif")
    picture, caption = shown(build_prediction(tmp_path / "wide.tif", DIGIT, 2)._repr_html_())
    assert (picture.format, picture.size, picture.getpixel((0, 0))) == ("PNG", (240, 60), 200)
    assert caption == ["7 0.7500", "1 0.2000"]


def test_a_notebook_shows_what_cannot_be_shown_as_text():
    assert shown(build_prediction(b"<PcGts/>", PAGE, 3)._repr_html_()) == (
        None,
        ["total: 12,500", "currency: \u20ac 0.2500"],
    )
    assert shown(Prediction(error="no such file", source="gone.png")._repr_html_()) == (None, ["no such file"])
    assert shown(Prediction(text="<b>", confidence=0.5)._repr_html_()) == (None, ["&lt;b&gt; 0.5000"])


def test_maps_are_read_as_shapes_in_pixels_of_the_picture():
    maps = np.zeros((2, 40, 40), np.float32)
    maps[0, 10:14, 5:30] = 0.9
    out = io.BytesIO()
    Image.new("L", (320, 200), 255).save(out, "PNG")
    one = build_prediction(out.getvalue(), {"kinds": texts("line", "word"), "maps": maps}, 3)
    assert (one.text, one.alternatives) == ("line: 1, word: 0", ())
    [shape] = one.shapes
    assert shape.kind == "line"
    assert one.confidence == pytest.approx(0.85, abs=0.06)
    xs, ys = zip(*shape.polygon, strict=True)
    # eight pixels of the picture a pixel of a map: 40 to 240, 80 to 112, and the margin around
    assert (min(xs) < 40, max(xs) > 240, min(ys) < 80, max(ys) > 112) == (True, True, True, True)
    assert (sum(xs) / 4, sum(ys) / 4) == pytest.approx((140, 96), abs=2)
    assert list(one.outputs) == ["kinds", "shapes"]
