"""NumPy and TensorFlow give the same pixels, whatever the image."""

import numpy as np
import pytest

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(3)
    sizes = [(1, 1), (1, 60), (60, 1), (2, 3), (28, 28), (97, 41), (64, 1000), (300, 200), (1500, 90)]
    random = [rng.integers(0, 256, (*size, 1 + number % 4)).astype(np.uint8) for number, size in enumerate(sizes)]
    strokes = []
    for height, width in sizes[4:]:
        image = np.full((height, width, 3), 255)
        for _ in range(6):
            top, left = rng.integers(0, height), rng.integers(0, width)
            image[top : top + max(2, height // 3), left : left + 3] = rng.integers(0, 120)
        image = np.clip(image + rng.integers(-20, 20, (height, width, 1)), 0, 255).astype(np.uint8)
        strokes.append(image)
    empty = [np.full((height, width, 1), 240, np.uint8) for height, width in ((60, 80), (300, 220), (60, 400))]
    for image in empty:
        image[9:11, 30:32] = image[0] = image[-1] = image[:, 0] = image[:, -1] = 0
    shaded = np.tile(np.linspace(180, 250, 90), (130, 1)) + rng.normal(0, 3, (130, 90))
    return random + strokes + empty + [shaded[..., None].astype(np.uint8)]


@pytest.mark.parametrize(
    ("module", "values"),
    [
        ("glyph", {"height": 28, "width": 28}),
        ("glyph", {"height": 75, "width": 75, "channels": 3, "ink_is_light": False}),
        ("glyph", {"height": 32, "width": 24, "crop_to_ink": False}),
        ("line", {"height": 32, "width": 640, "margin": 0.1}),
    ],
    ids=["glyph", "colour_dark_ink", "whole_image", "line"],
)
def test_both_give_the_same_pixels(module, values, images):
    import importlib

    import tensorflow as tf

    from tfx_ocr.components.inputs import tensorflow_ops
    from tfx_ocr.components.recipe import Image, LineImage
    from tfx_ocr.data.pixels import numpy_ops

    fit = importlib.import_module(f"tfx_ocr.data.pixels.{module}").fit
    spec = LineImage(**values) if module == "line" else Image(**values)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, None, None], tf.uint8)])
    def in_graph(pixels):
        return fit(tensorflow_ops, pixels, spec)

    assert len(images) == 18
    for image in images:
        np.testing.assert_array_equal(fit(numpy_ops, image, spec), in_graph(image).numpy())


@pytest.mark.parametrize("crop_to_ink", [True, False])
def test_several_images_of_one_size_are_fitted_as_each_alone(crop_to_ink, images):
    import tensorflow as tf

    from tfx_ocr.components.inputs import tensorflow_ops
    from tfx_ocr.components.recipe import Image
    from tfx_ocr.data.pixels import glyph, numpy_ops

    spec = Image(height=28, width=24, crop_to_ink=crop_to_ink)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, None, None, None], tf.uint8)])
    def in_graph(pixels):
        return glyph.fit(tensorflow_ops, pixels, spec)

    assert len(images) == 18
    for image in images:  # ink at other places, dark and light, and none at all
        alike = np.stack([image, 255 - image, image[::-1], np.full_like(image, 9), image // 3])
        expected = [glyph.fit(numpy_ops, one, spec) for one in alike]
        np.testing.assert_array_equal(in_graph(alike).numpy(), np.stack(expected))


def test_both_modules_offer_the_same_operations():
    from tfx_ocr.components.inputs import tensorflow_ops
    from tfx_ocr.data.pixels import numpy_ops

    assert sorted(tensorflow_ops.__all__) == sorted(numpy_ops.__all__)
