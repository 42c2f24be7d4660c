"""PAGE XML, ALTO or hOCR files and the pictures they name, at any depth, as others' tools leave them."""

from __future__ import annotations

import functools
import json
import posixpath
import re
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tfx_ocr.data import files, images
from tfx_ocr.data.page import document, groups, markup, tiff
from tfx_ocr.data.page.page import Page, build_features, convert_to_pixels, join_entities, list_words, read_words
from tfx_ocr.data.readers.shard import Unread, cut_into_shards, reject_failures, try_read
from tfx_ocr.data.readers.split_names import find_split
from tfx_ocr.data.record import Record, Rejected

LAYOUT = "PAGE XML or ALTO (.xml, .xml.gz) or hOCR (.hocr, .html) and the pictures it names"
ENDINGS = (".xml", ".xml.gz", ".hocr", ".html", ".htm", ".xhtml", ".hocr.gz", ".html.gz")
LOOKS_SO = re.compile(r"<(\w+:)?(PcGts|alto)\b|\bocr_page\b", re.IGNORECASE)
# Of names that are compared.
STRIPPED = images.ENDINGS | {".gz", ".xml", ".page", ".alto", ".gt", ".ocr", ".hocr", ".html", ".htm", ".xhtml"}
A_SHARD = 50  # pages


def is_supported(root: Path) -> bool:
    """Return whether the beginning of some file is that of PAGE XML, ALTO or hOCR."""
    return any(path.lower().endswith(ENDINGS) and try_read(_looks_so, root / path) for path in files.walk(root))


def list_shards(root: Path) -> list[str]:
    """Return the pages in pieces of `A_SHARD`, then the pictures that no file names.

    A picture that several files name, as Transkribus exports PAGE XML and ALTO, goes with the first that has entities,
    else words; the others are set aside. Pages of one letterhead are one group (`data.page.groups`), named by its first
    file.
    """
    if not is_supported(root):
        return []
    paths = files.list_files(root)
    pictures = list(filter(images.is_picture, paths))
    rows: list[dict[str, Any]] = []
    described: dict[tuple[str, int], dict[str, Any]] = {}
    find = files.build_finder(pictures)
    for path in (path for path in paths if path.lower().endswith(ENDINGS)):
        pages = try_read(_read_pages, root / path) or []
        if not pages:  # `read` says why
            rows.append({"path": path, "number": 0, "text": ""})
        for number, page in enumerate(pages):
            picture = _find_picture(path, page.image, pictures, find)
            words = list_words(page)
            text, said = " ".join(word.text for word in words), (any(word.entity for word in words), bool(words))
            row: dict[str, Any] = {"path": path, "number": number, "image": picture, "text": text, "said": said}
            if not picture:
                row["wrong"] = f"no image: {page.image or 'a picture of the same name'} is not in the folder"
            elif said > described.setdefault((picture, number), row)["said"]:
                described[picture, number] = row
            rows.append(row)
    for row in rows:
        best = described.get((str(row.get("image")), row["number"]), row)
        row.pop("said", None)
        if best is not row:
            row["wrong"] = f"duplicate: {row['image']} is described by {files.format_path(best['path'])} already"
    together = groups.join_pairs(len(rows), groups.pair_by_letterhead([row.pop("text") for row in rows]))
    for row, group in zip(rows, together, strict=True):
        row["group"] = files.format_path(rows[group]["path"])
    named = {picture for picture, _ in described}
    rows += [{"path": path, "wrong": "no words: no XML names this picture"} for path in pictures if path not in named]
    return cut_into_shards(rows, A_SHARD)


@reject_failures
def read(root: Path, shard: str) -> Iterator[Unread | Rejected]:
    """Yield a record per page: entities are those of regions, lines or words; a page without any is set aside.

    The words of an entity are also the field of that name (`data.page.page.join_entities`), which an answer must equal.
    """
    for row in json.loads(shard):
        source = format_source(row)
        if "wrong" in row:
            yield Rejected(source=source, reason=row["wrong"])
        else:
            yield source, functools.partial(_read_page, root, row, source)


