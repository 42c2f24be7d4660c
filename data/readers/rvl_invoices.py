"""The RVL-CDIP invoices of DeepCPCFG's release: `words/ID.xml` and `fields/ID.json`; no images."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tfx_ocr.data import files
from tfx_ocr.data.page import align, fields, groups
from tfx_ocr.data.page.markup import get_children, get_local_name, parse_number, parse_root
from tfx_ocr.data.page.page import Box, Word, build_features, divide_word, sort_into_rows
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "words/ID.xml with <doc><page><box l t r b>word</box> and fields/ID.json"
WORDS, FIELDS = "words", "fields"
FIELD = {"InvoiceNumber": "invoice_number", "IssuedDate": "issue_date", "TotalAmount": "total"}
A_SHARD = 100  # pages


def is_supported(root: Path) -> bool:
    """Whether words have fields of the same name beside them."""
    return bool(_ids(root, WORDS, ".xml") & _ids(root, FIELDS, ".json"))


def list_shards(root: Path) -> list[str]:
    """Pages by their ids in pieces of `A_SHARD`: JSON lists of id and group.

    The set does not say who sent an invoice. Pages that share many rare words, as those of one letterhead do, are one
    group (`data.page.groups.by_letterhead`), named by its first id; most suppliers become one group, a few become two.
    """
    words, known = _ids(root, WORDS, ".xml"), _ids(root, FIELDS, ".json")
    if not words & known:
        return []
    ids = sorted(words | known, key=files.to_natural_key)
    pages = [_said(root / WORDS / f"{name}.xml") for name in ids]
    together = groups.join_pairs(len(ids), groups.pair_by_letterhead(pages))
    rows = [{"id": name, "group": ids[group]} for name, group in zip(ids, together, strict=True)]
    return [json.dumps(rows[start : start + A_SHARD]) for start in range(0, len(rows), A_SHARD)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record a page; entities are found by `data.page.align`. One half of a page is set aside."""
    for row in json.loads(shard):
        source = files.format_path(f"{WORDS}/{row['id']}.xml")
        try:
            words = sort_into_rows(read_words((root / WORDS / f"{row['id']}.xml").read_bytes()))
            known = fields.read_fields((root / FIELDS / f"{row['id']}.json").read_bytes(), FIELD)
        except FileNotFoundError as error:
            missing = "fields" if str(error.filename).endswith(".json") else "words"
            yield Rejected(source=source, reason=f"no {missing}: no file of {missing} has this name")
        except OSError as error:
            yield Rejected(source=source, reason=f"cannot be read: {error.strerror or error}")
        except ValueError as error:
            yield Rejected(source=source, reason=str(error))
        else:
            tagged = align.tag_words(words, known)
            yield Record(features=build_features(tagged, fields=known), source=source, file=source, group=row["group"])


def read_words(content: bytes) -> list[Word]:
    """The words of a file in its order. The page's width and height are the extent of the words, so they are not read.

    Raises:
        ValueError: it is not such a file, or a box is none, or there is no word.
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
        raise ValueError("no words: the page has none")
    return words


def _ids(root: Path, folder: str, ending: str) -> set[str]:
    """Names of the folder's files without their ending, which is all that is taken off: ids hold points."""
    there = (root / folder).iterdir() if (root / folder).is_dir() else ()
    return {path.name.removesuffix(ending) for path in there if path.name.endswith(ending) and path.name[0] != "."}


def _said(path: Path) -> str:
    """What a page says, for its letterhead; "" of one that `read` will set aside."""
    try:
        return " ".join(element.text or "" for element in parse_root(path.read_bytes()).iter("box"))
    except (OSError, ValueError):
        return ""
