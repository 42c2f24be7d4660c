"""Networks: from a picture to features, a module a design, by the name a recipe calls it.

A module has `GIVES` (`vector`, `sequence` or `map`: what its features are, which a task's NEEDS must match) and
`build(image, base) -> keras.Model`. Keras layers and keras.ops only, so that any Keras backend can train it.
"""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data.registry import named

NETWORKS = {
    "small_cnn": "tfx_ocr.components.networks.small_cnn",
    "mlp": "tfx_ocr.components.networks.mlp",
    "inception_v3": "tfx_ocr.components.networks.inception_v3",
}


def network(name: str) -> ModuleType:
    """Import and return the module that `name` stands for.

    Raises:
        ValueError: there is none of that name.
    """
    return named(NETWORKS, name, "network")
