#!/usr/bin/env bash
# mlcroissant reads a CSV column that the metadata declares as text as numbers if all its rows look like numbers: "12.50" comes back as "12.5" and "007" as "7.0".
#
# Versions: mlcroissant 1.1.1, pandas 3.1.1, numpy 2.4.6, Python 3.11.
# Input: a table with one column of transcriptions, and metadata made by the package itself whose only field is of data type sc:Text. Read twice:
# with amounts and numbers alone, and with one word below them.
# Behaviour: the table is read with pandas' guess of types (operations/read.py), whatever the fields declare, and each value is turned into text
# afterwards (operations/field.py). One row that is no number keeps all others as they were written, so the text of a line depends on the other lines
# of the file. The texts NA, None, null and nan are missing values either way, and a text field of a missing value is None.
# Who is hit: character error rates against amounts, dates and serial numbers that a Croissant data set holds: the reference is wrong, not the
# recogniser. A split that holds only numbers is hit where the whole table is not, and writers "007" and "7" become one.
# Output seen:
#   only numbers: wrote 12.50, 1e3, 007, None; read 12.5, 1000.0, 7.0, missing
#   and a word: wrote 12.50, 1e3, 007, None, total; read 12.50, 1e3, 007, missing, total
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mlcroissant==1.1.1 pandas==3.1.1 numpy==2.4.6
"$folder/venv/bin/python" - "$folder" 2>/dev/null <<'PYTHON'
import csv
import hashlib
import json
import pathlib
import sys

import mlcroissant as mlc

folder = pathlib.Path(sys.argv[1])


def read(texts):
    table, metadata = folder / "labels.csv", folder / "croissant.json"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([text] for text in ["text", *texts])
    source = mlc.Source(file_object="table", extract=mlc.Extract(column="text"))
    field = mlc.Field(id="labels/text", name="text", data_types=mlc.DataType.TEXT, source=source)
    sha256 = hashlib.sha256(table.read_bytes()).hexdigest()
    of_file = {"content_url": str(table), "encoding_formats": ["text/csv"], "sha256": sha256}
    described = mlc.Metadata(
        name="lines",
        url="lines",
        distribution=[mlc.FileObject(id="table", name="table", **of_file)],
        record_sets=[mlc.RecordSet(id="labels", name="labels", fields=[field])],
    )
    metadata.write_text(json.dumps(described.to_json()))
    values = [record["labels/text"] for record in mlc.Dataset(jsonld=metadata).records("labels")]
    return ["missing" if value is None else value.decode() for value in values]


numbers = ["12.50", "1e3", "007", "None"]
found = {}
for name, texts in (("only numbers", numbers), ("and a word", [*numbers, "total"])):
    found[name] = read(texts)
    print(f"{name}: wrote {', '.join(texts)}; read {', '.join(found[name])}")
known = [["12.5", "1000.0", "7.0", "missing"], ["12.50", "1e3", "007", "missing", "total"]]
sys.exit([*found.values()] != known)
PYTHON
