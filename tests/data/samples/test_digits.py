import io
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tfx_ocr.data.readers import image_folder
from tfx_ocr.data.samples import SAMPLES, digits, get_sample


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return get_sample("digits")(tmp_path_factory.mktemp("home") / "samples" / "digits")


def test_every_digit_is_there_once_with_its_label_and_pixels(folder):
    records = [record for shard in image_folder.list_shards(folder) for record in image_folder.read(folder, shard)]
    assert Counter(record.split for record in records) == {"train": 1157, "eval": 258, "test": 382}
    whole = load_digits()
    by_number = {int(Path(record.source).stem): record for record in records}
    assert sorted(by_number) == list(range(1797))
    assert [int(by_number[number].features["label"]) for number in range(1797)] == whole.target.tolist()
    with Image.open(io.BytesIO(by_number[5].features["image"])) as picture:
        assert (picture.mode, picture.size) == ("L", (8, 8))
        # 0 to 16 becomes 0 to 255: 16 -> 255, 8 -> 127.5 -> 128 (to the even one)
        expected = {0: 0, 1: 16, 4: 64, 8: 128, 12: 191, 16: 255}
        drawn = dict(zip(whole.images[5].astype(int).ravel().tolist(), picture.tobytes(), strict=True))
        assert {value: drawn[value] for value in expected if value in drawn} == {
            value: grey for value, grey in expected.items() if value in drawn
        }


def test_splits_are_cut_where_a_form_begins():
    # every form begins with the ten digits three times over
    target = "".join(map(str, load_digits().target))
    for first, _ in digits.SPLITS.values():
        assert target[first : first + 30] == "0123456789" * 3
    assert [last for _, last in digits.SPLITS.values()] == [1157, 1415, 1797]


def test_a_second_call_changes_no_file(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert get_sample("digits")(folder) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert [path.name for path in folder.parent.iterdir()] == ["digits"]


def test_a_failure_half_way_leaves_no_half_sample(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(digits.images, "encode_png", full)
    with pytest.raises(OSError, match="No space left"):
        get_sample("digits")(tmp_path / "digits")
    assert list(tmp_path.iterdir()) == []


def test_another_process_that_was_quicker_wins(tmp_path, monkeypatch):
    written = digits.images.encode_png

    def meanwhile(*picture):
        (tmp_path / "digits").mkdir(exist_ok=True)
        (tmp_path / "digits/theirs").touch()
        return written(*picture)

    monkeypatch.setattr(digits.images, "encode_png", meanwhile)
    assert get_sample("digits")(tmp_path / "digits") == tmp_path / "digits"
    assert [path.name for path in tmp_path.iterdir()] == ["digits"]
    assert [path.name for path in (tmp_path / "digits").iterdir()] == ["theirs"]


def test_every_sample_says_its_licence():
    for place in SAMPLES.values():
        name = place.split(":")[0].rsplit(".", 1)[-1]
        assert "licence" in (Path(digits.__file__).parent / f"{name}.md").read_text()


def test_unknown_sample_names_the_known_ones():
    with pytest.raises(ValueError, match=r"no sample 'runes'; known: .*digits"):
        get_sample("runes")
