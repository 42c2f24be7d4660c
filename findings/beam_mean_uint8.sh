#!/usr/bin/env bash
# Beam's mean of NumPy's 8-bit integers is the mean of a sum that has wrapped round: three pixels of 200 have the mean 29.3.
#
# Versions: apache-beam 2.77.0 with NumPy 2.4.6, Python 3.11.
# Input: three values of 200, as np.uint8 and as int, in a PCollection of type Any, as an untyped lambda leaves it.
# Behaviour: MeanCombineFn begins at the int 0 and adds element by element. Since NumPy 2 (NEP 50) 0 + np.uint8(200) is a np.uint8,
# so the sum stays in 8 bits. Python warns of an overflow in a worker's log; the pipeline succeeds. Under NumPy 1 the sum was int64.
# Where the type of the elements is known to be np.uint8, the transform is refused when the pipeline is built.
# Who is hit: whoever takes means of pixels, labels or counts in Beam and moves from NumPy 1 to 2.
# Output seen:
#   int: mean 200.0
#   uint8: mean 29.333333333333332
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apache-beam==2.77.0 numpy==2.4.6
cat > "$folder/mean.py" <<'PYTHON'
import typing

import apache_beam as beam
import numpy as np
from apache_beam.testing.util import assert_that, equal_to

WANTED = {int: 200.0, np.uint8: 88 / 3}  # 600 is 88 in 8 bits
for kind, wanted in WANTED.items():
    with beam.Pipeline("DirectRunner") as pipeline:
        values = pipeline | beam.Create([200, 200, 200])
        typed = values | "cast" >> beam.Map(kind).with_output_types(typing.Any)
        mean = typed | beam.combiners.Mean.Globally()
        assert_that(mean, equal_to([wanted]))
        mean | "print" >> beam.Map(lambda value, name=kind.__name__: print(f"{name}: mean {float(value)}", flush=True))
PYTHON
"$folder/venv/bin/python" "$folder/mean.py" 2>/dev/null
