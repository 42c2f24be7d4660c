"""Fields of a page: precision, recall and F1, exact and normalised."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from tfx_ocr.components.evaluator.metrics import bootstrap, fields
from tfx_ocr.data.page import alto, page_xml
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word
from tfx_ocr.data.readers import page_xml as reader


def pair(written, answered):
    return json.dumps(written), json.dumps(answered)


PAIRS = [
    pair({"supplier": "TAN  CHAY YEE", "total": "RM 9.00"}, {"supplier": "Tan Chay Yee", "total": "9.00"}),
    pair({"supplier": "ABC", "total": "10.00"}, {"supplier": "ABD"}),
]


def test_the_pair_is_what_was_written_down_and_what_was_answered():
    record = {"field_names": [b"total", b"supplier"], "field_values": ["9,00 €".encode(), b"ABC"]}
    outputs = {
        "field_names": np.array([b"supplier", b"issue_date", b"total"]),
        "field_values": np.array([b"AB", b"", b"9,00"]),
    }
    assert fields.make_pair(record, outputs) == (
        '{"supplier": "ABC", "total": "9,00 €"}',
        '{"supplier": "AB", "total": "9,00"}',
    )


def test_what_a_record_does_not_name_is_not_judged():
    record = {"field_names": [b"total", b"issue_date"], "field_values": [b"7.42", b""]}
    outputs = {
        "field_names": np.array([b"supplier", b"issue_date", b"total"]),
        "field_values": np.array([b"ABC", b"1/2/99", b"7.42"]),
    }
    pair = fields.make_pair(record, outputs)
    assert pair == ('{"issue_date": "", "total": "7.42"}', '{"issue_date": "1/2/99", "total": "7.42"}')
    # the date, annotated as absent, is answered wrongly; the supplier, not annotated, is not counted
    found = bootstrap.compute_metrics(fields, [pair])
    assert (found["micro_precision"], found["micro_recall"]) == (0.5, 1)


def test_a_page_of_which_nothing_was_written_down_has_nothing_to_judge():
    outputs = {"field_names": np.array([b"total"]), "field_values": np.array([b"1"])}
    assert fields.make_pair({"words": [b"1"]}, outputs) == ("{}", "{}")


@pytest.mark.parametrize("form", ["page", "alto"])
def test_marked_words_are_the_fields_that_answers_are_judged_by(tmp_path, form):
    marked = [("12", "total"), ("EUR", "total"), ("Acme", ""), ("Total", ""), ("12", "total"), ("EUR", "total")]
    words = [Word(text=text, box=Box(0, 10 * place, 20, 10 * place + 8)) for place, (text, _) in enumerate(marked)]
    regions = [
        Region(box=word.box, lines=(Line(words=(word,)),), properties={"entity": entity} if entity else {})
        for word, (_, entity) in zip(words, marked, strict=True)
    ]
    page = Page(image="a.png", size=(100, 200), regions=tuple(regions))
    (tmp_path / "a.xml").write_bytes(page_xml.write(page) if form == "page" else alto.write([page]))
    picture = io.BytesIO()
    Image.new("L", (100, 200), 255).save(picture, "PNG")
    (tmp_path / "a.png").write_bytes(picture.getvalue())
    (record,) = reader.read(tmp_path, *reader.list_shards(tmp_path))
    for answer, f1 in ((b"12 EUR", 1), (b"12", 0)):
        outputs = {"field_names": np.array([b"total"]), "field_values": np.array([answer])}
        assert bootstrap.compute_metrics(fields, [fields.make_pair(record.features, outputs)])["micro_f1"] == f1


def test_metrics_are_those_worked_out_by_hand():
    # exact: the first supplier of 3 answered, of 4 written; normalised: the first total too
    found = bootstrap.compute_metrics(fields, PAIRS)
    assert found == pytest.approx(
        {
            "micro_precision": 1 / 3,
            "micro_recall": 1 / 4,
            "micro_f1": 2 / 7,
            "macro_f1": (2 / 4 + 0) / 2,
            "micro_precision_normalised": 2 / 3,
            "micro_recall_normalised": 2 / 4,
            "micro_f1_normalised": 4 / 7,
            "macro_f1_normalised": (2 / 4 + 2 / 3) / 2,
        }
    )
    assert tuple(found) == fields.NAMES


def test_each_field_is_a_class():
    assert fields.measure_classes(PAIRS) == {
        "supplier": {
            "precision": 0.5, "recall": 0.5, "f1": 0.5,
            "precision_normalised": 0.5, "recall_normalised": 0.5, "f1_normalised": 0.5, "support": 2,
        },
        "total": {
            "precision": 0.0, "recall": 0.0, "f1": 0.0, "precision_normalised": 1.0, "recall_normalised": 0.5,
            "f1_normalised": pytest.approx(2 / 3), "support": 2,
        },
    }  # fmt: skip


def test_a_field_that_nobody_wrote_down_anywhere_is_not_judged():
    with_more = [pair({"total": "1"}, {"total": "1", "receiver": "X"})]
    assert bootstrap.compute_metrics(fields, with_more)["micro_precision"] == 1
    assert set(fields.measure_classes(with_more)) == {"total"}


def test_a_field_answered_where_this_page_has_none_counts_against_precision():
    found = bootstrap.compute_metrics(
        fields, [pair({"total": "1"}, {"total": "1"}), pair({"total": ""}, {"total": "2"})]
    )
    assert (found["micro_precision"], found["micro_recall"]) == (0.5, 1)


def test_a_value_that_the_rule_leaves_nothing_of_is_none():
    found = bootstrap.compute_metrics(
        fields, [pair({"total": "n/a"}, {"total": "-"}), pair({"total": "5"}, {"total": "5"})]
    )
    assert found["micro_f1"] == pytest.approx(0.5)
    assert found["micro_f1_normalised"] == 1


def test_pages_without_any_field_give_0():
    assert set(bootstrap.compute_metrics(fields, [pair({}, {"total": "1"})]).values()) == {0.0}


def test_intervals_are_of_pages_not_of_fields():
    # half of 100 pages right in both fields: as sure as 100 coins, not as 200
    pairs = {pair({"a": "1", "b": "1"}, {"a": "1", "b": "1"}): 50, pair({"a": "1", "b": "1"}, {"a": "2", "b": "2"}): 50}
    low, high = bootstrap.compute_intervals(fields, pairs)["micro_recall"]
    assert high - low == pytest.approx(2 * 1.96 * 0.05, abs=0.02)


def test_a_field_has_no_confusion():
    assert fields.count_confusions(PAIRS) == {}
