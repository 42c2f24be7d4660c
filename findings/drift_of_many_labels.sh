#!/usr/bin/env bash
# TensorFlow Data Validation's Jensen-Shannon divergence of a text with more than 1,000 values depends on the order of the rows: the same labels shuffled are 0.66 apart.
#
# Versions: tensorflow-data-validation 1.16.1 with apache-beam 2.69.0, tensorflow 2.16.2, pandas 1.5.3, numpy 1.26.4, Python 3.11.
# Input: labels of n classes, 20 of each, as a set of Hangul syllables has them (KS X 1001: 2,350); the same rows in another order; and n
#   other classes. Drift comparators infinity_norm (largest difference of a share) and jensen_shannon_divergence, both from 0 to 1.
# Behaviour: the statistics list the 1,000 most frequent values, and both measures know no more. Among equally frequent ones the rows' order
#   decides which are listed, so that two lists of the same data share few, and what is not listed counts as absent. With
#   StatsOptions(num_rank_histogram_buckets=n) the divergence is 0, as it is up to 1,000 classes. The largest difference of a share stays
#   small, but cannot tell either: it is 0.001 for the same labels in another order as for n other classes.
# Who is hit: drift of characters, words or ids: Jensen-Shannon stops every run of a balanced set of 2,350 syllables, L-infinity none, and with the
#   ten digits both are right.
# Output seen:
#   1000 classes: shuffled L-infinity 0.000, Jensen-Shannon 0.00; replaced 0.001, 1.00
#   2350 classes: shuffled L-infinity 0.001, Jensen-Shannon 0.66; replaced 0.001, 1.00
#   2350 classes, all listed: shuffled L-infinity 0.000, Jensen-Shannon 0.00; replaced 0.000, 1.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  tensorflow==2.16.2 apache-beam==2.69.0 pyarrow==10.0.1 pyarrow-hotfix==0.7 pandas==1.5.3 numpy==1.26.4 protobuf==4.25.9 grpcio==1.65.5 \
  absl-py==1.4.0 dill==0.4.1 joblib==1.6.0 pyfarmhash==0.3.2
# without what they bring for Google's cloud, which takes long to resolve
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  tensorflow-data-validation==1.16.1 tfx-bsl==1.16.1 tensorflow-metadata==1.16.1 tensorflow-serving-api==2.16.1
cat > "$folder/drift.py" <<'PYTHON'
import numpy as np
import pandas as pd
import tensorflow_data_validation as tfdv


def measure(before, after, listed):
    options = tfdv.StatsOptions(num_rank_histogram_buckets=listed)
    then, now = (
        tfdv.generate_statistics_from_dataframe(pd.DataFrame({"label": each}), options) for each in (before, after)
    )
    found = []
    for norm in ("infinity_norm", "jensen_shannon_divergence"):
        schema = tfdv.infer_schema(then)
        getattr(tfdv.get_feature(schema, "label").drift_comparator, norm).threshold = 0.05
        [info] = tfdv.validate_statistics(now, schema, previous_statistics=then).drift_skew_info
        found.append(info.drift_measurements[0].value)
    return found


rng = np.random.default_rng(0)
syllables = np.array([chr(0xAC00 + place) for place in range(4700)])
found = {}
for count, listed in ((1000, 1000), (2350, 1000), (2350, 2350)):
    labels = np.repeat(syllables[:count], 20)
    shuffled = measure(labels, rng.permutation(labels), listed)
    replaced = measure(labels, np.repeat(syllables[count : 2 * count], 20), listed)
    print(
        f"{count} classes{', all listed' * (listed > 1000)}: shuffled L-infinity {shuffled[0]:.3f}, "
        f"Jensen-Shannon {shuffled[1]:.2f}; replaced {replaced[0]:.3f}, {replaced[1]:.2f}",
        flush=True,
    )
    found[count, listed] = shuffled[1], replaced[0]
assert found[1000, 1000][0] < 1e-6 > found[2350, 2350][0]
assert found[2350, 1000][0] > 0.6
assert max(replaced for _, replaced in found.values()) < 0.002
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/drift.py" 2>"$folder/log" || { cat "$folder/log"; exit 1; }
