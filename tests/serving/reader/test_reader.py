import io
import json

import cv2
import jsonschema
import numpy as np
import pytest
from PIL import Image

from tfx_ocr import serving
from tfx_ocr.data.page.page import enclose, list_words
from tfx_ocr.serving.locations import open_model
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.reader.document import SCHEMA
from tfx_ocr.serving.reader.reader import Reader

PAPER = 245
TEXT = "2075\n53\n4234"


def test_reader_is_public():
    assert serving.Reader is Reader


def test_every_digit_is_read_at_its_place(reader, write):
    page = np.full((1200, 900), PAPER, np.uint8)
    boxes = write(page, "2075", 150, 300)
    document = reader.read(page)
    (word,) = list_words(document.pages[0])
    assert word.text == document.text == "2075"
    assert [glyph.text for glyph in word.glyphs] == list("2075")
    np.testing.assert_allclose([glyph.box for glyph in word.glyphs], boxes, atol=2)
    assert [glyph.box for glyph in word.glyphs] == [enclose(glyph.polygon) for glyph in word.glyphs]
    assert min(glyph.confidence for glyph in word.glyphs) > 0.9


@pytest.mark.parametrize("change", ["none", "light_ink", "shadow", "ruled", "skew", "colour"])
def test_the_page_does_not_matter(reader, page, change):
    drawn = page.copy()
    if change == "light_ink":
        drawn = 255 - drawn
    if change == "shadow":
        drawn = (drawn * np.linspace(1.0, 0.5, 900)).astype(np.uint8)
    if change == "ruled":
        drawn[302:305, 50:850] = drawn[502:505, 50:850] = drawn[702:705, 50:850] = 120
    if change == "skew":
        turn = cv2.getRotationMatrix2D((450, 600), 4, 1.0)
        drawn = cv2.warpAffine(drawn, turn, (900, 1200), borderValue=(PAPER,))
    if change == "colour":
        drawn = np.stack([drawn, drawn, np.minimum(drawn, 200)], 2)
    assert reader.read(drawn).text == TEXT


@pytest.mark.parametrize("kind", ["bytes", "path", "text", "array", "image"])
def test_sources_of_every_kind_are_read_alike(reader, page, tmp_path, kind):
    encoded = cv2.imencode(".png", page)[1].tobytes()
    path = tmp_path / "page.png"
    path.write_bytes(encoded)
    sources = {"bytes": encoded, "path": path, "text": str(path), "array": page, "image": Image.fromarray(page)}
    assert reader.read(sources[kind]).text == TEXT


def test_nothing_written_is_an_empty_document(reader):
    document = reader.read(np.full((300, 200), PAPER, np.uint8))
    assert (document.text, len(document.pages), document.errors) == ("", 1, {})


def test_noise_and_one_pixel_are_read_as_nothing(reader):
    noise = np.random.default_rng(0).integers(200, 255, (300, 300)).astype(np.uint8)
    assert reader.read(noise).text == reader.read(np.zeros((1, 1), np.uint8)).text == ""


def test_whitelist_and_confidence_leave_out(page):
    with Reader(whitelist="5") as fives:
        assert set(fives.read(page).text) <= set("5 \n")
    with Reader(min_confidence=1.0) as certain:
        assert len(certain.read(page).text) < len(TEXT)


def test_a_broken_page_is_named_and_the_others_keep_their_numbers(reader, page, monkeypatch):
    from tfx_ocr.serving.reader.pages import PageImage

    images = [PageImage(number=1, error="damaged"), PageImage(number=2, pixels=page)]
    monkeypatch.setattr(reader, "open", lambda _: iter(images))
    document = reader.read(b"")
    assert (document.errors, document.numbers, document.text) == ({1: "damaged"}, (2,), TEXT)
    assert document.draw(2).size == (900, 1200)
    with pytest.raises(ValueError, match="page 1 was not read; there are 2"):
        document.draw(1)


def test_progress_counts_pages(reader, page):
    written, seen = io.BytesIO(), []
    first = Image.fromarray(page)
    first.save(written, "TIFF", save_all=True, append_images=[first])
    reader.read(written.getvalue(), progress=lambda *place: seen.append(place))
    assert seen == [(1, 2), (2, 2)]


