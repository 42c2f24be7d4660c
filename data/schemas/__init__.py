"""Reviewed schemas (TFMD), one a recipe: what every record must be like. Frozen: no run changes one."""

from __future__ import annotations

from pathlib import Path

from tfx_ocr.data.registry import make_unknown_error

HERE = Path(__file__).parent


def get_schema_path(name: str) -> Path:
    """Where the schema `name`, such as `digits.pbtxt`, lies.

    Raises:
        ValueError: there is no such schema; the known ones are named.
    """
    known = {path.name for path in HERE.glob("*.pbtxt")}
    if name not in known:
        raise make_unknown_error(f"no schema {name!r}", known)
    return HERE / name
