#!/usr/bin/env bash
# A page of a filled-in PDF form that pypdfium2 renders lacks every value that was filled in, unless init_forms() was called before the page was opened; text extraction lacks them either way.
#
# Versions: pypdfium2 5.15.2, reportlab 5.1.0, pillow 13.0.0, numpy 2.1.3, Python 3.11.
# Input: a page with a printed word, "Total", and an AcroForm text field with the value 1,234.50 and its own appearance stream.
# Behaviour: PDFium draws form fields by FPDF_FFLDraw only, which needs a form environment; FPDF_ANNOT draws all other annotations and skips
# fields. PdfPage.render has may_draw_forms=True by default, and that does nothing without the environment that PdfDocument.init_forms() makes. The
# text page never holds a field's value, since it is not part of the page's content.
# Who is hit: invoices and applications filled in as forms: an OCR pipeline sees the labels and empty boxes, reports full confidence and
# no error.
# Output seen:
#   without init_forms: dark pixels in the field 0, text 'Total'
#   with init_forms: dark pixels in the field 409, text 'Total'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  pypdfium2==5.15.2 reportlab==5.1.0 pillow==13.0.0 numpy==2.1.3
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import pypdfium2
from reportlab.pdfgen import canvas

file = io.BytesIO()
form = canvas.Canvas(file, pagesize=(200, 100))
form.drawString(10, 80, "Total")
form.acroForm.textfield(name="total", value="1,234.50", x=10, y=30, width=120, height=20, borderWidth=0, fillColor=None)
form.save()

found = {}
for name in ("without", "with"):
    document = pypdfium2.PdfDocument(file.getvalue())
    if name == "with":
        document.init_forms()
    page = document[0]
    field = page.render(scale=2, grayscale=True).to_numpy()[100:140, 20:260]
    found[name] = (int((field < 128).sum()), page.get_textpage().get_text_bounded())
    print(f"{name} init_forms: dark pixels in the field {found[name][0]}, text {found[name][1]!r}")
    page.close()
    document.close()
sys.exit(not (found["without"] == (0, "Total") and found["with"][0] > 100 and found["with"][1] == "Total"))
PYTHON
