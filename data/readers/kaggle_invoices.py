"""The Kaggle invoices as downloaded: `X.tif`, `X_ocr.xml` with the words, `X_gt.xml` with each entity's regions."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from tfx_ocr.data import files, images
from tfx_ocr.data.page import groups, page_xml, tiff
from tfx_ocr.data.page.page import Page, Word, build_features, convert_to_pixels, list_words
from tfx_ocr.data.record import Record, Rejected, Value

LAYOUT = "X_ocr.xml with X.tif and X_gt.xml beside it"
# What a name may end in. Nothing else is taken off: ids hold `.`, `+`, `-` and `_`.
IMAGE, OCR, TRUTH = ".tif", "_ocr.xml", "_gt.xml"
MISSING = {IMAGE: "no image", OCR: "no words", TRUTH: "no entities"}
A_SHARD = 50  # pages


def is_supported(root: Path) -> bool:
    """Whether there is a file of words by the name that this set gives it."""
    return any(path.endswith(OCR) for path in files.walk(root))


def list_shards(root: Path) -> list[str]:
    """Pages by their ids in pieces of `A_SHARD`: JSON lists of id and group.

    Nobody says who sent an invoice: pages of one letterhead are one group (`data.page.groups.by_letterhead`), named by
    its first id, and so are pages with the same picture.
    """
    if not is_supported(root):
        return []
    endings = (OCR, TRUTH, IMAGE)
    found = {path.removesuffix(ending) for path in files.walk(root) for ending in endings if path.endswith(ending)}
    ids = sorted(found, key=files.to_natural_key)
    pairs = groups.pair_by_letterhead([_said(root / f"{name}{OCR}") for name in ids])
    pairs += groups.pair_by_key([_digest(root / f"{name}{IMAGE}") for name in ids])
    together = groups.join_pairs(len(ids), pairs)
    rows = [{"id": name, "group": files.format_path(ids[group])} for name, group in zip(ids, together, strict=True)]
    return [json.dumps(rows[start : start + A_SHARD]) for start in range(0, len(rows), A_SHARD)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record a page. One of which a file is missing is set aside, and so is one whose XML is none."""
    for row in json.loads(shard):
        source = files.format_path(row["id"])
        there = [ending for ending in MISSING if (root / f"{row['id']}{ending}").is_file()]
        if missing := [ending for ending in MISSING if ending not in there]:
            reason = f"{MISSING[missing[0]]}: {' and '.join(f'{source}{ending}' for ending in missing)} missing"
            yield Rejected(source=f"{source}{there[0]}" if there else source, reason=reason)
            continue
        try:
            image, ocr, truth = ((root / f"{row['id']}{ending}").read_bytes() for ending in MISSING)
            features = _features(image, ocr, truth)
        except OSError as error:
            yield Rejected(source=source, reason=f"cannot be read: {error.strerror or error}")
        except ValueError as error:
            yield Rejected(source=source, reason=str(error))
        else:
            yield Record(features=features, source=source, file=source, group=row["group"])


def tag_words(words: list[Word], truth: Page) -> list[Word]:
    """The words, each with the entity of the smallest region that holds its centre; "" where none does.

    Args:
        words: of the page, with boxes.
        truth: regions with a Property `entity` and a box, in the same pixels; others say nothing.
    """
    regions = [(region.box, region.entity) for region in truth.regions if region.entity and region.box]
    regions.sort(key=lambda region: (region[0].right - region[0].left) * (region[0].bottom - region[0].top))
    found = []
    for word in words:
        inside = (entity for box, entity in regions if word.box and box.holds(word.box.centre))
        found.append(dataclasses.replace(word, entity=next(inside, "")))
    return found


def _features(image: bytes, ocr: bytes, truth: bytes) -> dict[str, Value]:
    """A page's features: its picture as PNG, its words in the picture's pixels.

    Raises:
        ValueError: a file is not what its name says, or they do not fit together.
    """
    picture = next(tiff.read_pages(image)) if tiff.is_tiff(image) else image
    size = images.read_size(picture)
    if size is None:
        raise ValueError(f"not an image: the {IMAGE} is none")
    words = list_words(convert_to_pixels(_read(ocr, OCR), size))
    if not words:
        raise ValueError(f"no words: the {OCR} has none")
    regions = convert_to_pixels(_read(truth, TRUTH), size)
    if not any(region.entity for region in regions.regions):
        raise ValueError(f"no entities: no region of the {TRUTH} has a Property of key entity")
    return build_features(tag_words(words, regions), size=size, image=picture)


def _read(content: bytes, ending: str) -> Page:
    try:
        return page_xml.read(content)
    except ValueError as error:
        raise ValueError(f"{error}, in the {ending}") from None


def _said(path: Path) -> str:
    """What a page says, for its letterhead; "" of one that `read` will set aside."""
    try:
        return " ".join(word.text for word in list_words(page_xml.read(path.read_bytes())))
    except (OSError, ValueError):
        return ""


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
