"""InceptionV3 without its top, from scratch or fine-tuned."""

from __future__ import annotations

import keras

from tfx_ocr.components.recipe import Base, Picture

GIVES = "vector"
LAST_MAP = "mixed10"


def build(image: Picture, base: Base) -> keras.Model:
    """Build 21.8 million weights that give 2,048 features; a grey picture is given to all three of its channels.

    The layers lie in the model itself, in order, so that the Trainer can freeze them up to one by name (`mixed7`).

    Args:
        image: 75 x 75 or more, scaled to [-1, 1] as its ImageNet weights expect.
        base: `none`, `imagenet` (Keras fetches the weights and checks their hash) or the path of a weights file, such
            as `build(...).save_weights` writes.

    Raises:
        ValueError: the picture is smaller than 75 x 75.
        FileNotFoundError: no weights at that path.

    Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015.
    """
    if min(image.height, image.width) < 75:
        raise ValueError(f"inception_v3 needs pictures of 75 x 75 or more, not {image.height} x {image.width}")
    picture = keras.Input((image.height, image.width, image.channels), name="picture")
    coloured = picture if image.channels == 3 else keras.layers.Concatenate()([picture] * 3)
    model = keras.applications.InceptionV3(
        include_top=False,
        weights="imagenet" if base.weights == "imagenet" else None,
        input_tensor=coloured,
        pooling="avg",
    )
    if base.weights not in ("none", "imagenet"):
        model.load_weights(base.weights)
    return keras.Model(picture, model.output, name="inception_v3")  # Keras's own takes a list of one picture
