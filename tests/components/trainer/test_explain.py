import keras
import numpy as np
import pytest

from tfx_ocr.components.recipe import Image, Part, Serving, Trainer
from tfx_ocr.components.trainer import explain, portable
from tfx_ocr.data import features
from tfx_ocr.serving.portable.network import Worker

pytestmark = pytest.mark.tfx

CLASSES = 10


def build(task="classification", logits=CLASSES, network="small_cnn"):
    """Build a last map of 2 x 2 means of the picture's quarters, in two channels, and a dense layer on its average."""
    picture = keras.Input((4, 4, 1))
    last_map = keras.layers.AveragePooling2D(2)(keras.layers.Concatenate()([picture, -picture]))
    last_map = keras.layers.Identity(name="last_map")(last_map)
    pooled = keras.layers.GlobalAveragePooling2D()(last_map)
    model = keras.Model(picture, keras.layers.Dense(logits, name="logits")(pooled))
    part = Part(
        name="tiny",
        input=Image(height=4, width=4, margin=0.0, scaled=(0.0, 1.0)),
        task=task,
        alphabet="digits",
        trainer=Trainer(network=network),
        serving=Serving(),
    )
    return model, part


def set_weights(model, kernel, bias):
    """Set the weights of the first logits; those of the others are 0."""
    rest = model.output.shape[-1] - len(bias)
    model.get_layer("logits").set_weights([np.pad(kernel, ((0, 0), (0, rest))), np.pad(bias, (0, rest))])


# Ink of 0.8 in the upper left quarter, of 0.4 in the lower right one, as `scale` leaves them: paper is 0.
PICTURE = np.kron([[0.8, 0.0], [0.0, 0.4]], np.ones((2, 2)))[np.newaxis, :, :, np.newaxis].astype(np.float32)


def test_heat_of_an_average_and_a_dense_layer_is_the_class_activation_map():
    """Zhou et al. 2016: weight times map, summed over channels; by hand of class 1, whose weights are 2 and -1."""
    model, part = build()
    set_weights(model, [[1.0, 2.0, 0.0], [0.0, -1.0, 0.5]], np.zeros(3))
    found = explain.build_explainer(model, part)(PICTURE)
    # averages 0.3 and -0.3: logits 0.3, 0.9, -0.15; the map of class 1 is 2 * 0.8 + 0.8 = 2.4 and 2 * 0.4 + 0.4 = 1.2
    np.testing.assert_allclose(found["logits"][:, :3], [[0.3, 0.9, -0.15]], atol=1e-6)
    np.testing.assert_allclose(found["heat"], [[[[1.0, 0.0], [0.0, 0.5]]]], atol=1e-6)


def test_a_place_that_speaks_against_the_answer_is_cold_and_a_loss_of_nothing_is_not_stretched():
    model, part = build()
    set_weights(model, [[-1.0, -2.0, -3.0], [0.0, 0.0, 0.0]], [9.0, 0.0, 0.0])
    assert not explain.build_explainer(model, part)(PICTURE)["heat"].numpy().any()
    set_weights(model, [[1e-4, 0.0, 0.0], [0.0, 0.0, 0.0]], [9.0, 0.0, 0.0])
    heat = explain.build_explainer(model, part)(PICTURE)["heat"].numpy()
    np.testing.assert_allclose(heat, [[[[0.02, 0.0], [0.0, 0.01]]]], atol=1e-3)  # of a loss of 1e-4 * 0.8 / 4


def test_a_blank_picture_has_no_heat():
    model, part = build()
    set_weights(model, np.ones((2, 3)), np.ones(3))
    found = explain.build_explainer(model, part)(np.full((1, 4, 4, 1), 0.2, np.float32))
    assert not found["heat"].numpy().any()
    assert not found["logits"].numpy().any()


def test_each_head_has_a_map_of_its_own_and_the_first_is_their_sum():
    """The initial looks at the first channel, the medial at nothing, the final at half of it less the other quarter."""
    model, part = build("syllables", 19 + 21 + 28)
    weights = np.zeros((2, 68))
    weights[0, 3], weights[0, 60] = 1.0, 2.0
    model.get_layer("logits").set_weights([weights, np.zeros(68)])
    heat = explain.build_explainer(model, part)(PICTURE)["heat"].numpy()
    assert heat.shape == (1, 4, 2, 2)
    warm = [[1.0, 0.0], [0.0, 0.5]]
    np.testing.assert_allclose(heat[0], [warm, warm, np.zeros((2, 2)), warm], atol=1e-6)


@pytest.mark.parametrize(("network", "task"), [("mlp", "classification"), ("small_cnn", "sequence")])
def test_a_network_without_a_last_map_and_another_task_have_no_explainer(network, task):
    assert explain.build_explainer(*build(task, network=network)) is None


def test_the_converted_network_answers_as_without_and_explains_alike():
    model, part = build()
    set_weights(model, [[1.0, 2.0, 0.0], [0.0, -1.0, 0.5]], np.zeros(3))
    explainer = explain.build_explainer(model, part)
    alone, both = (Worker(portable.convert(model, each), 1) for each in (None, explainer))
    pixels = {features.PIXELS: np.random.default_rng(0).random((3, 4, 4, 1), np.float32)}
    alone.load()
    both.load()
    expected = explainer(pixels[features.PIXELS])
    for _ in range(2):  # one does not disturb the other
        np.testing.assert_array_equal(both.run(pixels), alone.run(pixels))
        found = both.explain(pixels)
        np.testing.assert_allclose(found["heat"], expected["heat"], atol=1e-4)
        np.testing.assert_allclose(found["logits"], expected["logits"], atol=1e-6)
    with pytest.raises(TimeoutError, match="before the network ran"):
        both.explain(pixels, timeout_s=0.0)
