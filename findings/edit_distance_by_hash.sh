#!/usr/bin/env bash
# The edit distance of two different sequences is 0 in editdistance and RapidFuzz where their elements have equal hashes, as -1 and -2 do.
#
# Versions: editdistance 0.8.1, rapidfuzz 3.14.6, Python 3.11.
# Input: sequences of label ids in which -1 stands for unknown and -2 for padding; of (row, column offset) cells; of characters and code points.
# Behaviour: neither library compares elements. editdistance replaces each with hash(element), and CPython's hash(-1) is -2, the same as
# hash(-2); tuples and floats of them collide as well. RapidFuzz takes -1 as an integer for itself, hashes tuples and floats, and replaces a
# string of one character with its code point, so that ["가"] equals [44032] there, and not in editdistance. Python's == says "different" each time.
# Who is hit: error rates over label ids with negative marks, over table cells or boxes as tuples, and over half-decoded output: errors are
# counted as right, always the same ones, so no test with positive ids sees them.
# Output seen:
#   [5, -1] against [5, -2]: editdistance 0, RapidFuzz 1
#   [(3, -1)] against [(3, -2)]: editdistance 0, RapidFuzz 0
#   [-1.0] against [-2.0]: editdistance 0, RapidFuzz 0
#   ['가'] against [44032]: editdistance 1, RapidFuzz 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check editdistance==0.8.1 rapidfuzz==3.14.6
PYTHONIOENCODING=utf-8 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import editdistance
from rapidfuzz.distance import Levenshtein

pairs = [([5, -1], [5, -2]), ([(3, -1)], [(3, -2)]), ([-1.0], [-2.0]), (["가"], [44032])]
found = [(editdistance.eval(left, right), Levenshtein.distance(left, right)) for left, right in pairs]
for (left, right), (by_editdistance, by_rapidfuzz) in zip(pairs, found, strict=True):
    assert left != right
    print(f"{left} against {right}: editdistance {by_editdistance}, RapidFuzz {by_rapidfuzz}")
sys.exit(found != [(0, 1), (0, 0), (0, 0), (1, 0)])
PYTHON
