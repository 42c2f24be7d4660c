import os

import pytest

from tfx_ocr.data import files


def test_files_come_in_natural_order_without_what_systems_drop(tmp_path):
    for path in ("7/10.png", "7/9.png", "10/1.png", ".DS_Store", "7/._9.png", "7/Thumbs.db", ".git/config", "a.txt"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    assert files.list_files(tmp_path) == ["7/9.png", "7/10.png", "10/1.png", "a.txt"]


def test_links_are_followed_but_not_round(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/1.png").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/7").symlink_to(tmp_path / "real")
    (tmp_path / "data/again").symlink_to(tmp_path / "data")
    assert files.list_files(tmp_path / "data") == ["7/1.png"]


def test_a_name_that_is_no_utf8_can_be_shown():
    assert files.format_path(os.fsdecode(b"7/\xff.png")) == "7/\\xff.png"
    assert files.format_path("한/đ.png") == "한/đ.png"
    assert files.format_path("\ud800.png") == "\\ud800.png"


def test_a_file_is_read_whole_up_to_a_size(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"12345")
    assert files.read_file(tmp_path / "a") == b"12345"
    monkeypatch.setattr(files, "LARGEST", 4)
    with pytest.raises(OSError, match="it has 5 bytes, where 4 are the most that is read"):
        files.read_file(tmp_path / "a")


@pytest.mark.parametrize("name", ["gone", "a\0b", "a\ud800"])
def test_a_name_out_of_a_list_that_no_file_has_is_a_file_that_is_not_there(tmp_path, name):
    with pytest.raises(FileNotFoundError):
        files.read_file(tmp_path / name)
