"""Files to a model: batches, what is wrong with a file, and neighbours that are answered all the same."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data import features
from tfx_ocr.pipeline import prediction
from tfx_ocr.pipeline.cli.predict import _format_table
from tfx_ocr.pipeline.prediction import Prediction
from tfx_ocr.serving.model import RequestError


def picture(folder, name, grey, format="PNG"):
    """Draw a picture of one grey level, which `Model` reads."""
    path = folder / name
    Image.new("L", (4, 4), grey).save(path, format)
    return str(path)


class Model:
    """Answers with the grey level of the first pixel; refuses a batch that holds `bad`, as a graph does."""

    def __init__(self, bad=None, error=None):
        self.batches = []
        self.bad = bad
        self.error = error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_closed = True

    def ask(self, signature, inputs):
        assert signature == features.SERVE_IMAGES
        assert set(inputs) == {features.IMAGE_BYTES_IN}
        levels = [Image.open(io.BytesIO(image)).getpixel((0, 0)) for image in inputs[features.IMAGE_BYTES_IN]]
        self.batches.append(levels)
        if self.bad in levels:
            raise self.error
        return {
            "label": np.array([str(level).encode() for level in levels], object),
            "labels": np.array([[str(level).encode(), b"?", b"!"] for level in levels], object),
            "probabilities": np.array([[level / 256, 0.1, 0.0123456789] for level in levels], np.float32),
            "probability": np.array([level / 256 for level in levels], np.float32),
            "count": np.array([[1, 2]] * len(levels), np.int64),
        }


def predict(files, model, top, signature=features.SERVE_IMAGES):
    return prediction.predict(lambda: model, signature, files, top)


def test_answers_are_plain_and_come_in_the_files_order(tmp_path):
    files = [picture(tmp_path, f"{level}.png", level) for level in (64, 128)]
    first, second = predict(files, Model(), top=2)
    assert (second.file, second.error) == (files[1], "")
    assert list(first.outputs.items()) == [
        ("label", "64"),
        ("probability", 0.25),
        ("count", [1, 2]),
        ("labels", ["64", "?"]),
        ("probabilities", [0.25, 0.1]),
    ]


def test_numbers_have_six_places(tmp_path):
    (one,) = predict([picture(tmp_path, "a.png", 0)], Model(), top=3)
    assert one.outputs["probabilities"] == [0.0, 0.1, 0.012346]


def test_files_are_asked_in_batches(tmp_path):
    files = [picture(tmp_path, f"{level}.png", level) for level in range(19)]
    model = Model()
    answers = predict(files, model, top=1)
    assert [len(batch) for batch in model.batches] == [16, 3]
    assert [one.outputs["label"] for one in answers] == [str(level) for level in range(19)]


def test_a_file_twice_is_answered_twice(tmp_path):
    file = picture(tmp_path, "a.png", 9)
    assert [one.outputs["label"] for one in predict([file, file], Model(), top=1)] == ["9", "9"]


def test_a_file_that_is_no_picture_costs_no_other(tmp_path):
    (tmp_path / "no.txt").write_text("hello")
    (tmp_path / "empty.png").touch()
    files = [str(tmp_path / "no.txt"), picture(tmp_path, "7.png", 7), str(tmp_path / "gone.png"), str(tmp_path)]
    files.append(str(tmp_path / "empty.png"))
    answers = predict(files, Model(), top=1)
    assert [one.error for one in answers] == [
        "not an image: none of PNG, JPEG, GIF, BMP, TIFF, WEBP",
        "",
        "no such file",
        "a folder: give the files in it",
        "empty file: it holds no bytes",
    ]
    assert answers[1].outputs["label"] == "7"


def test_a_picture_that_the_model_refuses_is_found_among_the_others(tmp_path):
    error = RequestError("here", "INVALID_ARGUMENT", "cannot decode")
    files = [picture(tmp_path, f"{level}.png", level) for level in (1, 2, 3)]
    model = Model(bad=2, error=error)
    answers = predict(files, model, top=1)
    assert [one.outputs.get("label") for one in answers] == ["1", None, "3"]
    assert answers[1].error == str(error)
    assert model.batches == [[1, 2, 3], [1], [2], [3]]


def test_a_server_that_is_not_there_ends_it(tmp_path):
    files = [picture(tmp_path, f"{level}.png", level) for level in (1, 2)]
    model = Model(bad=1, error=RequestError("here", "UNAVAILABLE", "connection refused"))
    with pytest.raises(RequestError, match="connection refused"):
        predict(files, model, top=1)
    assert model.batches == [[1, 2]]


PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
 <Page imageFilename="a.png" imageWidth="100" imageHeight="50"><TextRegion id="r"><TextLine id="l">
  <Word id="w"><Coords points="10,5 40,5 40,15 10,15"/><TextEquiv><Unicode>T\u1ed5ng</Unicode></TextEquiv></Word>
  <Word id="v"><Coords points="50,5 90,5 90,15 50,15"/><TextEquiv><Unicode>12,500</Unicode></TextEquiv></Word>
 </TextLine></TextRegion></Page></PcGts>"""


def test_pages_are_asked_one_by_one(tmp_path):
    (tmp_path / "a.xml").write_text(PAGE, encoding="utf-8")
    (tmp_path / "empty.xml").write_text(PAGE.replace("Unicode>", "X>"), encoding="utf-8")
    (tmp_path / "no.xml").write_text("<html/>")
    word = PAGE[PAGE.index("  <Word") : PAGE.index('  <Word id="v"')]
    (tmp_path / "long.xml").write_text(PAGE.replace(word, word * 2048), encoding="utf-8")
    shapes = []

    class Pages(Model):
        def ask(self, signature, inputs):
            assert signature == "serve_words"
            shapes.append({name: value.shape for name, value in inputs.items()})
            return {"field_names": np.array([[b"total"]], object)}

    files = [str(tmp_path / name) for name in ("a.xml", "empty.xml", "no.xml", "long.xml", "a.xml")]
    first, empty, no, long, last = predict(files, Pages(), 3, features.SERVE_WORDS)
    assert shapes == [{"words": (1, 2), "boxes": (1, 2, 4)}] * 2
    assert first.outputs == last.outputs == {"field_names": ["total"]}
    assert empty.error == "no words: the page has no text"
    assert no.error == "not PAGE XML: the outermost element is html"
    assert long.error == "too many words: 2049, where a page may have 2048"


def test_the_table_of_pages_has_a_row_a_field_that_was_found():
    outputs = {
        "field_names": ["total", "issue_date", "\ud569\uacc4"],
        "field_probabilities": [0.9, 0.0, 0.25],
        "field_values": ["12,500", "", "3"],
    }
    assert _format_table("heading", [Prediction("a.xml", outputs)]) == [
        "heading",
        "file   field  probability  value",
        "a.xml  total  0.9000       12,500",
        "a.xml  \ud569\uacc4   0.2500       3",  # two characters, four wide
    ]
