#!/usr/bin/env bash
# keras.losses.CTC of a text that has more letters than its frames can hold is about 720 on TensorFlow and about 100,000 on JAX, and the network learns from it.
#
# Versions: keras 3.15.1, tensorflow-cpu 2.21.0, jax 0.7.2, numpy 2.4.6, Python 3.11.
# Input: 100 lines of random logits over 12 classes; 99 texts of five different letters, and as the last text one letter five times, which needs a
# blank between each two. 9 frames hold it; with 8 frames it has no alignment.
# Behaviour: an impossible text has likelihood 0 and an infinite loss. tf.nn.ctc_loss with dense labels, which Keras calls, takes log(1e-307) for
# the logarithm of 0 (ctc_ops.py); Keras's own code for JAX takes -1e5 (backend/jax/nn.py). Losses of possible texts are equal, and nothing warns. The
# largest gradient of the impossible line is like that of the others, so the network is trained towards frames that cannot spell it.
# Who is hit: loss curves, plateaus and early stopping, and their comparison between backends: one narrow crop with a doubled or long text in 100
# adds 6 to the mean on TensorFlow and 1,000 on JAX, more than all that the other 99 do. Such lines are to be counted and left out.
# Output seen:
#   tensorflow, 9 frames: mean loss 17, last line 25, its largest gradient 0.97 (median of the others 0.77)
#   tensorflow, 8 frames: mean loss 23, last line 724, its largest gradient 0.82 (median of the others 0.83)
#   jax, 9 frames: mean loss 17, last line 25, its largest gradient 0.97 (median of the others 0.77)
#   jax, 8 frames: mean loss 1016, last line 100016, its largest gradient 0.82 (median of the others 0.83)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  keras==3.15.1 tensorflow-cpu==2.21.0 jax==0.7.2 numpy==2.4.6
cat > "$folder/losses.py" <<'PYTHON'
import sys

import keras
import numpy as np

BACKEND = keras.backend.backend()
TEXTS = np.array([[1, 2, 3, 4, 5]] * 99 + [[1] * 5])
LOSS = keras.losses.CTC(reduction=None)


def measure(logits):
    if BACKEND == "jax":
        import jax

        return LOSS(TEXTS, logits), jax.grad(lambda values: LOSS(TEXTS, values).sum())(logits)
    import tensorflow as tf

    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        losses = LOSS(TEXTS, variable)
    return losses, tape.gradient(losses, variable)


last = {}
for frames in (9, 8):
    random = np.random.default_rng(7)
    losses, gradients = map(np.asarray, measure(random.normal(size=(100, frames, 12)).astype(np.float32)))
    largest = np.abs(gradients).max((1, 2))
    last[frames] = float(losses[-1])
    print(
        f"{BACKEND}, {frames} frames: mean loss {losses.mean():.0f}, last line {last[frames]:.0f}, "
        f"its largest gradient {largest[-1]:.2f} (median of the others {np.median(largest[:-1]):.2f})"
    )
known = {"tensorflow": 724, "jax": 100016}[BACKEND]
sys.exit(not (round(last[9]) == 25 and round(last[8]) == known and largest[-1] > 0.5))
PYTHON
for backend in tensorflow jax; do
  KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/losses.py" 2>/dev/null
done
