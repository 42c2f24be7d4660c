"""Sections for syllables, texts and the fields of pages, from answers worked out by hand."""

from __future__ import annotations

import collections
import dataclasses
import json

import numpy as np
import pytest

from tfx_ocr.components.recipe import Part
from tfx_ocr.components.report import mistakes, page
from tfx_ocr.components.report.pictures import make_thumbnail
from tfx_ocr.components.report.run import Picture
from tfx_ocr.components.tasks import get_task

COMMON_BEFORE, COMMON_AFTER = ["verdict", "metrics"], ["curves", "slices", "portable", "data", "lineage"]


def answer(source, reference, text, probability=0.5):
    """Build a line of `answers-*.jsonl`."""
    outputs = {"label": text[:1], "probability": probability}
    return {"source": source, "group": "", "reference": reference, "answer": text, "outputs": outputs}


SYLLABLES = [
    answer("a", "한", "한힌간", 0.9),
    answer("b", "한", "힌한간", 0.8),
    answer("c", "한", "하간한", 0.7),
    answer("d", "값", "갓갑가", 0.95),
]
TEXTS = [
    answer("x", "Hà Nội", "Ha Nội"),  # one substitution of six characters
    answer("y", "số 5", "số5"),  # a space missed, of four
    answer("z", "Huế", "Huế "),  # the same, as texts are compared
    answer("v", "", "1"),  # one insertion into nothing
    answer("w", "số 5", "số5"),
]
PAGES = [
    answer("p", *map(json.dumps, ({"supplier": "Acme", "total": "RM 9.00"}, {"supplier": "ACME", "total": "9.00"}))),
    answer("q", *map(json.dumps, ({"supplier": "Bolt"}, {"total": "5", "receiver": "Bolt"}))),
    answer("r", *map(json.dumps, ({"total": "7,50"}, {"total": "7,50"}))),
]


def shapes(*found):
    """Build a page of 100 x 80 pixels with upright shapes: kind, left, top, right, bottom."""
    corners = [[kind, x, y, right, y, right, bottom, x, bottom] for kind, x, y, right, bottom in found]
    return json.dumps({"size": [100, 80], "shapes": corners})


LINE, WORD = ("line", 10, 10, 50, 20), ("word", 10, 10, 20, 20)
DRAWN = [
    answer("p", shapes(LINE, WORD), shapes(LINE)),
    answer("q", shapes(LINE), shapes(("line", 10, 60, 50, 70))),
    answer("r", shapes(LINE, WORD), shapes(LINE, WORD)),
]


@pytest.fixture
def of_task(run):
    """Return `of_task(task, answers, **gate)`, which builds a run of that task with these answers."""

    def make(task, answers, **gate):
        return dataclasses.replace(
            run,
            part=Part(name="other", task=task, gate=run.part.gate),
            gate={**run.gate, **gate},
            mistakes=mistakes.select_worst(answers, mistakes.get_finder(get_task(task).mistakes), 24),
            pairs=collections.Counter((each["reference"], each["answer"]) for each in answers),
            pictures={},
        )

    return make


@pytest.fixture
def hangul(of_task, make):
    cells = collections.Counter((each["reference"], each["answer"][0]) for each in SYLLABLES)
    return of_task("syllables", SYLLABLES, confusion=[[*pair, n] for pair, n in cells.items()])


def test_mistaken_syllables_come_surest_first_with_all_that_was_answered(hangul, read):
    assert [(each["source"], each["answers"]) for each in hangul.mistakes] == [
        ("d", ["갓", "갑", "가"]),
        ("b", ["힌", "한", "간"]),
        ("c", ["하", "간", "한"]),
    ]
    text = " ".join(read(hangul).texts["mistakes"].split())
    assert "한 read as 힌 best first: 힌 한 간 probability 0.8000" in text


def test_answers_with_a_map_are_shown_wrong_ones_and_right_ones(hangul, read):
    right = mistakes.select_right([*SYLLABLES, answer("e", "한", "한", 0.4)], 8)
    assert [(each["source"], each["badness"]) for each in right] == [("e", 0.4), ("a", 0.9)]
    maps = dict.fromkeys("de", Picture(uri="data:image/png;base64,eA==", width=8, height=2))
    found = read(dataclasses.replace(hangul, right=right, maps=maps))
    text = " ".join(found.texts["maps"].split())
    assert "then of its initial, medial and final for themselves" in text
    assert "Wrong answers, the most confident first 값 read as 갓 probability 0.9500d" in text
    assert "Right answers, the least confident first 한 probability 0.4000e" in text
    assert [alt for _, alt in found.images if "hangs on" in alt] == ["d: what 갓 hangs on", "e: what 한 hangs on"]
    assert "The model explains no answers" in read(hangul).texts["maps"]


