"""Tables of text as programs write them, row by row: one bad line never costs the file."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from tfx_ocr.data import files

ENDINGS = {".csv", ".tsv"}
NOT_UTF8 = "text is not UTF-8: save the file so"


class Row(NamedTuple):
    """A row: the line it begins at, counted from 1, its cells, and what is wrong with it, "" for nothing."""

    line: int
    cells: list[str]
    wrong: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield each row that has cells, the header first: .tsv by tabs without quotes, .csv by what its first line has.

    UTF-8, and UTF-16 with its mark. A first line `sep=;`, as Excel has it, names what divides the cells. Where a quote
    is left open, the row it is in is wrong and the next line is a row again.

    Raises:
        OSError: the file cannot be read.
    """
    text = files.decode_text(files.read_file(path))
    lines, first = list(io.StringIO(text, newline="")), 0  # lines end as csv has them end, not as str.splitlines
    header = lines[0] if lines else ""
    tabs, delimiter = path.suffix.lower() == ".tsv", max(",;\t|", key=header.count)
    named = header.strip('\r\n"')
    if tabs:
        delimiter = "\t"
    elif named.lower().startswith("sep=") and len(named) == len("sep=;"):
        first, delimiter = 1, named[-1]
    width = 0
    while first < len(lines):
        begin = first
        quoting: Literal[0, 3] = csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL
        rows = csv.reader(itertools.islice(lines, begin, None), delimiter=delimiter, quoting=quoting, strict=True)
        try:
            for cells in rows:
                end = begin + rows.line_num
                if any(line.count(delimiter) >= width - 1 for line in lines[first + 1 : end]):
                    raise csv.Error("a quote is left open")
                if cells:
                    width = width or len(cells)
                    yield Row(first + 1, cells, "" if all(map(files.is_decoded, cells)) else NOT_UTF8)
                first = end
        except csv.Error as error:
            said = "a quote is left open" if "end of data" in str(error) else str(error)
            first += 1
            yield Row(first, [], f"not a row: {said}, on line {first}")
