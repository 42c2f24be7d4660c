"""PAGE XML or ALTO files and the pictures they name, at any depth, as Transkribus, OCR-D and others leave them."""

from __future__ import annotations

import itertools
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tfx_ocr.data import files, images
from tfx_ocr.data.page import alto, groups, markup, page_xml, tiff
from tfx_ocr.data.page.page import Page, build_features, convert_to_pixels, list_words
from tfx_ocr.data.readers.split_names import parse_split
from tfx_ocr.data.record import Record, Rejected, Value

LAYOUT = "PAGE XML or ALTO (.xml, .xml.gz) and the pictures it names"
ENDINGS = (".xml", ".xml.gz")
LOOKS_SO = re.compile(rb"<(\w+:)?(PcGts|alto)\b", re.IGNORECASE)
STRIPPED = images.ENDINGS | {".gz", ".xml", ".page", ".alto", ".gt", ".ocr"}  # of names that are compared
A_SHARD = 50  # pages


def is_supported(root: Path) -> bool:
    """Whether the beginning of some XML file is that of PAGE XML or ALTO."""
    return any(path.lower().endswith(ENDINGS) and _looks_so(root / path) for path in files.walk(root))


def list_shards(root: Path) -> list[str]:
    """Pages in pieces of `A_SHARD`, then the pictures that no file names: JSON lists of what `read` needs.

    A picture that several files name goes with the first, the others are set aside. Pages of one letterhead are one
    group (`data.page.groups.by_letterhead`), named by its first file.
    """
    if not is_supported(root):
        return []
    paths = files.list_files(root)
    pictures = [path for path in paths if PurePosixPath(path).suffix.lower() in images.ENDINGS]
    rows: list[dict[str, Any]] = []
    described: dict[tuple[str, int], str] = {}
    for path in (path for path in paths if path.lower().endswith(ENDINGS)):
        try:
            pages = _pages((root / path).read_bytes())
        except OSError as error:
            rows.append({"path": path, "wrong": f"cannot be read: {error.strerror or error}"})
            continue
        except ValueError as error:
            rows.append({"path": path, "wrong": str(error)})
            continue
        for number, page in enumerate(pages):
            picture = _picture(path, page.image, pictures)
            row = {"path": path, "number": number, "image": picture, "said": " ".join(w.text for w in list_words(page))}
            first = described.setdefault((picture, number), path) if picture else path
            if not picture:
                row["wrong"] = f"no image: {page.image or 'a picture of the same name'} is not in the folder"
            elif first != path:
                row["wrong"] = f"duplicate: {picture} is described by {files.format_path(first)} already"
            rows.append(row)
    together = groups.join_pairs(len(rows), groups.pair_by_letterhead([row.pop("said", "") for row in rows]))
    for row, group in zip(rows, together, strict=True):
        row["group"] = files.format_path(rows[group]["path"])
    named = {picture for picture, _ in described}
    rows += [{"path": path, "wrong": "no words: no XML names this picture"} for path in pictures if path not in named]
    return [json.dumps(rows[start : start + A_SHARD]) for start in range(0, len(rows), A_SHARD)]


def read(root: Path, shard: str) -> Iterator[Record | Rejected]:
    """Yield a record a page: entities are those that regions, lines or words say; without any it is set aside."""
    for row in json.loads(shard):
        source = files.format_path(row["path"])
        if row.get("number"):
            source = f"{source}#{row['number']}"
        try:
            if "wrong" in row:
                raise ValueError(row["wrong"])
            features = _features((root / row["path"]).read_bytes(), row["number"], (root / row["image"]).read_bytes())
        except OSError as error:
            yield Rejected(source=source, reason=f"cannot be read: {error.strerror or error}")
        except ValueError as error:
            yield Rejected(source=source, reason=str(error))
        else:
            file, split = (
                files.format_path(row["path"]),
                next(filter(None, map(parse_split, row["path"].split("/")[:-1])), ""),
            )
            yield Record(features=features, source=source, file=file, group=row["group"], split=split)


def _looks_so(path: Path) -> bool:
    try:
        with path.open("rb") as opened:
            beginning = opened.read(4096)
        return beginning.startswith(markup.GZIP) or LOOKS_SO.search(beginning) is not None
    except OSError:
        return False


def _pages(content: bytes) -> list[Page]:
    """The pages of a file of either kind.

    Raises:
        ValueError: it is neither, or a page of it cannot be made out.
    """
    if alto.is_alto(markup.parse_root(content)):
        return alto.read(content)
    return [page_xml.read(content)]


def _picture(path: str, named: str, pictures: list[str]) -> str:
    """The picture of a page: where the file says, else by its name alone, else by the file's; "" where there is none.

    A name alone, or a folder above, must do: files move, and the names in them come from other machines.
    """
    folder, wanted = posixpath.dirname(path), named.replace("\\", "/")
    at = posixpath.normpath(posixpath.join(folder, wanted))
    if wanted and at in pictures:
        return at
    for of, name in ((posixpath.basename, posixpath.basename(wanted)), (_stem, _stem(path))):
        alike = [picture for picture in pictures if name and of(picture) == name]
        near = [picture for picture in alike if posixpath.dirname(picture) in (folder, posixpath.dirname(folder))]
        if near or len(alike) == 1:
            return (near or alike)[0]
    return ""


def _stem(path: str) -> str:
    """A file's name without the endings that such files have: `tob02910.64` of `page/tob02910.64.gt.xml`."""
    name = posixpath.basename(path)
    while (name_and_ending := posixpath.splitext(name))[1].lower() in STRIPPED:
        name = name_and_ending[0]
    return name


def _features(content: bytes, number: int, image: bytes) -> dict[str, Value]:
    """A page's features.

    Raises:
        ValueError: file and picture do not fit together, or the page has no words or no entities.
    """
    if tiff.is_tiff(image):
        image = next(itertools.islice(tiff.read_pages(image), number, None), b"")
    elif number:
        image = b""
    size = images.read_size(image)
    if size is None:
        raise ValueError("not an image: the page's picture is none, or has fewer pages")
    words = list_words(convert_to_pixels(_pages(content)[number], size))
    if not words:
        raise ValueError("no words: the page has none")
    if not any(word.entity for word in words):
        raise ValueError("no entities: no region, line or word says what it is")
    return build_features(words, size=size, image=image)
