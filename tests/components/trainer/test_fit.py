from __future__ import annotations

import csv
import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import warnings
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from tfx_ocr.components.recipe import Base, ImageAugmentation, Optimizer, Part, Stage
from tfx_ocr.components.stop import Stop
from tfx_ocr.components.trainer import checkpoint, dataset, fit, training
from tfx_ocr.components.trainer import model as models

pytestmark = pytest.mark.tfx


class KilledError(Exception):
    """Stands for a kill: nothing in `fit` catches it."""


def killed_after(epoch):
    """Return a replacement of `progress.say` that ends the training at the line of that epoch."""

    def say(text):
        if f"epoch {epoch}/" in text:
            raise KilledError

    return say


# Two phases, so that a kill in each and between them is tried: the head alone, then all of it.
TWO_PHASES = {
    "base": Base(weights="made here", frozen_epochs=2, fine_tune_rate=0.5),
    "epochs": 4,
}


def curve(history):
    """Return the rows without measured times."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in history]


def assert_same(one, other):
    assert [row["epoch"] for row in one.history] == [row["epoch"] for row in other.history]
    for row, expected in zip(curve(one.history), curve(other.history), strict=True):
        assert row == pytest.approx(expected, abs=1e-5)
    for weight, expected in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-5)


@pytest.fixture(scope="module")
def uninterrupted(part, transformed, tmp_path_factory):
    """Return `uninterrupted("mlp")`: the two phases of that network, trained without a break."""

    @functools.cache
    def train(network):
        folder = tmp_path_factory.mktemp("uninterrupted")
        it = part(network=network, **TWO_PHASES)
        model = fit.fit(it, transformed.train, transformed.eval, str(folder / "checkpoints"), str(folder / "run"))
        return SimpleNamespace(model=model, history=read_history(folder / "run"))

    return train


def read_history(run_dir):
    with (run_dir / "history.csv").open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("network", "epoch"),
    [("mlp", 1), ("mlp", 2), ("small_cnn", 3)],
    ids=["frozen", "between_phases", "fine_tuning_batch_norm"],
)
def test_killed_after_an_epoch_it_goes_on_as_if_it_had_not_been(
    part, trained, uninterrupted, monkeypatch, tmp_path, network, epoch
):
    it = part(network=network, **TWO_PHASES)
    with monkeypatch.context() as patched:
        patched.setattr(training.progress, "say", killed_after(epoch))
        with pytest.raises(KilledError):
            trained(it)
    assert len(read_history(tmp_path / "run")) == epoch  # already there for whoever looks
    keras.utils.set_random_seed(99)  # another process would be in another state
    assert_same(trained(it), uninterrupted(network))


def test_killed_while_the_checkpoint_is_written_the_epoch_is_done_again(part, trained, uninterrupted, monkeypatch):
    replace, renamed = os.replace, []

    def killed(source, target):
        if str(target).endswith(checkpoint.FILE):
            renamed.append(target)
            if len(renamed) == 2:
                raise KilledError
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", killed)
        with pytest.raises(KilledError):
            trained(part(**TWO_PHASES))
    assert_same(trained(part(**TWO_PHASES)), uninterrupted("mlp"))


def test_a_process_ended_by_sigkill_is_taken_up_again(part, trained, transformed, uninterrupted, tmp_path):
    """A real kill: the process ends itself after its second epoch, with no chance to tidy up."""
    script = """