def format_source(row: dict[str, Any]) -> str:
    """Return where a row of a shard lies: its file, and the number of the page in it where that is not the first."""
    return files.format_path(row["path"]) + (f"#{row['number']}" if row.get("number") else "")


def open_page(root: Path, row: dict[str, Any]) -> tuple[Page, tuple[int, int], bytes]:
    """Return the page of a row of a shard, in the pixels of its picture; the picture's width and height; the picture.

    Raises:
        ValueError: file and picture do not fit together, or one cannot be made out.
        OSError: one cannot be read.
    """
    page = _read_pages(root / row["path"])[row["number"]]
    image = files.read_file(root / row["image"])
    if tiff.is_tiff(image):
        image = tiff.read_page(image, row["number"])
    elif row["number"]:
        raise ValueError(f"not an image: {files.format_path(row['image'])} has one page only")
    size = images.read_size(image)
    if size is None:
        raise ValueError(f"not an image: {files.format_path(row['image'])} is something else")
    return convert_to_pixels(page, size), size, image


def _looks_so(path: Path) -> bool:
    with files.open_file(path) as opened:
        beginning = opened.read(4096)
    return beginning.startswith(markup.GZIP) or LOOKS_SO.search(files.decode_text(beginning)) is not None


def _read_pages(path: Path) -> list[Page]:
    """The pages of a file of either kind.

    Raises:
        ValueError: it is neither, or a page of it cannot be made out.
    """
    return document.read_pages(files.read_file(path))


def _find_picture(path: str, named: str, pictures: list[str], find: Callable[[str], str]) -> str:
    """The picture of a page: where the file says, else by its name alone, else by the file's; "" where it is missing.

    A name alone, or a folder above, must do: files move, and the names in them come from other machines.
    """
    folder, wanted = posixpath.dirname(path), named.replace("\\", "/")
    for spelt in dict.fromkeys((wanted, urllib.parse.unquote(wanted))):
        if spelt and (found := find(posixpath.normpath(posixpath.join(folder, spelt)))):
            return found
    names = dict.fromkeys((_get_name(wanted), _get_name(urllib.parse.unquote(wanted))))
    for of, name in (*((_get_name, name) for name in names), (_get_stem, _get_stem(path))):
        alike = [picture for picture in pictures if name and of(picture) == name]
        alike.sort(key=lambda picture: posixpath.basename(picture) != posixpath.basename(wanted))  # the exact one first
        near = [picture for picture in alike if posixpath.dirname(picture) in (folder, posixpath.dirname(folder))]
        if near or len(alike) == 1:
            return (near or alike)[0]
        if found := files.find_parallel(path, alike):
            return found
    return ""


def _get_name(path: str) -> str:
    return unicodedata.normalize("NFC", posixpath.basename(path)).casefold()


def _get_stem(path: str) -> str:
    """A file's name without the endings that such files have: `tob02910.64` of `page/tob02910.64.gt.xml`."""
    name = _get_name(path)
    while (name_and_ending := posixpath.splitext(name))[1].lower() in STRIPPED:
        name = name_and_ending[0]
    return name


def _read_page(root: Path, row: dict[str, Any], source: str) -> Record:
    """A page's record.

    Raises:
        ValueError: file and picture do not fit together, or the page has no words or no entities.
    """
    page, size, image = open_page(root, row)
    words, left_out = read_words(page)
    if not words:
        raise ValueError("no words: the page has no text")
    if not any(word.entity for word in words):
        raise ValueError("no entities: no region, line or word has one")
    return Record(
        features=build_features(words, fields=join_entities(words), size=size, image=image),
        source=source,
        file=files.format_path(row["path"]),
        group=row["group"],
        split=find_split(posixpath.dirname(row["path"])),
        left_out=left_out,
    )
