"""XML from anywhere, parsed so that it can do no harm: no DTD, no entities, no network, no endless trees."""

from __future__ import annotations

import gzip
import io
import math
import re
import zlib

from lxml import etree

LARGEST = 64 * 1024 * 1024  # bytes of a file, unpacked; a newspaper page's ALTO is about 10 MiB
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)
GZIP = b"\x1f\x8b"


def parse_root(content: bytes) -> etree._Element:
    """The outermost element of a document, plain or gzipped.

    Raises:
        ValueError: it is not XML, says another encoding than it is in, has a DTD, or is too large.
    """
    if content.startswith(GZIP):
        content = _unpacked(content)
    if len(content) > LARGEST:
        raise ValueError(f"too large: more than {LARGEST} bytes of XML")
    _check_encoding(content)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, LookupError) as error:
        raise ValueError(f"not XML: {error.msg if isinstance(error, SyntaxError) else error}") from None
    if root.getroottree().docinfo.doctype:
        raise ValueError("a DTD: documents that define entities are not read; take the DOCTYPE out")
    return root


def get_local_name(element: etree._Element) -> str:
    """An element's name without its namespace; "" of a comment."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def get_namespace(element: etree._Element) -> str:
    """An element's namespace, "" for none."""
    return etree.QName(element).namespace or ""


def get_children(element: etree._Element, *names: str) -> list[etree._Element]:
    """The element's children of those local names, in order."""
    return [child for child in element if get_local_name(child) in names]


def parse_number(text: str, what: str) -> float:
    """A number of the document.

    Args:
        text: decimal digits with a point, or none.
        what: where it stands, for people: `HPOS of String s1`.

    Raises:
        ValueError: it is something else.
    """
    if not NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        raise ValueError(f"not a number: {what} is {text!r}")
    return number


def _unpacked(content: bytes) -> bytes:
    """Gunzipped, at most one byte more than is allowed, so that a bomb does not go off."""
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            return packed.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"damaged gzip: {error}") from None


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
