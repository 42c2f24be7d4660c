from __future__ import annotations

import gzip

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Write four idx files: 3 training and 2 test pictures of every digit, each filled with its index."""
    monkeypatch.setenv("TFX_OCR_DATA", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    for name, each in (("train", 3), ("t10k", 2)):
        labels = np.tile(np.arange(10, dtype=np.uint8), each)
        pictures = np.zeros((len(labels), 28, 28), np.uint8) + np.arange(len(labels), dtype=np.uint8)[:, None, None]
        for kind, header, array in (("images-idx3", 16, pictures), ("labels-idx1", 8, labels)):
            with gzip.open(tmp_path / "mnist" / f"{name}-{kind}-ubyte.gz", "wb") as file:
                file.write(bytes(header) + array.tobytes())
    return tmp_path


def test_balanced_takes_as_many_of_every_digit():
    import mnist

    labels = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9] * 3)
    chosen = mnist.balanced(labels, 2, np.random.default_rng(0))
    assert sorted(labels[chosen]) == sorted([*range(10)] * 2)
    assert len(set(chosen)) == 20


def test_balanced_refuses_more_than_there_are():
    import mnist

    with pytest.raises(ValueError, match="digit 0 has 1 pictures, fewer than the 2 asked for"):
        mnist.balanced(np.arange(10), 2, np.random.default_rng(0))


def test_a_draw_is_a_folder_a_digit_and_the_same_for_the_same_seed(data, tmp_path):
    import mnist

    mnist.write_draw(tmp_path / "a", 1, {"train": 2, "test": 1})
    mnist.write_draw(tmp_path / "b", 1, {"train": 2, "test": 1})
    mnist.write_draw(tmp_path / "c", 2, {"train": 2, "test": 1})
    files = {
        name: sorted(str(path.relative_to(tmp_path / name)) for path in (tmp_path / name).rglob("*.png"))
        for name in "abc"
    }
    assert len(files["a"]) == 30
    assert len([path for path in files["a"] if path.startswith("train/7/")]) == 2
    assert files["a"] == files["b"]
    assert files["a"] != files["c"]
    picture = np.asarray(Image.open(tmp_path / "a" / files["a"][-1]))
    assert (picture == int(files["a"][-1].split("/")[-1].removesuffix(".png"))).all()


def test_a_draw_that_was_killed_is_written_anew(data, tmp_path):
    import mnist

    (tmp_path / "a.partial" / "train" / "0").mkdir(parents=True)
    (tmp_path / "a.partial" / "train" / "0" / "99.png").write_text("half")
    mnist.write_draw(tmp_path / "a", 0, {"test": 1})
    assert len(list((tmp_path / "a").rglob("*.png"))) == 10
    assert not (tmp_path / "a" / "train").exists()


def test_missing_data_is_told_by_where_it_was_looked_for(tmp_path, monkeypatch):
    import mnist

    monkeypatch.setenv("TFX_OCR_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="set TFX_OCR_DATA"):
        mnist.read("train")
