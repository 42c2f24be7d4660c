#!/usr/bin/env bash
# A long receipt that img2pdf wraps in a PDF is rendered by pypdfium2 with a tenth of its pixels: img2pdf writes a UserUnit of 10, and PDFium knows none.
#
# Versions: img2pdf 0.6.3, pikepdf 10.18.0, pypdfium2 5.15.2, pypdf 7.1.1, pillow 13.0.0, numpy 2.4.6, Python 3.11.
# Input: two white pictures 600 pixels wide that state no resolution, 19,000 and 19,400 pixels high, each made a PDF by img2pdf with its defaults and
# rendered at 96 dots per inch, the resolution that img2pdf assumes: the same pixels should come back.
# Behaviour: a page may be 14,400 units of 1/72 inch high. For a higher one img2pdf divides all by 10 and states UserUnit 10 (PDF 1.6), with no
# warning. PDFium reads no UserUnit and has no function that returns it: get_size() and render() are ten times too small each way. pypdf's mediabox
# is too; its user_unit has the factor.
# Who is hit: receipts, rolls and screen shots of a whole page: 200 pixels more in height turn text that is 20 pixels high into 2, and a reader finds
# an empty page. Rendering at the resolution times the factor is the way out.
# Output seen:
#   19000 pixels high: UserUnit 1, PDFium says 450.0 x 14250.0, rendered 600 x 19000
#   19400 pixels high: UserUnit 10, PDFium says 45.0 x 1455.0, rendered 60 x 1940
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  img2pdf==0.6.3 pikepdf==10.18.0 pypdfium2==5.15.2 pypdf==7.1.1 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import img2pdf
import pypdf
import pypdfium2
from PIL import Image

found = []
for height in (19000, 19400):
    file = io.BytesIO()
    Image.new("L", (600, height), 255).save(file, "PNG")
    content = img2pdf.convert(file.getvalue())
    factor = int(pypdf.PdfReader(io.BytesIO(content)).pages[0].user_unit)
    page = pypdfium2.PdfDocument(content)[0]
    size, rendered = page.get_size(), page.render(scale=96 / 72, grayscale=True).to_numpy().shape[:2]
    print(
        f"{height} pixels high: UserUnit {factor}, PDFium says {size[0]:.1f} x {size[1]:.1f}, "
        f"rendered {rendered[1]} x {rendered[0]}"
    )
    found.append((factor, rendered))
sys.exit(found != [(1, (19000, 600)), (10, (1940, 60))])
PYTHON
