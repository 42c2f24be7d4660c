#!/usr/bin/env bash
# cv2.bitwise_not of a boolean NumPy mask is True everywhere in OpenCV 5: bytes of 0 and 1 become 255 and 254. OpenCV 4 refuses such a mask.
#
# Versions: opencv-python-headless 5.0.0.93 and 4.13.0.92, numpy 2.4.6, Python 3.11.
# Input: a mask of 6 x 6 bool in which 2 x 2 are True, and a white page; the page is painted black where the inverted mask is set.
# Behaviour: OpenCV 5 has a type for booleans and takes arrays of NumPy's bool, where 4 raises an error. bitwise_and, bitwise_or and bitwise_xor
# of them are right; bitwise_not inverts all eight bits of each byte, and what it returns has dtype bool. Its shape and type look right, and
# countNonZero, NumPy's count_nonzero and every use as a mask take all of it for True. ~mask and np.logical_not are right.
# Who is hit: masks of ink, stamps or lines from a comparison, inverted to keep the paper. What 4 refused (so that people wrote
# mask.astype(np.uint8) * 255) runs in 5, and the whole page is erased or kept.
# Output seen:
#   4.13.0: refused
#   5.0.0: of 36 pixels, mask has 4, ~mask 32, bitwise_not 36 of dtype bool with bytes [254, 255], painted black 36
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/invert.py" <<'PYTHON'
import sys

import cv2
import numpy as np

mask = np.zeros((6, 6), bool)
mask[1:3, 1:3] = True
try:
    inverted = cv2.bitwise_not(mask)
except cv2.error:
    said = "refused"
else:
    page = np.full(mask.shape, 255, np.uint8)
    page[inverted] = 0
    counts = [np.count_nonzero(each) for each in (mask, ~mask, inverted, page == 0)]
    held = np.unique(inverted.view(np.uint8)).tolist()
    said = (
        f"of {mask.size} pixels, mask has {counts[0]}, ~mask {counts[1]}, bitwise_not {counts[2]} of dtype {inverted.dtype} "
        f"with bytes {held}, painted black {counts[3]}"
    )
print(f"{cv2.__version__}: {said}")
sys.exit(said != sys.argv[1])
PYTHON
for release in 4.13.0.92 5.0.0.93; do
  python3.11 -m venv "$folder/$release"
  "$folder/$release/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless=="$release" numpy==2.4.6
done
"$folder/4.13.0.92/bin/python" "$folder/invert.py" "refused"
"$folder/5.0.0.93/bin/python" "$folder/invert.py" \
  "of 36 pixels, mask has 4, ~mask 32, bitwise_not 36 of dtype bool with bytes [254, 255], painted black 36"
