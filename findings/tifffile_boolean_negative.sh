#!/usr/bin/env bash
# A boolean mask that tifffile writes is a negative for every program that reads photometric interpretation: Pillow and OpenCV return True as 0.
#
# Versions: tifffile 2026.3.3, pillow 13.0.0, opencv-python-headless 5.0.0.93, numpy 2.1.3, Python 3.11.
# Input: a mask of 16 x 16 bool with two rows of True, written with tifffile.imwrite(file, mask) and no other argument; and the same mask written
# by Pillow.
# Behaviour: TiffWriter.write chooses MinIsWhite for bool and MinIsBlack for every other grey type, and stores True as 1: True is
# black. tifffile.imread never applies the photometric interpretation, so its own round trip is exact and hides it. A mask that Pillow wrote
# is MinIsBlack and the same in all three.
# Who is hit: whoever writes segmentation or binarisation masks with tifffile and trains or scores with what Pillow, OpenCV or a viewer
# reads: foreground and background are exchanged, with no warning. (scikit-image's imsave makes uint8 of it first and is not affected.)
# Output seen:
#   written by tifffile: equal pixels in tifffile 100 %, Pillow 0 %, OpenCV 0 %
#   written by Pillow: equal pixels in tifffile 100 %, Pillow 100 %, OpenCV 100 %
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  tifffile==2026.3.3 pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.1.3
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
import tifffile
from PIL import Image

mask = np.zeros((16, 16), bool)
mask[2:4] = True


def compare(content):
    read = [
        tifffile.imread(io.BytesIO(content)),
        np.asarray(Image.open(io.BytesIO(content))),
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) > 0,
    ]
    return [round(100 * (pixels == mask).mean()) for pixels in read]


by_tifffile, by_pillow = io.BytesIO(), io.BytesIO()
tifffile.imwrite(by_tifffile, mask)
Image.fromarray(mask).save(by_pillow, "TIFF")
found = {"tifffile": compare(by_tifffile.getvalue()), "Pillow": compare(by_pillow.getvalue())}
for writer, equal in found.items():
    print(f"written by {writer}: equal pixels in tifffile {equal[0]} %, Pillow {equal[1]} %, OpenCV {equal[2]} %")
sys.exit([*found.values()] != [[100, 0, 0], [100, 100, 100]])
PYTHON
