"""Tables of text as programs write them, row by row: one bad line never costs the file."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tfx_ocr.data import files, images

ENDINGS = {".csv", ".tsv", ".txt", ".json", ".jsonl"}
NOT_UTF8 = "text is not UTF-8: save the file so"
ENDING = f"(?:{'|'.join(map(re.escape, sorted(images.ENDINGS)))})"  # of a picture's name
PICTURE = re.compile(rf"{ENDING}\b", re.IGNORECASE)
NAME = rf"[^\r\n]*?{ENDING}"
LISTED = re.compile(rf'"?(\S{NAME})"?(?:[\t,;| ]+(.*))?', re.IGNORECASE)  # begins a row of a .txt
MAPPED = re.compile(rf'\s*(\[\s*\{{|\{{\s*"{NAME}"\s*:\s*")', re.IGNORECASE)  # how a .json begins
FORMULA = re.compile(r'\A="(.*)"\Z', re.DOTALL)  # by which a spreadsheet is told that 00123 is a text
COMMENT = re.compile(r"#(?:\s|#)")  # begins a line above the header
HEADER = ["image", "label"]  # of what states none


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        line: the line it begins at, counted from 1.
        cells: their texts; of JSON, numbers as the file writes them.
        wrong: what is wrong with the row, "" for nothing.
        others: places of the cells that hold something else than a text or a number: true, a list, an object.
    """

    line: int
    cells: list[str]
    wrong: str = ""
    others: frozenset[int] = frozenset()


def read_rows(path: Path) -> Iterator[Row]:
    """Yield each row that has cells, the header first: .tsv by tabs without quotes, .csv by what its first line has.

    UTF-8, and UTF-16 with its mark. Lines above the header that begin with `# ` are comments. A first line `sep=;`, as
    Excel has it, names what divides the cells. Where a quote is left open, the row it is in is wrong and the next line
    is a row again. A .txt has a picture and its text per line and no header, a .jsonl an object per line, a .json a
    list of objects, or one object of pictures to their texts; any other .txt or .json is empty.

    Raises:
        OSError: the file cannot be read.
    """
    text = files.decode_text(files.read_file(path))
    ending = path.suffix.lower()
    if ending == ".txt":
        yield from _read_list(text)
    elif ending.startswith(".json"):
        yield from _read_objects(text, ending == ".jsonl")
    else:
        yield from _read_cells(text, ending == ".tsv")


def _read_list(text: str) -> Iterator[Row]:
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines or not LISTED.fullmatch(lines[0][1]):
        return
    yield Row(0, HEADER)
    for number, line in lines:
        match = LISTED.fullmatch(line)
        cells = [match[1], re.sub(r'^"(.*)"$', r"\1", match[2] or "")] if match else []
        wrong = "" if match else f"not a row: line {number} does not begin with a picture's name"
        yield Row(number, cells, wrong if files.is_decoded(line) else NOT_UTF8)


def _read_objects(text: str, by_line: bool) -> Iterator[Row]:
    if by_line:
        found = [(number, _parse_json(line)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    else:
        whole = _parse_json(text) if MAPPED.match(text) else []
        if isinstance(whole, dict):
            whole = [dict(zip(HEADER, pair, strict=True)) for pair in whole.items()]
        found = list(enumerate(whole or [], 1))
    header = list(dict.fromkeys(name for _, each in found if isinstance(each, dict) for name in each))
    if header:
        yield Row(0, header)
    for number, each in found if header else ():
        values = [each.get(name) for name in header] if isinstance(each, dict) else []
        cells = list(map(_format_value, values))
        wrong = "" if cells else f"not a row: entry {number} is not an object"
        others = frozenset(place for place, value in enumerate(values) if not isinstance(value, str | None))
        yield Row(number, cells, wrong if all(map(files.is_decoded, cells)) else NOT_UTF8, others)


def _format_value(value: Any) -> str:
    """Return a value as text, "" for null; anything else as JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def is_object(text: str) -> bool:
    """Return whether a text is JSON of an object or of a list of objects: an annotation, and no text of a picture.

    >>> is_object('[{"transcription": "12", "points": []}]'), is_object("[12]"), is_object("{12}")
    (True, False, False)
    """
    value = _parse_json(text) if text.startswith(("{", "[")) else None
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value))


def _parse_json(text: str) -> Any:
    """Return what a text of JSON holds, numbers as texts: 12.50 is not 12.5; None of another text."""
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None


def _read_cells(text: str, tabs: bool) -> Iterator[Row]:
    lines, first = list(io.StringIO(text, newline="")), 0  # lines end as csv has them end, not as str.splitlines
    while first < len(lines) and COMMENT.match(lines[first]):
        first += 1
    header = lines[first] if first < len(lines) else ""
    delimiter = max(",;\t|", key=header.count)
    named = header.strip('\r\n"')
    if tabs:
        delimiter = "\t"
    elif named.lower().startswith("sep=") and len(named) == len("sep=;"):
        first, delimiter = first + 1, named[-1]
    width = 0
    while first < len(lines):
        begin = first
        quoting: Literal[0, 3] = csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL
        rows = csv.reader(itertools.islice(lines, begin, None), delimiter=delimiter, quoting=quoting, strict=True)
        try:
            for cells in rows:
                end = begin + rows.line_num
                inner = [line for line in lines[first + 1 : end] if line.count(delimiter) >= width - 1]
                if inner and (len(cells) != width or any(map(PICTURE.search, inner))):  # rows of their own
                    raise csv.Error("a quote is left open")
                if cells:
                    cells = [FORMULA.sub(r"\1", cell) for cell in cells]
                    width = width or len(cells)
                    yield Row(first + 1, cells, "" if all(map(files.is_decoded, cells)) else NOT_UTF8)
                first = end
        except csv.Error as error:
            said = "a quote is left open" if "end of data" in str(error) else str(error)
            first += 1
            yield Row(first, [], f"not a row: {said}, on line {first}")
