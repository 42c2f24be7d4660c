#!/usr/bin/env bash
# TensorFlow's decode_image and Pillow disagree on the pixels of most JPEG files, and only decode_jpeg can be told to agree.
#
# Versions: tensorflow 2.16.2, pillow 12.3.0, numpy 1.26.4, Python 3.11.
# Input: a photograph-like grey gradient with noise, 64 x 96, saved by Pillow at quality 70; valid in every respect.
# Behaviour: tf.io.decode_image and tf.io.decode_jpeg without arguments use libjpeg's fast integer transform, Pillow the
# accurate one. Pixels differ, here by 1 grey level, in scans by up to 3. tf.io.decode_jpeg(dct_method="INTEGER_ACCURATE") gives Pillow's
# pixels exactly; decode_image has no such argument, so a graph that takes any format cannot ask for it.
# Who is hit: a model trained on images that one library decoded and served with the other.
# Output seen:
#   decode_image differs, largest difference 1
#   decode_jpeg INTEGER_ACCURATE equals Pillow
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.16.2 pillow==12.3.0 numpy==1.26.4
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import numpy as np
import tensorflow as tf
from PIL import Image

noise = np.random.default_rng(7).integers(-20, 21, (64, 96))
pixels = np.clip(np.linspace(30, 220, 96)[None, :] + noise, 0, 255).astype(np.uint8)
file = io.BytesIO()
Image.fromarray(pixels).save(file, "JPEG", quality=70)
by_pillow = np.asarray(Image.open(io.BytesIO(file.getvalue()))).astype(int)
by_default = tf.io.decode_image(file.getvalue()).numpy()[..., 0].astype(int)
accurate = tf.io.decode_jpeg(file.getvalue(), dct_method="INTEGER_ACCURATE").numpy()[..., 0].astype(int)
difference = np.abs(by_default - by_pillow).max()
print(f"decode_image differs, largest difference {difference}" if difference else "decode_image equals Pillow")
equal = np.array_equal(accurate, by_pillow)
print(f"decode_jpeg INTEGER_ACCURATE {'equals' if equal else 'differs from'} Pillow")
sys.exit(not (difference > 0 and equal))
PYTHON
