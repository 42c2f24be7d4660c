"""Where served models lie: environment first, then `tfx-ocr.toml` in the current folder, then the defaults below."""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

PREFIX = "TFX_OCR_"
FILE = "tfx-ocr.toml"
RECIPES = "recipes"  # folder of users' own, in the current folder

S = TypeVar("S", bound="Settings")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Where served models lie. Each field is also `TFX_OCR_<FIELD>` in the environment.

    Attributes:
        home: folder of everything a run writes, unless a field below says otherwise.
        serving: folder of all served models; "" for `<home>/serving`.
        recipes: folder of recipes of one's own, a TOML file each.
    """

    home: str = "work"
    serving: str = ""
    recipes: str = RECIPES

    @property
    def base(self) -> str:
        """Folder of all served models, each a folder of versions."""
        return (self.serving or str(Path(self.home).absolute() / "serving")).rstrip("/")

    def get_serving_dir(self, name: str) -> str:
        """Return the folder of a model's versions: TensorFlow Serving's model base path."""
        return f"{self.base}/{name}"


def read_file(folder: Path = Path()) -> dict[str, Any]:
    """Read `tfx-ocr.toml` in `folder`; empty where it is missing.

    Raises:
        ValueError: the file is not TOML.
    """
    file = folder / FILE
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{FILE} is not TOML: {error}") from None


def load(kind: type[S], environment: Mapping[str, str] = os.environ, folder: Path = Path()) -> S:
    """Read the settings of `kind`; the file may name others too.

    Raises:
        ValueError: the file is not TOML.
    """
    names = [field.name for field in dataclasses.fields(kind)]
    values = {name: str(value) for name, value in read_file(folder).items() if name in names}
    values |= {name: environment[PREFIX + name.upper()] for name in names if PREFIX + name.upper() in environment}
    return kind(**values)
