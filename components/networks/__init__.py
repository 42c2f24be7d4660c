"""Networks: from what is asked to features, a module a design, by the name a recipe calls it.

A module has `GIVES` (`vector`, `sequence`, `map` or `words`: what its features are, which a task's NEEDS must match)
and `build(spec, base) -> keras.Model`, with `spec` the recipe's ImageSpec or WordsSpec. Keras layers and keras.ops
only, so that any Keras backend can train it.
"""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data.registry import load_named

NETWORKS = {
    "inception_v3": "tfx_ocr.components.networks.inception_v3",
    "line_cnn": "tfx_ocr.components.networks.line_cnn",
    "mlp": "tfx_ocr.components.networks.mlp",
    "residual_cnn": "tfx_ocr.components.networks.residual_cnn",
    "small_cnn": "tfx_ocr.components.networks.small_cnn",
    "word_attention": "tfx_ocr.components.networks.word_attention",
}


def get_network(name: str) -> ModuleType:
    """Import and return the module that `name` stands for.

    Raises:
        ValueError: there is none of that name.
    """
    return load_named(NETWORKS, name, "network")
