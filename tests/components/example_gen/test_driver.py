import os

import pytest
from tfx.proto import example_gen_pb2

from tfx_ocr.components.example_gen.driver import Driver
from tfx_ocr.components.example_gen.fingerprint import compute_fingerprint
from tfx_ocr.components.stop import Stop

pytestmark = pytest.mark.tfx


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7/1.png").write_bytes(b"one")
    (tmp_path / "7/2.png").write_bytes(b"two")
    return tmp_path


def test_files_written_anew_with_the_same_content_are_the_same(folder):
    before = compute_fingerprint(folder)
    assert before.startswith("files:2,bytes:6,sha256:")
    (folder / "7/1.png").unlink()
    (folder / "7/1.png").write_bytes(b"one")
    os.utime(folder / "7/2.png", (1, 1))
    assert compute_fingerprint(folder) == before


def test_a_changed_byte_is_seen_at_equal_size_and_time(folder):
    before, times = compute_fingerprint(folder), os.stat(folder / "7/1.png")
    (folder / "7/1.png").write_bytes(b"One")
    os.utime(folder / "7/1.png", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert compute_fingerprint(folder) != before


@pytest.mark.parametrize("change", ["renamed", "moved_between_files", "added", "removed"])
def test_every_other_change_is_seen(folder, change):
    before = compute_fingerprint(folder)
    if change == "renamed":
        (folder / "7/1.png").rename(folder / "7/3.png")
    elif change == "moved_between_files":  # same names, same bytes one after the other
        (folder / "7/1.png").write_bytes(b"onet")
        (folder / "7/2.png").write_bytes(b"wo")
    elif change == "added":
        (folder / "7/3.png").touch()
    else:
        (folder / "7/1.png").unlink()
    assert compute_fingerprint(folder) != before


def test_hidden_files_do_not_count(folder):
    before = compute_fingerprint(folder)
    (folder / "7/.DS_Store").write_bytes(b"x")
    assert compute_fingerprint(folder) == before


def test_a_link_to_nowhere_is_left_to_example_gen(folder):
    (folder / "7/3.png").symlink_to(folder / "gone")
    assert compute_fingerprint(folder).startswith("files:3,bytes:6,")


def test_a_missing_or_empty_folder_is_refused(tmp_path):
    with pytest.raises(Stop, match=r"no folder .*/gone: the data's folder must exist"):
        compute_fingerprint(tmp_path / "gone")
    with pytest.raises(Stop, match="no files in "):
        compute_fingerprint(tmp_path)


def test_the_driver_gives_span_0_without_a_version(folder):
    splits = [example_gen_pb2.Input.Split(name="single_split", pattern="*")]
    processor = Driver(None).get_input_processor(splits, None, str(folder))
    assert processor.resolve_span_and_version() == (0, None)
    assert processor.get_input_fingerprint(0, None) == compute_fingerprint(folder)
