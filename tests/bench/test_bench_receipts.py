from __future__ import annotations

import pytest

from tfx_ocr.data.record import Record


def test_fields_are_compared_in_capitals_and_only_those_that_were_transcribed():
    import bench_receipts

    labels = [{"supplier": "BEST MART", "total": "9.00"}, {"total": "7.50"}]
    answers = [{"supplier": "Best Mart", "total": "9.90"}, {"total": "7.50", "invoice_number": "1"}]
    (row,) = bench_receipts.measure("F1", labels, answers)
    assert row.value == pytest.approx(2 * 2 / (3 + 3))
    assert row.n == "2 receipts"


def test_a_receipts_words_are_lines_in_their_places():
    import bench_receipts

    features = {"words": [b"Best", b"Mart"], "boxes": [0, 0, 9, 9, 10, 0, 19, 9]}
    region = bench_receipts.build_region(Record(features=features, source="a"))
    assert [(line.text, tuple(line.words[0].box)) for line in region.lines] == [
        ("Best", (0, 0, 9, 9)), ("Mart", (10, 0, 19, 9))
    ]  # fmt: skip
