"""`tfx-ocr sheet`: a PDF to print, and the labelled pictures of a page that was filled in."""

from __future__ import annotations

import cv2
import numpy as np
import pypdfium2
import pytest
from typer.testing import CliRunner

from tfx_ocr.data.readers import labelled_csv
from tfx_ocr.data.samples import hangul as sample
from tfx_ocr.data.writing_sheet import BOX, PX, Sheet, draw_pages
from tfx_ocr.pipeline.cli import app

FONT = sample.FONTS / "Gaegu.ttf"


@pytest.fixture
def invoke():
    return lambda *arguments: CliRunner().invoke(app(), ["sheet", *map(str, arguments)])


@pytest.fixture
def scan(tmp_path):
    """Draw a page of three syllables, two of them written as a bar, to `page.png`."""
    sheet = Sheet(tuple("가나다"))
    (image,) = draw_pages(sheet, FONT)
    page = np.array(image)
    for _, left, top in sheet.list_cells(0)[:2]:
        x, y = (round((edge + BOX / 2) * PX) for edge in (left, top))
        page[y - 40 : y + 40, x - 5 : x + 5] = 0
    path = tmp_path / "page.png"
    cv2.imwrite(str(path), page)
    return path


def test_the_sheet_is_a_pdf_of_a4(invoke, tmp_path):
    result = invoke("hangul", "--out", tmp_path / "sheet.pdf", "--font", FONT)
    assert "72 cells, 1 page of A4; print at 100 %" in result.stdout
    width, height = pypdfium2.PdfDocument(tmp_path / "sheet.pdf")[0].get_size()
    assert (round(width), round(height)) == (595, 842)  # points


def test_a_filled_page_becomes_labelled_pictures_of_a_writer(invoke, scan, tmp_path):
    out = tmp_path / "written"
    for writer in ("anna", "bo"):
        result = invoke("hangul", "--characters", "가나다", "--scan", scan, "--writer", writer, "--out", out)
        assert "2 written, 1 of 3 cells empty" in result.stdout
    assert labelled_csv.is_supported(out)
    records = [record for shard in labelled_csv.list_shards(out) for record in labelled_csv.read(out, shard)]
    assert [(record.get_bytes("label").decode(), record.group) for record in records] == [
        ("가", "anna"), ("나", "anna"), ("가", "bo"), ("나", "bo"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["hangul", "--characters", "가x"], "--characters has 'x', which is not in the alphabet hangul"),
        (["hangul", "--characters", "뷁", "--font", FONT], "has no ink for 1 characters, such as 뷁"),
        (["entities"], "a sheet is for single characters"),
        (["hangul", "--writer", "anna"], "--writer is of filled pages: give --scan too"),
        (["hangul", "--scan", "x.png"], "--scan needs --writer NAME"),
        (["hangul", "--scan", "x.png", "--writer", "anna"], "x.png: no such file"),
        (["hangul", "--characters", "가나다", "--scan", "PAGE", "--writer", "a/b"], "it names a folder"),
        (
            ["hangul", "--characters", "가나다", "--scan", "PAGE", "--scan", "PAGE", "--writer", "a"],
            "page 1 is there twice",
        ),
        (["hangul", "--scan", "PAGE", "--writer", "a"], "printed for other characters"),
    ],
)
def test_bad_use_is_one_sentence(invoke, scan, tmp_path, arguments, said):
    arguments = [scan if each == "PAGE" else each for each in arguments]
    assert said in str(invoke(*arguments, "--out", tmp_path / "out").exception)
