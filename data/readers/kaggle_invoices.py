"""The Kaggle invoices as downloaded: `X.tif`, `X_ocr.xml` with the words, `X_gt.xml` with each entity's regions."""

from __future__ import annotations

import dataclasses
import functools
import json
import posixpath
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from tfx_ocr.data import files, images
from tfx_ocr.data.page import groups, page_xml, tiff
from tfx_ocr.data.page.page import Page, Word, build_features, convert_to_pixels, list_words, read_words
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures, try_read
from tfx_ocr.data.readers.split_names import find_split
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "X_ocr.xml with X.tif and X_gt.xml beside it"
# What a name may end in. Nothing else is taken off: ids hold `.`, `+`, `-` and `_`.
IMAGE, OCR, TRUTH = ".tif", "_ocr.xml", "_gt.xml"
MISSING = {IMAGE: "no image", OCR: "no words", TRUTH: "no entities"}
A_SHARD = 50  # pages


def is_supported(root: Path) -> bool:
    """Return whether there is a file of words by the name that this set gives it."""
    return any(path.lower().endswith(OCR) for path in files.walk(root))


def list_shards(root: Path) -> list[str]:
    """Return the pages, each with its id, its files by ending and its group, in pieces of `A_SHARD`.

    The set does not say who sent an invoice: pages of one letterhead are one group (`data.page.groups`), named by its
    first id, and so are pages with the same picture.
    """
    if not is_supported(root):
        return []
    pages: dict[str, dict[str, str]] = {}
    for path in files.walk(root):
        for ending in MISSING:
            if path.lower().endswith(ending):
                pages.setdefault(unicodedata.normalize("NFC", path[: -len(ending)]), {})[ending] = path
    ids = sorted(pages, key=files.to_natural_key)
    pairs = groups.pair_by_letterhead([try_read(_read_text, root / pages[name].get(OCR, "")) or "" for name in ids])
    pairs += groups.pair_by_key([try_read(files.hash_file, root / pages[name].get(IMAGE, "")) for name in ids])
    together = groups.join_pairs(len(ids), pairs)
    rows = [(name, pages[name], files.format_path(ids[group])) for name, group in zip(ids, together, strict=True)]
    return cut_into_shards(rows, A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per page. Reject pages with a missing file or malformed XML."""
    for name, paths, group in json.loads(shard):
        source = files.format_path(name)
        present = [ending for ending in MISSING if ending in paths and (root / paths[ending]).is_file()]
        if missing := [ending for ending in MISSING if ending not in present]:
            reason = f"{MISSING[missing[0]]}: {' and '.join(f'{source}{ending}' for ending in missing)} missing"
            yield Rejected(source=f"{source}{present[0]}" if present else source, reason=reason)
        else:
            yield source, functools.partial(_read_page, root, name, paths, group)


def tag_words(words: list[Word], truth: Page) -> list[Word]:
    """Return the words, each with the entity of the smallest region that holds its centre; "" where none does.

    Args:
        words: of the page, with boxes.
        truth: regions with a Property `entity` and a box, in the same pixels; others say nothing.
    """
    regions = [(region.box, region.entity) for region in truth.regions if region.entity and region.box]
    regions.sort(key=lambda region: (region[0].right - region[0].left) * (region[0].bottom - region[0].top))
    found = []
    for word in words:
        inside = (entity for box, entity in regions if word.box and box.is_around(word.box.centre))
        found.append(dataclasses.replace(word, entity=next(inside, "")))
    return found


def _read_page(root: Path, name: str, paths: Mapping[str, str], group: str) -> Record:
    """A page: its picture as PNG, its words in the picture's pixels.

    Raises:
        ValueError: a file is not what its name says, or they do not fit together.
    """
    image = files.read_file(root / paths[IMAGE])
    picture = tiff.read_page(image) if tiff.is_tiff(image) else image
    size = images.read_size(picture)
    if size is None:
        raise ValueError(f"not an image: the {IMAGE} is something else")
    words, left_out = read_words(convert_to_pixels(_read_xml(root / paths[OCR], OCR), size))
    if not words:
        raise ValueError(f"no words: the {OCR} has no text")
    truth = convert_to_pixels(_read_xml(root / paths[TRUTH], TRUTH), size)
    if not any(region.entity for region in truth.regions):
        raise ValueError(f"no entities: no region of the {TRUTH} has a Property of key entity")
    source = files.format_path(name)
    features = build_features(tag_words(words, truth), size=size, image=picture)
    split = find_split(posixpath.dirname(name))
    return Record(features=features, source=source, file=source, group=group, split=split, left_out=left_out)


def _read_xml(path: Path, ending: str) -> Page:
    try:
        return page_xml.read(files.read_file(path))
    except ValueError as error:
        raise ValueError(f"{error}, in the {ending}") from None


def _read_text(path: Path) -> str:
    """All text of a page, for its letterhead."""
    return " ".join(word.text for word in list_words(page_xml.read(files.read_file(path))))
