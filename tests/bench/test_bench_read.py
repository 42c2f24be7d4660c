from __future__ import annotations

import subprocess
import sys

import numpy as np
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


def test_a_perfect_reader_reaches_one(capsys, monkeypatch, tmp_path):
    import bench_read
    import kept

    from tfx_ocr.data.page.page import Box
    from tfx_ocr.data.synthetic.digit_pages import Digit, DigitPage

    digits = (Digit("5", Box(0, 0, 9, 9)), Digit("3", Box(20, 0, 29, 9)))
    page = DigitPage(pixels=None, digits=digits, layout="rows", printed=True, light=False, skew_deg=0.0)
    monkeypatch.setattr(bench_read, "draw", lambda split, count: [page])
    readers = {"perfect": lambda _: [(digit.label, digit.box) for digit in digits], "blind": lambda _: []}
    rows = {row.measure: row.value for row in bench_read.measure(readers, "test", 1, kept.Kept(tmp_path / "read"))}
    assert rows["pages of digits: found, F1 at IoU 0.5, perfect"] == 1.0
    assert rows["pages of digits: right digit at the right place, F1, perfect"] == 1.0
    assert rows["pages of digits: found, F1 at IoU 0.5, blind"] == 0.0
    assert "rows, print around: found 1.0000, right 1.0000" in capsys.readouterr().out


def test_a_box_is_cut_to_the_ink_in_it():
    import bench_read

    page = np.full((40, 60), 240, np.uint8)
    page[10:20, 15:22] = 30
    assert bench_read.cut_to_ink(page, [[5, 2], [40, 2], [40, 35], [5, 35]]) == (15, 10, 22, 20)
    assert bench_read.cut_to_ink(page, [[70, 2], [80, 2], [80, 9], [70, 9]]) == (70, 2, 70, 2)


def test_processes_and_memory_are_measured(tmp_path, monkeypatch):
    import bench_read
    from PIL import Image

    monkeypatch.setattr(
        bench_read, "CLI", (sys.executable, "-c", "import sys; sys.exit(sys.argv[-1].endswith('3.pdf'))")
    )
    monkeypatch.setattr(bench_read.shutil, "which", lambda _: None)
    picture = Image.new("L", (40, 40), 255)
    (row,) = bench_read.measure_processes("digits", picture, 2, tmp_path)
    assert row.measure == "one page of digits, cold, whole process, tfx-ocr"
    assert row.value > 0
    one, two = bench_read.measure_memory("print", picture, 2, tmp_path)
    assert (one.measure, two.measure) == tuple(f"PDF of {count} pages of print: peak memory" for count in (1, 2))
    assert 1 < one.value < 100
    with pytest.raises(subprocess.CalledProcessError):
        bench_read.measure_memory("print", picture, 3, tmp_path)