def test_confusions_of_syllables_and_of_their_jamo_are_listed(hangul, read):
    html, facts = page.render(hangul)
    assert list(facts) == [*COMMON_BEFORE, "mistakes", "maps", "syllables", "classes", "calibration", *COMMON_AFTER]
    found = facts["syllables"]
    assert (found["n"], found["wrong"], found["kinds"]) == (4, 3, 3)
    assert [(jamo["place"], jamo["wrong"], jamo["pairs"]) for jamo in found["jamo"]] == [
        ("initial", 0, []),
        ("medial", 1, [{"reference": "ㅏ", "hypothesis": "ㅣ", "n": 1}]),
        (
            "final",
            2,
            [{"reference": "ㄴ", "hypothesis": "", "n": 1}, {"reference": "ㅄ", "hypothesis": "ㅅ", "n": 1}],
        ),
    ]
    # 한 was read as 한, 힌 and 하, 값 as 갓: two of four finals are right
    final = found["jamo"][2]
    assert (final["labels"], final["total"]) == (["", "ㄴ", "ㅄ", "ㅅ"], 4)
    assert [[cell["n"] for cell in row["cells"]] for row in final["rows"]] == [
        [0, 0, 0, 0], [1, 2, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0],
    ]  # fmt: skip
    tables = read(hangul).tables
    (matrix,) = [rows for caption, rows in tables.items() if caption.startswith("The final: rows are references")]
    assert matrix[0] == ["", "–", "ㄴ", "ㅄ", "ㅅ"]
    assert matrix[2] == ["ㄴ", "1", "2", "", ""]
    assert tables["Most frequent confusions of syllables"][1] == ["값", "갓", "1"]
    assert tables["The final is wrong 2 times"][1:] == [["ㄴ", "none", "1"], ["ㅄ", "ㅅ", "1"]]
    assert "The initial is wrong" not in html


def test_eleven_thousand_syllables_keep_the_page_small(hangul):
    confusion = [[chr(0xAC00 + i), chr(0xAC00 + (i * 7) % 11172), 1 + i % 3] for i in range(11172)]
    classes = {label: {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2} for label, *_ in confusion}
    html, facts = page.render(
        dataclasses.replace(hangul, gate={**hangul.gate, "confusion": confusion, "classes": classes})
    )
    assert len(html) < 200_000
    assert len(facts["syllables"]["pairs"]) == 20
    assert [len(jamo["pairs"]) for jamo in facts["syllables"]["jamo"]] == [10, 10, 10]
    assert len(facts["classes"]["rows"]) == 40


def test_worst_readings_come_first_by_edits_for_their_length(of_task, read, make):
    run = of_task("sequence", TEXTS)
    _, facts = page.render(run)
    assert list(facts) == [*COMMON_BEFORE, "readings", "characters", "calibration", *COMMON_AFTER]
    shown = facts["readings"]["shown"]
    assert [(each["source"], each["edits"], each["length"]) for each in shown] == [
        ("v", 1, 0),
        ("w", 1, 4),
        ("y", 1, 4),
        ("x", 1, 6),
    ]
    assert shown[3]["parts"] == [
        {"kind": "equal", "reference": "H", "hypothesis": "H"},
        {"kind": "replace", "reference": "à", "hypothesis": "a"},
        {"kind": "equal", "reference": " Nội", "hypothesis": " Nội"},
    ]
    pictures = {"x": make_thumbnail(make.png("Ha", (640, 48)), 960)}
    assert (pictures["x"].width, pictures["x"].height) == (640, 48)
    found = read(dataclasses.replace(run, pictures=pictures))
    assert [alt for _, alt in found.images] == ["x: Hà Nội"]
    text = " ".join(found.texts["readings"].split())
    assert "written số␣5 read số5 1 edit of 4 characters · w" in text
    assert "written Hà Nội read Ha Nội 1 edit of 6 characters · x" in text
    assert [tag for tag, _ in found.tags if tag in ("del", "ins")] == ["ins", "del", "del", "del", "ins"]


