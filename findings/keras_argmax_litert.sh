#!/usr/bin/env bash
# keras.ops.argmax of floats cannot be converted to TensorFlow Lite's built-in operations; tf.argmax of the same tensor can.
#
# Versions: keras 3.15.1, tensorflow 2.16.2, numpy 1.26.4, Python 3.11.
# Input: a function of one float32 tensor [batch, 4] that returns the index of the largest value.
# Behaviour: on TensorFlow, Keras looks for negative zeros by their sign bit before it compares, so that -0.0 is less than 0.0 on every
# backend. That is a BitwiseAnd, which TensorFlow Lite has no built-in operation for, and the conversion is refused. With integers, or with
# tf.argmax, the same function is converted to one ARG_MAX.
# Who is hit: a Keras model that decodes its own answer with keras.ops and is converted for LiteRT.
# Output seen:
#   keras.ops.argmax: refused, TF Select ops: BitwiseAnd
#   tf.argmax: converted
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 tensorflow==2.16.2 numpy==1.26.4
cat > "$folder/convert.py" <<'PYTHON'
import sys

import keras
import tensorflow as tf


@tf.function
def by_keras(logits):
    return keras.ops.argmax(logits, -1)


@tf.function
def by_tensorflow(logits):
    return tf.argmax(logits, -1)


def convert(function):
    concrete = function.get_concrete_function(tf.TensorSpec([None, 4], tf.float32))
    try:
        tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()
    except Exception as error:
        return "refused, " + next(line for line in str(error).splitlines() if line.startswith("TF Select ops:"))
    return "converted"


found = {"keras.ops.argmax": convert(by_keras), "tf.argmax": convert(by_tensorflow)}
for name, outcome in found.items():
    print(f"{name}: {outcome}")
sys.exit([*found.values()] != ["refused, TF Select ops: BitwiseAnd", "converted"])
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/convert.py" 2>/dev/null
