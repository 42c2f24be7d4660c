"""Models of one's own as recognizers, taggers and detectors: by name, by folder, open."""

from __future__ import annotations

import shutil

import pytest

from tfx_ocr.data import features, pretrained
from tfx_ocr.serving.locations import open_model
from tfx_ocr.serving.reader.reader import Reader
from tfx_ocr.serving.reader.recognizers import GLYPHS, LINES, find_parts
from tfx_ocr.serving.signature import Signature

OWN = {
    "marks": "digits",
    "slips": "print",
    "bills": "invoices",
}  # names of one's own, to the weights that stand for them


class Model:
    """A model that says what it answers, and answers nothing."""

    name, version = "mine", "3"

    def __init__(self, signature, *outputs):
        self.signatures = {signature: Signature({}, dict.fromkeys(outputs, ("string", (None,))))}


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    """Return the folder of models that were pushed under names of one's own."""
    home = tmp_path_factory.mktemp("home")
    for name, shipped in OWN.items():
        shutil.copytree(pretrained.get_folder(shipped), home / "serving" / name / "7")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFX_OCR_HOME", str(home))
        yield home / "serving"


@pytest.mark.parametrize(
    ("outputs", "parts"),
    [
        ((features.LABEL_OUT, features.PROBABILITY_OUT, features.CHARACTERS_OUT), LINES),
        ((features.LABEL_OUT, features.PROBABILITY_OUT, features.LABELS_OUT, features.PROBABILITIES_OUT), GLYPHS),
    ],
    ids=["sequence", "classification"],
)
def test_what_a_model_answers_says_what_it_reads(outputs, parts):
    assert find_parts(Model(features.SERVE_IMAGES, *outputs)) == parts


@pytest.mark.parametrize(
    ("signature", "outputs", "said"),
    [
        (
            features.SERVE_IMAGES,
            (features.LABELS_OUT, features.INITIAL_OUT),
            "pictures of one syllable, no pages: `tfx-ocr predict mine` takes them",
        ),
        (features.SERVE_IMAGES, (features.MAPS_OUT,), f"neither lines nor single .*: it answers {features.MAPS_OUT}"),
        (features.SERVE_PAGES, (features.MAPS_OUT,), "neither lines nor single .*: it has no signature serve_images"),
        (
            features.SERVE_WORDS,
            (features.ENTITIES_OUT,),
            "neither lines nor single .*: it has no signature serve_images",
        ),
    ],
    ids=["syllables", "other", "detection", "tagging"],
)
def test_a_model_that_reads_no_page_is_refused(signature, outputs, said):
    with pytest.raises(ValueError, match=f"the model mine 3 reads {said}"):
        find_parts(Model(signature, *outputs))


@pytest.mark.parametrize("way", ["name", "version", "versions", "model", "open"])
def test_lines_of_a_page_are_read_by_a_model_of_ones_own(serving, receipt, way):
    with Reader("print") as shipped:
        expected = shipped.read(receipt).text
    opened = open_model("slips")
    options = {
        "name": {"recognizer": "slips"},
        "version": {"recognizer": serving / "slips" / "7"},
        "versions": {"recognizer": str(serving / "slips")},
        "model": {"model": "slips"},
        "open": {"model": opened},
    }[way]
    with opened, Reader(**options) as reader:
        assert (reader.recognizer, reader.parts) == ("slips", LINES)
        assert reader.read(receipt).text == expected
        assert "TOTAL RM 9.00" in expected
        assert reader.version == (str(serving / "slips" / "7") if way == "version" else "7")


def test_single_characters_are_read_by_a_model_of_ones_own(serving, page):
    with Reader("marks") as reader:
        assert (reader.recognizer, reader.parts, reader.read(page).text) == ("marks", GLYPHS, "2075\n53\n4234")


def test_fields_are_found_by_a_model_of_ones_own(serving, receipt):
    with Reader("slips", fields="bills") as own, Reader(fields="invoices") as shipped:
        fields = own.read(receipt).pages[0].fields
        assert {field.name for field in fields} >= {"supplier", "issue_date", "total"}
        assert fields == shipped.read(receipt).pages[0].fields


def test_a_name_of_ones_own_is_asked_of_a_server(monkeypatch):
    asked = []

    def connect(location, name, **options):
        asked.append((location, name, options))
        return Model(features.SERVE_IMAGES, features.CHARACTERS_OUT)

    monkeypatch.setattr("tfx_ocr.serving.reader.reader.open_model", connect)
    reader = Reader("slips", "http://localhost:1", timeout_s=3.0)
    assert (reader.recognizer, reader.parts, reader.version) == ("slips", LINES, "3")
    assert asked == [("http://localhost:1", "slips", {"decoding": None, "timeout_s": 3.0})]


def test_a_model_that_is_refused_is_closed(monkeypatch):
    closed = []
    model = Model(features.SERVE_WORDS, features.ENTITIES_OUT)
    model.close = lambda: closed.append(model.name)
    monkeypatch.setattr("tfx_ocr.serving.reader.reader.open_model", lambda *_, **__: model)
    with pytest.raises(ValueError, match="reads neither lines"):
        Reader("slips", "localhost:1")
    assert closed == ["mine"]


@pytest.mark.tfx
def test_lines_are_found_by_a_detector_of_ones_own(serving, receipt):
    import tensorflow as tf

    class Dark(tf.Module):
        """Answers where a page is dark, 4 pixels to a pixel of a map of 240 x 240, smeared along."""

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name=features.IMAGE_BYTES_IN)])
        def serve_pages(self, image_bytes):
            def find(encoded):
                page = 255 - tf.io.decode_png(encoded, channels=1)
                fitted = tf.image.resize(page, [960, 960], preserve_aspect_ratio=True, method="area")
                framed = tf.image.pad_to_bounding_box(fitted, 0, 0, 960, 960)
                smeared = tf.nn.max_pool2d(framed[tf.newaxis], [4, 60], [4, 4], "SAME")
                return tf.cast(smeared[0, :, :, 0] > 60, tf.float32)[tf.newaxis]

            maps = tf.map_fn(find, image_bytes, fn_output_signature=tf.TensorSpec([1, 240, 240], tf.float32))
            return {
                features.KINDS_OUT: tf.fill([tf.shape(image_bytes)[0], 1], "line"),
                features.MAPS_OUT: maps,
            }

    dark = Dark()
    tf.saved_model.save(dark, str(serving / "sheets" / "3"), signatures={features.SERVE_PAGES: dark.serve_pages})
    with Reader("slips", detector="sheets", min_confidence=0.0) as reader:
        document = reader.read(receipt)
    texts = [line.text for region in document.pages[0].regions for line in region.lines]
    assert "TOTAL RM 9.00" in texts
    assert len(texts) == 10
