#!/usr/bin/env bash
# TensorFlow takes bicubic weights from a table of 1,024 steps a pixel, unless it is told to antialias: a ramp is no longer straight.
#
# Versions: tensorflow-cpu 2.20.0 and NumPy 2.3.5, Python 3.11.
# Input: a ramp whose pixels are 0, 1, 2, ..., 8, enlarged by tf.image.resize with method="bicubic", with antialias=False (the default) and
#   with antialias=True, which has nothing to do where an image grows. A cubic kernel gives straight lines back, away from the edges.
# Behaviour: with antialias=True the answer is exact to float32. Without, each output pixel is sampled up to 1/2048 of a pixel beside its
#   place, so that it is off by 0.0003 to 0.0005 where the scale is no power of two. Sizes that are powers of two apart are exact, which
#   hides it. Bilinear is exact either way.
# Who is hit: whoever compares TensorFlow with another backend: keras.ops.image.resize calls this kernel on TensorFlow alone. A smooth field
#   of 50 pixels' amplitude is off by 0.02 of a pixel, and pixels that are bent by it by one or two grey levels.
# Output seen:
#   bicubic, 9 to 18: 0.000000, with antialias 0.000000
#   bicubic, 9 to 63: 0.000419, with antialias 0.000001
#   bicubic, 9 to 100: 0.000469, with antialias 0.000001
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.20.0 numpy==2.3.5
cat > "$folder/ramp.py" <<'PYTHON'
import numpy as np
import tensorflow as tf

LENGTH = 9
ramp = np.tile(np.arange(LENGTH, dtype=np.float32)[None, :, None, None], (1, 1, LENGTH, 1))
for size, is_exact in ((18, True), (63, False), (100, False)):
    place = (np.arange(size) + 0.5) * LENGTH / size - 0.5
    inside = (place > 1) & (place < LENGTH - 2)
    off = []
    for antialias in (False, True):
        resized = tf.image.resize(ramp, (size, LENGTH), "bicubic", antialias=antialias)
        off.append(np.abs(resized.numpy()[0, :, LENGTH // 2, 0] - place)[inside].max())
    print(f"bicubic, {LENGTH} to {size}: {off[0]:.6f}, with antialias {off[1]:.6f}", flush=True)
    assert off[1] < 1e-5
    assert off[0] < 1e-5 if is_exact else 2e-4 < off[0] < 1e-3
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/ramp.py" 2>/dev/null
