import io
import json
import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from PIL import Image

from tfx_ocr.data.alphabets import entities
from tfx_ocr.data.page import check
from tfx_ocr.data.page.page import Box
from tfx_ocr.data.readers import sroie
from tfx_ocr.data.record import Record, Rejected

DATA = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).parents[4] / "shared/data")) / "sroie"

LINES = "0,0,90,0,90,10,0,10,BOOK SHOP\r\n0,20,50,20,50,30,0,30,TOTAL\n60,20,100,20,100,30,60,30,9.00\n"
FIELDS = {"company": "BOOK SHOP", "date": "", "address": None, "total": "9.00"}


def make(root, key, lines=LINES, fields=FIELDS, image=None):
    for folder, name, content in (
        ("box", f"{key}.txt", lines),
        ("entities", f"{key}.txt", fields if isinstance(fields, bytes | None) else json.dumps(fields).encode()),
        ("img", f"{key}.png", image),
    ):
        if content is not None:
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def everything(root):
    return [record for shard in sroie.list_shards(root) for record in sroie.read(root, shard)]


def png(width, height, grey=255):
    content = io.BytesIO()
    Image.new("L", (width, height), grey).save(content, "PNG")
    return content.getvalue()


def test_a_receipt(tmp_path):
    make(tmp_path, "X1")
    (tmp_path / "documents.csv").write_text("key,orig_width,orig_height\nX1,120,50\nX2,,\n")
    assert sroie.is_supported(tmp_path)
    assert everything(tmp_path) == [
        Record(
            features={
                "words": [b"BOOK", b"SHOP", b"TOTAL", b"9.00"],
                # nine characters over 90 pixels: the first four, and those after the space
                "boxes": [0, 0, 40, 10, 50, 0, 90, 10, 0, 20, 50, 30, 60, 20, 100, 30],
                "entities": [b"supplier", b"supplier", b"", b"total"],
                "field_names": [b"supplier", b"total"],
                "field_values": [b"BOOK SHOP", b"9.00"],
                "page_size": [120, 50],
            },
            source="box/X1.txt",
            file="box/X1.txt",
            group="BOOK SHOP",
        )
    ]


def test_boxes_are_scaled_to_the_picture(tmp_path):
    make(tmp_path, "X1", image=png(60, 100))
    (tmp_path / "documents.csv").write_text("key,orig_width,orig_height\nX1,120,50\n")
    (record,) = everything(tmp_path)
    assert record.features["boxes"][:4] == [0, 0, 20, 20]
    assert record.features["page_size"] == [60, 100]
    assert record.features["image"] == png(60, 100)


@pytest.mark.parametrize("row", ["X1,,50", "X1,120,", "X1,120, ", "X1"])
def test_a_size_that_lacks_a_side_scales_nothing(tmp_path, row):
    make(tmp_path, "X1", image=png(60, 100))
    (tmp_path / "documents.csv").write_text(f"key,orig_width,orig_height\n{row}\n")
    (record,) = everything(tmp_path)
    assert record.features["boxes"][:4] == [0, 0, 40, 10]


def test_texts_keep_commas_and_quotes():
    lines, left_out = sroie.read_lines(
        b'\xef\xbb\xbf1,2,3,2,3,4,1,4,"NO. 5, JALAN 6\r\n\n1,2,3,2,3,4,1,4, \n1.5,2,3,2,3,4,-1,4,\xc3\x89\n'
    )
    assert lines == [(Box(1, 2, 3, 4), '"NO. 5, JALAN 6'), (Box(-1, 2, 3, 4), "É")]
    assert left_out == {"no text: a line has a box alone": 1}
    assert sroie.read_lines("1,2,3,2,3,4,1,4,A\u2028B".encode())[0] == [(Box(1, 2, 3, 4), "A\u2028B")]


def test_a_line_that_is_not_a_box_with_a_text_is_left_out_and_counted(tmp_path):
    broken = "1,2,3,2,3,4,1,4\nTOTAL\n1,2,3,2,3,4,1,x,A\n1,2,3,2,3,4,1,1e999,A\n"
    make(tmp_path, "a", lines=LINES + broken)
    (record,) = everything(tmp_path)
    assert record.features["words"] == [b"BOOK", b"SHOP", b"TOTAL", b"9.00"]
    assert record.left_out == {
        "no text: a line has a box alone": 1,
        "not a box: a line does not begin with eight numbers": 3,
    }


def test_boxes_and_fields_in_utf16_and_under_names_of_another_composition(tmp_path):
    make(tmp_path, "\u00e0", lines=("\ufeff" + LINES).encode("utf-16-le"), fields=None)
    make(tmp_path, "a\u0300", lines=None, fields=json.dumps(FIELDS).encode("utf-16"))
    (record,) = everything(tmp_path)
    assert record.features["words"] == [b"BOOK", b"SHOP", b"TOTAL", b"9.00"]
    assert record.features["field_values"] == [b"BOOK SHOP", b"9.00"]


def test_a_line_that_is_not_utf8_is_left_out_alone(tmp_path):
    make(tmp_path, "a", lines=LINES.encode() + b"1,2,3,2,3,4,1,4,\xe9\n")
    (record,) = everything(tmp_path)
    assert record.left_out == {"text is not UTF-8: save the file so": 1}


def test_a_total_that_is_a_number_keeps_its_zeros(tmp_path):
    make(tmp_path, "a", fields=b'{"total": 9.00}')
    (record,) = everything(tmp_path)
    assert (record.features["field_values"], record.features["entities"][-1]) == ([b"9.00"], b"total")


