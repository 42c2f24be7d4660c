from __future__ import annotations

import keras
import numpy as np
import pytest

from tfx_ocr.components.recipe import Base, Optimizer, Stage, Trainer
from tfx_ocr.components.trainer import model as models
from tfx_ocr.components.trainer.adabound import AdaBound
from tfx_ocr.components.trainer.model import Phase

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize(
    ("base", "epochs", "expected"),
    [
        (Base(), 5, [(0, 5, None, 1.0)]),
        (Base(frozen_epochs=2), 5, [(0, 5, None, 1.0)]),
        (Base(weights="w", frozen_epochs=0), 5, [(0, 5, None, 1.0)]),
        (Base(weights="w", frozen_epochs=2), 5, [(0, 2, "", 1.0), (2, 5, None, 1.0)]),
        (Base(weights="w", frozen_epochs=2, unfreeze_from="mixed7", fine_tune_rate=0.1), 5,
         [(0, 2, "", 1.0), (2, 5, "mixed7", 0.1)]),
        (Base(weights="w", frozen_epochs=5), 5, [(0, 5, "", 1.0)]),
        (Base(weights="w", frozen_epochs=9), 5, [(0, 5, "", 1.0)]),
    ],
    ids=["scratch", "scratch_is_never_frozen", "no_frozen_phase", "all_after", "upper_blocks", "all_frozen", "longer"],
)  # fmt: skip
def test_phases(base, epochs, expected):
    found = models.plan_phases(Trainer(network="any", epochs=epochs, base=base))
    assert [(phase.begin, phase.end, phase.trained, phase.rate) for phase in found] == expected


@pytest.mark.parametrize(
    ("initial_weights", "expected"), [("digits", [(0, 2, "", 1.0), (2, 5, None, 0.5)]), ("", [(0, 5, None, 1.0)])]
)
def test_phases_from_initial_weights(initial_weights, expected):
    base = Base(fine_tune_rate=0.5)
    trainer = Trainer(network="any", epochs=5, base=base, initial_weights=initial_weights, freeze_epochs=2)
    found = models.plan_phases(trainer)
    assert [(phase.begin, phase.end, phase.trained, phase.rate) for phase in found] == expected


def phase(trained=None, begin=0, end=4, rate=1.0):
    return Phase(begin=begin, end=end, trained=trained, rate=rate)


