"""Pages of a file of any format that has words with boxes."""

from __future__ import annotations

from tfx_ocr.data.page import alto, hocr, markup, page_xml
from tfx_ocr.data.page.page import Page


def read_pages(content: bytes) -> list[Page]:
    """Return the pages of a file: PAGE XML, ALTO or hOCR, plain or gzipped.

    Raises:
        ValueError: it is something else, or a page of it cannot be made out.
    """
    if hocr.is_hocr(content):
        return hocr.read(content)
    return alto.read(content) if alto.is_alto(markup.parse_root(content)) else [page_xml.read(content)]
