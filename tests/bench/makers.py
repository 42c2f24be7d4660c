"""What a page's file of another maker says, counted without the project's readers."""

from __future__ import annotations

import gzip
import pathlib
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from lxml import etree

GZIP = b"\x1f\x8b"
FILES = pathlib.Path(__file__).parents[1] / "data" / "page" / "makers"
LEVELS = ("TextLine", "Word", "Glyph")  # of PAGE, that may hold a text; others are regions


def find_maker(path: pathlib.Path) -> str:
    """Return who wrote a file: PAGE's Creator, ALTO's software, hOCR's ocr-system; else `unnamed`.

    In a folder `makers` its folder says it: a tool that converts another one's file leaves that one's name in it.
    """
    if path.parent.parent.name == "makers":
        return path.parent.name
    root = _parse(path.read_bytes())
    said = [str(name) for name in root.xpath("//meta[@name='ocr-system']/@content")]
    for name in ("Creator", "softwareName", "softwareCreator"):
        said.append(root.xpath(f"string(//*[local-name()='{name}'][normalize-space()])"))
    return re.split(r"[\s/_]", next((name for name in said if name.strip()), "unnamed").strip())[0]


def count_texts(content: bytes) -> tuple[int, list[Counter[str]]]:
    """Return how many text nodes a file has, and the words of each level: regions, lines and words of PAGE, else one.

    Levels repeat each other. Another reading of a text is a word of its level; a hyphen of ALTO is of the word before.
    """
    root = _parse(content)
    if root.tag == "html":
        texts = root.xpath("//body//text()[not(ancestor::script or ancestor::style)][normalize-space()]")
        others = [choice.text or "" for choice in root.xpath("//*[starts-with(@id, 'choice_')]")]  # Tesseract's
        for element in root.iter("br", "span"):
            if element.get("id", "").startswith("choice_"):
                element.text = ""
            if element.tag == "br":
                element.tail = f" {element.tail or ''}"
            elif element.get("class") == "ocrx_cinfo":
                element.text, element.tail = (element.text or "").strip(), (element.tail or "").strip()
        # words as they are drawn: a text may be divided by <strong>
        words = " ".join("".join(body.itertext()) for body in root.iter("body")).split()
        return len(texts), [Counter([*words, *filter(None, others)])]
    if root.tag.rpartition("}")[2].lower() == "alto":
        words: list[str] = []
        others = root.xpath("//*[local-name()='ALTERNATIVE']/text()[normalize-space()]")
        nodes = root.xpath("//*[local-name()='String' or local-name()='HYP'][normalize-space(@CONTENT)]")
        for node in nodes:
            if etree.QName(node).localname == "HYP" and words:
                words[-1] += "" if words[-1].endswith(node.get("CONTENT")) else node.get("CONTENT")
            else:
                words += node.get("CONTENT").split()
        return len(nodes) + len(others), [Counter([*words, *("".join(text.split()) for text in others)])]
    levels: dict[str, Counter[str]] = defaultdict(Counter)
    nodes = root.xpath("//*[local-name()='Unicode'][normalize-space()]")
    for node in nodes:
        holder = etree.QName(node.getparent().getparent()).localname
        levels[holder if holder in LEVELS else "region"].update("".join(node.itertext()).split())
    levels.pop("Glyph", None)  # characters
    return len(nodes), list(levels.values())


def find_lost(levels: Sequence[Counter[str]], found: Counter[str]) -> Counter[str]:
    """Return the words of some level that were not found, unless all their characters were, divided elsewhere.

    >>> find_lost([Counter(["No.7", "A"])], Counter(["No.", "7", "A"])), find_lost([Counter("ab")], Counter("b"))
    (Counter(), Counter({'a': 1}))
    """
    lost: Counter[str] = Counter()
    for said in levels:
        missing, more = said - found, found - said
        if Counter("".join(missing.elements())) - Counter("".join(more.elements())):
            lost |= missing
    return lost


def list_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Return the files of pages below a folder, those that are broken on purpose left out."""
    ending = re.compile(r".*\.(xml|hocr|html)(\.gz)?")
    return sorted(path for path in folder.rglob("*") if ending.fullmatch(path.name) and "invalid" not in path.parts)


def _parse(content: bytes) -> etree._Element:
    content = gzip.decompress(content) if content.startswith(GZIP) else content
    if b"ocr_page" in content:
        return etree.fromstring(content, etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True))
    return etree.fromstring(content, etree.XMLParser(remove_comments=True))
