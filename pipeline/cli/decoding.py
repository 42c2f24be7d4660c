"""Options of the commands that read lines: beams and a language model in place of the best path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tfx_ocr.serving.portable.beam import Decoding

Beams = Annotated[
    int, typer.Option(help="Of lines: prefixes that a beam search keeps; 0 for the best path.", min=0, max=1000)
]
LanguageModelFile = Annotated[
    str,
    typer.Option(
        "--language-model",
        help="Of lines: `vietnamese`, or a file of `tfx-ocr language-model`; it is used by a beam search.",
    ),
]


def build_decoding(beams: int, language_model: str) -> Decoding | None:
    """Return how lines are decoded; None for the best path, where neither option is given.

    Raises:
        ValueError: the language model is neither a file nor one that ships.
    """
    if not (beams or language_model):
        return None
    from pathlib import Path

    from tfx_ocr.data.pretrained import find_language_model, list_language_models
    from tfx_ocr.serving.portable.beam import BEAMS, Decoding

    if language_model and not (find_language_model(language_model) or Path(language_model).is_file()):
        raise ValueError(
            f"no language model at {language_model}: write one by `tfx-ocr language-model`, or name one that ships: "
            f"{', '.join(list_language_models())}"
        )
    return Decoding(beams=beams or BEAMS, language_model=language_model)
