#!/usr/bin/env bash
# jellyfish compares what a reader sees as one character, not code points: the distance between decomposed syllables does not count their jamo.
#
# Versions: jellyfish 1.3.0, rapidfuzz 3.14.6, Python 3.11.
# Input: pairs of a text and what was read of it, in normalisation form D, where each jamo and each Vietnamese mark is a code point of its own; the
# distance is divided by the length of the text, as an error rate is.
# Behaviour: jellyfish's distances cut their arguments into extended grapheme clusters first. Form D of a syllable is one cluster, so it is right
# or wrong as a whole, and len() of the same text counts its two or three jamo: the rate is that of syllables divided by two or three. Clusters are
# not normalised, so form C against form D of one text is all errors. RapidFuzz and editdistance count code points.
# Who is hit: error rates of jamo or of tone marks that are taken through form D, and the choice between two recognisers by them: one that misses a
# final consonant and one that misses the whole syllable score the same. On ASCII both libraries agree, so tests in English pass.
# Output seen:
#   강 read as 문: 3 code points, jellyfish 1 (rate 0.33), RapidFuzz 3 (rate 1.00)
#   강 read as 가: 3 code points, jellyfish 1 (rate 0.33), RapidFuzz 1 (rate 0.33)
#   ệ read as e: 3 code points, jellyfish 1 (rate 0.33), RapidFuzz 2 (rate 0.67)
#   abc read as xyz: 3 code points, jellyfish 3 (rate 1.00), RapidFuzz 3 (rate 1.00)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jellyfish==1.3.0 rapidfuzz==3.14.6
PYTHONIOENCODING=utf-8 "$folder/venv/bin/python" - <<'PYTHON'
import sys
import unicodedata

import jellyfish
from rapidfuzz.distance import Levenshtein

found = []
for written, read in (("강", "문"), ("강", "가"), ("ệ", "e"), ("abc", "xyz")):
    pair = [unicodedata.normalize("NFD", text) for text in (written, read)]
    distances = [jellyfish.levenshtein_distance(*pair), Levenshtein.distance(*pair)]
    length = len(pair[0])
    said = [f"{distance} (rate {distance / length:.2f})" for distance in distances]
    print(f"{written} read as {read}: {length} code points, jellyfish {said[0]}, RapidFuzz {said[1]}")
    found.append(distances)
sys.exit(found != [[1, 3], [1, 1], [1, 2], [3, 3]])
PYTHON
