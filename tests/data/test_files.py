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


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("pipe", "link", "."):
        with pytest.raises(OSError, match="not a regular file"):
            files.read_file(tmp_path / name)


def test_what_is_missing_can_be_said_otherwise(tmp_path):
    with pytest.raises(ValueError, match=r"^no image: a\.png$"):
        files.read_file(tmp_path / "a.png", missing="no image: a.png")


def test_the_exact_name_goes_before_one_of_another_composition_and_that_before_another_case():
    find = files.build_finder(["d/\u00e0.png", "d/a\u0300.png", "E.png", "e.png", "f.PNG"])
    assert find("d/a\u0300.png") == "d/a\u0300.png"
    assert find("d/\u00e0.png") == "d/\u00e0.png"
    assert find("F.png") == "f.PNG"
    assert find("e.PNG") == ""
    assert find("") == ""


def test_a_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")  # FIPS 180-2, B.1
    assert files.hash_file(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
