"""The changes of training's pictures are the same on JAX as in TensorFlow, once the same was drawn."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfx_ocr.components.recipe import Image, ImageAugmentation, LineImage

pytestmark = pytest.mark.tfx

SCRIPT = Path(__file__).with_name("change_pictures.py")
CHANGES = ImageAugmentation(
    pad=2, rotate_deg=12, shear_deg=10, scale=0.1, elastic=2, contrast=0.2, erase=4, strangers=0.5
)
CASES = {
    "glyphs": (Image(height=28, width=30), CHANGES),
    "refitted": (Image(height=30, width=28, margin=0.1), dataclasses.replace(CHANGES, refit=True)),
    "dark_ink": (Image(height=28, width=28, channels=3, ink_is_light=False), CHANGES),
    "lines": (
        LineImage(height=16, width=96),
        dataclasses.replace(CHANGES, rotate_deg=1, cut=0.5, neighbors=0.5, wear=0.5),
    ),
}
COUNT = 32


class Drawing:
    """`changes.Random` of one generator."""

    def __init__(self):
        self.rng = np.random.default_rng(5)

    def draw_uniform(self, source, shape, low=0.0, high=1.0):
        return self.rng.uniform(low, high, shape).astype(np.float32)

    def draw_integers(self, source, shape, stop):
        return self.rng.integers(0, stop, shape, np.int32)


def draw_waves(rng, count, spec):
    """Draw smooth pictures: in others a pixel that is taken from a hundredth beside shows."""
    across, down, phase = rng.uniform(0.1, 0.5, (3, count, 1, 1, spec.channels))
    y, x = np.mgrid[: spec.height, : spec.width, :1][:2]
    return (127 + 120 * np.sin(across * x + down * y + 20 * phase)).astype(np.uint8)


@pytest.fixture(scope="module")
def module():
    spec = importlib.util.spec_from_file_location("change_pictures", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def changed(tmp_path_factory, module):
    """Return for each case what TensorFlow made of the same arrays, and what JAX did."""
    from tfx_ocr.components.inputs.changes import draw_changes

    folder, rng, given = tmp_path_factory.mktemp("changes"), np.random.default_rng(3), {}
    for name, (spec, changes) in CASES.items():
        drawn = {f"drawn_{key}": array for key, array in draw_changes(Drawing(), COUNT, changes, spec).items()}
        about = {"spec": dataclasses.asdict(spec), "changes": dataclasses.asdict(changes)}
        waves = [draw_waves(rng, count, spec) for count in (COUNT, 5)]
        given[name] = {
            "about": np.array(json.dumps(about)),
            "pictures": waves[0],
            "labels": np.arange(1, 1 + COUNT, dtype=np.int32)[:, None] * np.ones(4, np.int32)
            if isinstance(spec, LineImage)
            else np.arange(COUNT, dtype=np.int32),
            "strangers": waves[1],
            "of_strangers": np.array([-1, 7, -1, 8, -1], np.int32),
            **drawn,
        }
        np.savez(folder / f"{name}.npz", **given[name])
    pairs = [str(folder / file) for name in CASES for file in (f"{name}.npz", f"{name}-changed.npz")]
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *pairs], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    by_jax = {name: dict(np.load(folder / f"{name}-changed.npz")) for name in CASES}
    return {name: (given[name], module.run(given[name]), by_jax[name]) for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_pictures_are_the_same_up_to_two_grey_levels(changed, name):
    given, expected, found = changed[name]
    apart = np.abs(found["pictures"].astype(int) - expected["pictures"])
    assert found["pictures"].dtype == np.uint8
    assert apart.max() <= 2  # a hundredth of a pixel in the bent field, twice cut to whole levels
    assert (apart > 0).mean() < 0.03
    assert (expected["pictures"] != given["pictures"]).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("name", CASES)
def test_strangers_are_the_same_with_their_labels(changed, name):
    given, expected, found = changed[name]
    np.testing.assert_array_equal(found["labels"], expected["labels"])
    replaced = (expected["labels"] != given["labels"]).reshape(COUNT, -1).all(1)
    assert 6 < replaced.sum() < 26  # of 32 half, standard deviation 3


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_projection_takes_from_where_the_transform_says(share):
    # by hand: one row of 0, 100, 200, moved by a share of a pixel; past its end is 0, and what is left over is cut off
    from tfx_ocr.components.inputs.changes import project, project_portably

    row = np.array([[[[0], [100], [200]]]], np.uint8)
    transform = np.array([[1, 0, share, 0, 1, 0, 0, 0]], np.float32)
    expected = {0.0: [0, 100, 200], 0.5: [50, 150, 100]}[share]
    for take in (project, project_portably):
        assert np.array(take(row, transform, 1, 3)).ravel().tolist() == expected
