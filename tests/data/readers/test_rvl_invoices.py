import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tfx_ocr.data.alphabets import entities
from tfx_ocr.data.page import check
from tfx_ocr.data.readers import rvl_invoices
from tfx_ocr.data.record import Record, Rejected

DATA = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).parents[4] / "shared/data")) / "rvl_cdip_invoices"

PAGE = (
    '<doc><page width="50.0" height="30.0">'
    '<box l="20.0" t="1.0" r="50.5" b="10.0"> 7 &amp; Co </box>'
    '<box l="0.0" t="0.0" r="15.0" b="10.0">Number</box>'
    '<box l="0.0" t="20.0" r="9.0" b="30.0"/>'
    "</page></doc>"
)
FIELDS = {"InvoiceNumber": "7 & Co ", "IssuedDate": "", "LineItem": [{"ItemTotal": "1"}]}


def make(root, name, page=PAGE, fields=FIELDS):
    for folder, ending, content in (("words", "xml", page), ("fields", "json", fields)):
        if content is not None:
            (root / folder).mkdir(exist_ok=True)
            text = content if isinstance(content, str) else json.dumps(content)
            (root / folder / f"{name}.{ending}").write_text(text)


def everything(root):
    return [record for shard in rvl_invoices.list_shards(root) for record in rvl_invoices.read(root, shard)]


def test_a_page_in_rows_without_the_size_that_is_none(tmp_path):
    make(tmp_path, "tob02910.64")
    assert rvl_invoices.is_supported(tmp_path)
    (record,) = everything(tmp_path)
    assert record == Record(
        features={
            "words": [b"Number", b"7", b"&", b"Co"],
            # "7 & Co" is six characters over 30.5 pixels from 20
            "boxes": [0, 0, 15, 10, *sides(0, 1), *sides(2, 3), *sides(4, 6)],
            "entities": [b"", b"invoice_number", b"invoice_number", b"invoice_number"],
            "field_names": [b"invoice_number"],
            "field_values": [b"7 & Co "],
        },
        source="words/tob02910.64.xml",
        file="words/tob02910.64.xml",
        group="tob02910.64",
    )


def sides(first, end):
    return [20 + first * 30.5 / 6, 1, 20 + end * 30.5 / 6, 10]


def test_ids_of_another_composition_and_endings_of_another_case_belong_together(tmp_path):
    make(tmp_path, "a\u0300", fields=None)
    make(tmp_path, "\u00e0", page=None)
    (tmp_path / "words/a\u0300.xml").rename(tmp_path / "words/a\u0300.XML")
    (record,) = everything(tmp_path)
    assert (record.source, record.features["field_values"]) == ("words/a\u0300.XML", [b"7 & Co "])


def test_what_is_wrong_is_set_aside_with_its_reason(tmp_path):
    make(tmp_path, "a_good")
    make(tmp_path, "b", fields=None)
    make(tmp_path, "c", page=None)
    make(tmp_path, "d", page="<doc/>")
    make(tmp_path, "e", page='<doc><page><box l="x" t="0" r="0" b="0">a</box></page></doc>')
    make(tmp_path, "f", page="<doc><page/></doc>")
    make(tmp_path, "g", fields="[]")
    make(tmp_path, "i", page='<doc><page><box l="0" t="0" r="1e999" b="0">a</box></page></doc>')
    make(tmp_path, "h", page="<!DOCTYPE doc [<!ENTITY a 'b'>]><doc><page/></doc>")
    good, *rejected = everything(tmp_path)
    assert good.source == "words/a_good.xml"
    assert rejected == [
        Rejected(source="words/b.xml", reason="no fields: no file of fields has this name"),
        Rejected(source="words/c.xml", reason="no words: no file of words has this name"),
        Rejected(source="words/d.xml", reason="not a page of words: the outermost element is doc, with 0 pages"),
        Rejected(source="words/e.xml", reason="not a number: l of box 0 is 'x'"),
        Rejected(source="words/f.xml", reason="no words: the page has no text"),
        Rejected(source="words/g.xml", reason="no fields: not a JSON object"),
        Rejected(
            source="words/h.xml",
            reason="a DTD: documents that define entities are not read; take the DOCTYPE out",
        ),
        Rejected(source="words/i.xml", reason="not a number: r of box 0 is '1e999'"),
    ]


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no shared data in {DATA}")
def test_the_real_set():
    found = everything(DATA)
    records = [record for record in found if isinstance(record, Record)]
    assert (len(found), len(records)) == (704, 612)
    assert {record.reason for record in found if isinstance(record, Rejected)} == {
        "no fields: no file of fields has this name"
    }
    assert {check.find_problem(record.features, entities) for record in records} == {None}
    named = Counter(name for record in records for name in record.features["field_names"])
    assert named == {b"invoice_number": 470, b"issue_date": 529, b"total": 461}
    groups = Counter(record.group for record in records)
    assert len(groups) == 323
    assert groups.most_common(1) == [("00920008", 35)]  # Borriston Laboratories
