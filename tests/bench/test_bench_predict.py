from __future__ import annotations

import pathlib

import numpy as np
import pytest
from PIL import Image


def test_digits_are_written_as_they_are(tmp_path, monkeypatch):
    import bench_predict

    pictures = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2)
    monkeypatch.setattr(bench_predict.mnist, "read", lambda split: (pictures, None))
    first, second = bench_predict.write_digits(tmp_path / "digits", 2)
    assert np.asarray(Image.open(second)).tolist() == [[4, 5], [6, 7]]
    assert pathlib.Path(first).name == "0.png"


def test_the_size_is_of_files_without_bytecode_and_links(tmp_path):
    import bench_predict

    for name, size in {"a": 2**20, "b/c": 2**19, "__pycache__/d.pyc": 2**20}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert bench_predict.measure_size(tmp_path) == 1.5


@pytest.mark.parametrize("installed", [True, False])
def test_other_systems_are_asked_where_they_are_installed(tmp_path, monkeypatch, installed):
    import bench_predict

    (tmp_path / "tesseract").write_text("#!/bin/sh\necho tesseract 5.3.0\n")
    (tmp_path / "tesseract").chmod(0o755 if installed else 0o644)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = bench_predict.list_peers(None, ["a.png", "b.png"], tmp_path)
    command = ["tesseract", str(tmp_path / "lines.txt"), "stdout", "-l", "vie", "--psm", "7"]
    assert found == ([("Tesseract", "5.3.0", command)] if installed else [])
