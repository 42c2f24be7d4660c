#!/usr/bin/env bash
# PDFium makes one word of the end of one line and the beginning of the next if a hyphen is between them: order AB-, 12 is "AB", a non-character, "12".
#
# Versions: pypdfium2 5.15.2, lxml 6.1.3, reportlab 5.1.0, pypdf 7.1.1, Python 3.11.
# Input: pages of two lines of print in Helvetica, 16 points apart, of which the first ends with a hyphen: a word that was divided, a name with a
# hyphen of its own, an order number, an amount that runs on, and Vietnamese.
# Behaviour: between a letter and a letter or digit PDFium takes such a hyphen for one that only the end of the line needs. It drops the line break
# and gives the hyphen a code of its own: U+FFFE in get_text_range, 2 in get_text_bounded and FPDFText_GetUnicode. After a digit, hyphen and break stay.
# The parts have different lines' character boxes, so that a box around the "word" covers both lines from side to side. XML can hold neither code:
# lxml refuses the text. FPDFText_IsHyphen says which characters these are. pypdf keeps hyphen and line.
# Who is hit: words and lines that are made from a PDF's own text, as a reference for OCR or in its place: two lines become one, numbers lose
# their hyphen, and PAGE, ALTO or hOCR of the page cannot be written. Text without hyphens at line ends, as most tests have, shows none of it.
# Output seen (lines; text; does the box of the word around the hyphen cover both lines; lxml):
#   ['The invoi-', 'ces']: 'The invoi\ufffeces' or 'The invoi\x02ces', both lines, refused
#   ['Anglo-', 'Saxon']: 'Anglo\ufffeSaxon' or 'Anglo\x02Saxon', both lines, refused
#   ['order AB-', '12']: 'order AB\ufffe12' or 'order AB\x0212', both lines, refused
#   ['total 12-', '34']: 'total 12-\r\n34' or 'total 12-\r\n34', one line, taken
#   ['cà-', 'phê']: 'cà\ufffephê' or 'cà\x02phê', both lines, refused
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  pypdfium2==5.15.2 lxml==6.1.3 reportlab==5.1.0 pypdf==7.1.1
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import pypdf
import pypdfium2
from lxml import etree
from pypdfium2 import raw
from reportlab.pdfgen import canvas

found = []
for lines in (("The invoi-", "ces"), ("Anglo-", "Saxon"), ("order AB-", "12"), ("total 12-", "34"), ("cà-", "phê")):
    file = io.BytesIO()
    page = canvas.Canvas(file, (300, 200))
    page.setFont("Helvetica", 12)
    for place, line in enumerate(lines):
        page.drawString(20, 150 - 16 * place, line)
    page.save()
    assert pypdf.PdfReader(file).pages[0].extract_text().splitlines() == list(lines)
    text = pypdfium2.PdfDocument(file.getvalue())[0].get_textpage()
    ranged, bounded = text.get_text_range(), text.get_text_bounded()
    end = len(lines[0]) - 1  # place of the hyphen
    assert text.count_chars() == len(ranged)
    assert raw.FPDFText_IsHyphen(text, end) == (not ranged[end].isprintable())
    word = [place for place in range(end + 1) if " " not in ranged[place : end + 1]]
    word += [place for place in range(end, len(ranged)) if not any(map(str.isspace, ranged[end : place + 1]))]
    _, bottoms, _, tops = zip(*map(text.get_charbox, word))
    covered = "both lines" if max(tops) - min(bottoms) > 16 else "one line"
    try:
        etree.Element("String").set("CONTENT", ranged.replace("\r\n", " "))
        answer = "taken"
    except ValueError:
        answer = "refused"
    print(f"{list(lines)}: {ranged!r} or {bounded!r}, {covered}, {answer}")
    found.append(("\ufffe" in ranged, "\x02" in bounded, covered == "both lines", answer == "refused"))
sys.exit(found != [(lines,) * 4 for lines in (True, True, True, False, True)])
PYTHON
