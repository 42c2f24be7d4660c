"""Networks: from an input to features, a module a design, by the name a recipe calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from tfx_ocr.data.own_code import find_source, load_code
from tfx_ocr.data.registry import load_named

if TYPE_CHECKING:
    import keras

    from tfx_ocr.components.recipe import Base

NETWORKS = {
    "inception_v3": "tfx_ocr.components.networks.inception_v3",
    "line_cnn": "tfx_ocr.components.networks.line_cnn",
    "mlp": "tfx_ocr.components.networks.mlp",
    "page_fpn": "tfx_ocr.components.networks.page_fpn",
    "residual_cnn": "tfx_ocr.components.networks.residual_cnn",
    "small_cnn": "tfx_ocr.components.networks.small_cnn",
    "word_attention": "tfx_ocr.components.networks.word_attention",
}


class Network(Protocol):
    """Module of a design, in Keras layers and `keras.ops` only, so that any Keras backend trains it.

    One that ends in maps of a picture may have `LAST_MAP` too, the name of the layer that gives the last of them:
    [batch, height, width, channels].

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
