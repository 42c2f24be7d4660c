#!/usr/bin/env bash
# tf.cast of values outside 0 to 255 to uint8 gives the nearest grey level or the remainder by 256, by the value's position in the tensor.
#
# Versions: tensorflow-cpu 2.21.0 and 2.20.0 and NumPy 2.3.5, Python 3.11, wheels for Linux on x86-64. TensorFlow 2.16.2 does the same.
# Input: float32 tensors of -3 or 300 throughout, of several sizes; and a picture of 33 x 33 with a black line across and one down
#   near its right edge, enlarged 3 times by tf.image.resize with bicubic interpolation, which overshoots at edges, and cast to uint8.
# Behaviour: TensorFlow's CPU kernel casts 32 values at a time, with saturation; what is left at the end of the tensor is cast one by one, and
#   wraps round: -3 is 253, 300 is 44. A tensor of fewer than 32 values wraps as a whole, which is what a trial in a console shows, and the
#   bug reports about tf.cast. int8, int16 and uint16 are alike; from bfloat16, and compiled by XLA (jit_compile=True), all values saturate.
#   tf.saturate_cast and tf.clip_by_value before the cast give the nearest everywhere.
# Who is hit: graphs that resize, sharpen or stretch pictures and cast them back. A picture is right but for specks among its last pixels, the
#   right end of the bottom row; a crop of few pixels is wrong throughout; and a batch has them in its last picture alone, so that what is read of
#   a picture depends on its place in the batch.
# Output seen:
#   31 values of -3: 31 are 253
#   32 values of -3: 32 are 0
#   100 values of -3: 96 are 0, then 4 are 253
#   100 values of 300: 96 are 255, then 4 are 44
#   100 values of 300 by XLA: 100 are 255
#   picture alone: 3 pixels wrong, all among the last 7 of 9801; the same in front of another in a batch: 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/cast.py" <<'PYTHON'
import numpy as np
import tensorflow as tf


def cast(values):
    return tf.cast(values, tf.uint8)


def tell(values):
    changes = np.flatnonzero(np.diff(values)) + 1
    return [(len(part), int(part[0])) for part in np.split(values.astype(int), changes)]


found = {}
for count, value, by in ((31, -3, cast), (32, -3, cast), (100, -3, cast), (100, 300, cast), (100, 300, "XLA")):
    function = tf.function(cast, jit_compile=True) if by == "XLA" else by
    runs = tell(function(np.full(count, value, np.float32)).numpy())
    print(f"{count} values of {value}{' by XLA' * (by == 'XLA')}: " + ", then ".join(f"{n} are {is_}" for n, is_ in runs))
    found[count, value, by == "XLA"] = runs
assert found == {
    (31, -3, False): [(31, 253)], (32, -3, False): [(32, 0)], (100, -3, False): [(96, 0), (4, 253)],
    (100, 300, False): [(96, 255), (4, 44)], (100, 300, True): [(100, 255)],
}  # fmt: skip

picture = np.full((1, 33, 33, 1), 255, np.float32)
picture[:, 10:13] = picture[:, :, 30:32] = 0
large = tf.image.resize(picture, (99, 99), "bicubic")
right = tf.saturate_cast(large, tf.uint8).numpy()
alone = np.flatnonzero(cast(large).numpy() != right)
in_front = np.flatnonzero(cast(tf.concat([large, large], 0)).numpy()[:1] != right)
size = right.size
print(
    f"picture alone: {len(alone)} pixels wrong, all among the last {size - alone.min()} of {size}; "
    f"the same in front of another in a batch: {len(in_front)}"
)
assert (len(alone), size - alone.min(), len(in_front)) == (3, 7, 0)
PYTHON
for version in 2.21.0 2.20.0; do
  python3.11 -m venv --clear "$folder/venv"
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==$version numpy==2.3.5
  TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/cast.py" 2>"$folder/log" || { cat "$folder/log"; exit 1; }
done
