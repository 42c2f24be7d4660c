"""Registries: plain dictionaries, name to `module` or `module:attribute`, and what a name of one stands for."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from tfx_ocr.data.extras import explain_missing


def load_named(registry: Mapping[str, str], name: str, what: str) -> Any:
    """Import and return the module, or the attribute of a module, that `name` stands for.

    Args:
        registry: names to `package.module` or `package.module:attribute`.
        name: one of them.
        what: what the registry is of, for people: `reader`.

    Raises:
        ValueError: the name is unknown; the known ones are named.
    """
    check_known(name, registry, f"no {what} {name!r}")
    return load(registry[name])


def load(path: str) -> Any:
    """Import and return what `package.module` or `package.module:attribute` names.

    Raises:
        ImportError: a package that it needs is not installed; the extra that brings the package is named.
    """
    module, _, attribute = path.partition(":")
    try:
        imported = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(explain_missing(error), name=error.name) from error
    return getattr(imported, attribute) if attribute else imported


def check_known(name: str, known: Iterable[str], said: str) -> None:
    """Refuse a name that is not one of the known ones.

    Raises:
        ValueError: `said`, and the known names.
    """
    if name not in known:
        raise make_unknown_error(said, known)


def make_unknown_error(said: str, known: Iterable[str]) -> ValueError:
    """Return the error of an unknown name: `said`, and the known ones.

    >>> make_unknown_error("no reader 'xml'", {"idx": "", "csv": ""})
    ValueError("no reader 'xml'; known: csv, idx")
    """
    return ValueError(f"{said}; known: {', '.join(sorted(known))}")
