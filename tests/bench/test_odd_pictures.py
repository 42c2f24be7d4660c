from __future__ import annotations

import numpy as np
import pytest

from tfx_ocr.data import images


def test_the_same_seed_draws_the_same_pictures_of_every_kind():
    import odd_pictures

    count = len(odd_pictures.KINDS)
    drawn = list(odd_pictures.draw_all(count))
    assert [kind for kind, _ in drawn] == list(odd_pictures.KINDS)
    assert drawn == list(odd_pictures.draw_all(count))
    assert [image for _, image in drawn] != [image for _, image in odd_pictures.draw_all(count, seed=1)]
    unread = [kind for kind, image in drawn if images.find_problem(image, 10**8)]
    assert all(kind.startswith("damaged") for kind in unread)


@pytest.mark.tfx
def test_pillow_and_the_graph_decode_to_the_same_pixels_or_both_refuse():
    import odd_pictures
    import tensorflow as tf

    from tfx_ocr.components.inputs import image as graph
    from tfx_ocr.data.pixels import numpy_ops

    decode = tf.function(graph.decode, input_signature=[tf.TensorSpec([], tf.string)])
    refused, answered = set(), set()
    for kind, image in odd_pictures.draw_all(3 * len(odd_pictures.KINDS), seed=5):
        try:
            pixels = images.decode_for_model(image)
        except ValueError as error:
            reason = str(error)
            with pytest.raises(tf.errors.InvalidArgumentError) as raised:
                decode(tf.constant(image))
            words = "" if reason.startswith("damaged") else reason
            assert words in raised.value.message, kind
            refused.add(kind)
            continue
        found = decode(tf.constant(image)).numpy()
        answered.add(kind)
        planes, expected = (numpy_ops.to_planes(each) for each in (found, pixels))
        visible = expected[3] > 0  # the color of what is transparent does not count
        np.testing.assert_array_equal(planes[3], expected[3], kind)
        np.testing.assert_array_equal(planes[:, visible], expected[:, visible], kind)
    assert {"TIFF", "WebP", "JPEG CMYK", "GIF transparent", "BMP palette", "BMP 32 bits"} <= refused
    assert {"PNG with an orientation mark", "PNG 16 bits grey", "GIF", "BMP RGB", "JPEG progressive"} <= answered


@pytest.mark.tfx
def test_the_shipped_model_answers_odd_pictures_alike_in_both_forms():
    import bench_odd_pictures

    outcomes, unlike, distance, converted = bench_odd_pictures.compare("digits", 90, seed=3)
    assert not unlike
    assert outcomes["answered by both"] > 45
    assert outcomes["refused by both"] > 20
    assert max(distance, converted) < 1e-4
