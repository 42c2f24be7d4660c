"""A pack is trained without TensorFlow: it learns, goes on after a kill, and a run begins with its weights."""

from __future__ import annotations

import concurrent.futures
import contextlib
import csv
import dataclasses
import itertools
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfx_ocr.components.recipe import Examples, ImageAugmentation, LineImage, Optimizer, Recipe, Stage, Trainer
from tfx_ocr.components.trainer import elsewhere
from tfx_ocr.components.trainer.pack import TRAINING, read_pack, write_pack
from tfx_ocr.data.alphabets.inline import Characters
from tfx_ocr.data.example import serialize_example
from tfx_ocr.data.record_file import write_records

pytestmark = pytest.mark.tfx  # most of which it does not import; but it takes as long

SCRIPT = Path(__file__).with_name("train_packed.py")
HEIGHT, WIDTH = 16, 64
# of one's own, so that both are small: eight numbers for each of 15 frames of eight columns
NETWORK = """
import keras

GIVES = "sequence"


def build(image, base):
    strip = keras.Input((image.height, image.width, image.channels))
    x = keras.layers.Conv2D(8, (image.height, 8), strides=(1, 4), use_bias=False)(strip)
    x = keras.layers.Activation("relu")(keras.layers.BatchNormalization(momentum=0.9)(x))
    return keras.Model(strip, keras.layers.Reshape((15, 8))(x))
"""
RECIPE = Recipe(
    name="bars", input=LineImage(height=HEIGHT, width=WIDTH), task="sequence",
    alphabet=Characters(characters="ab", longest=4), examples=Examples(readers=("image_folder",)),
    trainer=Trainer(
        network="bars_network", units=(8,), dropout=(0.2,), batch_size=16, epochs=2, precision="mixed_bfloat16",
        optimizer=Optimizer(name="adamw", learning_rate=3e-3, schedule="cosine", warmup_epochs=1, ema=0.9),
        augment=ImageAugmentation(pad=1, rotate_deg=1, scale=0.05, elastic=1, contrast=0.2, erase=3, cut=0.3),
    ),
)  # fmt: skip


def draw(number: int) -> bytes:
    """Return a record of one of the texts "a", "b", "ab", "ba": an upright bar, or a level one."""
    text = [[1, 0, 0, 0], [2, 0, 0, 0], [1, 2, 0, 0], [2, 1, 0, 0]][number % 4]
    pixels = np.random.default_rng(number).integers(0, 30, (HEIGHT, WIDTH), np.uint8)
    for place, character in enumerate(text):
        left = 8 + 24 * place
        if character == 1:
            pixels[:, left : left + 3] = 250
        if character == 2:
            pixels[6:9, left : left + 14] = 250
    source = b"a/%d" % number if number % 4 == 0 else b"synthetic/%d" % number
    return serialize_example({"pixels_xf": [pixels.tobytes()], "label_xf": text, "source_xf": [source]})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write 40 lines of train and 10 of eval, as Transform writes them."""
    folder = tmp_path_factory.mktemp("written")
    files = {"train": [folder / "train.gz"], "eval": [folder / "eval.gz"]}
    write_records(files["train"][0], map(draw, range(40)))
    write_records(files["eval"][0], map(draw, range(40, 50)))
    return files


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """Change to a folder with the module of the network."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "bars_network.py").write_text(NETWORK, encoding="utf-8")
    with contextlib.chdir(folder):
        yield folder


@pytest.fixture(scope="module")
def pack(files, tmp_path_factory):
    """Return `pack(name, recipe)`, which writes the lines as a pack and returns its folder."""
    folder = tmp_path_factory.mktemp("packs")
    return lambda name, recipe=RECIPE: write_pack(folder / name, recipe.dump_part("trainer"), files).folder


def train(folder, *options, die=0):
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(die), str(folder), "--backend", "jax", *options],
        capture_output=True, text=True, timeout=300, check=False, env=environment,
    )  # fmt: skip


