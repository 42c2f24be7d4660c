"""Weights that ship: one folder a recipe, an exported model in `model/` and its card in `CARD.md`."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def list_names() -> list[str]:
    """What ships."""
    return sorted(path.parent.name for path in FOLDER.glob("*/CARD.md"))


def get_folder(name: str) -> Path:
    """Folder of the exported model that ships under `name`.

    Raises:
        ValueError: none does.
    """
    path = FOLDER / name / "model"
    if not (path / "saved_model.pb").exists():
        raise ValueError(f"no model ships as {name!r} ({path} holds no saved_model.pb)")
    return path
