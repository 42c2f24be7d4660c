#!/usr/bin/env bash
# TensorFlow keeps 0.7 kB for good of each session run that fails, if the run was given a time limit.
#
# Versions: tensorflow-cpu 2.20.0 and NumPy 2.3.5, Python 3.11, Linux with glibc 2.33 or later. TensorFlow 2.16.2 keeps 707 bytes a run.
# Input: a graph of one tf.debugging.Assert that does not hold, run again and again in one session, each time with
#   RunOptions(timeout_in_ms=60000) and each time without. The limit is never reached; each run raises InvalidArgumentError, as it must.
# Behaviour: memory that the C library has given out and not got back grows by several hundred bytes a run with the limit. Without one it
#   stays. Runs that succeed leave nothing either way. A run with a limit leaves the synchronous path of the session.
# Who is hit: a server that hands each client's deadline to the session, as TensorFlow Serving's RunOptions do. One bad picture in twenty,
#   at 600 requests a second, is 1.7 GB a day.
# Output seen:
#   fails, no limit: 0 bytes a run
#   fails, limit: 675 bytes a run
#   succeeds, limit: 0 bytes a run
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow-cpu==2.20.0 numpy==2.3.5
cat > "$folder/runs.py" <<'PYTHON'
import ctypes

import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
RUNS = 3000


class Information(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks used free keep".split()]


library = ctypes.CDLL(None)
library.mallinfo2.restype = Information


def count_bytes():
    information = library.mallinfo2()
    return information.used + information.hblkhd


holds = tf.placeholder(tf.bool, [])
with tf.control_dependencies([tf.raw_ops.Assert(condition=holds, data=["no"])]):
    answer = tf.constant(1) + 1
session = tf.Session()


def run(condition, options):
    try:
        session.run(answer, {holds: condition}, options)
    except tf.errors.InvalidArgumentError:
        assert not condition


def measure(condition, options):
    for _ in range(500):
        run(condition, options)
    before = count_bytes()
    for _ in range(RUNS):
        run(condition, options)
    return (count_bytes() - before) / RUNS


limit = tf.RunOptions(timeout_in_ms=60_000)
for what, condition, options, low, high in (
    ("fails, no limit", False, None, -1e9, 100),
    ("fails, limit", False, limit, 400, 2000),
    ("succeeds, limit", True, limit, -1e9, 100),
):
    kept = measure(condition, options)
    print(f"{what}: {kept:.0f} bytes a run", flush=True)
    assert low <= kept <= high, what
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/runs.py" 2>/dev/null