def read_history(folder):
    [path] = (folder / TRAINING).glob("*/history.csv")
    with path.open() as file:
        return [
            {name: float(value) for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def done(pack):
    """Train one pack without a break, and one that is killed after its first epoch and started again."""
    whole, killed = pack("whole"), pack("killed")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(train, whole)
        first = train(killed, die=1)
        second = train(killed)
    return {"whole": (whole, running.result()), "first": (killed, first), "second": (killed, second)}


def test_it_learns_without_tensorflow_and_tells_how_fast(done):
    folder, ended = done["whole"]
    assert (ended.returncode, ended.stderr) == (0, "")
    history = read_history(folder)
    assert [row["epoch"] for row in history] == [1, 2]
    assert history[-1]["val_loss"] < history[0]["val_loss"]
    assert "40 records of train, 10 of eval" in ended.stdout
    assert len(re.findall(r"^     [\d,]+ records/s, at most \d+ min left$", ended.stdout, re.MULTILINE)) == 2
    assert (folder / "bars.weights.h5").is_file()


def test_killed_after_an_epoch_it_goes_on_with_the_losses_that_it_would_have_had(done):
    folder, first = done["first"]
    assert first.returncode == -signal.SIGKILL
    assert "resumed after epoch 1 of 2" in done["second"][1].stdout
    for row, expected in zip(read_history(folder), read_history(done["whole"][0]), strict=True):
        assert row == pytest.approx(expected, rel=1e-4)


def test_the_weights_are_initial_weights_of_a_run(done):
    import keras

    from tfx_ocr.components.recipe import Part
    from tfx_ocr.components.trainer import model as models

    assert keras.backend.backend() == "tensorflow"
    path = done["whole"][0] / "bars.weights.h5"
    part = Part.from_json(RECIPE.dump_part("trainer"))
    trainer = dataclasses.replace(part.trainer, initial_weights=str(path), precision="float32")
    model, _ = models.build(dataclasses.replace(part, trainer=trainer))
    reread = models.build(dataclasses.replace(part, trainer=dataclasses.replace(trainer, initial_weights="")))[0]
    reread.load_weights(path)
    for taken, expected in zip(model.get_weights(), reread.get_weights(), strict=True):
        np.testing.assert_array_equal(taken, expected)


def test_ten_steps_on_jax_have_the_losses_of_ten_steps_by_tensorflow(pack, files, tmp_path):
    from tfx_ocr.components.recipe import Part
    from tfx_ocr.components.trainer import fit
    from tfx_ocr.components.trainer import model as models

    start = tmp_path / "start.weights.h5"
    # one step per epoch, of all lines, whose order makes no difference then
    trainer = dataclasses.replace(
        RECIPE.trainer, batch_size=40, epochs=10, augment=None, units=(), dropout=(), precision="float32"
    )
    recipe = dataclasses.replace(RECIPE, trainer=trainer)
    models.build(Part.from_json(recipe.dump_part("trainer")))[0].save_weights(start)
    recipe = dataclasses.replace(recipe, trainer=dataclasses.replace(trainer, initial_weights=str(start)))
    folder = pack("parity", recipe)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        elsewhere_ended = pool.submit(train, folder)
        by_split = [[str(path) for path in files[split]] for split in ("train", "eval")]
        part = Part.from_json(recipe.dump_part("trainer"))
        fit.fit(part, *by_split, str(tmp_path / "checkpoints"), str(tmp_path / TRAINING / "run"))
    assert elsewhere_ended.result().returncode == 0, elsewhere_ended.result().stderr
    here, there = read_history(tmp_path), read_history(folder)
    assert len(here) == 10
    assert here[-1]["loss"] < here[0]["loss"] - 1
    for name in ("loss", "val_loss", "learning_rate"):
        assert [row[name] for row in there] == pytest.approx([row[name] for row in here], abs=1e-3, rel=1e-4)


def test_a_stage_has_its_records_in_batches(pack):
    from tfx_ocr.components.trainer.arrays import Arrays

    stages = (
        Stage(name="drawn", epochs=1, sources={"synthetic/": 0.5}),  # 15 of 30
        Stage(name="real", epochs=1, sources={"a/": 2.0}, augment=ImageAugmentation()),  # the ten of text "a", twice
    )
    recipe = dataclasses.replace(RECIPE, trainer=dataclasses.replace(RECIPE.trainer, stages=stages))
    data = Arrays(read_pack(pack("stages", recipe)))
    assert data.records == [15, 20]
    [(_, labels)] = itertools.islice(data.load_training(0, 0), 1)
    assert [1, 0, 0, 0] not in labels.numpy().tolist()
    assert len(labels) == 15
    batches = list(itertools.islice(data.load_training(0, 1), 2))
    assert [len(labels) for _, labels in batches] == [16, 4]
    assert all(label == [1, 0, 0, 0] for _, labels in batches for label in labels.numpy().tolist())
    strips = np.concatenate([strip.numpy() for strip, _ in batches])
    assert len(np.unique(strips, axis=0)) == 10  # nothing is changed, and each comes twice
    stages = (dataclasses.replace(stages[0], sources={"drawn/": 1.0}),)
    recipe = dataclasses.replace(RECIPE, trainer=dataclasses.replace(RECIPE.trainer, stages=stages))
    with pytest.raises(ValueError, match=r"stage 'drawn' of trainer\.stages has no records of source 'drawn/'"):
        Arrays(read_pack(pack("no_records", recipe)))


def test_a_trained_pack_is_not_replaced(done, files):
    folder, _ = done["whole"]
    with pytest.raises(ValueError, match="holds a training: name another folder, or remove it"):
        write_pack(folder, RECIPE.dump_part("trainer"), files)
    assert (folder / "bars.weights.h5").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--minutes", "0"], "--minutes is 0; it takes a number above 0"),
        (["--out", "weights.npz"], "--out is weights.npz; the name of a weights file ends in .weights.h5"),
        (["--out", "gone/x.weights.h5"], "--out is gone/x.weights.h5: no folder "),
        (["--backend", "torch"], "torch is not installed: see docs/elsewhere.md"),
    ],
    ids=["minutes", "ending", "folder", "backend"],
)
def test_bad_use_is_one_sentence(pack, tmp_path, monkeypatch, capsys, options, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(elsewhere.importlib.util, "find_spec", lambda name: None if name == "torch" else name)
    with pytest.raises(SystemExit) as ended:
        elsewhere.main([str(pack("refused")), *options])
    assert (ended.value.code, capsys.readouterr().err.startswith(said)) == (2, True)


def test_a_folder_that_is_not_a_pack_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        elsewhere.main([str(tmp_path)])
    assert capsys.readouterr().err.startswith(f"{tmp_path} is not a pack")
