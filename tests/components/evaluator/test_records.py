"""Records read back and told apart."""

import pytest

from tfx_ocr.components.evaluator import records
from tfx_ocr.components.evaluator.metrics import classification
from tfx_ocr.data.example import serialize_example
from tfx_ocr.serving.runtimes import open_folder


def example(**values):
    return serialize_example(values)


def test_a_record_is_its_values_by_name():
    raw = example(words=[b"a", b"b"], boxes=[0.0, 0.5], n=[3], empty=[])
    assert records.parse_record(raw) == {"words": [b"a", b"b"], "boxes": [0.0, 0.5], "n": [3]}


def test_the_digest_is_of_what_a_record_says_not_of_how_it_was_written():
    one = records.digest_record(example(label=[b"1"], group=[b"w"]))
    assert records.digest_record(example(group=[b"w"], empty=[], label=[b"1"])) == one
    others = [example(label=[b"1"]), example(label=[b"1"], group=[b"v"]), example(label=[1], group=[b"w"])]
    assert one not in map(records.digest_record, others)


def test_the_digest_of_all_does_not_know_their_order():
    assert records.combine_digests(["a", "b"]) == records.combine_digests(["b", "a"])
    assert records.combine_digests(["a", "b"]) != records.combine_digests(["a", "b", "b"])
    assert len(records.combine_digests([])) == 64


@pytest.mark.tfx
def test_an_export_is_asked_for_each_record_in_their_order(write_export, tmp_path):
    from tfx_ocr.components.evaluator import records

    raws = [example(image=[b"%dd" % (n % 3)], label=[b"%d" % (n % 7)]) for n in range(70)]  # more than a batch
    with open_folder(write_export(tmp_path / "export")) as export:
        assert list(records.predict_pairs(export, raws, classification)) == [
            (str(n % 7), str(n % 3)) for n in range(70)
        ]


def show(image, label="1", source="a.png"):
    return example(image=[image], label=[label.encode()], source=[source.encode()])


def test_what_a_record_shows_is_the_same_under_any_label_and_name():
    assert records.hash_content(show(b"one")) == records.hash_content(show(b"one", label="7", source="b.png"))
    assert records.hash_content(show(b"one")) != records.hash_content(show(b"two"))
    # SHA-256 of [('image', 'bytes_list', [b'one'])]
    assert records.hash_content(show(b"one")) == "47f4b2924bfda4e9"


def test_records_of_a_small_split_are_all_told():
    sketch = " ".join(records.select_sample(show(b"%d" % number) for number in range(10)))
    assert sketch.split() == sorted(sketch.split())
    assert records.count_seen([show(b"3", label="x"), show(b"9"), show(b"10")], sketch) == (2, 3)
    assert records.count_seen([show(b"3")], "") == (0, 1)


def test_of_a_large_split_the_smallest_hashes_stand_for_all(monkeypatch):
    monkeypatch.setattr(records, "SKETCH", 50)
    trained = [show(b"%d" % number) for number in range(200)]
    sketch = " ".join(records.select_sample([*trained, *trained]))
    assert len(sketch.split()) == len(set(sketch.split())) == 50
    seen, told = records.count_seen([*trained[:100], *(show(b"new %d" % number) for number in range(100))], sketch)
    known = [records.hash_content(raw) for raw in trained[:100]]
    assert seen == sum(each in sketch for each in known)
    assert seen < told < 100