@pytest.fixture
def base():
    inputs = keras.Input((4,), name="picture")
    x = keras.layers.Dense(3, name="lower")(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    return keras.Model(inputs, keras.layers.Dense(2, name="upper")(x))


@pytest.mark.parametrize(
    ("trained", "expected"),
    [
        (None, {"lower": True, "norm": True, "upper": True}),
        ("", {"lower": False, "norm": False, "upper": False}),
        ("norm", {"lower": False, "norm": True, "upper": True}),
        ("upper", {"lower": False, "norm": False, "upper": True}),
    ],
)
def test_what_a_phase_trains(base, trained, expected):
    models.set_trainable(base.layers, phase(""))  # as the phase before left it
    models.set_trainable(base.layers, phase(trained))
    assert {layer.name: layer.trainable for layer in base.layers if layer.weights} == expected


def test_a_frozen_batch_norm_is_in_inference_mode(base):
    values = np.full((8, 4), 5.0, np.float32)
    models.set_trainable(base.layers, phase("upper"))
    norm = base.get_layer("norm")
    before = norm.moving_mean.numpy()
    frozen = base(values, training=True)
    np.testing.assert_array_equal(norm.moving_mean.numpy(), before)
    np.testing.assert_allclose(frozen, base(values, training=False), atol=1e-6)
    models.set_trainable(base.layers, phase())
    base(values, training=True)
    assert not np.array_equal(norm.moving_mean.numpy(), before)


def test_statistics_that_are_kept_stay_where_the_layers_around_them_are_trained(base):
    models.set_trainable(base.layers, phase(), keep_statistics=True)
    trained = {layer.name: layer.trainable for layer in base.layers if layer.weights}
    assert trained == {"lower": True, "norm": False, "upper": True}


def test_a_layer_that_is_not_there_is_named(base):
    with pytest.raises(ValueError, match="unfreeze_from is 'mixed7'; the network has no layer of that name"):
        models.set_trainable(base.layers, phase("mixed7"))


def rates(of, of_phase, *at, steps=10):
    schedule = models.build_optimizer(of, of_phase, steps)._learning_rate
    return [float(schedule(step)) for step in at]


def test_cosine_after_a_warm_up():
    of = Optimizer(learning_rate=1.0, schedule="cosine", warmup_epochs=1.0)
    # 10 steps up from 0; then (1 + cos(pi t)) / 2 over the other 30 of 40: t = 1/3 gives 0.75, 1/2 0.5, 1 0
    found = rates(of, phase(), 0, 5, 10, 20, 25, 40)
    assert found == pytest.approx([0.0, 0.5, 1.0, 0.75, 0.5, 0.0], abs=1e-6)


def test_cosine_without_a_warm_up_begins_at_its_rate():
    found = rates(Optimizer(learning_rate=2.0, schedule="cosine"), phase(), 0, 20, 40)
    assert found == pytest.approx([2.0, 1.0, 0.0], abs=1e-6)


def test_constant_after_a_warm_up_stays():
    of = Optimizer(learning_rate=1.0, warmup_epochs=0.5)
    assert rates(of, phase(), 0, 2, 5, 20, 40) == pytest.approx([0.0, 0.4, 1.0, 1.0, 1.0], abs=1e-6)


def test_a_phases_own_rate_and_length():
    of = Optimizer(learning_rate=1.0, schedule="cosine")
    assert rates(of, phase(begin=2, end=4, rate=0.1), 0, 10, 20) == pytest.approx([0.1, 0.05, 0.0], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rmsprop", keras.optimizers.RMSprop),
        ("adam", keras.optimizers.Adam),
        ("adamw", keras.optimizers.AdamW),
        ("sgd", keras.optimizers.SGD),
        ("adabound", AdaBound),
    ],
)
def test_optimizer_by_name_constant_rate(name, kind):
    made = models.build_optimizer(Optimizer(name=name, learning_rate=1e-4, weight_decay=0.01), phase(), 10)
    assert type(made) is kind
    assert float(made.learning_rate) == pytest.approx(1e-4)
    assert made.weight_decay == (0.01 if name == "adamw" else None)


def differs(one, other):
    return any(not np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def test_mixed_precision_computes_in_bfloat16_and_is_rebuilt_in_float32(part):
    it = part(network="small_cnn", precision="mixed_bfloat16")
    mixed, _ = models.build(it)
    assert keras.config.dtype_policy().name == "float32"  # the policy is not left behind
    assert {layer.compute_dtype for layer in mixed.layers if "conv" in layer.name} == {"bfloat16"}
    assert mixed.output.dtype == "float32"
    rebuilt = models.convert_to_float32(mixed, it)
    assert {layer.compute_dtype for layer in rebuilt.layers} == {"float32"}
    assert not differs(rebuilt, mixed)
    plain, _ = models.build(part())
    assert models.convert_to_float32(plain, part()) is plain


def test_same_seed_same_initial_weights(part):
    made = []
    for seed in (3, 3, 4):
        keras.utils.set_random_seed(seed)
        made.append(models.build(part())[0])
    assert not differs(made[0], made[1])
    assert differs(made[0], made[2])


def test_phases_of_stages():
    stages = (
        Stage(name="drawn", epochs=3, learning_rate=2.0),
        Stage(name="head", epochs=1, unfreeze_from="head"),
        Stage(name="real", epochs=4, unfreeze_from="conv2d_3", learning_rate=0.25),
    )
    found = models.plan_phases(Trainer(network="any", epochs=5, stages=stages, optimizer=Optimizer(learning_rate=0.5)))
    assert [(phase.begin, phase.end, phase.trained, phase.rate, phase.stage) for phase in found] == [
        (0, 3, None, 4.0, 0), (3, 4, "", 1.0, 1), (4, 8, "conv2d_3", 0.5, 2)
    ]  # fmt: skip
