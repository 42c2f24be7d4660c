#!/usr/bin/env bash
# WebDataset's decode() turns the field `id` of a sample into an integer: the id "007" comes back as 7 and "2024_01" as 202401.
#
# Versions: webdataset 1.0.2, numpy 2.1.3, Python 3.11.
# Input: a shard of three samples with a text and an id, written with the package's own TarWriter.
# Behaviour: autodecode.py gives the names cls, cls2, class, count, index, inx and id to Python's int, which drops leading zeros, takes an
# underscore between digits for a separator and other scripts' digits for ASCII. TarWriter writes the string as it is, so writing and
# reading are not inverse. Every name but these and the known extensions stays bytes. A shard whose ids have a letter raises; one whose
# ids are all digits does not, and two different ids become one.
# Who is hit: joins of predictions with labels by document or writer id, and splits by it: rows are not found, or two documents are taken for one.
# Output seen:
#   wrote 007, 7, 2024_01; decode() gave 7, 7, 202401
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check webdataset==1.0.2 numpy==2.1.3
"$folder/venv/bin/python" - "$folder/shard.tar" <<'PYTHON'
import sys

import webdataset

ids = ["007", "7", "2024_01"]
with webdataset.TarWriter(sys.argv[1]) as shard:
    for number, name in enumerate(ids):
        shard.write({"__key__": f"page{number}", "txt": "a line", "id": name})
samples = webdataset.WebDataset(sys.argv[1], shardshuffle=False).decode()
found = [sample["id"] for sample in samples]
print(f"wrote {', '.join(ids)}; decode() gave {', '.join(map(str, found))}")
sys.exit(found != [7, 7, 202401])
PYTHON
