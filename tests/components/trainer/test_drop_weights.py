from __future__ import annotations

import keras
import numpy as np
import pytest

from tfx_ocr.components.trainer.drop_weights import compute_share, drop_weights

pytestmark = pytest.mark.tfx


def test_the_share_rises_in_the_first_half():
    assert [compute_share(0.8, done) for done in (0.0, 0.25, 0.5, 0.75, 1.0)] == [0.0, 0.4, 0.8, 0.8, 0.8]


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, [[3, -1], [0.5, -2]]), (0.25, [[3, -1], [0, -2]]), (0.5, [[3, 0], [0, -2]]), (0.95, [[0, 0], [0, 0]])],
)
def test_the_smallest_weights_of_a_kernel_become_zero(share, expected):
    inputs = keras.Input((2,))
    frozen, trained = (keras.layers.Dense(2, name=name) for name in ("frozen", "trained"))
    model = keras.Model(inputs, trained(frozen(inputs)))
    frozen.trainable = False
    for layer in (frozen, trained):
        layer.set_weights([np.array([[3, -1], [0.5, -2]]), np.array([0.1, 0.2])])
    drop_weights(model, share)
    np.testing.assert_array_equal(trained.get_weights()[0], expected)
    np.testing.assert_array_equal(frozen.get_weights()[0], [[3, -1], [0.5, -2]])
    np.testing.assert_allclose(trained.get_weights()[1], [0.1, 0.2])
