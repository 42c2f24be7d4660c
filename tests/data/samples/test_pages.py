from tfx_ocr.data.readers import tfrecord
from tfx_ocr.data.samples import get_sample, pages
from tfx_ocr.data.synthetic import pages as drawn


def test_the_sample_is_drawn_by_split_and_says_what_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "COUNTS", {"train": 3, "eval": 1, "test": 2})
    monkeypatch.setattr(drawn, "LONGEST", (300, 320))
    folder = get_sample("pages")(tmp_path / "pages")
    records = [record for shard in tfrecord.list_shards(folder) for record in tfrecord.read(folder, shard)]
    assert sorted(record.split for record in records) == ["eval", "test", "test", "train", "train", "train"]
    assert {record.group for record in records} <= set(drawn.LAYOUTS)


def test_its_page_says_how_many_there_are():
    text = (pages.HERE / "pages.md").read_text()
    assert f"{sum(pages.COUNTS.values())} pages drawn" in text
    for split, count in pages.COUNTS.items():
        assert any(line.startswith(f"| {split} |") and line.endswith(f"| {count} |") for line in text.splitlines())
