#!/usr/bin/env bash
# Of a grey TIFF in which 0 is white, Pillow and OpenCV return the picture if it has 8 bits and its negative if it has 16.
#
# Versions: pillow 13.0.0, opencv-python-headless 5.0.0.93, tifffile 2026.3.3, numpy 2.4.6, Python 3.11.
# Input: a page of white paper with a black stroke, written by tifffile with photometric interpretation MinIsWhite and with MinIsBlack, in 8 and in
# 16 bits; the same page four times, valid each time.
# Behaviour: Pillow inverts MinIsWhite for 1 to 8 bits (modes 1 and L) and lists it for 16 bits as I;16 without an inversion (TiffImagePlugin.py,
# OPEN_INFO). OpenCV with IMREAD_UNCHANGED does the same; with IMREAD_GRAYSCALE it inverts both, so paper is white or black by the flag. The array
# does not say which it is; Pillow's tag_v2[262] does.
# Who is hit: scanners and film systems that write 16-bit negatives: a page reads as white ink on black paper, thresholds and ink masks take the
# paper for ink, and a reduction of the same scan to 8 bits is right, so the samples that people try are.
# Output seen (the level of paper, 1.0 is white):
#   MinIsBlack, 8 bits: Pillow 1.0, OpenCV unchanged 1.0, OpenCV grey 1.0
#   MinIsBlack, 16 bits: Pillow 1.0, OpenCV unchanged 1.0, OpenCV grey 1.0
#   MinIsWhite, 8 bits: Pillow 1.0, OpenCV unchanged 1.0, OpenCV grey 1.0
#   MinIsWhite, 16 bits: Pillow 0.0, OpenCV unchanged 0.0, OpenCV grey 1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  pillow==13.0.0 opencv-python-headless==5.0.0.93 tifffile==2026.3.3 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
import tifffile
from PIL import Image


def read(photometric, kind):
    page = np.full((16, 16), np.iinfo(kind).max, kind)
    page[7:9, 2:14] = 0
    file = io.BytesIO()
    tifffile.imwrite(file, page if photometric == "minisblack" else ~page, photometric=photometric)
    content = np.frombuffer(file.getvalue(), np.uint8)
    pictures = [
        np.asarray(Image.open(io.BytesIO(file.getvalue()))),
        cv2.imdecode(content, cv2.IMREAD_UNCHANGED),
        cv2.imdecode(content, cv2.IMREAD_GRAYSCALE),
    ]
    return [round(float(picture[0, 0] / np.iinfo(picture.dtype).max), 1) for picture in pictures]


found = []
for name in ("MinIsBlack", "MinIsWhite"):
    for kind in (np.uint8, np.uint16):
        paper = read(name.lower(), kind)
        print(f"{name}, {np.iinfo(kind).bits} bits: Pillow {paper[0]}, OpenCV unchanged {paper[1]}, OpenCV grey {paper[2]}")
        found.append(paper)
sys.exit(found != [[1, 1, 1], [1, 1, 1], [1, 1, 1], [0, 0, 1]])
PYTHON
