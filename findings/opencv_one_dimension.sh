#!/usr/bin/env bash
# A filter or a profile that is a one-dimensional NumPy array stands upright in OpenCV 4 and lies flat in OpenCV 5: the same call works along the other axis.
#
# Versions: opencv-python-headless 4.13.0.92 and 5.0.0.93, numpy 2.4.6, Python 3.11.
# Input: an image of 9 x 9 with one dot, dilated and filtered with a 1-D array of five ones; and a row profile of 9 values with one peak, blurred
# with a window of width 1 and height 5, as OpenCV 4 wants it for a column.
# Behaviour: OpenCV 4 has no matrix of one dimension and takes an array of n values for n rows of one; OpenCV 5 has one and takes it for one row of
# n. So filter2D, dilate, erode and morphologyEx with a 1-D array work down the picture in 4 and across it in 5. The blur that smoothed a
# profile in 4 is a blur across its single row in 5 and changes nothing. Nothing is raised, shapes of pictures stay; sepFilter2D gives the same.
# Who is hit: dilation that joins letters to lines, and projection profiles that lines are cut by. A lock that holds 4 for an older Python
# and 5 for a newer one gives two segmentations of one page. An array of shape (n, 1) or (1, n) means the same in both.
# Output seen:
#   4.13.0: dilated to 5 x 1, filtered to 5 x 1 (rows x columns), the peak of the profile blurred from 5 to 1
#   5.0.0: dilated to 1 x 5, filtered to 1 x 5 (rows x columns), the peak of the profile blurred from 5 to 5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/axes.py" <<'PYTHON'
import sys

import cv2
import numpy as np

dot = np.zeros((9, 9), np.uint8)
dot[4, 4] = 5
profile = dot[4].astype(np.float32)


def measure(picture):
    rows, columns = np.nonzero(picture)
    return f"{np.ptp(rows) + 1} x {np.ptp(columns) + 1}"


dilated = measure(cv2.dilate(dot, np.ones(5, np.uint8)))
filtered = measure(cv2.filter2D(dot, -1, np.ones(5, np.float32) / 5))
peak = round(float(cv2.blur(profile, (1, 5)).max()))
said = f"dilated to {dilated}, filtered to {filtered} (rows x columns), the peak of the profile blurred from 5 to {peak}"
print(f"{cv2.__version__}: {said}")
sys.exit([dilated, filtered, peak] != [sys.argv[1], sys.argv[1], int(sys.argv[2])])
PYTHON
for release in 4.13.0.92 5.0.0.93; do
  python3.11 -m venv "$folder/$release"
  "$folder/$release/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless=="$release" numpy==2.4.6
done
"$folder/4.13.0.92/bin/python" "$folder/axes.py" "5 x 1" 1
"$folder/5.0.0.93/bin/python" "$folder/axes.py" "1 x 5" 5
