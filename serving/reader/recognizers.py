"""Recognizers: what finds and reads the writing on a sheet, and which of them a model is for."""

from __future__ import annotations

from tfx_ocr.data import features
from tfx_ocr.serving.model import Model

GLYPHS = "glyphs"
LINES = "lines"
# By what a model reads: `(sheet, model, whitelist, min_confidence) -> lines`
METHODS = {
    GLYPHS: "tfx_ocr.serving.reader.digits:read_digits",
    LINES: "tfx_ocr.serving.reader.lines:read_lines",
}
# What the models that ship read, by name; any other model's answers say it: see `find_parts`
RECOGNIZERS = {"digits": GLYPHS, "lines": LINES, "print": LINES}


def find_parts(model: Model) -> str:
    """Return the kind of parts that a model reads, `GLYPHS` or `LINES`, by the outputs of its signature.

    Raises:
        ValueError: it reads neither.
        RequestError: its server does not answer.
    """
    signature = model.signatures.get(features.SERVE_IMAGES)
    outputs = signature.outputs if signature else {}
    if features.CHARACTERS_OUT in outputs:
        return LINES
    if features.INITIAL_OUT in outputs:
        raise ValueError(
            f"the model {model.name} {model.version} reads pictures of one syllable, no pages: "
            f"`tfx-ocr predict {model.name}` takes them"
        )
    if features.LABELS_OUT in outputs:
        return GLYPHS
    answered = f"answers {', '.join(sorted(outputs))}" if outputs else f"has no signature {features.SERVE_IMAGES}"
    raise ValueError(
        f"the model {model.name} {model.version} reads neither lines nor single characters, so no page: it {answered}"
    )
