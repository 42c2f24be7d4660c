#!/usr/bin/env bash
# TensorFlow Data Validation's drift of a number is 0.7 after one page of 10,001 was scanned too large: one value far off is taken for another distribution.
#
# Versions: tensorflow-data-validation 1.16.1 with apache-beam 2.69.0, tensorflow 2.16.2, pandas 1.5.3, numpy 1.26.4, Python 3.11.
# Input: the widths of 10,000 pages, log-normal around 1,500 pixels, and 10,000 others drawn alike, which one page 100,000 wide is added to; for
# comparison the same with all pages 5 % and 50 % wider. Jensen-Shannon divergence by drift_comparator, from 0 (alike) to 1 (nothing in common).
# Behaviour: the divergence is computed from histograms in the statistics, by default those of ten buckets of equal width between the least and the
# largest value. One outlier puts all other values into the first, which counts as spread evenly over it when the histograms are aligned. The
# field source.type of jensen_shannon_divergence chooses those of ten equal shares, QUANTILES: a few outliers can add 0.1 there, no more.
# Who is hit: limits on the drift of sizes, lengths, amounts or counts: one odd record stops a pipeline, and weighs more than all pages scanned half as large again.
# Whoever raises the limit until that passes sees no drift any more. Without outliers both are alike, as in the guide's examples.
# Output seen:
#   alike: 0.02, by quantiles 0.01
#   and one page of 100,000: 0.68, by quantiles 0.10
#   5 % wider: 0.03, by quantiles 0.05
#   half as wide again: 0.47, by quantiles 0.46
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
from tensorflow_metadata.proto.v0 import schema_pb2


def measure(before, after, source):
    then, now = (tfdv.generate_statistics_from_dataframe(pd.DataFrame({"width": each})) for each in (before, after))
    schema = tfdv.infer_schema(then)
    rule = tfdv.get_feature(schema, "width").drift_comparator.jensen_shannon_divergence
    rule.threshold = 0.1
    if source:
        rule.source.type = schema_pb2.HistogramSelection.QUANTILES
    [found] = tfdv.validate_statistics(now, schema, previous_statistics=then).drift_skew_info
    return found.drift_measurements[0].value


rng = np.random.default_rng(0)
before, pages = rng.lognormal(np.log(1500), 0.2, (2, 10_000)).round()
found = {}
for name, after in (
    ("alike", pages), ("and one page of 100,000", np.append(pages, 100_000.0)),
    ("5 % wider", 1.05 * pages), ("half as wide again", 1.5 * pages),
):  # fmt: skip
    default, quantiles = (measure(before, after, source) for source in ("", "QUANTILES"))
    print(f"{name}: {default:.2f}, by quantiles {quantiles:.2f}", flush=True)
    found[name] = default, quantiles
assert max(found["alike"]) < 0.06
assert found["and one page of 100,000"][0] > 0.5 > 0.15 > found["and one page of 100,000"][1]
assert all(0.4 < each < 0.55 for each in found["half as wide again"])
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/drift.py" 2>"$folder/log" || { cat "$folder/log"; exit 1; }
