"""The cards of a run: what they say, and that others can read them."""

import dataclasses
import json

import mlcroissant
import pytest

from tfx_ocr.components.recipe import Classes
from tfx_ocr.components.report import cards, page

SHARDS = [cards.Shard(path="Split-train/data_tfrecord-00000-of-00001.gz", size=1234, sha256="ab" * 32)]
AWKWARD = ["007", "1e3", "NaN", "<b>", "", " a", "5.0", "true", "2024-01-01", "None"]  # text, whatever it looks like


@pytest.fixture
def data_card(tmp_path):
    """Return `data_card(run)`: the path of the run's card, and the card."""

    def write(run):
        card = cards.build_data_card(run, page.render(run)[1], SHARDS)
        path = tmp_path / "croissant.json"
        path.write_text(json.dumps(card, ensure_ascii=False), encoding="utf-8")
        return str(path), card

    return write


def test_the_model_card_says_what_the_run_left(run):
    lines = cards.build_model_card(run, page.render(run)[1]).splitlines()
    assert lines[0] == "# Model card: digits"
    for row in (
        "| state | Served as version 3 |",
        "| task | classification |",
        "| alphabet | digits |",
        "| network | small\\_cnn |",
        f"| examples judged, digest | {'0f' * 32} |",
        "| train | 1440 | 10 |",
        "| accuracy | 0.955 | 0.925 to 0.98 | 0.93 |",
        "| macro\\_recall | 0.955 |  |  |",
        "| ExampleGen | reused |",
        "| Trainer | 90 |",
    ):
        assert lines.count(row) == 1, row
    assert "Rejected records: 3. Records whose picture is in an earlier split too: 1." in "\n".join(lines)


def test_the_model_card_lists_the_stages_that_were_trained(staged):
    lines = cards.build_model_card(staged, page.render(staged)[1]).splitlines()
    begin = lines.index("## Stages of the training")
    # losses of the fifth and the twentieth epoch: 2.2 / 5 ** 0.9 and so on; 4.5 s each
    assert lines[begin + 2 : begin + 7] == [
        "| stage | records | epochs | loss | eval loss | minutes |",
        "| --- | --- | --- | --- | --- | --- |",
        "| drawn | 24,000 | 5 | 0.5168 | 0.4318 | 0.375 |",
        "| real | 1,440 | 15 | 0.1484 | 0.1904 | 1.125 |",
        "",
    ]


def test_labels_and_names_cannot_break_the_table(run):
    part = dataclasses.replace(run.part, name="a|b", alphabet=Classes(classes=("*", "x|y")))
    lines = cards.build_model_card(run := dataclasses.replace(run, part=part), page.render(run)[1]).splitlines()
    assert lines[0] == "# Model card: a\\|b"
    assert '| alphabet | {"classes": \\["\\*", "x\\|y"\\]} |' in lines


def test_a_run_without_verdict_has_a_card_that_says_so(run):
    bare = dataclasses.replace(run, gate=None, counts=None, rejected=None, duplicates=None, summary=None)
    text = cards.build_model_card(bare, page.render(bare)[1])
    assert "| state | No verdict |" in text
    assert "The evaluation holds no gate.json." in text
    assert "Rejected records: unknown." in text


def test_others_read_the_data_card(run, data_card):
    path, card = data_card(run)
    assert card["distribution"][0]["sha256"] == "ab" * 32
    dataset = mlcroissant.Dataset(jsonld=path)
    assert not dataset.metadata.ctx.issues.errors
    assert [tuple(record.values()) for record in dataset.records("splits")] == [
        (1440, "train"),
        (160, "eval"),
        (200, "test"),
    ]


def test_text_of_labels_stays_text(run, data_card):
    counts = {"train": dict.fromkeys(AWKWARD, 3), "test": dict.fromkeys(AWKWARD, 1)}
    path, _ = data_card(dataclasses.replace(run, counts=counts))
    records = [*mlcroissant.Dataset(jsonld=path).records("labels")]
    found = {(record["labels/split"], record["labels/label"]): record["labels/records"] for record in records}
    assert found == {(split, label): n for split, n in (("train", 3), ("test", 1)) for label in AWKWARD}
