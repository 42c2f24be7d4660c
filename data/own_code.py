"""Code of users' own that a recipe names by dotted path: modules of the current folder, or installed ones."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def find_source(module: str) -> Path | None:
    """Return the file of a module or package, without importing it or its parents; None where it is missing.

    What is installed goes before the current folder, as in an import.
    """
    top, *inner = module.split(".")
    if not all(part.isidentifier() for part in (top, *inner)):
        return None
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # a module that was made by hand
        return None
    places = [Path(spec.origin).parent] if spec and spec.origin else []
    if spec and spec.submodule_search_locations:
        places = [Path(place).parent for place in spec.submodule_search_locations]
    for place in places or [Path.cwd()]:
        path = place.joinpath(top, *inner)
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                return file
    return None


def is_own(file: Path) -> bool:
    """Return whether a file lies in the current folder, and not in an environment there."""
    return file.is_relative_to(Path.cwd()) and not file.is_relative_to(sys.prefix)


def list_imports(file: Path, *, at_once: bool = False) -> Iterator[tuple[str, int]]:
    """Yield the modules that a source imports, each with its line; those of `from x import y` as x and x.y.

    Args:
        file: the source.
        at_once: only what its own import imports, in any case.

    Raises:
        SyntaxError: it is not Python.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((name, node.lineno) for name in (node.module, *(f"{node.module}.{a.name}" for a in node.names)))


def check_source(module: str) -> None:
    """Check that a module can be read and what it imports can be found, without importing it.

    Raises:
        ValueError: one sentence with file and line.
    """
    file = find_source(module)
    if file is None:
        raise ValueError(f"no module {module!r} in the current folder or installed")
    try:
        imports = list(list_imports(file, at_once=True))
    except (SyntaxError, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ValueError(
            f"{module!r} cannot be imported: {getattr(error, 'msg', error)} ({file}, line {line})"
        ) from None
    for name, line in imports:
        top = name.partition(".")[0]
        if top not in sys.builtin_module_names and importlib.util.find_spec(top) is None and find_source(top) is None:
            raise ValueError(f"{module!r} cannot be imported: no module named {top!r} ({file}, line {line})")


def load_code(path: str) -> Any:
    """Import and return what `module` or `module:function` names.

    Raises:
        ValueError: its import fails, or it lacks the function; one sentence with its own error, file and line.
    """
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # behind all else: a file here replaces no library
    module, _, name = path.partition(":")
    try:
        imported = importlib.import_module(module)
    except Exception as error:  # whatever the code raises
        source = find_source(module)
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_own(Path(frame.filename))]
        place = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else str(source)
        raise ValueError(f"{module!r} cannot be imported: {type(error).__name__}: {error} ({place})") from error
    if name and not hasattr(imported, name):
        raise ValueError(f"{module!r} has no function {name!r}")
    return getattr(imported, name) if name else imported
