"""What comes in: a module a kind of input, by the name a recipe calls it."""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data.registry import named

# A module of an input has, with `spec` the recipe's ImageSpec:
#   RAW                         record features it takes                     (what `serving_default` parses)
#   ASKED                       input names of the `serve_images` signature, each with the record feature it stands for
#   transformed(raw, spec)      record features -> what Transform writes
#   WRITTEN                     how to parse what Transform wrote
#   batch(written, spec)        parsed -> a batch of the network's pictures, uint8
#   augment(batch, seed, augment, spec), scale(batch, spec)    -> what the network takes
#   question(example)           a record as a question to the served model
INPUTS = {
    "image": "tfx_ocr.components.inputs.image",
}


def input_named(name: str) -> ModuleType:
    """Import and return the module that `name` stands for.

    Raises:
        ValueError: there is none of that name.
    """
    return named(INPUTS, name, "input")
