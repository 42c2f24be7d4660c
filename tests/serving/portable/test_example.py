"""tf.Example read without TensorFlow."""

import pytest

from tfx_ocr.serving.portable.example import parse_example

# features { feature { key: "a" value { bytes_list { value: "xy" } } }
#            feature { key: "n" value { int64_list { value: 3 } } } }
SERIALIZED = bytes.fromhex("0a190a0b0a016112060a040a0278790a0a0a016e12051a030a0103")


def test_features_are_lists_of_their_own_type():
    assert parse_example(SERIALIZED) == {"a": [b"xy"], "n": [3]}


def test_no_features_are_an_empty_record():
    assert parse_example(b"") == {}


def test_other_bytes_are_refused_in_words():
    with pytest.raises(ValueError, match="Could not parse example input"):
        parse_example(b"\xff\xff\xff")
