"""Slices made from records."""

import pytest

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"label": ["Số 5".encode()]}, "2-4"),
        ({"label": ["ă".encode()]}, "1"),
        ({"label": [b"x" * 19]}, "10-19"),
        ({"label": [b"x" * 20]}, "20-39"),
        ({}, "0"),
        ({"words": [b"TOTAL"] * 79, "label": [b"x"]}, "40-79"),
        ({"words": [b"TOTAL"] * 4000}, "320-"),
    ],
)
def test_length_is_of_the_pages_words_or_of_the_label(record, expected):
    from tfx_ocr.components.evaluator.slices import measure_length

    assert measure_length(record) == expected


@pytest.mark.parametrize(
    ("source", "folder"),
    [([b"cinnamon/a/1.png"], "cinnamon"), (["Đợt 2/1.png".encode()], "Đợt 2"), ([b"1.png"], "."), ([], ".")],
)
def test_folder_is_the_first_of_the_records_source(source, folder):
    from tfx_ocr.components.evaluator.slices import get_folder

    assert get_folder({"source": source}) == folder


def test_nothing_is_derived_that_nobody_asks_for():
    from tfx_ocr.components.evaluator.slices import insert_extractor

    assert insert_extractor(["Features", "ExtractSliceKeys"], ["group"]) == ["Features", "ExtractSliceKeys"]
