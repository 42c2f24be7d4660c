"""Weights that ship: per recipe an exported model with its manifest in `model/`, and its card in `CARD.md`."""

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
