#!/usr/bin/env bash
# PDFium writes a letter that a standard font lacks as ÿ and reports success: "Nguyễn" becomes "Nguyÿn", and each Hangul syllable one ÿ.
#
# Versions: pypdfium2 5.15.2, pypdf 7.1.1, Python 3.11.
# Input: texts in English, German, Polish, Vietnamese and Korean, each put on a page by FPDFText_SetText in Helvetica, and in Times.
# Behaviour: the text is turned into codes of WinAnsi, the font's encoding. A letter that it lacks becomes code 255, which is ÿ, and
# FPDFText_SetText returns true. PDFium's own text page and pypdf both read the ÿ, so that it is in the file. The letters and signs of western Europe
# are right, € and dashes among them. A font by FPDFText_LoadCidType2Font, with a map to Unicode, and FPDFText_SetCharcodes hold any letter.
# Who is hit: whoever puts an invisible text layer over scans, or prints results on a page, in one of the 14 fonts: nothing of a Vietnamese or Korean
# document is found by a search, and no test in English, German or French sees it.
# Output seen:
#   Total €12: Total €12 (pypdf Total €12), success 1
#   Straße, café: Straße, café (pypdf Straße, café), success 1
#   Łódź: ÿódÿ (pypdf ÿódÿ), success 1
#   Nguyễn, tiền điện: Nguyÿn, tiÿn ÿiÿn (pypdf Nguyÿn, tiÿn ÿiÿn), success 1
#   한글 12: ÿÿ 12 (pypdf ÿÿ 12), success 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 pypdf==7.1.1
"$folder/venv/bin/python" - <<'PYTHON'
import ctypes
import io
import sys

import pypdf
import pypdfium2
from pypdfium2 import raw


def write(text, font):
    pdf = pypdfium2.PdfDocument.new()
    page = pdf.new_page(400, 100)
    placed = raw.FPDFPageObj_CreateTextObj(pdf, raw.FPDFText_LoadStandardFont(pdf, font), 20.0)
    wide = ctypes.create_string_buffer((text + "\0").encode("utf-16-le"))
    success = raw.FPDFText_SetText(placed, ctypes.cast(wide, raw.FPDF_WIDESTRING))
    raw.FPDFPageObj_Transform(placed, 1, 0, 0, 1, 20, 40)
    raw.FPDFPage_InsertObject(page, placed)
    page.gen_content()
    file = io.BytesIO()
    pdf.save(file)
    return success, file.getvalue()


found = {}
for text in ("Total €12", "Straße, café", "Łódź", "Nguyễn, tiền điện", "한글 12"):
    success, content = write(text, b"Helvetica")
    read = pypdfium2.PdfDocument(content)[0].get_textpage().get_text_bounded()
    by_pypdf = pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
    print(f"{text}: {read} (pypdf {by_pypdf}), success {success}")
    assert success == 1 and by_pypdf == read
    assert pypdfium2.PdfDocument(write(text, b"Times-Roman")[1])[0].get_textpage().get_text_bounded() == read
    found[text] = read
lost = {
    "Total €12": "Total €12", "Straße, café": "Straße, café", "Łódź": "ÿódÿ", "Nguyễn, tiền điện": "Nguyÿn, tiÿn ÿiÿn",
    "한글 12": "ÿÿ 12",
}  # fmt: skip
sys.exit(found != lost)
PYTHON
