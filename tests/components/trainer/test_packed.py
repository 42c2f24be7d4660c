"""Weights packed in 8 bits give the values that they were rounded to, wherever they are unpacked."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.trainer.packed import FLOATS, SHAPES, STEPS, Packed, unpack
from tfx_ocr.components.trainer.rounding import quantize

pytestmark = pytest.mark.tfx

SHAPES_OF = [(5, 5, 1, 8), (8,), (8,), (3, 3, 8, 1), (), (7, 3), (3,)]


@pytest.fixture(scope="module")
def rounded():
    rng = np.random.default_rng(4)
    drawn = [rng.normal(size=shape).astype("float32") for shape in SHAPES_OF]
    return [np.multiply(*quantize(weight)) if weight.ndim > 1 else weight for weight in drawn]


def test_a_graph_reads_what_was_packed(rounded):
    packed = Packed(rounded)
    packed._unpacked._initialize()
    found = tf.function(packed.read)()
    assert [each.shape for each in found] == SHAPES_OF
    for ours, theirs in zip(found, rounded, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_its_variables_are_unpacked_without_a_graph(rounded):
    packed = Packed(rounded)
    variables = {
        name: variable.numpy()
        for name, variable in ((STEPS, packed._steps), (FLOATS, packed._floats), (SHAPES, packed._shapes))
    }
    for ours, theirs in zip(unpack(variables), rounded, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="its weights are damaged"):
        unpack({**variables, STEPS: b"no weights"})


def test_weights_that_are_no_floats_are_refused():
    with pytest.raises(ValueError, match="not all weights are floats: leave it 'float32'"):
        Packed([np.arange(6).reshape(2, 3)])
