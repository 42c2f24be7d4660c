"""Networks of `keras.applications` without their top, from scratch or fine-tuned: one line each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras

from tfx_ocr.components.networks.directions import open_picture
from tfx_ocr.components.recipe import Base, Picture

GIVES = "vector"
LAST_MAP = "last_map"


@dataclasses.dataclass(kw_only=True)
class Application:
    """A network of `keras.applications`.

    Attributes:
        name: of its function there.
        smallest: side of the smallest picture that it takes, in pixels.
        has_base: whether its ImageNet weights expect [-1, 1], as the recipes' inputs are scaled.
        options: of its function.
        GIVES: see `Network`.
        LAST_MAP: see `Network`.
    """

    name: str
    smallest: int = 32
    has_base: bool = True
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    GIVES: str = GIVES
    LAST_MAP: str = LAST_MAP

    def build(self, image: Picture, base: Base) -> keras.Model:
        """Build the network up to the average of its last map; a grey picture is given to all three of its channels.

        The layers lie in the model itself, in order, so that the Trainer can freeze them up to one by name (`mixed7`).

        Args:
            image: size and channels of the input, scaled to [-1, 1] as ImageNet weights expect.
            base: `none`, `imagenet` (Keras fetches the weights and checks their hash) or the path of a weights file,
                such as `build(...).save_weights` writes.

        Raises:
            ValueError: the picture is too small, or the network's ImageNet weights expect another scale.
            FileNotFoundError: no weights at that path.
        """
        if min(image.height, image.width) < self.smallest:
            least = f"{self.smallest} x {self.smallest}"
            raise ValueError(f"{self.name} needs pictures of {least} or more, not {image.height} x {image.width}")
        if base.weights == "imagenet" and not self.has_base:
            raise ValueError(
                f"trainer.base.weights is 'imagenet', and {self.name}'s expect pixels of another scale: "
                "give none or a weights file"
            )
        picture, coloured = open_picture(image)
        if coloured.shape[-1] == 1:
            coloured = keras.layers.Concatenate()([picture] * 3)
        application = getattr(keras.applications, self.name)(
            include_top=False,
            weights="imagenet" if base.weights == "imagenet" else None,
            input_tensor=coloured,
            **self.options,
        )
        for layer in application.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = min(layer.momentum, 0.99)  # MobileNetV3's 0.999 needs thousands of steps
        last_map = keras.layers.Identity(name=LAST_MAP)(application.output)
        model = keras.Model(picture, keras.layers.GlobalAveragePooling2D()(last_map), name=self.name.lower())
        if base.weights not in ("none", "imagenet"):
            model.load_weights(base.weights)
        return model


UNSCALED = {"include_preprocessing": False}  # it would expect pixels from 0 to 255

# Tan, Le, "EfficientNetV2: Smaller Models and Faster Training", 2021: 5.9, 6.9 and 8.8 million weights
EFFICIENTNET_V2_B0 = Application(name="EfficientNetV2B0", has_base=False, options=UNSCALED)
EFFICIENTNET_V2_B1 = Application(name="EfficientNetV2B1", has_base=False, options=UNSCALED)
EFFICIENTNET_V2_B2 = Application(name="EfficientNetV2B2", has_base=False, options=UNSCALED)
# Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", 2016: 54 million
INCEPTION_RESNET_V2 = Application(name="InceptionResNetV2", smallest=75)
# Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2015: 22 million
INCEPTION_V3 = Application(name="InceptionV3", smallest=75)
# Howard et al., "Searching for MobileNetV3", 2019: 3.0 and 0.9 million
MOBILENET_V3_LARGE = Application(name="MobileNetV3Large", options=UNSCALED)
MOBILENET_V3_SMALL = Application(name="MobileNetV3Small", options=UNSCALED)
# Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014: 15 million
VGG16 = Application(name="VGG16", has_base=False)
