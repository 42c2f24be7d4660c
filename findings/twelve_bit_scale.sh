#!/usr/bin/env bash
# Of 12-bit grey scans, Pillow multiplies JPEG 2000 by 16 and leaves TIFF as it is; OpenCV does the opposite.
#
# Versions: pillow 13.0.0, opencv-python-headless 5.0.0.93, tifffile 2026.3.3, imagecodecs 2026.3.6, numpy 2.1.3, Python 3.11.
# Input: a grey ramp of 8 x 8 whose largest value is 4032 (of 4095), written losslessly with 12 bits per sample as JPEG 2000 by imagecodecs and as
# TIFF by tifffile.
# Behaviour: both libraries return uint16 for both files, and the values mean different things. Pillow's JPEG 2000 decoder shifts grey to the
# top of 16 bits (Jpeg2KDecode.c, 16 minus the precision) where its 12-bit TIFF unpacker does not; OpenCV's TIFF decoder stretches 10, 12 and
# 14 bits to 16 (grfmt_tiff.cpp), where its JPEG 2000 decoder with IMREAD_UNCHANGED copies the samples. imagecodecs and tifffile return what
# was written. The range cannot be told from the type, and nothing in the array or in Pillow's mode (I;16 both times) says which one it is.
# Who is hit: archives and medical or museum scanners write 12 bits; division by 65535 makes one of the two formats 16 times too dark, and a
# network trained on one sees almost black pages of the other.
# Output seen:
#   JPEG 2000: written 4032, Pillow 64512, OpenCV 4032
#   TIFF: written 4032, Pillow 4032, OpenCV 64512
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  pillow==13.0.0 opencv-python-headless==5.0.0.93 tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.1.3
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import imagecodecs
import numpy as np
import tifffile
from PIL import Image

ramp = np.arange(64, dtype=np.uint16).reshape(8, 8) * 64
tiff = io.BytesIO()
tifffile.imwrite(tiff, ramp, bitspersample=12, photometric="minisblack")
jpeg2000 = imagecodecs.jpeg2k_encode(ramp, bitspersample=12, level=0, reversible=True)
assert np.array_equal(tifffile.imread(io.BytesIO(tiff.getvalue())), ramp)
assert np.array_equal(imagecodecs.jpeg2k_decode(jpeg2000), ramp)
found = []
for name, content in (("JPEG 2000", jpeg2000), ("TIFF", tiff.getvalue())):
    by_pillow = np.asarray(Image.open(io.BytesIO(content))).max()
    by_opencv = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED).max()
    print(f"{name}: written {ramp.max()}, Pillow {by_pillow}, OpenCV {by_opencv}")
    found.append((int(by_pillow), int(by_opencv)))
sys.exit(found != [(64512, 4032), (4032, 64512)])
PYTHON
