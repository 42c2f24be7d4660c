import os

from tfx_ocr.data import files


def test_files_come_in_natural_order_without_what_systems_drop(tmp_path):
    for path in ("7/10.png", "7/9.png", "10/1.png", ".DS_Store", "7/._9.png", "7/Thumbs.db", ".git/config", "a.txt"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    assert files.below(tmp_path) == ["7/9.png", "7/10.png", "10/1.png", "a.txt"]


def test_links_are_followed_but_not_round(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/1.png").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/7").symlink_to(tmp_path / "real")
    (tmp_path / "data/again").symlink_to(tmp_path / "data")
    assert files.below(tmp_path / "data") == ["7/1.png"]


def test_a_name_that_is_no_utf8_can_be_shown():
    assert files.shown(os.fsdecode(b"7/\xff.png")) == "7/\\xff.png"
    assert files.shown("한/đ.png") == "한/đ.png"
