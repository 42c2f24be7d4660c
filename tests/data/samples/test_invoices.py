import json
from collections import defaultdict

import pytest

from tfx_ocr.data.alphabets import entities
from tfx_ocr.data.page import check
from tfx_ocr.data.readers import tfrecord
from tfx_ocr.data.samples import get_sample, invoices

pytestmark = pytest.mark.tfx  # TFRecords


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return get_sample("invoices")(tmp_path_factory.mktemp("home") / "samples" / "invoices")


def test_every_page_is_whole_and_no_supplier_is_in_two_splits(folder):
    found, counts = defaultdict(set), defaultdict(int)
    for shard in tfrecord.list_shards(folder):
        for record in tfrecord.read(folder, shard):
            kind = record.source.split("/")[0]
            assert check.find_problem(record.features, entities) is None
            assert set(record.features["entities"]) > {b""}
            found[kind, record.group].add(record.split)
            counts[record.split, kind] += 1
    assert {len(splits) for splits in found.values()} == {1}
    assert counts == {
        ("train", "box"): 239, ("eval", "box"): 34, ("test", "box"): 68,
        ("train", "words"): 113, ("eval", "words"): 16, ("test", "words"): 32,
    }  # fmt: skip


def test_the_licence_lies_beside_the_data(folder):
    text = (folder / "invoices.md").read_text()
    assert "CC BY 4.0" in text
    assert "Copyright (c) 2021 Deep CPCFG" in text


def test_a_second_call_changes_no_file(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert get_sample("invoices")(folder) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["invoices"]


def test_what_is_shipped_damaged_is_said(tmp_path, monkeypatch):
    class Damaged:
        list_shards = staticmethod(lambda root: [json.dumps(["x"])])
        read = staticmethod(lambda root, shard: [tfrecord.Rejected(source="x", reason="no words")])

    monkeypatch.setattr(invoices, "get_reader", lambda name: Damaged)
    with pytest.raises(ValueError, match=r"sroie\.zip is damaged: x, no words"):
        get_sample("invoices")(tmp_path / "invoices")
    assert list(tmp_path.iterdir()) == []


def test_the_largest_group_goes_where_most_is_lacking():
    # shares of 20 are 14, 2 and 4. After a train lacks 4, as test does, and comes first; then test lacks 4 and eval 2
    assert invoices.assign_splits({"a": 10, "b": 4, "c": 4, "d": 2}) == {
        "a": "train",
        "b": "train",
        "c": "test",
        "d": "eval",
    }
