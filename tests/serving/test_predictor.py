"""Pictures and pages to predictions: sources, batches, what is wrong with one, and neighbours that are answered."""

from __future__ import annotations

import concurrent.futures
import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.data import features, pretrained
from tfx_ocr.serving import predictor as module
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.predictor import Predictor, load_model


def picture(folder, name, grey, format="PNG"):
    """Draw a picture of one grey level, which `Model` reads."""
    path = folder / name
    Image.new("L", (4, 4), grey).save(path, format)
    return str(path)


class Model:
    """Answers with the grey level of the first pixel; refuses a batch that holds `bad`, as a graph does."""

    signatures = (features.SERVING_DEFAULT, features.SERVE_IMAGES)

    def __init__(self, bad=None, error=None):
        self.batches = []
        self.bad = bad
        self.error = error
        self.is_closed = False

    def close(self):
        self.is_closed = True

    def ask(self, signature, inputs):
        assert signature == features.SERVE_IMAGES
        assert set(inputs) == {features.IMAGE_BYTES_IN}
        levels = [
            Image.open(io.BytesIO(image)).convert("L").getpixel((0, 0)) for image in inputs[features.IMAGE_BYTES_IN]
        ]
        self.batches.append(levels)
        if self.bad in levels:
            raise self.error
        return {
            "label": np.array([str(level).encode() for level in levels], object),
            "labels": np.array([[str(level).encode(), b"?", b"!"] for level in levels], object),
            "probabilities": np.array([[level / 256, 0.1, 0.0123456789] for level in levels], np.float32),
            "probability": np.array([level / 256 for level in levels], np.float32),
        }


@pytest.fixture
def use(monkeypatch):
    """Return a function that makes a predictor of a model of its own."""

    def make(model):
        monkeypatch.setattr(module, "open_model", lambda *_, **__: model)
        return Predictor("http://localhost:1", "levels")

    return make


def test_every_kind_of_source_is_read(use, tmp_path):
    file = picture(tmp_path, "9.png", 9)
    array = np.full((4, 4), 9, np.uint8)
    sources = [file, tmp_path / "9.png", (tmp_path / "9.png").read_bytes(), array, np.stack([array] * 3, -1)]
    sources.append(Image.new("CMYK", (4, 4), (0, 0, 0, 246)))
    predictions = use(Model()).predict(sources)
    assert [one.text for one in predictions] == ["9"] * 6
    assert all(one.source is source for one, source in zip(predictions, sources, strict=True))


def test_one_source_is_a_list_of_one_and_an_array_of_four_axes_several(use, tmp_path):
    array = np.full((2, 4, 4, 3), 7, np.uint8)
    for one in (picture(tmp_path, "7.png", 7), np.full((4, 4), 7, np.uint8), array[0], Image.new("L", (4, 4), 7)):
        assert len(use(Model()).predict(one)) == 1
    assert len(use(Model()).predict(array)) == 2
    assert use(Model()).predict([]) == []


def test_n_is_the_best_text_and_its_alternatives(use, tmp_path):
    (one,) = use(Model()).predict(picture(tmp_path, "64.png", 64), n=2)
    assert (one.text, one.confidence, one.alternatives) == ("64", 0.25, (("?", 0.1),))
    assert use(Model()).predict(picture(tmp_path, "64.png", 64), n=1)[0].alternatives == ()
    with pytest.raises(ValueError, match="n is 0; it must be 1 or more"):
        use(Model()).predict([], n=0)


def test_sources_are_asked_in_batches(use):
    model = Model()
    predictions = use(model).predict(np.full((4, 4), level, np.uint8) for level in range(19))
    assert sorted(len(batch) for batch in model.batches) == [3, 16]
    assert [one.text for one in predictions] == [str(level) for level in range(19)]


def test_a_generator_is_taken_from_as_its_predictions_are(use):
    taken = []

    def draw():
        for level in range(100):
            taken.append(level)
            yield np.full((4, 4), level, np.uint8)

    predictions = use(Model()).stream(draw())
    assert next(predictions).text == "0"
    assert len(taken) == 32
    assert [next(predictions).text for _ in range(16)][-1] == "16"
    assert len(taken) == 48
    predictions.close()


