import json
import os
from pathlib import Path

import pytest

from tfx_ocr.data.readers import choose_reader, cinnamon, labelled_csv
from tfx_ocr.data.record import Record, Rejected

REAL = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")) / "cinnamon"


def make(folder, labels, pictures):
    folder.mkdir(parents=True, exist_ok=True)
    text = labels if isinstance(labels, str) else json.dumps(labels, ensure_ascii=False)
    (folder / "labels.json").write_text(text, encoding="utf-8")
    for name in pictures:
        (folder / name).write_bytes(name.encode())


def everything(root):
    return [record for shard in cinnamon.list_shards(root) for record in cinnamon.read(root, shard)]


def test_lines_come_folder_by_folder_and_equal_texts_share_a_group(tmp_path):
    make(tmp_path / "b", {"2.png": "Hue\u0302\u0301, Quận 1 ", "10.jpg": "Hà Nội"}, ["2.png", "10.jpg"])
    make(tmp_path / "a", {"1.jpg": "huế quận  1."}, ["1.jpg"])
    assert cinnamon.is_supported(tmp_path)
    first, second, third = everything(tmp_path)
    assert second == Record(
        features={"image": b"2.png", "label": "Huế, Quận 1".encode()},
        source="b/2.png",
        file="b/2.png",
        group=first.group,
    )
    assert (first.source, third.source) == ("a/1.jpg", "b/10.jpg")
    assert third.group != first.group
    assert first.group.startswith("text ")


def test_labels_beside_the_pictures_in_the_root(tmp_path):
    make(tmp_path, {"1.jpg": "Số 5"}, ["1.jpg"])
    assert [record.source for record in everything(tmp_path)] == ["1.jpg"]


def test_what_is_wrong_is_set_aside_by_name(tmp_path):
    text = (
        '{"1.jpg": "A", "2.jpg": " ", "3.jpg": 5, "4.jpg": {"a": "b"}, "5.jpg": "B", "../../x.jpg": "C", "1.jpg": "D",'
        ' "6.jpg": "\\ud800"}'
    )
    make(tmp_path / "f", text, ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "6.jpg", "7.jpg"])
    good, *rejected = everything(tmp_path)
    assert good.features["label"] == b"A"
    assert rejected == [
        Rejected(source="f/2.jpg", reason="no label: f/labels.json has no text for this picture"),
        Rejected(source="f/3.jpg", reason="no label: f/labels.json has no text for this picture"),
        Rejected(source="f/4.jpg", reason="no label: f/labels.json has no text for this picture"),
        Rejected(source="f/5.jpg", reason="no image: it is not beside labels.json"),
        Rejected(source="../x.jpg", reason="image outside the data: ../../x.jpg"),
        Rejected(source="f/1.jpg", reason="two labels: f/labels.json names this picture twice"),
        Rejected(source="f/6.jpg", reason="text is not Unicode: half a surrogate pair in f/labels.json"),
        Rejected(source="f/7.jpg", reason="no label: f/labels.json does not name this picture"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("[]", "not a JSON object of file to text"), ('{"a.jpg": ', "cannot be read as JSON")],
    ids=["list", "cut_off"],
)
def test_a_file_that_is_no_table_of_labels_is_refused_in_a_sentence(tmp_path, text, said):
    make(tmp_path / "f", text, ["a.jpg"])
    with pytest.raises(ValueError, match=rf"f/labels\.json .*{said}"):
        cinnamon.list_shards(tmp_path)


def test_a_list_of_objects_is_a_table_for_another_reader(tmp_path):
    make(tmp_path / "f", '[{"image": "a.jpg", "label": "Hà Nội"}]', ["a.jpg"])
    assert not cinnamon.is_supported(tmp_path)
    assert labelled_csv.is_supported(tmp_path / "f")


def test_a_file_that_is_no_table_of_labels_costs_the_pictures_beside_it(tmp_path):
    make(tmp_path / "f", "[]", ["a.jpg", "b.jpg"])
    make(tmp_path / "g", {"a.jpg": "A"}, ["a.jpg"])
    *rejected, good = everything(tmp_path)
    assert [record.source for record in rejected] == ["f/a.jpg", "f/b.jpg"]
    assert rejected[0].reason.startswith("no label: ")
    assert good.source == "g/a.jpg"


def test_labels_without_pictures_are_something_else(tmp_path):
    make(tmp_path / "f", {"a.jpg": "A"}, [])
    assert not cinnamon.is_supported(tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no {REAL}: TFX_OCR_DATA names the folder of real data")
def test_the_real_set_is_read_whole_and_seven_texts_stand_twice():
    assert (
        choose_reader(REAL, ["kalapa", "image_folder", "cinnamon"]) == "image_folder"
    )  # so a recipe names cinnamon before it
    assert choose_reader(REAL, ["kalapa", "cinnamon", "image_folder"]) == "cinnamon"
    records = everything(REAL)
    assert len(records) == 1823 + 15
    assert {type(record) for record in records} == {Record}
    assert len({record.features["label"] for record in records}) == 1838 - 7
    assert 1838 - 7 - 3 <= len({record.group for record in records}) <= 1838 - 7


def test_names_may_be_anything(tmp_path):
    make(tmp_path, '{"a\\u0000.jpg": "A", "\\ud800.jpg": "B", "": "C", "1.jpg": "D"}', ["1.jpg"])
    *rejected, good = everything(tmp_path)
    assert [record.source for record in rejected] == ["a\0.jpg", "\\ud800.jpg", "."]
    assert [record.reason.split(":")[0] for record in rejected] == ["no image", "no image", "cannot be read"]
    assert good.features["label"] == b"D"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"1.jpg": %s}' % ("9" * 5000)], ids=["deep", "long_number"])
def test_what_no_json_reader_takes_is_refused_by_its_name(tmp_path, text):
    make(tmp_path, text, ["1.jpg"])
    with pytest.raises(ValueError, match=r"labels\.json cannot be read as JSON in UTF-8: "):
        cinnamon.list_shards(tmp_path)
