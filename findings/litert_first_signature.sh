#!/usr/bin/env bash
# Of a TensorFlow Lite file with several signatures, the interpreter runs the one whose name sorts first unless a signature is named.
#
# Versions: tensorflow 2.16.2, ai-edge-litert 2.3.0, numpy 1.26.4, Python 3.11.
# Input: a SavedModel with the signatures `zebra` (x + 1) and `apple` (x * 10), converted twice: with signature_keys in either order.
# Behaviour: the order of signature_keys is not kept. get_input_details(), invoke() and get_tensor() work on the primary subgraph, which is
# `apple`'s both times. Nothing says so: adding a signature whose name sorts before the old one changes what an existing client computes.
# get_signature_runner(name) is not affected.
# Who is hit: whoever adds a second signature to a model that clients run without naming one.
# Output seen:
#   signature_keys zebra, apple: invoke() computes apple
#   signature_keys apple, zebra: invoke() computes apple
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.16.2 ai-edge-litert==2.3.0 numpy==1.26.4
cat > "$folder/signatures.py" <<'PYTHON'
import sys

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

TAKES = [tf.TensorSpec([None, 4], tf.float32)]
COMPUTES = {2.0: "zebra", 10.0: "apple"}


class Model(tf.Module):
    @tf.function(input_signature=TAKES)
    def zebra(self, x):
        return {"y": x + 1}

    @tf.function(input_signature=TAKES)
    def apple(self, x):
        return {"y": x * 10}


model, folder = Model(), sys.argv[1]
tf.saved_model.save(model, folder, signatures={"zebra": model.zebra, "apple": model.apple})
found = []
for keys in (["zebra", "apple"], ["apple", "zebra"]):
    content = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=keys).convert()
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.ones((1, 4), np.float32))
    interpreter.invoke()
    found.append(COMPUTES[float(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0, 0])])
    print(f"signature_keys {', '.join(keys)}: invoke() computes {found[-1]}")
sys.exit(found != ["apple", "apple"])
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/signatures.py" "$folder/model" 2>/dev/null
