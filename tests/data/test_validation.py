import io
import random
import struct
import zlib

import pytest
from PIL import Image

from tfx_ocr.data import images
from tfx_ocr.data import validation as module
from tfx_ocr.data.alphabets import digits, entities
from tfx_ocr.data.record import Record, Rejected

PICTURE, PAGE = ("image", "label"), ("words", "entities")


def checked(record, letters, *sizes):
    needed = PAGE if letters is entities else PICTURE
    (found,) = module.validate_records([record], letters, needed, *sizes)
    return found


def encoded(form="PNG", size=(16, 16)):
    written = io.BytesIO()
    Image.frombytes("L", size, random.Random(0).randbytes(size[0] * size[1])).save(written, form)
    return written.getvalue()


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def record(**features):
    return Record(features=features, source="train/7/1.png")


@pytest.mark.tfx
def test_a_record_that_nothing_is_wrong_with_comes_back_itself():
    good = record(image=encoded(), label=b"7")
    assert checked(good, digits, 256) is good


@pytest.mark.parametrize(
    ("features", "reason"),
    [
        ({"image": encoded(), "label": b"x"}, "unknown label: 'x' is not one of 0 to 9"),
        ({"image": b"", "label": b"x"}, "unknown label: 'x' is not one of 0 to 9"),
        ({"image": b"", "label": b"7"}, "empty file: it holds no bytes"),
        ({"image": encoded(size=(16, 17)), "label": b"7"}, "too large: 16 x 17 pixels, where 256 are allowed"),
    ],
    ids=["label", "both", "picture", "size"],
)
def test_what_is_wrong_is_set_aside_with_its_source_and_reason(features, reason):
    assert checked(record(**features), digits, 256) == Rejected(source="train/7/1.png", reason=reason)


def test_what_a_reader_set_aside_stays_so():
    aside = Rejected(source="train/1.png", reason="not in a label's folder")
    assert checked(aside, digits, 256) is aside


def test_a_page_needs_neither_picture_nor_label():
    page = record(words=[b"TOTAL"], boxes=[0.0, 0.0, 5.0, 2.0], entities=[b""])
    assert checked(page, entities, 256) is page


@pytest.mark.tfx
def test_what_only_tensorflow_refuses_is_set_aside():
    good = encoded("JPEG")
    restart = good[:-3] + b"\xff\xd0\xd9"  # a restart that nothing announced, in the place of the end
    critical = encoded()[:33] + chunk(b"ABCD", b"") + encoded()[33:]  # a capital: who does not know it must not go on
    ancillary = encoded()[:33] + chunk(b"abCd", b"") + encoded()[33:]
    assert isinstance(checked(record(image=good, label=b"7"), digits, 256), Record)
    for image in (restart, critical):
        assert checked(record(image=image, label=b"7"), digits, 256) == Rejected(
            source="train/7/1.png", reason="damaged image: TensorFlow cannot decode it; save it anew"
        )
    assert isinstance(checked(record(image=ancillary, label=b"7"), digits, 256), Record)


@pytest.mark.tfx
def test_tensorflow_reads_what_is_called_sound_as_pillow_does():
    import tensorflow as tf

    sound = [picture for seed in range(200) if images.is_sound_png(picture := mutate(encoded(), seed))]
    assert len(sound) >= 20
    decoded = [tf.io.decode_image(picture).numpy().tobytes() for picture in sound]
    assert decoded == [images.decode_pixels(picture).tobytes() for picture in sound]


def mutate(picture, seed):
    """Change one byte of the rows of a PNG or of its size, and mend the checksums."""
    rng = random.Random(seed)
    rows = bytearray(zlib.decompress(picture[41:-16]))
    size = bytearray(picture[16:24])
    if seed % 4:
        rows[rng.randrange(len(rows)) // 17 * 17] = rng.randrange(7)  # how a row is filtered
    else:
        size[rng.choice([3, 7])] = rng.randrange(20)
    header = chunk(b"IHDR", bytes(size) + picture[24:29])
    return images.PNG + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.tfx
@pytest.mark.parametrize("limits", [{}, {"LOT": 3}, {"LOT_BYTES": 1000}], ids=["one_lot", "by_number", "by_bytes"])
def test_records_come_back_in_order_and_one_that_tensorflow_refuses_goes_alone(monkeypatch, limits):
    for name, limit in limits.items():
        monkeypatch.setattr(module, name, limit)
    critical = encoded()[:33] + chunk(b"ABCD", b"") + encoded()[33:]
    pictures = [encoded(), encoded("BMP"), critical, b"", encoded("JPEG"), critical, encoded()]
    given = [Record(features={"image": each, "label": b"7"}, source=str(n)) for n, each in enumerate(pictures)]
    given.insert(1, Rejected(source="aside", reason="not in a label's folder"))
    found = list(module.validate_records(given, digits, PICTURE, 256))
    assert [one.source for one in found] == ["0", "aside", "1", "2", "3", "4", "5", "6"]
    assert [one.source for one in found if isinstance(one, Rejected)] == ["aside", "2", "3", "5"]


def test_no_more_bytes_are_read_ahead_than_a_lot_may_have(monkeypatch):
    monkeypatch.setattr(module, "LOT_BYTES", 1500)
    monkeypatch.setattr(module, "_undecodable", lambda encoded: [])  # what TensorFlow says is not asked here
    read = []

    def records():
        for number in range(5):
            read.append(number)
            yield Record(features={"image": encoded() + bytes(1000), "label": b"7"}, source=str(number))

    found = module.validate_records(records(), digits, PICTURE, 256)
    assert (next(found).source, read) == ("0", [0, 1])
    assert [one.source for one in found] == ["1", "2", "3", "4"]


def test_no_more_is_read_ahead_than_a_lot(monkeypatch):
    monkeypatch.setattr(module, "LOT", 2)
    read = []

    def records():
        for number in range(5):
            read.append(number)
            yield Rejected(source=str(number), reason="aside")

    found = module.validate_records(records(), digits, PICTURE, 256)
    assert (next(found).source, read) == ("0", [0, 1])
    assert [one.source for one in found] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("alphabet", "features", "reason"),
    [
        (digits, {"words": [b"7"], "boxes": [0.0] * 4, "entities": [b"7"]}, "it has no image and no label"),
        (digits, {"image": encoded(), "words": [b"7"], "entities": [b"7"]}, "it has no label"),
        (entities, {"image": encoded(), "label": b"total"}, "it has no words and no entities"),
    ],
)
def test_a_record_of_another_kind_is_set_aside(alphabet, features, reason):
    found = checked(record(**features), alphabet, 256)
    assert found == Rejected(source="train/7/1.png", reason=f"another kind of record: {reason}")
