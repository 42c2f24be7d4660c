#!/usr/bin/env bash
# krippendorff.alpha takes the text "nan" for a missing answer, so two transcribers who disagree about the Vietnamese word nan are reported to agree perfectly.
#
# Versions: krippendorff 0.9.0, numpy 2.4.6, Python 3.11.
# Input: the words that two people wrote for the same six pictures, as arrays of strings, nominal level. Both write the same but for two words,
# which one of them reads as "nan". The same again with "nam" in its place, and with "NAN".
# Behaviour: NumPy turns np.nan among strings into the string "nan", so alpha leaves that string out of the values that can be given
# (krippendorff.py, alpha, where value_domain is made), whether it was np.nan or a text. An item that one person called "nan" then has one
# answer and counts neither for nor against agreement. Nothing is raised; value_domain, given with all words, is the way out.
# Who is hit: agreement of transcriptions or of word labels before a data set is accepted. In Vietnamese nan is a word (slat; gian nan is hardship),
# elsewhere it is what a table wrote for an empty cell. The more the two disagree about it, the higher the agreement.
# Output seen:
#   two words read as nam: alpha 0.64
#   two words read as NAN: alpha 0.64
#   two words read as nan: alpha 1.00
#   two words read as nan, value_domain given: alpha 0.64
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check krippendorff==0.9.0 numpy==2.4.6
"$folder/venv/bin/python" -W error - <<'PYTHON'
import sys

import krippendorff
import numpy as np

FIRST = ["than", "tan", "lan", "man", "ban", "can"]
found = {}
for word, has_domain in (("nam", False), ("NAN", False), ("nan", False), ("nan", True)):
    words = np.array([FIRST, [word, "tan", "lan", word, "ban", "can"]])
    options = {"value_domain": np.unique(words)} if has_domain else {}
    name = f"{word}, value_domain given" if has_domain else word
    found[name] = f"{krippendorff.alpha(words, level_of_measurement='nominal', **options):.2f}"
    print(f"two words read as {name}: alpha {found[name]}")
sys.exit(len({found["nam"], found["NAN"], found["nan, value_domain given"]}) != 1 or found["nan"] != "1.00")
PYTHON
