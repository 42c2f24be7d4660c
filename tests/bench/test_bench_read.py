from __future__ import annotations

import pytest


def test_overlap_is_intersection_over_union():
    import bench_read

    assert bench_read.overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(50 / 150)
    assert bench_read.overlap((0, 0, 10, 10), (10, 0, 20, 10)) == 0.0
    assert bench_read.overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1.0


def test_each_digit_is_found_once_and_a_wrong_text_is_not_right():
    import bench_read

    written = [("1", (0, 0, 10, 10)), ("2", (20, 0, 30, 10)), ("3", (40, 0, 50, 10))]
    found = [("1", (0, 0, 10, 10)), ("1", (0, 1, 10, 10)), ("7", (20, 0, 30, 9)), ("3", (46, 0, 56, 10))]
    counts = bench_read.score(found, written)
    assert counts == bench_read.Counts(answered=4, written=3, found=2, right=1)
    assert counts.measure_f1(counts.found) == pytest.approx(2 * 2 / 7)
    assert counts.measure_f1(counts.right) == pytest.approx(2 * 1 / 7)


def test_a_perfect_reader_reaches_one(capsys, monkeypatch):
    import bench_read

    from tfx_ocr.data.page.page import Box
    from tfx_ocr.data.synthetic.digit_pages import Digit, DigitPage

    digits = (Digit("5", Box(0, 0, 9, 9)), Digit("3", Box(20, 0, 29, 9)))
    page = DigitPage(pixels=None, digits=digits, layout="rows", printed=True, light=False, skew_deg=0.0)
    monkeypatch.setattr(bench_read, "draw", lambda split, count: [page])
    readers = {"perfect": lambda _: [(digit.label, digit.box) for digit in digits], "blind": lambda _: []}
    rows = {row.measure: row.value for row in bench_read.measure(readers, "test", 1)}
    assert rows["pages of digits: found, F1 at IoU 0.5, perfect"] == 1.0
    assert rows["pages of digits: right digit at the right place, F1, perfect"] == 1.0
    assert rows["pages of digits: found, F1 at IoU 0.5, blind"] == 0.0
    assert "rows, print around: found 1.0000, right 1.0000" in capsys.readouterr().out
