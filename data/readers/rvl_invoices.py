"""The RVL-CDIP invoices of DeepCPCFG's release: `words/ID.xml` and `fields/ID.json`; no images."""

from __future__ import annotations

import functools
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tfx_ocr.data import files
from tfx_ocr.data.page import align, fields, groups
from tfx_ocr.data.page.markup import get_children, get_local_name, parse_number, parse_root
from tfx_ocr.data.page.page import Box, Word, build_features, divide_word, sort_into_rows
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures, try_read
from tfx_ocr.data.record import Record

LAYOUT = "words/ID.xml with <doc><page><box l t r b>word</box> and fields/ID.json"
WORDS, FIELDS = "words", "fields"
FIELD = {"InvoiceNumber": "invoice_number", "IssuedDate": "issue_date", "TotalAmount": "total"}
A_SHARD = 100  # pages


def is_supported(root: Path) -> bool:
    """Return whether words have fields of the same name beside them."""
    return bool(_list_ids(root, WORDS, ".xml").keys() & _list_ids(root, FIELDS, ".json").keys())


def list_shards(root: Path) -> list[str]:
    """Return the pages, each with the names of its two files and its group, in pieces of `A_SHARD`.

    The set does not say who sent an invoice. Pages that share many rare words, as those of one letterhead do, are one
    group (`data.page.groups`), named by its first id; most suppliers become one group, a few become two.
    """
    if not is_supported(root):
        return []
    words, known = _list_ids(root, WORDS, ".xml"), _list_ids(root, FIELDS, ".json")
    ids = sorted(words | known, key=files.to_natural_key)
    names = [(words.get(name, f"{name}.xml"), known.get(name, f"{name}.json")) for name in ids]
    pages = [try_read(_read_text, root / WORDS / file) or "" for file, _ in names]
    together = groups.join_pairs(len(ids), groups.pair_by_letterhead(pages))
    rows = [(*pair, files.format_path(ids[group])) for pair, group in zip(names, together, strict=True)]
    return cut_into_shards(rows, A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread]:
    """Yield a record per page; entities are found by `data.page.align`. One half of a page is set aside."""
    for words, known, group in json.loads(shard):
        yield files.format_path(f"{WORDS}/{words}"), functools.partial(_read_page, root, words, known, group)


def read_words(content: bytes) -> list[Word]:
    """Return the words of a file in its order. The page's size is the extent of the words, so it is not read.

    Raises:
        ValueError: it is not such a file, or a side of a box is not a number, or it has no word.
    """
    root = parse_root(content)
    pages = get_children(root, "page")
    if get_local_name(root) != "doc" or len(pages) != 1:
        raise ValueError(
            f"not a page of words: the outermost element is {get_local_name(root)}, with {len(pages)} pages"
        )
    words = []
    for place, box in enumerate(get_children(pages[0], "box")):
        left, top, right, bottom = (parse_number(box.get(side, ""), f"{side} of box {place}") for side in "ltrb")
        words += divide_word(Word(text=" ".join((box.text or "").split()), box=Box(left, top, right, bottom)))
    if not words:
        raise ValueError("no words: the page has no text")
    return words


def _read_page(root: Path, file: str, named: str, group: str) -> Record:
    content = files.read_file(root / WORDS / file, missing="no words: no file of words has this name")
    words = sort_into_rows(read_words(content))
    content = files.read_file(root / FIELDS / named, missing="no fields: no file of fields has this name")
    known = fields.read_fields(content, FIELD)
    source = files.format_path(f"{WORDS}/{file}")
    features = build_features(align.tag_words(words, known), fields=known)
    return Record(features=features, source=source, file=source, group=group)


def _list_ids(root: Path, folder: str, ending: str) -> dict[str, str]:
    """The folder's files by their names without the ending, which is all that is taken off: ids hold points."""
    names = [name for name in files.list_folder(root / folder) if name.lower().endswith(ending)]
    return {unicodedata.normalize("NFC", name[: -len(ending)]): name for name in names}


def _read_text(path: Path) -> str:
    """All text of a page, for its letterhead."""
    return " ".join(element.text or "" for element in parse_root(files.read_file(path)).iter("box"))
