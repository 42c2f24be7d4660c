import gzip
import os
import struct

import pytest
import tensorflow as tf

from tfx_ocr.data import record_file
from tfx_ocr.data.readers import tfrecord
from tfx_ocr.data.record import Record, Rejected

pytestmark = pytest.mark.tfx


def record(number, **changes):
    values = {"features": {"image": b"picture %d" % number, "label": b"7"}, "source": f"s{number}", "group": "w1"}
    return Record(**{**values, **changes})


def write_examples(path, *examples):
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in examples:
            writer.write(
                example if isinstance(example, bytes) else tf.train.Example(features=example).SerializeToString()
            )


def features(**values):
    made = tf.train.Features()
    for name, value in values.items():
        kind = {bytes: "bytes_list", int: "int64_list", float: "float_list"}[type(value[0])]
        getattr(made.feature[name.replace("__", "/")], kind).value.extend(value)
    return made


def everything(root):
    return [record for shard in tfrecord.list_shards(root) for record in tfrecord.read(root, shard)]


@pytest.mark.parametrize("name", ["eval-0.tfrecord", "eval.tfrecords.gz"])
def test_what_is_written_is_read_back(tmp_path, name):
    records = [record(number) for number in range(3)]
    assert record_file.write(tmp_path / name, records) == 3
    assert tfrecord.is_supported(tmp_path)
    assert everything(tmp_path) == [record(number, file=name, split="eval") for number in range(3)]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_page_comes_back_with_its_words_and_boxes(tmp_path):
    page = {
        "words": [b"Total", b"7.42"],
        "boxes": [1.0, 2.0, 30.0, 12.0, 40.0, 2.0, 60.5, 12.0],
        "entities": [b"", b"total"],
        "field_names": [b"total"],
        "field_values": [b"RM7.42"],
        "page_size": [100.0, 200.0],
    }
    record_file.write(tmp_path / "a.tfrecord", [record(0, features=page)])
    assert everything(tmp_path) == [record(0, features=page, file="a.tfrecord")]


def test_other_peoples_features_are_understood_and_the_rest_left_out(tmp_path):
    write_examples(
        tmp_path / "x.tfrecord",
        features(image__encoded=[b"p"], label=[7], height=[28], split=[b"testing"]),
        features(image=[b"p"], image__class__text=["a\u0300 ".encode()]),
    )
    first, second = everything(tmp_path)
    assert first == Record(
        features={"image": b"p", "label": b"7"}, source="x.tfrecord#0", file="x.tfrecord", split="test"
    )
    assert second.features["label"] == "à".encode()


def test_a_line_has_its_text_and_a_class_of_floats_is_a_whole_number(tmp_path):
    write_examples(
        tmp_path / "x.tfrecord",
        features(image__encoded=[b"p"], image__text=["Hà Nội".encode()]),
        features(image=[b"p"], label=[7.0]),
        features(image=[b"p"], label=[7.5]),
    )
    *good, amount = everything(tmp_path)
    assert [found.features["label"].decode() for found in good] == ["Hà Nội", "7"]
    assert amount.reason == "not a text: the label is the float 7.5; write a text as bytes, a class as int64"


def test_features_of_other_names_are_named(tmp_path):
    write_examples(tmp_path / "x.tfrecord", features(image_raw=[b"p"], label=[7]), features(image=[b"p"], digit=[7]))
    assert [found.reason for found in everything(tmp_path)] == [
        "no image: one of image, image/encoded is needed, of one value of bytes; it has image_raw, label",
        "no label: one of label, image/class/text, image/text is needed, of one value; it has digit, image",
    ]


def test_a_table_of_shards_is_no_tfrecord(tmp_path):
    (tmp_path / "train-00000-of-00002.parquet").touch()
    assert not tfrecord.is_supported(tmp_path)


def test_a_style_is_one_of_two_or_left_out(tmp_path):
    styles = [[b"printed"], [b"handwritten"], [b"typed"], [b"printed", b"printed"]]
    write_examples(tmp_path / "a.tfrecord", *(features(image=[b"p"], label=[b"7"], style=style) for style in styles))
    assert [record.features.get("style") for record in everything(tmp_path)] == [b"printed", b"handwritten", None, None]
    (tmp_path / "a.tfrecord").rename(tmp_path / "train-handwritten.tfrecord")
    assert [record.features["style"] for record in everything(tmp_path)] == [b"printed", *[b"handwritten"] * 3]


def test_tfx_own_layout_names_the_split(tmp_path):
    write_examples(tmp_path / "Split-test/data_tfrecord-00000-of-00001", features(image=[b"p"], label=[b"7"]))
    assert everything(tmp_path)[0].split == "test"


def test_a_record_whose_length_begins_like_gzip_is_not_compressed(tmp_path):
    # 0x8b1f = 35,615 bytes, as gzip's mark, little endian
    label, split = b"7", b"train"
    example = features(image=[b"p" * 35_500], label=[label], split=[split])
    rest = 0x8B1F - len(tf.train.Example(features=example).SerializeToString())
    example.feature["image"].bytes_list.value[0] += b"p" * rest
    write_examples(tmp_path / "x.tfrecord", example)
    assert (tmp_path / "x.tfrecord").read_bytes().startswith(b"\x1f\x8b")
    (found,) = everything(tmp_path)
    assert (found.features["label"], found.split, len(found.features["image"])) == (b"7", "train", 35_500 + rest)


