"""How many fields of a data folder are found among its words, and how: `python -m tfx_ocr.data.align_report DATA`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tfx_ocr.data import features, normalization
from tfx_ocr.data.page.align import HOW, align
from tfx_ocr.data.page.page import Box, Word
from tfx_ocr.data.readers import read_data
from tfx_ocr.data.record import Record

READERS = ("sroie", "rvl_invoices", "kaggle_invoices", "page_xml", "tfrecord")
TEXTS = (features.WORDS, features.FIELD_NAMES, features.FIELD_VALUES)
EQUAL, EQUAL_NORMALISED = "equal", "equal normalised"  # the words of the first run are the field's text, by either rule


def count_aligned(root: Path) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Return how often each field was found, by which rule, and with its exact text: the ceiling of a tagger.

    Args:
        root: data that one of `READERS` recognises.

    Returns:
        Field to counts of `data.page.align.HOW`, `EQUAL` and `EQUAL_NORMALISED`; and counts of `pages` and `set aside`.

    Raises:
        ValueError: no reader recognises the data.
    """
    fields: dict[str, Counter[str]] = {}
    pages: Counter[str] = Counter()
    for record in read_data(root, READERS):
        if not isinstance(record, Record) or features.WORDS not in record.features:
            pages["set aside"] += 1
            continue
        pages["pages"] += 1
        words, named = _page(record)
        _, found = align(words, named)
        for name, (how, runs) in found.items():
            counts = fields.setdefault(name, Counter())
            counts[how] += 1
            text = " ".join(word.text for word in words[slice(*runs[0])]) if runs else ""
            counts[EQUAL] += normalization.normalize_exact(text) == normalization.normalize_exact(named[name])
            same = normalization.normalize_field(name, text) == normalization.normalize_field(name, named[name])
            counts[EQUAL_NORMALISED] += bool(runs) and same
    return fields, pages


def format_table(fields: dict[str, Counter[str]], pages: Counter[str]) -> str:
    """Return the counts as a table for people: a row per field, as shares of the pages that have it."""
    columns = (*HOW, EQUAL, EQUAL_NORMALISED)
    rows = [["field", "pages", *columns]]
    for name, counts in fields.items():
        there = sum(counts[how] for how in HOW)
        rows.append([name, str(there), *(f"{counts[column] / there:.3f}" for column in columns)])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, f"{pages['pages']} pages, {pages['set aside']} set aside"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 2 if the folder holds no pages."""
    parser = argparse.ArgumentParser(prog="python -m tfx_ocr.data.align_report", description=__doc__)
    parser.add_argument("data", type=Path, help="a folder of pages with fields")
    try:
        report = format_table(*count_aligned(parser.parse_args(arguments).data))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{report}\n")
    return 0


def _page(record: Record) -> tuple[list[Word], dict[str, str]]:
    """The words of a record and its fields; features of a page are lists."""
    listed = {name: value for name, value in record.features.items() if isinstance(value, list)}
    texts = {name: [v.decode() for v in listed.get(name, []) if isinstance(v, bytes)] for name in TEXTS}
    sides = [float(side) for side in listed[features.BOXES]]
    boxes = [Box(*sides[start : start + 4]) for start in range(0, len(sides), 4)]
    words = [Word(text=text, box=box) for text, box in zip(texts[features.WORDS], boxes, strict=True)]
    return words, dict(zip(texts[features.FIELD_NAMES], texts[features.FIELD_VALUES], strict=True))


if __name__ == "__main__":
    sys.exit(main())