def test_confused_characters_are_counted_over_all_answers(of_task, read):
    run = of_task("sequence", TEXTS)
    _, facts = page.render(run)
    assert facts["characters"] == {
        "length": 6 + 4 + 3 + 0 + 4,
        "substitutions": 1,
        "deletions": 2,
        "insertions": 1,
        "tone_edits": 1,  # à read as a
        "digit_edits": 1,  # the 1 that is not written
        "kinds": 3,
        "pairs": [
            {"reference": " ", "hypothesis": "", "n": 2},
            {"reference": "", "hypothesis": "1", "n": 1},
            {"reference": "à", "hypothesis": "a", "n": 1},
        ],
    }
    (rows,) = [
        rows for caption, rows in read(run).tables.items() if caption.startswith("Most frequent confusions of ch")
    ]
    assert rows[1:] == [["␣", "nothing", "2"], ["nothing", "1", "1"], ["à", "a", "1"]]


def test_data_of_texts_and_pages_lists_no_labels(of_task, read):
    run = dataclasses.replace(of_task("sequence", TEXTS), counts={"train": {"số 5": 2, "Huế": 1}, "test": {"Huế": 1}})
    assert read(run).tables["Records of each split"] == [
        ["Split", "train", "test"],
        ["all records", "3", "1"],
        ["different labels", "2", "1"],
    ]
    pages = dataclasses.replace(of_task("tagging", PAGES), counts={"train": {"": 3}, "test": {"": 1}})
    assert read(pages).tables["Records of each split"] == [["Split", "train", "test"], ["all records", "3", "1"]]


@pytest.fixture
def pages(of_task):
    rates = dict.fromkeys(("precision", "recall", "f1"), 0.0)
    of_total = {"precision": 1 / 3, "recall": 0.5, "f1": 0.4}
    classes = {
        "supplier": {**rates, "recall": 0.5, **{f"{name}_normalised": 0.5 for name in rates}, "support": 2},
        "total": {**of_total, **{f"{name}_normalised": 0.75 for name in rates}, "support": 2},
    }
    metrics = {
        **{"micro_precision": 0.5, "micro_recall": 0.5, "micro_f1": 0.5, "macro_f1": 0.45},
        **{"micro_precision_normalised": 0.7, "micro_recall_normalised": 0.8, "micro_f1_normalised": 0.75},
        "macro_f1_normalised": 0.65,
    }
    return of_task("tagging", PAGES, n=3, classes=classes, metrics=metrics, intervals={}, confusion=[])


def test_fields_have_their_rates_by_both_rules(pages, read):
    _, facts = page.render(pages)
    assert list(facts) == [*COMMON_BEFORE, "fields", "worst_pages", *COMMON_AFTER]
    (rows,) = [rows for caption, rows in read(pages).tables.items() if caption.startswith("Fields of 3 pages")]
    assert rows[2:] == [
        ["supplier", "0.0000", "0.5000", "0.0000", "0.5000", "0.5000", "0.5000", "2"],
        ["total", "0.3333", "0.5000", "0.4000", "0.7500", "0.7500", "0.7500", "2"],
        ["all values together", "0.5000", "0.5000", "0.5000", "0.7000", "0.8000", "0.7500", "4"],
        ["mean of the fields", "", "", "0.4500", "", "", "0.6500", ""],
    ]


def test_worst_pages_have_written_and_answered_fields_side_by_side(pages, read):
    _, facts = page.render(pages)
    assert [(each["source"], each["wrong"]) for each in facts["worst_pages"]["shown"]] == [("q", 2), ("p", 1)]
    tables = read(pages).tables
    assert tables["2 wrong: q"][1:] == [
        ["receiver", "–", "Bolt", "not judged"],
        ["supplier", "Bolt", "–", "✗ missed"],
        ["total", "–", "5", "✗ not on the page"],
    ]
    assert tables["1 wrong: p"][1:] == [
        ["supplier", "Acme", "ACME", "✓ right"],
        ["total", "RM 9.00", "9.00", "≈ right but for signs"],
    ]


def test_pages_of_which_nothing_was_written_down_are_not_called_right(of_task, read):
    unmarked = [{**each, "reference": "{}"} for each in PAGES]
    assert "none was judged" in read(of_task("tagging", unmarked)).texts["worst_pages"]


