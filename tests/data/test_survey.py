"""What data holds, without TensorFlow: all of it in time, or a part."""

import itertools

import pytest

from tfx_ocr.data import images, record_file
from tfx_ocr.data import survey as survey_of
from tfx_ocr.data.files import to_natural_key
from tfx_ocr.data.record import Record
from tfx_ocr.data.survey import THUMBNAIL_PX, survey_data


def accept(record, decode):
    return None


@pytest.fixture
def pictures(tmp_path):
    def write(**folders):
        for label, count in folders.items():
            (tmp_path / label).mkdir()
            for number in range(count):
                pixels = bytes([len(label), number % 256] * 8)
                (tmp_path / label / f"{number}.png").write_bytes(images.encode_png(pixels, 4, 4))
        return tmp_path

    return write


def test_all_records_are_seen_in_the_order_of_the_data(pictures):
    root = pictures(b=2, aa=3)
    (root / "stray.png").write_bytes(b"")
    survey = survey_data(root, ["image_folder"], accept, thumbnails=True)
    assert (survey.reader, survey.complete, survey.listed) == ("image_folder", True, 6)
    assert [(each.source, each.label, each.size) for each in survey.kept] == [
        ("aa/0.png", "aa", (4, 4)), ("aa/1.png", "aa", (4, 4)), ("aa/2.png", "aa", (4, 4)),
        ("b/0.png", "b", (4, 4)), ("b/1.png", "b", (4, 4)),
    ]  # fmt: skip
    assert [source for source, _ in survey.rejected] == ["stray.png"]
    assert {len(each.thumbnail) for each in survey.kept} == {THUMBNAIL_PX**2}
    assert len({each.digest for each in survey.kept}) == 5
    assert len(survey.sample) == 5


def test_what_the_caller_finds_wrong_is_set_aside(pictures):
    survey = survey_data(pictures(b=2), ["image_folder"], lambda record, decode: "odd: it is")
    assert survey.rejected == [("b/0.png", "odd: it is"), ("b/1.png", "odd: it is")]
    assert survey.sample == []


def test_without_time_a_part_is_seen_and_the_rest_is_estimated(pictures):
    survey = survey_data(pictures(b=1100), ["image_folder"], accept, seconds=1e-9)
    assert not survey.complete
    assert 1 <= len(survey.seen) < 1100
    assert survey.listed >= len(survey.seen)


def test_a_part_is_of_all_files_and_their_count_is_exact(pictures, monkeypatch):
    root = pictures(a=600, b=600)  # shards of one class each, but for one of both
    clock = itertools.count()  # 2 s a look, so that 40 are done within 80
    monkeypatch.setattr(survey_of.time, "process_time", lambda: 2 * next(clock))
    survey = survey_data(root, ["image_folder"], accept, seconds=80)
    assert (len(survey.seen), survey.listed, survey.counted, survey.complete) == (40, 1200, True, False)
    assert survey.describe() == "1,200 records, 40 of them looked at"
    assert 10 <= sum(each.label == "a" for each in survey.kept) <= 30
    assert survey.seen == sorted(survey.seen, key=lambda each: to_natural_key(each.source))


def test_a_single_file_of_unknown_length_is_not_counted(tmp_path):
    values = ({"image": b"x", "label": str(number).encode()} for number in range(50))
    record_file.write(tmp_path / "one.tfrecord", [Record(features=each, source="") for each in values])
    survey = survey_data(tmp_path, ["tfrecord"], accept, seconds=1e-9)
    assert survey.describe() == f"the first {len(survey.seen)} records looked at"


def test_pictures_are_decoded_for_half_of_the_time(pictures):
    asked = []
    survey_data(pictures(b=3), ["image_folder"], lambda record, decode: asked.append(decode), seconds=1e-9)
    assert set(asked) == {False}
