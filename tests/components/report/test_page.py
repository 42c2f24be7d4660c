"""The page as a reader finds it: values, refusals, what is missing, what is too much, what is hostile."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tfx_ocr.components.recipe import Gate, Part
from tfx_ocr.components.report import page, sections
from tfx_ocr.components.tasks import get_task


def test_page_begins_with_the_version_that_is_served(run, read):
    found = read(run)
    text = found.texts["verdict"]
    assert "classification by small_cnn" in found.texts[""]
    assert "Served as version 3" in text
    assert "Judged on 200 examples of the test split" in text
    assert "Compared with version 2" in text


def test_page_of_a_refused_model_names_each_limit_that_does_not_hold(refused_run, read):
    found = read(refused_run)
    assert "Refused by the gate, not served" in found.texts["verdict"]
    assert "Served as" not in found.texts["verdict"]
    for sentence in (
        "accuracy 0.955 is below 0.97",
        "recall 0.85 of class '4' (20 examples) is below 0.9",
        "accuracy 0.955 is 0.028 worse than version 2's 0.983 (at most 0.005)",
    ):
        assert sentence in found.texts["verdict"]
    (checks,) = [rows for caption, rows in found.tables.items() if caption.startswith("Checks of the gate")]
    assert checks[1:] == [
        ["✗ failed", "accuracy", "at least 0.97", "0.9550", "–"],
        ["✗ failed", "accuracy", "at most 0.005 worse than the served version", "0.9550", "0.9830"],
        ["✗ failed", "recall of class “4”", "each class at least 0.9", "0.8500", "–"],
        ["✓ passed", "macro_f1", "at least 0.93", "0.9550", "–"],
    ]


def test_page_says_what_was_worse_than_the_served_version_by_chance_alone(run, read, make):
    said = (
        "accuracy 0.955 is 0.028 worse than version 2's 0.983 (at most 0.005; 95 % interval -0.01 to 0.06, which ...)"
    )
    checks = [make.check("accuracy", "at_most_worse", 0.005, 0.955, served=0.983, sentence=said)]
    found = read(dataclasses.replace(run, gate={**run.gate, "checks": checks}))
    (rows,) = [rows for caption, rows in found.tables.items() if caption.startswith("Checks of the gate")]
    ((result, metric, wanted, *_),) = rows[1:]
    assert (result, metric) == ("✓ passed", "accuracy")
    assert wanted.startswith("at most 0.005 worse than the served version")
    assert said in wanted


def test_page_of_a_model_whose_error_rate_has_a_limit(run, read, make):
    part = dataclasses.replace(run.part, gate=Gate(at_most={"cer": 0.25}))
    gate = {**run.gate, "metrics": {"cer": 0.21}, "intervals": {}, "checks": [make.check("cer", "at_most", 0.25, 0.21)]}
    found = read(dataclasses.replace(run, part=part, gate={**gate, "served": None}))
    (rows,) = [rows for caption, rows in found.tables.items() if caption.startswith("Checks of the gate")]
    assert rows[1:] == [["✓ passed", "cer", "at most 0.25", "0.2100", "–"]]
    assert "cer 0.2100 limit 0.2500" in " ".join(found.texts["metrics"].split())


def test_page_of_a_model_whose_export_failed_gives_the_reason(run, read):
    refused = dataclasses.replace(run, infra_blessed=False, infra_reason="serve_images answers NaN", pushed=False)
    text = read(refused).texts["verdict"]
    assert "Refused: the export cannot be served" in text
    assert "serve_images answers NaN" in text


def test_metrics_come_with_their_intervals_limits_first(run, read):
    text = " ".join(read(run).texts["metrics"].split())
    assert "accuracy 0.9550 0.9250 to 0.9800 limit 0.9300 served version 0.9500" in text
    assert text.index("macro_f1") < text.index("macro_precision 0.9561")  # only the first has a limit


def test_classification_report_has_precision_recall_f1_and_support_of_each_class(run, read):
    rows = read(run).tables["Classification report"]
    # of 20 fours 17 were right and 3 read as 9; 2 nines were read as 4: 17 / 19, 17 / 20, 34 / 39
    assert rows[5] == ["4", "0.8947", "0.8500", "0.8718", "20"]
    assert rows[-1] == ["mean of all 10 classes", "0.9561", "0.9550", "0.9550", "200"]
    assert len(rows) == 12


def test_confusion_matrix_counts_references_down_and_answers_across(run, read, make):
    found = read(run)
    (rows,) = [rows for caption, rows in found.tables.items() if caption.startswith("Rows: reference")]
    assert rows[0] == ["", *make.digits]
    assert rows[5] == ["4", "", "", "", "", "17", "", "", "", "", "3"]
    assert found.tables["Most frequent confusions"][1] == ["4", "9", "3"]
    assert "9 of 200 answers are wrong" in found.texts["confusion"]


def test_mistakes_are_pictures_with_the_most_confident_first(run, read):
    found = read(run)
    assert [alt for _, alt in found.images[:2]] == ["test/4/0.png: 4, read as 9", "test/4/1.png: 4, read as 9"]
    assert len(found.images) == 9
    assert all(source.startswith("data:image/png;base64,") for source, _ in found.images)
    assert "probability 0.9900" in found.texts["mistakes"]


def test_mistake_without_a_picture_is_still_named(run, read):
    found = read(dataclasses.replace(run, pictures={}))
    assert not found.images
    assert "no picture" in found.texts["mistakes"]
    assert "test/4/0.png" in found.texts["mistakes"]


def test_page_of_a_model_without_mistakes_says_so(run, read, make):
    perfect = dataclasses.replace(run, gate=make.gate_json(wrong={}), mistakes=[])
    found = read(perfect)
    assert "The model made no mistake on these examples." in found.texts["mistakes"]
    assert "All 200 answers are correct." in found.texts["confusion"]
    assert "Most frequent confusions" not in found.tables


def test_learning_curves_say_what_other_trainings_reached(run, read):
    curve = [{"records": 100, "metrics": {"accuracy": 0.8}}, {"records": 200, "metrics": {"accuracy": 0.9}}]
    found = read(dataclasses.replace(run, repeats={"curve": curve}, summary={**run.summary, "splits": {"train": 400}}))
    assert "accuracy by records of train, 100: 0.8000, 200: 0.9000, 400: 0.9550" in found.texts["curves"]
    assert "labelling more pays" in found.texts["curves"]


def test_learning_curves_show_every_measure_of_train_and_eval(run, read):
    found = read(run)
    lines = [attributes["class"] for tag, attributes in found.tags if tag == "polyline"]
    assert lines == ["line train", "line eval"] * 2  # loss, accuracy
    labels = [attributes["aria-label"] for tag, attributes in found.tags if tag == "svg"]
    assert labels[1] == "accuracy by epoch; last: train 0.9600, eval 0.9650"
    assert found.tables["What the Trainer measured"][20][0] == "20"
    assert "20 epochs in 1 min 30 s; lowest eval loss in epoch 20" in found.texts["curves"]


def test_learning_curves_list_the_stages_that_were_trained(staged, run, read):
    found = read(staged).tables["Stages of the training; losses of their last epochs"]
    assert found[1:] == [
        ["drawn", "24 000", "5", "0.5168", "0.4318", "22 s"],
        ["real", "1 440", "15", "0.1484", "0.1904", "1 min 8 s"],
    ]
    assert "Stages of the training; losses of their last epochs" not in read(run).tables


def test_data_section_counts_records_reasons_and_duplicates(run, read):
    found = read(run)
    rows = found.tables["Records of each split and label"]
    assert rows[1] == ["0", "144", "16", "20"]
    assert rows[-2:] == [["all records", "1 440", "160", "200"], ["different labels", "10", "10", "10"]]
    assert found.tables["3 records were rejected and belong to no split"][1:] == [
        ["not an image", "2", "train/3/17.png empty file train/5/2.png a text"],
        ["label 'x' is not in the alphabet digits", "1", "train/x/1.png"],
    ]
    assert "1 803 records were read by the reader image_folder." in found.texts["data"]
    assert "None: the data conforms to the schema." in found.texts["data"]
    assert found.tables["Duplicate images, equal byte for byte"][2] == [
        "train, “1” train/1/4.png",
        "test, “1” test/1/2.png",
    ]


def test_anomalies_are_listed(run, read):
    anomaly = {"split": "eval", "feature": "label", "severity": "ERROR", "short": "Unexpected value", "text": "x (1%)"}
    rows = read(dataclasses.replace(run, anomalies=[anomaly])).tables["Where the data departs from the schema"]
    assert rows[1] == ["eval", "label", "ERROR", "Unexpected value: x (1%)"]


DISTANCE = {
    "kind": "drift", "split": "train", "feature": "label", "measure": "L-infinity", "value": 0.3125,
    "at_most": 0.1, "most": "<7>", "n": 1440, "of": 900, "is_judged": True,
}  # fmt: skip


def test_drift_is_listed_with_who_accepted_it(run, read):
    distances = [
        DISTANCE,
        {**DISTANCE, "kind": "skew", "value": 0.05, "most": ""},
        {**DISTANCE, "split": "eval", "n": 160, "is_judged": False},
    ]
    accepted = {"by": "anna", "why": "new <forms>"}
    found = read(dataclasses.replace(run, drift={"version": 7, "distances": distances, "accepted": accepted}))
    (rows,) = [
        rows for caption, rows in found.tables.items() if caption.startswith("Distance from the data of version")
    ]
    assert rows[1:] == [
        ["drift", "train", "label", "L-infinity", "0.312", "0.100", "unlike, most for “<7>”"],
        ["skew", "train", "label", "L-infinity", "0.050", "0.100", "alike"],
        ["drift", "eval", "label", "L-infinity", "0.312", "0.100", "too few records: 160 and 900"],
    ]
    assert "The data was accepted by anna: new <forms>" in found.texts["data"]


def test_lineage_gives_each_step_its_time_and_artifacts(run, read):
    found = read(run)
    (rows,) = [rows for caption, rows in found.tables.items() if caption.startswith("Steps in the order they ended")]
    assert rows[1] == [
        "ExampleGen reused from an earlier run",
        "2026-11-20 09:00:12",
        "12 s",
        "Examples #1 ExampleGen/examples/1",
    ]
    assert rows[2][0] == "Trainer"
    assert rows[2][2:] == ["1 min 30 s", "Model #7 Trainer/model/6 ModelRun #8 Trainer/model_run/6"]
    assert "0123456789ab" in found.texts["lineage"]


def test_slices_are_shown_the_worst_first(run, read):
    part = dataclasses.replace(run.part, gate=dataclasses.replace(run.part.gate, slices=("group",)))
    slices = [
        {"slice": "group w1", "metrics": {"accuracy": 0.99, "macro_f1": 0.98, "example_count": 120.0}},
        {"slice": "group w2", "metrics": {"accuracy": 0.9, "macro_f1": 0.91, "example_count": 80.0}},
    ]
    rows = read(dataclasses.replace(run, part=part, slices=slices)).tables["Metrics of each slice, the worst first"]
    assert rows == [
        ["Slice", "accuracy", "macro_f1", "Examples"],
        ["group w2", "0.9000", "0.9100", "80"],
        ["group w1", "0.9900", "0.9800", "120"],
    ]


def test_members_of_an_ensemble_stand_beside_it(run, read):
    names = list(run.gate["metrics"])
    worse = {name: [-0.03, 0.0] for name in names} | {"accuracy": [-0.05, -0.01]}
    member = {"member": "digits/7", "metrics": dict.fromkeys(names, 0.9), "worse": worse}
    page = read(dataclasses.replace(run, gate={**run.gate, "members": [member]}))
    ((head, ensemble, row),) = [rows for caption, rows in page.tables.items() if caption.startswith("The ensemble and")]
    place = head.index("accuracy")
    assert (ensemble[0], ensemble[place]) == ("ensemble", "0.9550")
    assert (row[0], row[place]) == ("digits/7", "0.9000 (0.0100 to 0.0500)")
    assert row[place + 1] == "0.9000 (0.0000 to 0.0300)"


def test_slices_by_an_error_rate_begin_with_the_highest(run, read):
    part = dataclasses.replace(run.part, gate=Gate(slices=("group",)))
    gate = {**run.gate, "metrics": {"cer": 0.2, "exact_lines": 0.5}, "lower_is_better": ["cer"]}
    slices = [
        {"slice": f"group w{number}", "metrics": {"cer": cer, "exact_lines": 1 - cer, "example_count": 10.0}}
        for number, cer in enumerate((0.1, 0.4, 0.2, 0.4))
    ]
    page = read(dataclasses.replace(run, part=part, gate=gate, slices=slices))
    (_, *rows) = page.tables["Metrics of each slice, the worst first"]
    assert [(row[0], row[1]) for row in rows] == [
        ("group w1", "0.4000"), ("group w3", "0.4000"), ("group w2", "0.2000"), ("group w0", "0.1000"),
    ]  # fmt: skip


def test_portable_form_that_is_carried_has_its_numbers_beside_their_limits(run, read):
    found = read(run)
    assert "A push carries the portable form too" in found.texts["portable"]
    assert found.tables["Portable form against the SavedModel on 200 examples of the test split"] == [
        ["Measure", "Value", "Limit"],
        ["Equal answers, share", "1", "at least 1"],
        ["Distance of probabilities, mean", "1.24e-06", "at most 0.0001"],
        ["Distance of probabilities, largest", "8.21e-05", ""],
    ]


def test_portable_form_of_float16_weights_says_what_they_change(run, read):
    rounding = {"n": 258, "changed": 1, "largest_distance": 0.0123}
    found = read(dataclasses.replace(run, rounding=rounding))
    assert "store the weights as float16: 1 of 258 examples of eval have another answer" in found.texts["portable"]
    assert "a logit lies at most 0.012 from its own" in found.texts["portable"]


@pytest.mark.parametrize("same", [0.9, None], ids=["compared", "not_converted"])
def test_portable_form_that_is_left_out_says_why(run, read, same):
    found = read(
        dataclasses.replace(run, portable={**run.portable, "carried": False, "reason": "it <differs>", "same": same})
    )
    assert "every program answers from the SavedModel: it <differs>." in found.texts["portable"]
    assert any("Portable form against" in caption for caption in found.tables) == (same is not None)


@pytest.mark.parametrize(
    ("field", "section", "sentence"),
    [
        ("gate", "verdict", "The evaluation holds no gate.json"),
        ("gate", "classes", "The evaluation holds no numbers a class."),
        ("history", "curves", "The Trainer left no history.csv."),
        ("mistakes", "mistakes", "The evaluation holds no answers."),
        ("counts", "data", "The examples could not be read."),
        ("rejected", "data", "ExampleGen left no rejected.jsonl."),
        ("anomalies", "data", "ExampleValidator left no anomalies file."),
        ("drift", "data", "Not measured: no version was served, or the statistics of its data are gone."),
        ("portable", "portable", "The InfraValidator left no portable.json: the export failed its trial."),
    ],
)
def test_what_a_step_did_not_leave_is_said_and_the_rest_is_shown(run, read, field, section, sentence):
    found = read(dataclasses.replace(run, **{field: None}))
    assert sentence in found.texts[section]
    assert "Trainer/model/6" in found.texts["lineage"]


def test_hostile_text_is_shown_not_run(run, read, make):
    hostile = "<script>alert(1)</script>"
    attribute = '" onload="alert(1)'
    labels = [hostile, attribute, *make.digits[2:]]
    wrong = {(hostile, attribute): 3}
    mistakes = [{"source": attribute, "reference": hostile, "hypothesis": attribute, "badness": 0.9}]
    found = read(
        dataclasses.replace(
            run,
            gate=make.gate_json(labels, wrong),
            mistakes=mistakes,
            pictures={attribute: next(iter(run.pictures.values()))},
            counts={"train": {hostile: 1}},
            rejected=[{"source": hostile, "reason": hostile}],
            infra_reason=hostile,
            infra_blessed=False,
        )
    )
    assert not [tag for tag, _ in found.tags if tag == "script"]
    assert not [attributes for _, attributes in found.tags if "onload" in attributes]
    assert found.tables["Classification report"][1][0] == hostile
    assert found.images == [(next(iter(run.pictures.values())).uri, f"{attribute}: {hostile}, read as {attribute}")]


def test_page_needs_nothing_beside_it(run, read):
    found = read(run)
    assert not [tag for tag, _ in found.tags if tag in ("script", "iframe", "object", "embed")]
    links = [attributes[name] for _, attributes in found.tags for name in ("src", "href") if name in attributes]
    assert links
    assert all(link.startswith(("data:", "#")) for link in links)
    assert "url(" not in page.render(run)[0]


def test_every_table_has_a_caption_and_every_link_its_section(run, read):
    found = read(run)
    tables = [tag for tag, _ in found.tags if tag == "table"]
    assert len(tables) == len(found.tables)
    ids = {attributes["id"] for _, attributes in found.tags if "id" in attributes}
    assert {attributes["href"][1:] for tag, attributes in found.tags if tag == "a"} <= ids


def test_eleven_thousand_classes_keep_the_page_small(run, read, make):
    labels = [chr(0xAC00 + i) for i in range(11172)]
    wrong = {(labels[i], labels[i + 1]): 1 + (i == 500) for i in range(0, 11170, 2)}
    gate = make.gate_json(labels, wrong, each=10)
    gate["checks"] = [
        make.check("recall", "each_class_at_least", 0.95, 0.9, of=a, ok=False, sentence=f"recall of {a} is low")
        for a, _ in wrong
    ]
    many = dataclasses.replace(
        run, gate=gate, blessed=False, counts={"train": dict.fromkeys(labels, 9), "test": dict.fromkeys(labels, 10)}
    )
    html, _ = page.render(many)
    assert len(html) < 300_000
    found = read(many)
    report = found.tables["Classification report: the 40 classes of lowest F1 of 11 172"]
    assert len(report) == 42
    assert report[1][0] == labels[500]
    assert "The matrix shows the 40 most confused of 11 172 classes." in " ".join(found.texts["confusion"].split())
    (matrix,) = [rows for caption, rows in found.tables.items() if caption.startswith("Rows: reference")]
    assert len(matrix) == 41
    assert matrix[0][-1] == "others"
    assert found.tables["Most frequent confusions: 15 of 5 585 kinds"][1] == [labels[500], labels[501], "2"]
    assert len(found.tables["Records of each split, and of the 40 rarest of 11 172 labels"]) == 43
    assert "And 5,580 more limits" in found.texts["verdict"]


def test_task_without_sections_of_its_own_gets_those_that_all_have(run, read, monkeypatch):
    bare = dataclasses.replace(get_task("classification"), sections=())
    monkeypatch.setattr("tfx_ocr.components.report.page.get_task", lambda name: bare)
    tagged = dataclasses.replace(run, part=Part(name="other", task="classification", gate=run.part.gate))
    assert list(sections.get_sections(())) == [
        "verdict",
        "metrics",
        "curves",
        "slices",
        "portable",
        "data",
        "lineage",
    ]
    assert "Served as version 3" in read(tagged).texts["verdict"]


def test_numbers_behind_the_page_are_json_by_section(run):
    _, facts = page.render(run)
    again = json.loads(json.dumps(facts))
    assert again["verdict"]["state"] == "pushed"
    assert again["metrics"]["rows"][0] == {
        "name": "accuracy",
        "value": 0.955,
        "low": 0.925,
        "high": 0.98,
        "limit": 0.93,
        "served": 0.95,
    }
    assert again["lineage"]["seconds"] == 90.0  # what is reused took no time in this run


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0.26, "0.3 s"), (59.6, "1 min 0 s"), (3725.2, "1 h 2 min 5 s")]
)
def test_durations_are_for_people(seconds, text):
    assert page.format_duration(seconds) == text