def test_a_file_that_zlib_compressed_is_read(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "x.tfrecord"), "ZLIB") as writer:
        writer.write(tf.train.Example(features=features(image=[b"p"], label=[b"7"])).SerializeToString())
    assert [found.features["label"] for found in everything(tmp_path)] == [b"7"]


@pytest.mark.parametrize(
    "name",
    [
        *("mnist-train.tfrecord-00000-of-00001", "tfds/my_train/data.tfrecord", "my_test/mnist-train.tfrecord"),
        *("train/00-320.tfrec", "data/train-00000-of-00002", "train-00001-of-00002.gz"),
    ],
)
def test_a_split_is_known_however_the_name_is_put_together(tmp_path, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    write_examples(tmp_path / name, features(image=[b"p"], label=[b"7"]))
    assert everything(tmp_path)[0].split == "train"


def test_a_pipe_is_set_aside_at_once(tmp_path):
    os.mkfifo(tmp_path / "x.tfrecord")
    assert everything(tmp_path) == [
        Rejected(source="x.tfrecord#0", reason="damaged file: nothing more can be read (not a regular file)")
    ]


def test_examples_without_a_picture_or_an_answer_are_set_aside(tmp_path):
    write_examples(
        tmp_path / "x.tfrecord",
        features(label=[b"7"]),
        features(image=[b"p", b"q"], label=[b"7"]),
        features(image=[b"p"]),
        features(image=[b"p"], label=[b" "]),
        features(image=[b"p"], label=[b"\xff"]),
        b"\xff\xff no proto",
        features(image=[b"p"], label=[b"7"]),
    )
    *rejected, good = everything(tmp_path)
    assert [(record.source, record.reason.split(":")[0]) for record in rejected] == [
        ("x.tfrecord#0", "no image"),
        ("x.tfrecord#1", "no image"),
        ("x.tfrecord#2", "no label"),
        ("x.tfrecord#3", "no label"),
        ("x.tfrecord#4", "text is not UTF-8"),
        ("x.tfrecord#5", "not a tf.Example"),
    ]
    assert good.features["label"] == b"7"


def damaged(raw, where):
    raw = bytearray(raw)
    raw[where] ^= 1
    return bytes(raw)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("damage", ["cut", "flipped", "absurd_length"])
def test_records_before_the_damage_are_kept_and_the_damage_is_one_set_aside(tmp_path, compressed, damage):
    record_file.write(tmp_path / "a.tfrecord", [record(number) for number in range(3)])
    raw = (tmp_path / "a.tfrecord").read_bytes()
    third = len(raw) * 2 // 3
    if damage == "cut":
        raw = raw[: third + 30]
    elif damage == "flipped":
        raw = damaged(raw, third + 30)
    else:
        raw = raw[:third] + struct.pack("<Q", 2**62) + raw[third + 8 :]
    (tmp_path / "a.tfrecord").write_bytes(gzip.compress(raw) if compressed else raw)
    *kept, rejected = everything(tmp_path)
    assert [record.source for record in kept] == ["s0", "s1"]
    assert isinstance(rejected, Rejected)
    assert rejected.source == "a.tfrecord#2"
    assert rejected.reason.startswith("damaged file: ")


def test_a_cut_gz_keeps_what_came_before(tmp_path):
    record_file.write(
        tmp_path / "a.tfrecord.gz",
        [record(n, features={"image": n.to_bytes(4, "big") * 9, "label": b"7"}) for n in range(9000)],
    )
    raw = (tmp_path / "a.tfrecord.gz").read_bytes()
    (tmp_path / "a.tfrecord.gz").write_bytes(raw[: len(raw) // 2])
    *kept, rejected = everything(tmp_path)
    assert len(kept) > 1000
    assert [record.source for record in kept] == [f"s{n}" for n in range(len(kept))]
    assert rejected.source == f"a.tfrecord.gz#{len(kept)}"


def test_a_failed_write_leaves_nothing(tmp_path):
    def records():
        yield record(0)
        raise KeyError("no more")

    with pytest.raises(KeyError):
        record_file.write(tmp_path / "a.tfrecord", records())
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_holds_nothing(tmp_path):
    (tmp_path / "a.tfrecord").touch()
    assert everything(tmp_path) == []


def test_boxes_of_whole_numbers_are_read_as_floats(tmp_path):
    values = {"words": [b"A"], "boxes": [1, 2, 3, 4], "entities": [b"total"], "page_size": [100, 140]}
    write_examples(tmp_path / "d/a.tfrecord", features(**values))
    (page,) = everything(tmp_path / "d")
    assert [type(side) for side in page.features["boxes"]] == [float] * 4
    assert page.features["page_size"] == [100.0, 140.0]


def test_what_is_said_of_a_damaged_file_is_without_tensorflows_own_names(tmp_path):
    (tmp_path / "a.tfrecord").write_bytes(b"no TFRecord at all")
    (aside,) = everything(tmp_path)
    assert aside.reason == (
        "damaged file: nothing more can be read (corrupted record at 0 (Is this even a TFRecord file?))"
    )
