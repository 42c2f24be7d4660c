"""tf.Example read and written without TensorFlow."""

import pytest

from tfx_ocr.data.example import parse_example, read_features, serialize_example

# features { feature { key: "a" value { bytes_list { value: "xy" } } }
#            feature { key: "n" value { int64_list { value: 3 } } } }
SERIALIZED = bytes.fromhex("0a190a0b0a016112060a040a0278790a0a0a016e12051a030a0103")


def test_features_are_lists_of_their_own_type():
    assert parse_example(SERIALIZED) == {"a": [b"xy"], "n": [3]}


def test_no_features_are_an_empty_record():
    assert parse_example(b"") == {}


def test_other_bytes_are_refused_in_words():
    with pytest.raises(ValueError, match="Could not parse example input, value: '"):
        parse_example(b"\xff\xff\xff")


def test_features_have_kinds():
    assert sorted(read_features(SERIALIZED)) == [("a", "bytes_list", [b"xy"]), ("n", "int64_list", [3])]


def test_what_is_written_is_read_again():
    assert serialize_example({"n": [3], "a": [b"xy"]}) == SERIALIZED
    values = {"empty": [], "boxes": [0.5, -1.0], "words": [b"", "\u1ed5".encode()]}
    assert parse_example(serialize_example(values)) == values


@pytest.mark.tfx
def test_tensorflow_reads_and_writes_the_same_bytes():
    import tensorflow as tf

    serialized = serialize_example({"n": [3, -(2**40)], "a": [b"xy"], "empty": [], "boxes": [0.5, 1e-9]})
    example = tf.train.Example.FromString(serialized)
    assert example.SerializeToString(deterministic=True) == serialized
    assert example.features.feature["n"].int64_list.value == [3, -(2**40)]