def test_json_is_of_the_published_schema(reader, page):
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    document = reader.read(page)
    value = json.loads(document.to_json())
    jsonschema.validate(value, schema)
    assert value["pages"][0]["text"] == TEXT
    assert value["pages"][0]["regions"][0]["lines"][1]["words"][0]["glyphs"][0]["text"] == "5"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"recognizer": "runes"}, "no model 'runes'; known: digits, hangul, invoices, lines, print, which ship"),
        ({"model": "runes"}, "no model 'runes'; known: digits, "),
        ({"fields": "runes"}, "no model 'runes'; known: digits, "),
        ({"recognizer": "print", "detector": "runes"}, "no model 'runes'; known: digits, "),
        ({"recognizer": "runes", "model": "print"}, "no recognizer 'runes'; known: digits, lines, print"),
        ({"recognizer": "hangul"}, "the model hangul pretrained reads pictures of one syllable, no pages"),
        ({"model": "invoices"}, "reads neither lines nor single .*: it has no signature serve_images"),
        ({"detector": "print"}, "detector: digits finds what it reads itself; give it to a recognizer of lines"),
        ({"min_confidence": 2}, "min_confidence: 2 is not from 0 to 1"),
        ({"dpi": 5}, "dpi: 5 is not from 20 to 1200"),
    ],
)
def test_bad_options_are_named(options, reason):
    with pytest.raises(ValueError, match=reason):
        Reader(**options)


@pytest.mark.parametrize("source", [b"", b"text", "missing.png"])
def test_a_file_that_is_no_page_is_one_sentence(reader, source):
    with pytest.raises(ValueError, match=r"empty file|not a page|no such file"):
        reader.read(source)


@pytest.mark.parametrize("recognizer", ["lines", "print"])
def test_lines_are_found_and_read(page, recognizer):
    with Reader(recognizer, min_confidence=0.0) as lines:
        document = lines.read(page)
    assert len(document.pages[0].regions[0].lines) == 3


def test_a_model_that_finds_no_lines_is_refused_as_detector(page):
    with Reader("print", detector="digits") as misled, pytest.raises(RequestError, match="serve_pages"):
        misled.read(page)


def test_a_detector_that_was_not_trained_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="no version of pages"):
        Reader("print", detector="pages")


def test_fields_are_found_with_their_values_where_they_stand(receipt):
    with Reader(fields="invoices") as of_fields:
        document = of_fields.read(receipt)
    fields = {field.name: field for field in document.pages[0].fields}
    assert of_fields.recognizer == "print"
    assert fields["supplier"].text == "GREEN LEAF TRADING SDN BHD"
    assert fields["issue_date"].values == ("2018-03-12", "2018-12-03")
    total = fields["total"]
    assert (total.text, total.values) == ("9.00", ("9.00",))
    words = {word.text: word for word in list_words(document.pages[0])}
    assert words[total.text].entity == "total"
    assert (total.box[0], total.box[2]) == (words["9.00"].box.left, words["9.00"].box.right)
    value = json.loads(document.to_json())
    jsonschema.validate(value, json.loads(SCHEMA.read_text()))
    assert {"name": "total", "text": "9.00", "values": ["9.00"]}.items() <= value["pages"][0]["fields"][-1].items()


def test_models_that_are_given_open_stay_open(receipt):
    with open_model("print") as model, open_model("invoices") as tagger:
        for _ in range(2):
            with Reader("print", model, fields=tagger) as of_fields:
                assert of_fields.read(receipt).pages[0].fields


def test_a_server_is_asked_for_each_model_by_its_name(receipt, monkeypatch):
    asked = []

    def connect(location, name, **options):
        asked.append((location, name, options))
        raise RequestError(location, "UNAVAILABLE", "no answer")

    monkeypatch.setattr("tfx_ocr.serving.reader.reader.open_model", connect)
    with pytest.raises(RequestError):
        Reader("print", "localhost:1", name="mine", timeout_s=3.0).read(receipt)
    with open_model("print") as model, pytest.raises(RequestError):
        Reader("print", model, fields="localhost:1", name="mine", timeout_s=3.0).read(receipt)
    options = {"decoding": None, "timeout_s": 3.0}
    assert asked == [("localhost:1", "mine", options), ("localhost:1", "invoices", options)]


def test_a_notebook_shows_the_first_page(reader, page):
    assert reader.read(page)._repr_png_().startswith(b"\x89PNG")


def test_touching_digits_are_cut(reader, write, draw_page):
    page = draw_page()
    write(page, "5325", 150, 300, pitch=46)
    assert reader.read(page).text == "5325"


def test_print_around_is_left_out(reader, page):
    drawn = page.copy()
    for number, text in enumerate(("Please write", "the amount", "Department")):
        cv2.putText(drawn, text, (480, 280 + 200 * number), cv2.FONT_HERSHEY_COMPLEX, 1.2, (45,), 3, cv2.LINE_AA)
    assert reader.read(drawn).text == TEXT