def test_a_bad_source_is_named_with_its_reason(use, tmp_path):
    (tmp_path / "no.txt").write_text("hello")
    good = np.zeros((4, 4), np.uint8)
    for sources, said in (
        ([good, str(tmp_path / "gone.png")], f"{tmp_path}/gone.png: no such file"),
        ([good] * 17 + [b""], "images[17]: empty file: it holds no bytes"),
        ([good, np.zeros((4, 4))], "images[1]: an array of float64 [4, 4]: give uint8 of [height, width]"),
        ([tmp_path / "no.txt"], f"{tmp_path}/no.txt: not an image"),
        ([good, 7], "images[1]: a int: give a path, bytes, an array or an image of Pillow"),
    ):
        with pytest.raises(ValueError, match=r".") as raised:
            use(Model()).predict(sources)
        assert str(raised.value).startswith(said)


def test_a_bad_source_costs_no_other_where_errors_are_returned(use, tmp_path):
    (tmp_path / "no.txt").write_text("hello")
    (tmp_path / "empty.png").touch()
    files = [str(tmp_path / "no.txt"), picture(tmp_path, "7.png", 7), str(tmp_path / "gone.png"), str(tmp_path)]
    files.append(str(tmp_path / "empty.png"))
    predictions = list(use(Model()).stream(files, errors="return"))
    assert [one.error for one in predictions] == [
        "not an image: unsupported format (supported: PNG, JPEG, GIF, BMP, TIFF, WEBP)",
        "",
        "no such file",
        "a folder: give the files in it",
        "empty file: it holds no bytes",
    ]
    assert [one.text for one in predictions] == ["", "7", "", "", ""]


def test_a_picture_that_the_model_refuses_is_found_among_the_others(use):
    error = RequestError("here", "INVALID_ARGUMENT", "cannot decode")
    model = Model(bad=2, error=error)
    sources = [np.full((4, 4), level, np.uint8) for level in (1, 2, 3)]
    predictions = list(use(model).stream(sources, errors="return"))
    assert [one.text for one in predictions] == ["1", "", "3"]
    assert predictions[1].error == str(error)
    assert model.batches == [[1, 2, 3], [1], [2], [3]]


def test_a_server_that_is_not_there_ends_it(use):
    model = Model(bad=1, error=RequestError("here", "UNAVAILABLE", "connection refused"))
    with pytest.raises(RequestError, match="connection refused"):
        list(use(model).stream([np.full((4, 4), level, np.uint8) for level in (1, 2)], errors="return"))
    assert model.batches == [[1, 2]]


def test_a_missing_file_loads_no_model(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "open_model", lambda *_, **__: pytest.fail("the model was loaded"))
    (one,) = Predictor(pretrained.get_folder("digits")).stream("gone.png", errors="return")
    assert one.error == "no such file"


def test_what_is_not_a_model_of_pictures_or_pages_is_refused_when_it_is_loaded(use):
    model = Model()
    model.signatures = ("regress",)
    with pytest.raises(ValueError, match="takes neither pictures nor pages: it has the signatures regress, and serve_"):
        use(model).load()
    with pytest.raises(ValueError, match="no model 'mine'; known: digits, "):
        load_model("mine")


def test_a_model_is_closed_with_its_context(use):
    model = Model()
    with use(model) as predictor:
        predictor.load()
    assert model.is_closed
    use(Model()).close()  # one that was never loaded


PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
 <Page imageFilename="a.png" imageWidth="100" imageHeight="50"><TextRegion id="r"><TextLine id="l">
  <Word id="w"><Coords points="10,5 40,5 40,15 10,15"/><TextEquiv><Unicode>T\u1ed5ng</Unicode></TextEquiv></Word>
  <Word id="v"><Coords points="50,5 90,5 90,15 50,15"/><TextEquiv><Unicode>12,500</Unicode></TextEquiv></Word>
 </TextLine></TextRegion></Page></PcGts>"""


def test_pages_are_asked_one_by_one(use, tmp_path):
    (tmp_path / "a.xml").write_text(PAGE, encoding="utf-8")
    (tmp_path / "empty.xml").write_text(PAGE.replace("Unicode>", "X>"), encoding="utf-8")
    (tmp_path / "no.xml").write_text("<html/>")
    word = PAGE[PAGE.index("  <Word") : PAGE.index('  <Word id="v"')]
    (tmp_path / "long.xml").write_text(PAGE.replace(word, word * 2048), encoding="utf-8")
    shapes = []

    class Pages(Model):
        signatures = ("serve_words",)

        def ask(self, signature, inputs):
            assert signature == "serve_words"
            shapes.append({name: value.shape for name, value in inputs.items()})
            return {
                "field_names": np.array([[b"total", b"date"]], object),
                "field_values": np.array([[b"12,500", b""]], object),
                "field_probabilities": np.array([[0.75, 0.0]], np.float32),
                "field_boxes": np.array([[[50, 5, 90, 15], [0] * 4]], np.float32),
            }

    files = [str(tmp_path / name) for name in ("a.xml", "empty.xml", "no.xml", "long.xml", "a.xml")]
    first, empty, no, long, last = use(Pages()).stream(files, errors="return")
    assert shapes == [{"words": (1, 2), "boxes": (1, 2, 4)}] * 2
    assert first.fields == last.fields == (("total", "12,500", 0.75, (50, 5, 90, 15), ("12500", "12.500"), ()),)
    assert (first.text, first.confidence) == ("total: 12,500", 0.75)
    assert empty.error == "no words: the page has no text"
    assert no.error == "not PAGE XML: the outermost element is html"
    assert long.error == "too many words: 2049, where a page may have 2048"


def test_threads_share_a_shipped_model_and_no_tensorflow_is_loaded():
    generator = np.random.default_rng(7)
    pictures = generator.integers(0, 256, (40, 28, 28, 1), np.uint8).repeat(3, -1)
    with load_model("digits") as digits, concurrent.futures.ThreadPoolExecutor(4) as pool:
        alone = digits.predict(pictures)
        together = [one for found in pool.map(digits.predict, np.split(pictures, 8)) for one in found]
    assert together == alone
    assert digits.version == "pretrained"


def test_the_api_imports_nothing_that_is_not_used(tmp_path):
    code = (
        "import sys\n"
        "from tfx_ocr.serving import Prediction, load_model\n"
        "print(*sorted({'numpy', 'PIL', 'lxml', 'grpc', 'tensorflow'} & set(sys.modules)))\n"
        "load_model('digits').predict(sys.argv[1])\n"
        "print(*sorted({'lxml', 'pydantic', 'tensorflow'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, picture(tmp_path, "9.png", 9)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert (done.returncode, done.stdout) == (0, "\n\n"), done.stderr


def test_names_of_the_api_are_listed_and_others_refused():
    from tfx_ocr import serving

    assert set(serving.__all__) <= set(dir(serving))
    assert serving.load_model is load_model
    with pytest.raises(AttributeError, match="has no attribute 'no_such'"):
        _ = serving.no_such


class ExplainedModel(Model):
    """Answers with heat in the upper left corner of a picture of 2 x 4 pixels, of the initial in the lower right."""

    signatures = (*Model.signatures, features.EXPLAIN)

    def ask(self, signature, inputs):
        assert signature == features.EXPLAIN
        assert len(inputs[features.IMAGE_BYTES_IN]) == 1
        return {
            "label": np.array(["\uac00".encode()], object),
            "heat": np.array([[[1.0, 0.0], [0.0, 0.0]]], np.float32),
            "initial_heat": np.array([[[0.0, 0.0], [0.0, 1.0]]], np.float32),
            "picture": np.full((1, 2, 4, 1), 100, np.uint8),
        }


def test_an_explanation_is_drawn_with_a_map_for_each_part(use, tmp_path):
    file = picture(tmp_path, "7.png", 7)
    one, other = use(ExplainedModel()).explain([file, file])
    assert one.text == other.text == "\uac00"
    assert one.heat.tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert {name: heat.tolist() for name, heat in one.parts.items()} == {"initial": [[0.0, 0.0], [0.0, 1.0]]}
    drawn = one.draw()
    assert drawn.size == (512, 128)  # two maps of 256 x 128
    # a hot corner is 0.6 red (255, 0, 0) and 0.4 of the picture's grey 100
    assert [drawn.getpixel(each) for each in ((0, 0), (511, 127))] == [(193, 40, 40)] * 2
    assert [drawn.getpixel(each) for each in ((255, 127), (256, 0))] == [(100, 100, 100)] * 2


def test_a_model_that_does_not_explain_its_answers_says_so(use, tmp_path):
    with pytest.raises(ValueError, match=r"levels .* does not explain its answers: it has no signature 'explain'"):
        next(use(Model()).explain(picture(tmp_path, "7.png", 7)))
    with pytest.raises(ValueError, match="no such file"):
        next(use(ExplainedModel()).explain(str(tmp_path / "missing.png")))
