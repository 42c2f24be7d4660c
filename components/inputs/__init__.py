"""What comes in: a module a kind of input, by the name a recipe calls it."""

from __future__ import annotations

from types import ModuleType

from tfx_ocr.data.registry import load_named

# A module of an input has, with `spec` what the recipe says of it (ImageSpec, WordsSpec):
#   RAW                         record features it takes                     (what `serving_default` parses)
#   SIGNATURE, ASKED            the other signature, and its inputs as TensorSpecs
#   raw(asked)                  its inputs -> record features, as RAW parses them
#   transformed(raw, spec)      record features -> what Transform writes
#   WRITTEN                     how to parse what Transform wrote
#   batch(written, spec)        parsed -> a batch, small
#   augment(batch, seed, augment, spec), scale(batch, spec)    -> what the network takes
#   question(records)           records -> the signature's inputs, as a client would ask
INPUTS = {
    "image": "tfx_ocr.components.inputs.image",
    "line_image": "tfx_ocr.components.inputs.line_image",
    "words": "tfx_ocr.components.inputs.words",
}


def get_input(name: str) -> ModuleType:
    """Import and return the module that `name` stands for.

    Raises:
        ValueError: there is none of that name.
    """
    return load_named(INPUTS, name, "input")
