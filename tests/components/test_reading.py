"""What steps read of each other's artifacts."""

import pytest

pytestmark = pytest.mark.tfx


@pytest.fixture
def examples(write_examples, tmp_path):
    """Return Examples with a split of two records, one without any, and one that the project does not make."""
    return [write_examples(tmp_path, {"extra": [(b"x", "9")], "test": [(b"1", "1"), (b"2", "2")], "train": []})]


def test_splits_are_listed_in_the_order_of_their_use(examples):
    from tfx_ocr.components.reading import list_splits

    assert list_splits(examples) == ["train", "test", "extra"]


def test_records_of_a_split_come_in_the_order_of_its_files(examples, tmp_path):
    from tfx_ocr.components.reading import read_split
    from tfx_ocr.data import record_file
    from tfx_ocr.data.record import Record

    later = Record(features={"image": b"3", "label": b"3"}, source="later", group="")
    record_file.write(tmp_path / "Split-test" / "data_tfrecord-00001-of-00002.gz", [later])
    found = list(read_split(examples, "test"))
    assert [b"test/1/0.png" in found[0], b"test/2/1.png" in found[1], b"later" in found[2]] == [True] * 3
    assert len(found) == 3
    assert list(read_split(examples, "train")) == []


def test_lines_are_read_from_all_files_in_their_order(tmp_path):
    from tfx_ocr.components.reading import read_lines

    (tmp_path / "answers-00001-of-00002.jsonl").write_text('[2]\n{"a": "ă"}\n', encoding="utf-8")
    (tmp_path / "answers-00000-of-00002.jsonl").write_text("1\n")
    (tmp_path / "other.jsonl").write_text("0\n")
    assert read_lines(str(tmp_path), "answers-*.jsonl") == [1, [2], {"a": "ă"}]


def test_a_file_that_a_step_did_not_leave_is_none(tmp_path):
    from tfx_ocr.components import reading

    (tmp_path / "empty.jsonl").touch()
    assert reading.read_lines(str(tmp_path), "empty.jsonl") == []
    assert reading.read_lines(str(tmp_path), "missing.jsonl") is None
    assert reading.read_json(str(tmp_path), "missing.json") is None
    assert reading.read_text(str(tmp_path), "missing.txt") == ""
