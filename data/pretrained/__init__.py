"""Weights that ship: per recipe an exported model with its manifest in `model/`, and its card in `CARD.md`.

Language models that ship lie beside the model whose lines they help to read.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def list_names() -> list[str]:
    """List the names of the models that ship."""
    return sorted(path.parent.name for path in FOLDER.glob("*/CARD.md"))


def get_folder(name: str) -> Path:
    """Return the folder of the exported model that ships under `name`.

    Raises:
        ValueError: no model ships under it.
    """
    path = FOLDER / name / "model"
    if not (path / "saved_model.pb").exists():
        raise ValueError(f"no model ships as {name!r} ({path} holds no saved_model.pb)")
    return path


def find_language_model(name: str) -> Path | None:
    """Return the file of the language model that ships as `name`, None where none does."""
    return next(FOLDER.glob(f"*/{name}.json.xz"), None) if name.isidentifier() else None


def list_language_models() -> list[str]:
    """List the names of the language models that ship."""
    return sorted(path.name.removesuffix(".json.xz") for path in FOLDER.glob("*/*.json.xz"))
