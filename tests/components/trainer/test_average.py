from __future__ import annotations

import keras
import pytest

from tfx_ocr.components.trainer.average import Average

pytestmark = pytest.mark.tfx


@pytest.fixture
def model():
    """Build one weight, 0 at the beginning, and dropout's seed, which is not averaged."""
    inputs = keras.Input((1,))
    x = keras.layers.Dropout(0.5)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(x))


def weight(model):
    return float(model.layers[-1].kernel.numpy()[0, 0])


def test_it_follows_the_weights(model):
    average = Average(model, 0.5)
    (shadow,) = average.shadows
    # (1 + step) / (10 + step) is kept, at most the momentum: 1/10, 2/11, ..., from step 8 on 1/2
    for step, value, expected in [(0, 1.0, 0.9), (1, 2.0, 0.9 * 2 / 11 + 2.0 * 9 / 11), (1000, 0.0, 0.9)]:
        model.layers[-1].kernel.assign([[value]])
        average.update(step)
        assert shadow.numpy()[0, 0] == pytest.approx(expected, abs=1e-6)


def test_swap_exchanges_and_a_second_swap_undoes_it(model):
    average = Average(model, 0.5)
    model.layers[-1].kernel.assign([[3.0]])
    for expected in [(0.0, 3.0), (3.0, 0.0)]:
        average.swap()
        assert (weight(model), float(average.shadows[0].numpy()[0, 0])) == expected


def test_batch_norms_statistics_are_averaged_too():
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.BatchNormalization()(inputs))
    average = Average(model, 0.9)
    model.layers[-1].moving_mean.assign([10.0, 20.0])
    average.update(0)
    average.swap()
    assert model.layers[-1].moving_mean.numpy() == pytest.approx([9.0, 18.0])
