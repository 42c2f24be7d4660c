#!/usr/bin/env bash
# The `tfrecord` package cuts zero bytes from the end of each value as soon as a bytes feature holds two values or more; a single value is kept.
#
# Versions: tfrecord 1.14.6, numpy 2.1.3, protobuf 6.33.6, Python 3.11.
# Input: a tf.Example written by the package itself with a feature `one` of one value and a feature `two` of two, all of three raw grey pixels.
# Behaviour: reader.process_feature returns a single value as bytes, and several as np.array(values, dtype=bytes). That is a NumPy string of
# fixed width, which pads with zeros and drops every zero at the end when an element is read. The record in the file is whole.
# Who is hit: records with several crops, masks, serialised arrays or UTF-16 texts per page, read without TensorFlow (PyTorch's usual way):
# black pixels at the end of a crop, or the high byte of a number, are gone, and only of some rows, so a reshape fails or a shorter text passes.
# Output seen:
#   one: wrote [b'\x05\x00\x00'], read [b'\x05\x00\x00']
#   two: wrote [b'\x05\x00\x00', b'\t\x08\x00'], read [b'\x05', b'\t\x08']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tfrecord==1.14.6 numpy==2.1.3 protobuf==6.33.6
"$folder/venv/bin/python" - "$folder/crops.tfrecord" <<'PYTHON'
import sys

import numpy as np
from tfrecord import TFRecordWriter, tfrecord_loader

crops = [np.array(pixels, np.uint8).tobytes() for pixels in ([5, 0, 0], [9, 8, 0])]
written = {"one": crops[:1], "two": crops}
writer = TFRecordWriter(sys.argv[1])
writer.write({name: (values, "byte") for name, values in written.items()})
writer.close()
(record,) = tfrecord_loader(sys.argv[1], None)
read = {"one": [record["one"]], "two": record["two"].tolist()}
for name, values in written.items():
    print(f"{name}: wrote {values}, read {read[name]}")
sys.exit(read != {"one": crops[:1], "two": [b"\x05", b"\t\x08"]})
PYTHON
