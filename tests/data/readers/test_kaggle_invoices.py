import io
import os
from pathlib import Path

import pytest
from PIL import Image

from tfx_ocr.data.page import page_xml
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word
from tfx_ocr.data.readers import kaggle_invoices
from tfx_ocr.data.record import Rejected

DATA = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).parents[4] / "shared/data")) / "kaggle_invoices"


def tiff(*pages, compression="group4"):
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:], compression=compression)
    return content.getvalue()


def region(entity, *box):
    return Region(box=Box(*box), properties={"entity": entity} if entity else {"language": "en-US"})


def word(text, left, top):
    return Word(text=text, box=Box(left, top, left + 10, top + 6), confidence=0.5)


def ocr(*words, size=(100, 200)):
    margin = Region(box=Box(0, 0, 100, 20), properties={"Margin": "Top"})
    line = Line(box=Box(0, 0, 100, 100), words=words)
    return page_xml.write(
        Page(image="x.tif", size=size, regions=(margin, Region(box=Box(0, 0, 100, 200), lines=(line,))))
    )


def truth(*regions):
    return page_xml.write(Page(image="x.tif", size=(100, 200), regions=regions))


def make(root, name, **files):
    there = {
        "tif": tiff(Image.new("1", (100, 200), 1)),
        "ocr": ocr(word("ACME", 10, 10), word("total", 10, 50), word("9", 30, 50), word("*", 80, 180)),
        "gt": truth(
            region("positions", 0, 40, 100, 100),
            region("total", 0, 48, 60, 60),
            region("supplier", 0, 0, 15, 30),
            region("", 70, 170, 100, 200),
        ),
        **files,
    }
    for key, ending in (("tif", ".tif"), ("ocr", "_ocr.xml"), ("gt", "_gt.xml")):
        if there[key] is not None:
            (root / f"{name}{ending}").write_bytes(there[key])


def everything(root):
    return [record for shard in kaggle_invoices.list_shards(root) for record in kaggle_invoices.read(root, shard)]


def test_words_belong_to_the_smallest_region_that_holds_their_centre(tmp_path):
    make(tmp_path, "500124393+-4395_x.64")
    assert kaggle_invoices.is_supported(tmp_path)
    (record,) = everything(tmp_path)
    assert record.features["words"] == [b"ACME", b"total", b"9", b"*"]
    assert record.features["entities"] == [
        b"supplier",
        b"total",
        b"total",
        b"",
    ]  # 15 is the edge, and the centre of ACME
    assert record.features["boxes"][:4] == [10, 10, 20, 16]
    assert record.features["field_names"] == []
    assert record.features["page_size"] == [100, 200]
    with Image.open(io.BytesIO(record.features["image"])) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (100, 200))
    assert (record.source, record.group) == ("500124393+-4395_x.64", "500124393+-4395_x.64")


def test_pages_in_folders_of_splits_under_names_of_another_spelling(tmp_path):
    (tmp_path / "testing").mkdir()
    make(tmp_path, "testing/a\u0300")
    (tmp_path / "testing/a\u0300.tif").rename(tmp_path / "testing/\u00e0.TIF")
    (record,) = everything(tmp_path)
    assert (record.source, record.split) == ("testing/\u00e0", "test")


def test_a_larger_scan_and_its_first_page_count(tmp_path):
    make(tmp_path, "x", tif=tiff(Image.new("1", (200, 400), 1), Image.new("1", (9, 9), 1)))
    (record,) = everything(tmp_path)
    assert record.features["boxes"][:4] == [20, 20, 40, 32]
    assert record.features["entities"] == [b"supplier", b"total", b"total", b""]


def test_what_is_wrong_is_set_aside_with_its_reason(tmp_path):
    make(tmp_path, "a_good")
    make(tmp_path, "b", tif=None, gt=None)
    make(tmp_path, "c", ocr=None)
    make(tmp_path, "d", gt=None)
    make(tmp_path, "e", tif=b"no picture")
    make(tmp_path, "f", tif=b"II*\0broken")
    make(tmp_path, "g", ocr=b"<PcGts")
    make(tmp_path, "h", ocr=ocr())
    make(tmp_path, "i", gt=truth(region("", 0, 0, 9, 9)))
    make(tmp_path, "j", tif=tiff(Image.new("1", (200, 200), 1)))
    make(tmp_path, "k", ocr=ocr(word("9", 1, 1), size=(1e-320, 200)))
    os.mkfifo(tmp_path / "l_ocr.xml")
    good, *rejected = everything(tmp_path)
    assert good.source == "a_good"
    reasons = {record.source: record.reason for record in rejected if isinstance(record, Rejected)}
    assert reasons.pop("f").startswith("page 1 of the TIFF: not an image: ")
    assert reasons.pop("g").startswith("not XML: ")
    assert reasons == {
        "b_ocr.xml": "no image: b.tif and b_gt.xml missing",
        "c.tif": "no words: c_ocr.xml missing",
        "d.tif": "no entities: d_gt.xml missing",
        "e": "not an image: the .tif is something else",
        "h": "no words: the _ocr.xml has no text",
        "i": "no entities: no region of the _gt.xml has a Property of key entity",
        "j": "another page: the file's is (100.0, 200.0), its picture 200 x 200 pixels",
        "k": "another page: the file's is (1e-320, 200.0), its picture 100 x 200 pixels",
        "l": "no image: l.tif and l_ocr.xml and l_gt.xml missing",
    }


def test_pages_with_one_picture_are_of_one_group(tmp_path):
    make(tmp_path, "a", ocr=ocr(word("alpha", 1, 1)))
    make(tmp_path, "b", ocr=ocr(word("beta", 1, 1)))
    make(tmp_path, "c", ocr=ocr(word("gamma", 1, 1)), tif=tiff(Image.new("1", (100, 200), 0)))
    assert [record.group for record in everything(tmp_path)] == ["a", "a", "c"]


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no shared data in {DATA}")
def test_the_real_page_lacks_its_picture_and_its_regions():
    assert everything(DATA) == [
        Rejected(source="11002591_ocr.xml", reason="no image: 11002591.tif and 11002591_gt.xml missing")
    ]