def test_what_is_wrong_is_set_aside_with_its_reason(tmp_path):
    make(tmp_path, "a_good")
    make(tmp_path, "b", fields=None)
    make(tmp_path, "c", lines=None)
    make(tmp_path, "d", lines=None, fields=None, image=png(1, 1))
    make(tmp_path, "e", lines="1,2,3,4,5,6,7,TEXT")
    make(tmp_path, "f", lines=b"1,2,3,2,3,4,1,4,\xe9")
    make(tmp_path, "g", lines="\n")
    make(tmp_path, "h", fields=b"{")
    good, *rejected = everything(tmp_path)
    assert good.source == "box/a_good.txt"
    assert rejected == [
        Rejected(source="box/b.txt", reason="no fields: no file of entities has this name"),
        Rejected(source="entities/c.txt", reason="no words: no file of boxes has this name"),
        Rejected(source="img/d.png", reason="no words: no file of boxes has this name"),
        Rejected(source="box/e.txt", reason="not a box: a line does not begin with eight numbers"),
        Rejected(source="box/f.txt", reason="text is not UTF-8: save the file so"),
        Rejected(source="box/g.txt", reason="no words: the file of boxes is empty"),
        Rejected(
            source="box/h.txt",
            reason="no fields: not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))",
        ),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("X1,-3,50", "not a page size: -3 x 50 pixels in documents.csv"),
        ("X1,0,50", "not a page size: 0 x 50 pixels in documents.csv"),
        ("X1,120,-1", "not a page size: 120 x -1 pixels in documents.csv"),
        ("X1,nan,50", "not a number: the page's size in documents.csv is 'nan'"),
        ("X1,120,1e999", "not a number: the page's size in documents.csv is '1e999'"),
    ],
)
def test_a_size_that_no_page_has_costs_that_receipt_only(tmp_path, row, reason):
    make(tmp_path, "X1", image=png(60, 100))
    make(tmp_path, "X2")
    (tmp_path / "documents.csv").write_text(f"key,orig_width,orig_height\n{row}\n")
    aside, good = everything(tmp_path)
    assert aside == Rejected(source="box/X1.txt", reason=reason)
    assert good.source == "box/X2.txt"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('key,orig_width,orig_height\nX2,120,50\n"X1,120,50\n', "not a row: a quote is left open, on line 3"),
        (f"key,orig_width,orig_height\nX2,120,50\nX1,{'9' * 200_000},50\n", "not a row: field larger than field limit"),
    ],
)
def test_a_row_of_sizes_that_cannot_be_read_costs_the_receipts_that_no_row_has(tmp_path, table, said):
    make(tmp_path, "X1", image=png(60, 100))
    make(tmp_path, "X2", image=png(60, 25))
    (tmp_path / "documents.csv").write_text(table)
    aside, good = everything(tmp_path)
    assert aside.reason.startswith(
        f"not a page size: documents.csv lacks this receipt and cannot be read whole: {said}"
    )
    assert (good.source, good.features["boxes"][:4]) == ("box/X2.txt", [0, 0, 20, 5])


def test_sizes_that_are_no_file_cost_every_receipt_its_own(tmp_path):
    make(tmp_path, "X1")
    (tmp_path / "documents.csv").mkdir()
    (aside,) = everything(tmp_path)
    assert aside.reason.endswith("documents.csv lacks this receipt and cannot be read whole: not a regular file")


def test_doubles_are_of_one_group(tmp_path):
    other = LINES.replace("BOOK SHOP", "CAFE NERO").replace("TOTAL", "TO PAY IN CASH")
    make(tmp_path, "a", image=png(5, 5, 1))
    make(tmp_path, "b", fields={"company": "BOOK SHOP SDN BHD"}, lines="0,0,9,0,9,9,0,9,ALTOGETHER OTHER TEXT")
    make(tmp_path, "c", fields={"total": "9.00"}, lines=LINES.replace("9.00", "9.01"))  # the company is not annotated
    make(tmp_path, "d", fields={"company": "CAFE NERO"}, lines=other)
    make(tmp_path, "e", fields={"total": "1"}, lines="0,0,9,0,9,9,0,9,UNREADABLE", image=png(5, 5, 1))
    make(tmp_path, "f", fields={"total": "1"}, lines="0,0,9,0,9,9,0,9,@#$%")
    groups = {record.source[4]: record.group for record in everything(tmp_path)}
    assert groups == {
        "a": "BOOK SHOP",
        "b": "BOOK SHOP",
        "c": "BOOK SHOP",
        "d": "CAFE NERO",
        "e": "BOOK SHOP",
        "f": "f",
    }


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no shared data in {DATA}")
def test_the_real_set():
    found, fields, images = defaultdict(list), Counter(), 0
    for record in everything(DATA):
        assert isinstance(record, Record), record
        assert check.find_problem(record.features, entities) is None
        assert len(record.features["page_size"]) == 2
        found[record.group].append(record)
        images += "image" in record.features
        fields.update(record.features["field_names"])
    assert sum(map(len, found.values())) == 526
    assert images == 250
    assert fields == {b"supplier": 526, b"issue_date": 526, b"supplier_address": 525, b"total": 525}
    assert len(found["MR D.I.Y. (M) SDN BHD"]) == 42  # 1 + 1 + 12 + 25 + 2 + 1 in six spellings
    assert len(found["GARDENIA BAKERIES (KI ) SDN BHD"]) == 43


def test_the_folders_are_known_in_any_case(tmp_path):
    make(tmp_path, "a")
    for name in ("box", "entities"):
        (tmp_path / name).rename(tmp_path / name.capitalize())
    (record,) = everything(tmp_path)
    assert record.source == "Box/a.txt"
    assert record.features["field_values"] == [b"BOOK SHOP", b"9.00"]