def test_worst_pages_are_drawn_with_what_was_missed_and_found_in_vain(of_task, read):
    drawn = dataclasses.replace(of_task("detection", DRAWN), pictures={"q": Picture(uri="data:q", width=50, height=40)})
    html, facts = page.render(drawn)
    assert [(each["source"], each["lacking"]) for each in facts["shapes"]["shown"]] == [("q", 1.0), ("p", 1 - 2 / 3)]
    assert facts["shapes"]["shown"][0]["outlines"] == {
        "reference": ["10,10 50,10 50,20 10,20"],
        "found": ["10,60 50,60 50,70 10,70"],
    }
    assert 'viewBox="0 0 100 80" width="50" height="40"' in html
    assert '<polygon class="found" points="10,60 50,60 50,70 10,70"/>' in html
    tables = read(drawn).tables
    assert tables["H-mean 0.0000: q"][1:] == [["line", "1", "1", "0"]]
    assert tables["H-mean 0.6667: p"][1:] == [["line", "1", "1", "1"], ["word", "1", "0", "0"]]


def test_confidence_is_held_against_accuracy(hangul, read):
    """Three answers of 0.95 of which one is right, one of 0.5 that is: (3 * (0.95 - 1 / 3) + 1 - 0.5) / 4."""
    judged = np.array([0.95, 0.95, 0.5, 0.95]), np.array([True, False, True, False])
    fitted = {"temperature": 2.0, "n": 40, "wrong": 10, "before": 0.15, "after": 0.01}
    found = read(dataclasses.replace(hangul, confidences=judged, calibration=fitted))
    text = " ".join(found.texts["calibration"].split())
    assert "differ by 0.5875 on average (expected calibration error, 4 answers)" in text
    assert "The temperature is 2, fitted on 40 examples of eval, of which 10 are answered wrongly" in text
    assert "the error is 0.0100 with it and 0.1500 without" in text
    rows = found.tables["Confidence against accuracy"]
    assert rows[1:] == [["0.47 to 0.53", "1", "0.5000", "1.0000"], ["0.93 to 1.00", "3", "0.9500", "0.3333"]]
    without = read(dataclasses.replace(hangul, confidences=judged))
    assert "the export is not calibrated" in without.texts["calibration"]


@pytest.mark.parametrize(
    ("task", "section", "said"),
    [
        ("syllables", "syllables", "All 4 answers are correct."),
        ("sequence", "readings", "The model read every text as it is written."),
        ("tagging", "worst_pages", "Every field of every page is right."),
        ("detection", "shapes", "Every shape of every page is found."),
    ],
)
def test_page_of_a_model_without_mistakes_says_so(of_task, read, task, section, said):
    right = [
        {**each, "answer": each["reference"]}
        for each in {"sequence": TEXTS, "tagging": PAGES, "detection": DRAWN}.get(task, [])
    ]
    found = read(of_task(task, right, confusion=[["한", "한", 3], ["값", "값", 1]]))
    assert said in found.texts[section]


@pytest.mark.parametrize(
    ("task", "without", "section"),
    [
        ("syllables", {"gate": None}, "syllables"),
        ("sequence", {"mistakes": None, "pairs": None}, "readings"),
        ("sequence", {"mistakes": None, "pairs": None}, "characters"),
        ("sequence", {}, "calibration"),
        ("tagging", {"gate": None}, "fields"),
        ("tagging", {"mistakes": None, "pairs": None}, "worst_pages"),
        ("detection", {"mistakes": None, "pairs": None}, "shapes"),
    ],
)
def test_what_the_evaluator_did_not_leave_is_said(of_task, read, task, without, section):
    found = read(dataclasses.replace(of_task(task, []), **without))
    assert "The evaluation holds no" in found.texts[section]


def test_hostile_texts_are_shown_not_run(of_task, read):
    hostile = "<script>alert(1)</script>"
    texts = read(of_task("sequence", [answer(hostile, hostile, "a")]))
    fields = [answer(hostile, json.dumps({"total": hostile}), json.dumps({"total": "<img src=x onerror=alert(1)>"}))]
    for found in (texts, read(of_task("tagging", fields))):
        assert not [tag for tag, _ in found.tags if tag == "script"]
        assert found.images == []
