from __future__ import annotations

import pytest

from tfx_ocr.data.record import Record


@pytest.mark.parametrize(
    ("label", "read", "expected"),
    [
        ("TAX INVOICE", "Tax lnvoice", "Tax Invoice"),
        ("TAX INVOICE", "TAX INVOICE", "TAX INVOICE"),
        ("TOTAL", "total", "total"),
        ("THANK YOU", "Th4nk Y0u", "Thank You"),
        ("TOTAL", "", "TOTAL"),
        ("9.90", "9,90", "9.90"),
        ("CASH", "xyzw", "CASH"),
    ],
    ids=["one_wrong", "capitals", "small", "unread_inside", "nothing_read", "digits", "something_else"],
)
def test_a_label_gets_the_case_that_was_read(label, read, expected):
    import bench_print

    assert bench_print.set_case(label, read) == expected


def build_record(label):
    return Record(features={"image": label.encode(), "label": label.encode()}, source=label)


def test_error_rates_are_of_all_lines_together_in_capitals_where_asked():
    import bench_print

    records = [build_record("ABCD"), build_record("EFGHIJ")]
    readers = {"ours": lambda pictures: ["abcd", "EFGHIx"]}
    capitals = {row.measure: row for row in bench_print.measure("lines", records, readers, True, "python bench.py")}
    assert capitals["lines: CER, ours"].value == pytest.approx(0.1)  # 1 edit in 10 characters
    assert capitals["lines: exact lines, ours"].value == 0.5
    assert capitals["lines: CER, ours"].n == "2 lines"
    cased = {row.measure: row for row in bench_print.measure("lines", records, readers, False, "python bench.py")}
    assert cased["lines: CER, ours"].value == pytest.approx(0.5)  # five letters in another case or wrong


def test_texts_are_those_of_training_and_as_many_words(tmp_path):
    import bench_print

    (tmp_path / "words").write_text("alpha\nbeta\n", encoding="utf-8")
    bench_print.write_texts(tmp_path / "a", [build_record("ONE"), build_record("TWO")], [tmp_path / "words"])
    texts = (tmp_path / "a").read_text(encoding="utf-8").splitlines()
    assert texts[:2] == ["ONE", "TWO"]
    assert len(texts) == 4
    assert set(texts[2:]) <= {"alpha", "beta"}
    bench_print.write_texts(tmp_path / "b", [build_record("ONE")], [])
    assert (tmp_path / "b").read_text(encoding="utf-8") == "ONE"


def test_lines_are_cut_into_those_of_training_that_a_strip_holds_and_all_of_the_test(tmp_path, monkeypatch):
    import bench_print

    from tfx_ocr.data import record_file

    lines = {"train": ["A" * 40, "A" * 41], "test": ["B" * 41], "eval": ["C"]}
    monkeypatch.setattr(bench_print, "cut_lines", lambda split: map(build_record, lines[split]))
    bench_print.write_cut(tmp_path / "cut")
    sizes = {file.name: len(list(record_file.read_records(file))) for file in (tmp_path / "cut").iterdir()}
    assert sizes == {"train-sroie.tfrecord": 1, "test-sroie.tfrecord": 1}
