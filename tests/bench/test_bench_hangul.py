import csv
import json

import pytest
from PIL import Image

from tfx_ocr.data import features

WRITERS = ("w01", "w03", "w06")
SYLLABLES = "\uac00\ub098\ub2e4\ub77c"  # ga, na, da, ra


@pytest.fixture
def bench_hangul():
    import bench_hangul

    return bench_hangul


@pytest.fixture
def crops(tmp_path, monkeypatch):
    folder = tmp_path / "hangul_syllables"
    folder.mkdir()
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "syllable", "writer"])
        for number, syllable in enumerate(SYLLABLES):
            for writer in WRITERS:
                Image.new("L", (20, 20), 255).save(folder / f"{writer}-{number}.png")
                rows.writerow([f"{writer}-{number}.png", syllable, writer])
    monkeypatch.setenv("TFX_OCR_DATA", str(tmp_path))


def describe(records):
    return sorted((each.group, each.get_bytes(features.LABEL).decode()) for each in records)


def test_two_writers_are_judged_and_the_others_trained_on(bench_hangul, crops):
    divided = bench_hangul.divide(None, None)
    assert describe(divided["train"]) == [("w01", each) for each in SYLLABLES]
    assert describe(divided["test"]) == [(writer, each) for writer in ("w03", "w06") for each in SYLLABLES]


def test_a_half_is_judged_on_syllables_that_were_not_trained_on(bench_hangul, crops):
    for half, (learnt, judged) in {"0": ((0, 2), (1, 3)), "1": ((1, 3), (0, 2))}.items():
        divided = bench_hangul.divide(half, None)
        assert describe(divided["train"]) == [("w01", SYLLABLES[each]) for each in learnt]
        assert describe(divided["test"]) == [(writer, SYLLABLES[each]) for writer in ("w03", "w06") for each in judged]


def test_a_writer_left_out_is_judged_alone(bench_hangul, crops):
    divided = bench_hangul.divide(None, "w01")
    assert {writer for writer, _ in describe(divided["train"])} == {"w03", "w06"}
    assert describe(divided["test"]) == [("w01", each) for each in SYLLABLES]


def test_rows_are_over_all_crops_once_each_half_was_judged(bench_hangul, tmp_path):
    def keep(name, accuracy, n):
        (tmp_path / name).mkdir()
        (tmp_path / name / bench_hangul.VERDICT).write_text(json.dumps({"accuracy": accuracy, "n": n}))

    keep("half-0", 0.9, 100)
    keep("w01", 0.8, 80)
    assert bench_hangul.summarize(tmp_path) == []
    keep("half-1", 0.6, 50)
    [row] = bench_hangul.summarize(tmp_path)
    assert row.measure.endswith("syllables that no training writer wrote: top-1")
    assert (row.value, row.n) == (pytest.approx(0.8), "150 pictures")  # 90 and 30 of 150
    low, high = row.spread
    assert low == pytest.approx(0.733, abs=0.01)  # 0.8 -+ 1.96 sqrt(0.8 x 0.2 / 150)
    assert high == pytest.approx(0.862, abs=0.01)


def test_no_font_of_the_test_is_drawn_for_training(bench_hangul):
    sets = {**bench_hangul.BASE, **bench_hangul.MIXED, "train-recombined": bench_hangul.RECOMBINED}
    trained = {family for name, drawn in sets.items() if name.startswith("train") for family in drawn.families}
    assert {"NanumPen", "NotoSansCJK"} <= trained
    assert not trained & {*bench_hangul.TEST, *bench_hangul.EVAL}
    chosen = {family for name, drawn in sets.items() if not name.startswith("train") for family in drawn.families}
    assert chosen == set(bench_hangul.EVAL)
