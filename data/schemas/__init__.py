"""Reviewed schemas (TFMD), one per recipe: what every record must be like. Frozen: no run changes one."""

from __future__ import annotations

from pathlib import Path

from tfx_ocr.data.registry import check_known

HERE = Path(__file__).parent
OF_PICTURES, OF_WORDS, OF_PAGES = (
    "lines.pbtxt",
    "invoices.pbtxt",
    "pages.pbtxt",
)  # those that the schemas of users' own recipes begin with


def get_schema_path(name: str) -> Path:
    """Return the path of the schema `name`, such as `digits.pbtxt`.

    Raises:
        ValueError: the schema is unknown; the known ones are named.
    """
    known = {path.name for path in HERE.glob("*.pbtxt")}
    check_known(name, known, f"no schema {name!r}")
    return HERE / name
