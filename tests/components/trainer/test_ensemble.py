"""Ensembles: members built by the networks that they say, posteriors averaged as worked out by hand."""

from __future__ import annotations

import dataclasses
import math
import shutil
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from tfx_ocr.components.artifacts import TRAINER_FILE
from tfx_ocr.components.recipe import Part
from tfx_ocr.components.trainer import ensemble, portable
from tfx_ocr.components.trainer import model as models
from tfx_ocr.components.trainer.export import export
from tfx_ocr.data import pretrained
from tfx_ocr.data.pixels.strip import get_ink
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving.portable.network import Worker
from tfx_ocr.serving.runtimes import PORTABLE, SAVED_MODEL, open_folder

pytestmark = pytest.mark.tfx


def test_posteriors_of_each_head_are_averaged():
    one = np.log([[0.9, 0.1, 0.5, 0.25, 0.25]]).astype("float32")
    other = np.log([[0.3, 0.7, 0.1, 0.8, 0.1]]).astype("float32") + 3.0  # softmax takes a constant away
    mean = keras.ops.exp(ensemble.average_posteriors([one, other], (2, 3)))
    np.testing.assert_allclose(mean, [[0.6, 0.4, 0.3, 0.525, 0.175]], rtol=1e-5)


@pytest.fixture(scope="module")
def members(part, transformed, tmp_path_factory):
    """Export three networks of two designs, with weights that make their answers differ."""
    made = []
    for number, of in enumerate([part(network="small_cnn"), part(), part(units=(24, 12), dropout=(0.0, 0.0))]):
        keras.utils.set_random_seed(number)
        network, _ = models.build(of)
        network.set_weights([weight * 2 if weight.ndim > 1 else weight for weight in network.get_weights()])
        folder = tmp_path_factory.mktemp("member") / "model"
        export(network, transformed.graph, of, str(folder))
        made.append(SimpleNamespace(folder=folder, network=network))
    return made


def test_an_ensemble_answers_with_the_mean_of_its_members_in_both_forms(part, members, transformed, digits, tmp_path):
    of = part(members=tuple(str(each.folder) for each in members))
    export(ensemble.build_ensemble(of), transformed.graph, of, str(tmp_path / "ensemble"))
    images = {"image_bytes": np.array([image for image, _ in digits], object)}
    pixels = np.stack([np.frombuffer(row["pixels_xf"][0], np.uint8) for row in transformed.written])
    pixels = pixels.reshape(-1, 16, 16, 1) / np.float32(127.5) - 1
    mean = np.mean([keras.ops.softmax(each.network(pixels)) for each in members], 0)
    best = np.sort(mean, 1)[:, ::-1][:, :3]
    for form in (SAVED_MODEL, PORTABLE):
        with open_folder(tmp_path / "ensemble", forms=(form,)) as model:
            np.testing.assert_allclose(model.ask("serve_images", images)["probabilities"], best, atol=1e-5)


def test_a_member_that_is_another_kind_of_model_is_refused(part, members, transformed, tmp_path):
    paths = tuple(str(each.folder) for each in members)
    wider = dataclasses.replace(part(members=paths), input=dataclasses.replace(part().input, width=20))
    with pytest.raises(ValueError, match=r"has input Image\(.*width=16.* where the recipe tiny has Image\(.*width=20"):
        ensemble.build_ensemble(wider)
    of = part(members=paths)
    export(ensemble.build_ensemble(of), transformed.graph, of, str(tmp_path / "ensemble"))
    with pytest.raises(ValueError, match="is an ensemble itself: name its members"):
        ensemble.build_ensemble(part(members=(str(tmp_path / "ensemble"), paths[0])))
    older = tmp_path / "older"  # which does not say what network it is of
    shutil.copytree(pretrained.get_folder("digits"), older)
    (older / TRAINER_FILE).unlink()
    with pytest.raises(ValueError, match="older does not hold weights of network 'mlp' for this recipe: "):
        ensemble.build_ensemble(part(members=(str(older), paths[0])))


def test_an_ensemble_of_lines_is_given_whole_strips(monkeypatch):
    lines = get_recipe("lines")
    lines = dataclasses.replace(lines, input=dataclasses.replace(lines.input, width=256))

    def build_part(**trainer):
        changed = dataclasses.replace(lines.trainer, initial_weights="", **trainer)
        return Part.from_json(dataclasses.replace(lines, trainer=changed).dump_part("trainer"))

    keras.utils.set_random_seed(1)
    made = {name: models.build(build_part(network=name))[0] for name in ("line_cnn", "line_mixing_small")}
    monkeypatch.setattr(ensemble, "load_member", lambda name, part: made[name])
    of = build_part(members=tuple(made))
    network = ensemble.build_ensemble(of)
    strip = np.full((1, 32, 256, 1), -1.0, np.float32)
    strip[:, 4:28, :40] = 1.0
    worker = Worker(portable.convert(network, any_width=portable.is_cut(of)), 1, get_ink(of.input.scaled))
    np.testing.assert_allclose(worker.run({"pixels": strip}), network(strip), atol=1e-4)


def test_the_mean_of_certain_and_uncertain_is_between():
    sure, unsure = np.array([[20.0, 0.0]], "float32"), np.array([[0.0, 0.0]], "float32")
    found = ensemble.average_posteriors([sure, unsure], (2,))
    assert float(found[0, 0]) == pytest.approx(math.log(0.75), abs=1e-6)
