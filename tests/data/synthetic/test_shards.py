import pytest

from tfx_ocr.data.readers import tfrecord
from tfx_ocr.data.record import Record
from tfx_ocr.data.synthetic import shards

pytestmark = pytest.mark.tfx  # TensorFlow writes the TFRecords


def records(numbers):
    for number in numbers:
        yield Record(features={"image": b"%d" % number, "label": b"a"}, source=str(number), group="g")


def read(folder):
    return [
        record.features["image"].decode()
        for shard in tfrecord.list_shards(folder)
        for record in tfrecord.read(folder, shard)
    ]


def test_a_set_is_cut_into_shards(tmp_path):
    said = []
    assert shards.write(tmp_path / "out", "train", {"seed": 1}, 7, records, a_shard=3, say=said.append) == 7
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "train-00000-of-00003.tfrecord",
        "train-00001-of-00003.tfrecord",
        "train-00002-of-00003.tfrecord",
        "train.json",
    ]
    assert read(tmp_path / "out") == list("0123456")
    assert [line.split(",")[0] for line in said] == [
        "train: 1 of 3 shards",
        "train: 2 of 3 shards",
        "train: 3 of 3 shards",
    ]


def test_what_was_killed_goes_on_and_ends_as_if_it_had_not_been(tmp_path):
    def killed(numbers):
        for record in records(numbers):
            if record.source == "4":
                raise KeyboardInterrupt
            yield record

    with pytest.raises(KeyboardInterrupt):
        shards.write(tmp_path / "a", "train", {"seed": 1}, 7, killed, a_shard=3, say=str)
    assert read(tmp_path / "a") == list("012")  # the half-written shard is not there
    first = tmp_path / "a/train-00000-of-00003.tfrecord"
    before = first.stat().st_mtime_ns
    said = []
    assert shards.write(tmp_path / "a", "train", {"seed": 1}, 7, records, a_shard=3, say=said.append) == 4
    assert said[0] == "train: 1 of 3 shards are there already"
    assert first.stat().st_mtime_ns == before
    shards.write(tmp_path / "b", "train", {"seed": 1}, 7, records, a_shard=3, say=str)
    whole = [{path.name: path.read_bytes() for path in (tmp_path / out).iterdir()} for out in "ab"]
    assert whole[0] == whole[1]
    assert shards.write(tmp_path / "a", "train", {"seed": 1}, 7, records, a_shard=3, say=str) == 0


def test_other_settings_are_refused_and_nothing_is_mixed(tmp_path):
    shards.write(tmp_path, "train", {"seed": 1}, 2, records, say=str)
    with pytest.raises(ValueError, match=r"holds a set train drawn by other settings \(train\.json\)"):
        shards.write(tmp_path, "train", {"seed": 2}, 2, records, say=str)
    assert shards.write(tmp_path, "test", {"seed": 2}, 2, records, say=str) == 2