import json, os, signal, sys
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.trainer import fit, training
it, *arguments = json.loads(sys.argv[1])
say = lambda text: os.kill(os.getpid(), signal.SIGKILL) if "epoch 2/" in text else None
training.progress.say = say
fit.fit(Part.from_json(it), *arguments)
"""
    it = json.dumps(dataclasses.asdict(part(**TWO_PHASES)))
    folders = [str(tmp_path / name) for name in ("checkpoints", "run")]
    arguments = json.dumps([it, transformed.train, transformed.eval, *folders])
    done = subprocess.run([sys.executable, "-c", script, arguments], capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    assert checkpoint.load(folders[0]).epoch == 2
    assert_same(trained(part(**TWO_PHASES)), uninterrupted("mlp"))


def test_the_part_reads_back_from_json(part):
    assert Part.from_json(json.dumps(dataclasses.asdict(part(**TWO_PHASES)))) == part(**TWO_PHASES)


def test_two_trainings_of_one_seed_are_the_same_and_of_another_are_not(part, transformed, tmp_path):
    def losses(seed, name):
        folder = tmp_path / name
        fit.fit(part(seed=seed, epochs=1), transformed.train, transformed.eval, str(folder / "c"), str(folder / "run"))
        return curve(read_history(folder / "run"))

    first = losses(7, "first")
    assert losses(7, "again") == first
    assert losses(8, "other") != first


def test_the_base_stays_as_it_was_while_frozen(part, transformed, trained):
    base = Base(weights="made here", frozen_epochs=1)
    it = part(network="small_cnn", base=base, epochs=1, optimizer=Optimizer(name="adam"))
    keras.utils.set_random_seed(it.trainer.seed)
    fresh, base = models.build(it)
    after = trained(it).model
    held = sum(len(layer.weights) for layer in base)
    before, now = fresh.get_weights(), after.get_weights()
    for old, new in zip(before[:held], now[:held], strict=True):
        np.testing.assert_array_equal(new, old)  # BatchNorm's moving means too: it was in inference mode
    assert not np.array_equal(now[-2], before[-2])  # the logits' kernel


def test_learning_rates_of_a_schedule_begin_anew_with_the_phase(part, trained):
    it = part(base=Base(weights="made here", frozen_epochs=1, fine_tune_rate=0.5), epochs=3)
    it = dataclasses.replace(
        it, trainer=dataclasses.replace(it.trainer, optimizer=Optimizer(learning_rate=1e-3, schedule="cosine"))
    )
    rates = [row["learning_rate"] for row in trained(it).history]
    # after an epoch: the cosine's end; then half of 1e-3, after one epoch of two (cos 90 degrees: a half), and its end
    assert rates == pytest.approx([0.0, 0.25e-3, 0.0], abs=1e-9)


@pytest.fixture
def scripted(monkeypatch):
    """Return `scripted([0.5, 0.6, ...])`, which gives `fit` these eval losses, one per epoch."""

    def use(losses):
        told = iter(losses)
        monkeypatch.setattr(keras.Model, "evaluate", lambda *_, **__: {"loss": next(told), "accuracy": 0.5})

    return use


@pytest.mark.parametrize(("exported", "epoch"), [("best_epoch", 2), ("last_epoch", 4)])
def test_it_stops_when_patience_ends_and_exports_what_the_recipe_says(
    part, trained, scripted, monkeypatch, exported, epoch
):
    kept = []
    save = checkpoint.save
    monkeypatch.setattr(checkpoint, "save", lambda path, state: (kept.append(list(state.weights)), save(path, state)))
    scripted([0.5, 0.4, 0.41, 0.42, 0.1])
    done = trained(part(epochs=5, patience=2, exported=exported, optimizer=Optimizer(learning_rate=1e-3)))
    assert [row["val_loss"] for row in done.history] == [0.5, 0.4, 0.41, 0.42]
    weights = [weight for weight in done.model.weights if weight.dtype != "uint32"]
    for weight, expected in zip(weights, kept[epoch - 1], strict=True):
        np.testing.assert_array_equal(weight.numpy(), expected)


def test_patience_in_the_frozen_phase_does_not_skip_fine_tuning(part, trained, scripted):
    scripted([0.3, 0.4, 0.5, 0.45, 0.6, 0.1])
    base = Base(weights="made here", frozen_epochs=3)
    history = trained(part(epochs=6, patience=1, base=base)).history
    # epoch 2 is worse than 1: on to the second phase, at its epoch 4, which ends by its own losses alone
    assert [(row["epoch"], row["val_loss"]) for row in history] == [(1, 0.3), (2, 0.4), (4, 0.5), (5, 0.45), (6, 0.6)]


def test_killed_after_patience_cut_a_phase_short_it_goes_on(part, trained, scripted, monkeypatch):
    it = part(epochs=5, patience=1, base=Base(weights="made here", frozen_epochs=3))
    scripted([0.3, 0.4])
    with monkeypatch.context() as patched:
        patched.setattr(
            training.progress, "say", lambda text: (_ for _ in ()).throw(KilledError) if "epoch 2/" in text else 0
        )
        with pytest.raises(KilledError):
            trained(it)
    scripted([0.35, 0.2])
    assert [row["epoch"] for row in trained(it).history] == [1, 2, 4, 5]


def test_keras_has_nothing_to_warn_of_and_every_step_is_taken(part, trained, monkeypatch):
    taken = []
    update = training.Average.update
    monkeypatch.setattr(training.Average, "update", lambda self, step: (taken.append(step), update(self, step)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trained(part(epochs=2))
    assert [str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)] == []
    assert taken == [0, 1, 2, 3, 4, 5]  # 3 steps an epoch


def test_it_learns_and_writes_tensorboards_logs(part, trained, tmp_path):
    history = trained(part(epochs=4)).history
    assert history[-1]["loss"] < history[0]["loss"]
    assert list((tmp_path / "run").rglob("events.out.tfevents.*"))


def test_history_and_eval_loss_are_of_the_average(part, trained, transformed):
    done = trained(part(epochs=2))
    done.model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    judged = done.model.evaluate(dataset.load_evaluation(transformed.eval, part()), verbose=0, return_dict=True)["loss"]
    assert min(row["val_loss"] for row in done.history) == pytest.approx(judged, abs=1e-6)


@pytest.mark.parametrize("stages", [(), (Stage(name="first", epochs=1), Stage(name="second", epochs=1))])
def test_a_share_of_the_weights_is_dropped_from_what_is_judged_and_exported(part, trained, stages):
    done = trained(part(epochs=20 if stages else 2, stages=stages, drop_weights=0.5, exported="last_epoch"))
    kernels = [weight for weight in done.model.get_weights() if weight.ndim == 2]
    assert [np.count_nonzero(kernel == 0) / kernel.size for kernel in kernels] == [0.5] * len(kernels)


def test_a_long_epoch_says_how_far_it_is(part, trained, monkeypatch):
    said = []
    monkeypatch.setattr(training, "SILENCE_S", -1.0)
    monkeypatch.setattr(training.progress, "say", said.append)
    trained(part(epochs=1))
    steps = [line for line in said if "step" in line]
    assert steps[0].strip().startswith(f"epoch 1/1 step 1 of {len(steps)} loss ")
    assert "epoch 1/1 " in said[-1]
    assert "step" not in said[-1]


def test_statistics_of_initial_weights_are_kept_from_the_first_epoch_on(part, trained, tmp_path):
    path = tmp_path / "x.weights.h5"
    start = {"initial_weights": str(path), "keep_statistics": True}
    it = part(network="small_cnn", epochs=1, optimizer=Optimizer(name="adam"), **start)
    fresh, _ = models.build(part(network="small_cnn"))
    fresh.save_weights(path)
    layers = trained(it).model.layers
    kept = {
        type(layer).__name__
        for layer, before in zip(layers, fresh.layers, strict=True)
        if layer.weights and all(map(np.array_equal, layer.get_weights(), before.get_weights()))
    }
    assert kept == {"BatchNormalization"}
    assert {type(layer).__name__ for layer in layers if layer.weights} == {"BatchNormalization", "Conv2D", "Dense"}


# First three quarters of the digits, then all of them, the others twice: 30 and 50 records, two and four batches.
STAGES = (
    Stage(
        name="drawn", epochs=2, sources={"synthetic/": 1.0}, learning_rate=1e-2, augment=ImageAugmentation(pad=0),
        unfreeze_from="head",
    ),
    Stage(name="all", epochs=2, sources={"": 2.0, "synthetic/": 1.0}),
)  # fmt: skip


@pytest.fixture(scope="module")
def staged(part, transformed, tmp_path_factory):
    """Train the two stages without a break."""
    folder, said = tmp_path_factory.mktemp("staged"), []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(training.progress, "say", said.append)
        files = transformed.train, transformed.eval
        model = fit.fit(part(stages=STAGES), *files, str(folder / "checkpoints"), str(folder / "run"))
    return SimpleNamespace(model=model, history=read_history(folder / "run"), said=said)


def test_stages_have_their_records_epochs_and_rates(staged):
    assert [(row["epoch"], row["stage"], row["records"]) for row in staged.history] == [
        (1, 1, 30), (2, 1, 30), (3, 2, 50), (4, 2, 50)
    ]  # fmt: skip
    # cosine over each stage, after one epoch up: at the top then, and at 0 in its end
    assert [row["learning_rate"] for row in staged.history] == pytest.approx([1e-2, 0.0, 5e-3, 0.0], abs=1e-6)
    assert [line for line in staged.said if "stage" in line] == [
        "     stage drawn: 30 records, epochs 1 to 2",
        "     stage all: 50 records, epochs 3 to 4",
    ]
    assert "     epoch 4/4 " in staged.said[-1]


@pytest.mark.parametrize("epoch", [1, 2, 3], ids=["in_the_first", "between", "in_the_second"])
def test_killed_in_a_stage_it_goes_on_as_if_it_had_not_been(part, trained, staged, monkeypatch, epoch):
    with monkeypatch.context() as patched:
        patched.setattr(training.progress, "say", killed_after(epoch))
        with pytest.raises(KilledError):
            trained(part(stages=STAGES))
    assert_same(trained(part(stages=STAGES)), staged)


def test_a_stage_without_records_stops_before_the_first_epoch(part, trained, tmp_path):
    stages = (*STAGES, dataclasses.replace(STAGES[0], name="print", sources={"print/": 1.0}))
    with pytest.raises(Stop, match=r"stage 'print' of trainer\.stages has no records of source 'print/'"):
        trained(part(stages=stages))
    assert not (tmp_path / "run").exists()


def test_a_layer_that_is_not_there_is_named_before_the_first_epoch(part, trained, tmp_path):
    stages = (STAGES[0], dataclasses.replace(STAGES[1], unfreeze_from="mixed7"))
    with pytest.raises(ValueError, match="unfreeze_from is 'mixed7'; the network has no layer of that name"):
        trained(part(stages=stages))
    assert not (tmp_path / "checkpoints").exists()
