"""Networks: from an input to features, a module a design, by the name a recipe calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from tfx_ocr.data.own_code import find_source, load_code
from tfx_ocr.data.registry import load_named

if TYPE_CHECKING:
    import keras

    from tfx_ocr.components.recipe import Base

NETWORKS = {
    "efficientnet_v2_b0": "tfx_ocr.components.networks.applications:EFFICIENTNET_V2_B0",
    "efficientnet_v2_b1": "tfx_ocr.components.networks.applications:EFFICIENTNET_V2_B1",
    "efficientnet_v2_b2": "tfx_ocr.components.networks.applications:EFFICIENTNET_V2_B2",
    "inception_resnet_v2": "tfx_ocr.components.networks.applications:INCEPTION_RESNET_V2",
    "inception_v3": "tfx_ocr.components.networks.applications:INCEPTION_V3",
    "line_cnn": "tfx_ocr.components.networks.line_cnn",
    "line_mixing_large": "tfx_ocr.components.networks.line_mixing:LARGE",
    "line_mixing_small": "tfx_ocr.components.networks.line_mixing:SMALL",
    "melnyk": "tfx_ocr.components.networks.melnyk",
    "mlp": "tfx_ocr.components.networks.mlp",
    "mobilenet_v3_large": "tfx_ocr.components.networks.applications:MOBILENET_V3_LARGE",
    "mobilenet_v3_small": "tfx_ocr.components.networks.applications:MOBILENET_V3_SMALL",
    "page_fpn": "tfx_ocr.components.networks.page_fpn",
    "residual_cnn": "tfx_ocr.components.networks.residual_cnn",
    "small_cnn": "tfx_ocr.components.networks.small_cnn",
    "vgg16": "tfx_ocr.components.networks.applications:VGG16",
    "word_attention": "tfx_ocr.components.networks.word_attention",
}


class Network(Protocol):
    """Module (or object) of a design, in Keras layers and `keras.ops` only, so that any Keras backend trains it.

    One that ends in maps of a picture may have `LAST_MAP` too, the name of the layer that gives the last of them:
    [batch, height, width, channels]. One of lines that gives the same frames however much paper is behind the line may
    have `WRITTEN`, the name of the layer that tells which frames are of the line, [batch, frames, 1]: see
    `networks.written`. Its frames of paper are blank, and it is served on strips cut to their ink and the paper that
    `data.pixels.strip` says, which those frames may see.

    Attributes:
        GIVES: `vector`, `sequence`, `map` or `words`: what its features are, which a task's `needs` must equal.
    """

    GIVES: str

    def build(self, spec: Any, base: Base, /) -> keras.Model:
        """Return a model from the recipe's `input`, scaled, to features."""


def get_network(name: str) -> Network:
    """Import and return the network registered as `name`, or the module of one's own that it names.

    Raises:
        ValueError: unknown name, or the module cannot be imported.
    """
    return cast(
        Network,
        load_named(NETWORKS, name, "network") if name in NETWORKS or find_source(name) is None else load_code(name),
    )
