"""XML from anywhere, parsed so that it can do no harm: no DTD, no entities, no network, no endless trees."""

from __future__ import annotations

import gzip
import io
import math
import re
import zlib

from lxml import etree

LARGEST = 64 * 1024 * 1024  # bytes of a file, unpacked; a newspaper page's ALTO is about 10 MiB
MOST_ELEMENTS = 400_000  # of a file: 100,000 words of PAGE XML, which take some four seconds
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)
GZIP = b"\x1f\x8b"
LAST = math.inf  # place of what an order leaves out
Key = tuple[float, ...]  # sorts a part of a page into the reading order


def parse_root(content: bytes) -> etree._Element:
    """Return the outermost element of a document, plain or gzipped.

    Raises:
        ValueError: it is not XML, states a wrong encoding, has a DTD, or is too large.
    """
    content = unpack(content)
    _check_encoding(content)
    parser = etree.XMLParser(  # a comment within a text would divide it
        resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, LookupError) as error:
        raise ValueError(f"not XML: {error.msg if isinstance(error, SyntaxError) else error}") from None
    if root.getroottree().docinfo.doctype:
        raise ValueError("a DTD: documents that define entities are not read; take the DOCTYPE out")
    check_size(root)
    return root


def check_size(root: etree._Element) -> None:
    """Reject a document that would take long to read.

    Raises:
        ValueError: it has more than `MOST_ELEMENTS`.
    """
    if root.xpath("count(//*)") > MOST_ELEMENTS:
        raise ValueError(f"too large: more than {MOST_ELEMENTS} elements")


def get_local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace; "" of a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def get_namespace(element: etree._Element) -> str:
    """Return an element's namespace, "" for none."""
    return etree.QName(element).namespace or ""


def get_children(element: etree._Element, *names: str) -> list[etree._Element]:
    """Return the element's children of those local names, in order."""
    return [child for child in element if get_local_name(child) in names]


def parse_number(text: str, what: str) -> float:
    """Return a number of the document.

    Args:
        text: decimal digits, with or without a point or an exponent.
        what: where it stands, for people: `HPOS of String s1`.

    Raises:
        ValueError: it is something else, or too large for a float.
    """
    number = try_number(text)
    if number is None:
        raise ValueError(f"not a number: {what} is {text!r}")
    return number


def try_number(text: str) -> float | None:
    """Return a number of the document as `parse_number` does; None for anything else."""
    return number if NUMBER.fullmatch(text) and math.isfinite(number := float(text)) else None


def parse_confidence(text: str | None, most: float = 1.0) -> float | None:
    """Return a confidence as a share of `most`, 0 to 1; None where it is missing or is not such a number.

    >>> parse_confidence("0.5"), parse_confidence("96", 100), parse_confidence("NaN")
    (0.5, 0.96, None)
    """
    number = try_number(text or "")
    return None if number is None or not 0 <= number <= most else number / most


def unpack(content: bytes) -> bytes:
    """Return a document gunzipped, or as it is; of a bomb at most one byte more than is allowed is unpacked.

    Raises:
        ValueError: the gzip is damaged, or the document too large.
    """
    if content.startswith(GZIP):
        try:
            with gzip.open(io.BytesIO(content)) as packed:
                content = packed.read(LARGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"damaged gzip: {error}") from None
    if len(content) > LARGEST:
        raise ValueError(f"too large: more than {LARGEST} bytes of XML")
    return content


def _check_encoding(content: bytes) -> None:
    """Hold a document that says it has one byte a character against what it is: UTF-8 would be misread, silently.

    Raises:
        ValueError: it is UTF-8 all the same.
    """
    declared = re.match(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']", content)
    name = declared[1].decode().lower() if declared else "utf-8"
    if not re.match(r"(iso-?8859|latin|windows-|cp)", name) or content.isascii():
        return
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return
    raise ValueError(f"wrong encoding: the file says {name} and is UTF-8")
