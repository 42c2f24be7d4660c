import gzip
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from tfx_ocr.data.page import page_xml as document
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word
from tfx_ocr.data.readers import page_xml
from tfx_ocr.data.record import Record, Rejected

DATA = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).parents[4] / "shared/data")) / "page_alto"


def picture(kind="PNG", width=10, height=20, pages=1):
    content = io.BytesIO()
    one = Image.new("L", (width, height), 255)
    one.save(content, kind, **({"save_all": True, "append_images": [one] * (pages - 1)} if kind == "TIFF" else {}))
    return content.getvalue()


def page(image="a.png", text="Total 9", entity="total", size=(10.0, 20.0)):
    word = Word(text=text, box=Box(0, 0, 7, 5), entity=entity)
    return document.write(Page(image=image, size=size, regions=(Region(lines=(Line(words=(word,)),)),)))


def alto(pages, unit="pixel", image="a.tif"):
    word = '<String CONTENT="9" HPOS="0" VPOS="0" WIDTH="60" HEIGHT="60" TAGREFS="t"/>'
    body = (
        '<Page WIDTH="120" HEIGHT="240"><PrintSpace><TextBlock><TextLine>'
        + word
        + "</TextLine></TextBlock></PrintSpace></Page>"
    )
    return (
        f"<alto><Description><MeasurementUnit>{unit}</MeasurementUnit><fileName>{image}</fileName></Description>"
        f'<Tags><NamedEntityTag ID="t" TYPE="total"/></Tags><Layout>{body * pages}</Layout></alto>'
    ).encode()


def make(root, files):
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def everything(root):
    return [record for shard in page_xml.list_shards(root) for record in page_xml.read(root, shard)]


def test_a_page_and_its_picture(tmp_path):
    make(tmp_path, {"test/a.xml": page(), "test/a.png": picture()})
    assert page_xml.is_supported(tmp_path)
    assert everything(tmp_path) == [
        Record(
            features={
                "words": [b"Total", b"9"],
                "boxes": [0, 0, 5, 5, 6, 0, 7, 5],
                "entities": [b"total", b"total"],
                "field_names": [b"total"],
                "field_values": [b"Total 9"],
                "page_size": [10, 20],
                "image": picture(),
            },
            source="test/a.xml",
            file="test/a.xml",
            group="test/a.xml",
            split="test",
        )
    ]


@pytest.mark.parametrize(
    ("xml", "named", "image"),
    [
        ("page/a.xml", "a.png", "a.png"),
        ("a.xml", "C:\\scans\\a.png", "a.png"),
        ("x/a.xml", "../img/a.png", "img/a.png"),
        ("a.xml", "OCR-D-IMG/a.png", "images/a.png"),
        ("tob02910.64.gt.xml", "old.png", "tob02910.64.png"),
        ("page/A.xml", "a\u0300.PNG", "images/\u00e0.png"),
        ("x/a.xml", "../my%20scans/a%2B1.png", "my scans/a+1.png"),
        ("x/a.xml", "old/a%20b.png", "images/a b.png"),
        ("x/a.xml", "a%20b.png", "x/a%20b.png"),
    ],
    ids=[
        *("folder_above", "another_machine", "as_named", "alone_of_its_name", "the_file's_own_name", "spelling"),
        *("as_a_url_names_it", "a_url_of_another_machine", "a_name_with_a_percent"),
    ],
)
def test_where_the_picture_is_looked_for(tmp_path, xml, named, image):
    make(tmp_path, {xml: page(named), image: picture()})
    assert [record.source for record in everything(tmp_path) if isinstance(record, Record)] == [xml]


def test_of_pictures_of_one_name_the_near_one_counts_and_far_ones_do_not(tmp_path):
    near, other = picture(), picture(kind="TIFF")
    make(tmp_path, {"a/page/x.xml": page("C:\\x.png"), "a/x.png": near, "b/x.png": other, "c/y.xml": page("C:\\x.png")})
    found = {record.source: record for record in everything(tmp_path)}
    assert found["a/page/x.xml"].features["image"] == near
    assert isinstance(found["c/y.xml"], Rejected)


def test_of_two_near_pictures_the_first_by_name_counts(tmp_path):
    first, second = picture(), picture(width=20, height=40)
    make(tmp_path, {"a/page/x.xml": page("C:\\x.png"), "a/page/x.png": first, "a/x.png": second})
    (record,) = (record for record in everything(tmp_path) if isinstance(record, Record))
    assert record.features["image"] == first


def test_a_name_that_differs_by_what_is_behind_a_point_is_another(tmp_path):
    make(tmp_path, {"tob02910.64.xml": page("old.png"), "tob02910.65.png": picture()})
    assert [record.reason for record in everything(tmp_path)] == [
        "no image: old.png is not in the folder",
        "no words: no XML names this picture",
    ]


def test_alto_of_two_pages_in_units_with_a_tiff_of_two_and_gzipped(tmp_path):
    make(tmp_path, {"a.xml.gz": gzip.compress(alto(2, "inch1200")), "a.tif": picture("TIFF", pages=2)})
    first, second = everything(tmp_path)
    assert (first.source, second.source) == ("a.xml.gz", "a.xml.gz#1")
    # 60 of 120 units is half of 10 pixels, 60 of 240 a quarter of 20
    assert first.features["boxes"] == second.features["boxes"] == [0, 0, 5, 5]
    assert second.features["image"].startswith(b"\x89PNG")


def test_what_is_wrong_is_set_aside_with_its_reason(tmp_path):
    make(
        tmp_path,
        {
            "a.xml": page(), "a.png": picture(), "b.xml": page("a.png"), "c.xml": page("gone.png"),
            "d.xml": page("d.png", entity=""), "d.png": picture(), "e.png": picture(), "f.xml": b"<PcGts",
            "g.xml": page("g.png", text=""), "g.png": picture(), "h.xml": page("h.png"), "h.png": b"none",
            "i.xml": alto(2, image="i.png"), "i.png": picture(width=120, height=240),
        },
    )  # fmt: skip
    found = everything(tmp_path)
    assert [record.source for record in found if isinstance(record, Record)] == ["a.xml", "i.xml"]
    reasons = {record.source: record.reason for record in found if isinstance(record, Rejected)}
    assert reasons.pop("f.xml").startswith("not XML: ")
    assert reasons == {
        "b.xml": "duplicate: a.png is described by a.xml already",
        "c.xml": "no image: gone.png is not in the folder",
        "d.xml": "no entities: no region, line or word has one",
        "e.png": "no words: no XML names this picture",
        "g.xml": "no words: the page has no text",
        "h.xml": "not an image: h.png is something else",
        "i.xml#1": "not an image: i.png has one page only",
    }


def test_of_files_of_one_picture_that_with_entities_counts(tmp_path):
    words = page(entity="")
    make(tmp_path, {"alto/a.xml": words, "page/a.xml": page(), "empty/a.xml": page(text=""), "a.png": picture()})
    found = {record.source: record for record in everything(tmp_path)}
    assert found["page/a.xml"].features["entities"] == [b"total", b"total"]
    said = "duplicate: a.png is described by page/a.xml already"
    assert [found[f"{folder}/a.xml"].reason for folder in ("alto", "empty")] == [said, said]


def test_pictures_of_one_name_go_with_the_files_of_folders_of_their_name(tmp_path):
    first, second = picture(), picture(width=20, height=40)
    pages = {f"xml/{split}/a.xml": page("C:\\a.png") for split in ("train", "test")}
    make(tmp_path, {"images/train/a.png": first, "images/test/a.png": second, **pages})
    found = {record.split: record.features["image"] for record in everything(tmp_path)}
    assert found == {"train": first, "test": second}


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no shared data in {DATA}")
def test_real_files_each_with_its_reason():
    reasons = {record.source: record.reason for record in everything(DATA) if isinstance(record, Rejected)}
    assert len([source for source in reasons if source.endswith((".xml", ".xml.gz"))]) == 32
    broken = {source: reason for source, reason in reasons.items() if "/invalid/" in source}
    assert broken == {
        "alto_v4/invalid/dims.xml": "not a number: WIDTH of Page is 'bar'",
        "alto_v4/invalid/image.xml": "no image: a picture of the same name is not in the folder",
        "alto_v4/invalid/mu.xml": "unknown unit: MeasurementUnit is 'mm' (known: pixel, mm10, inch1200)",
        "alto_v4/invalid/zero_dims_missing_image.xml": "no image: missing_zero_dims.png is not in the folder",
        "page_2013-07-15/invalid/dims.xml": "not a number: imageWidth of Page is 'foo'",
        "page_2013-07-15/invalid/image.xml": "no image: Page has no imageFilename",
        "page_2013-07-15/invalid/zero_dims_missing_image.xml": "no image: missing_zero_dims.png is not in the folder",
    }
    # what has its picture lacks nothing but entities, which none of these files has
    assert sorted(source for source, reason in reasons.items() if reason.startswith("no entities")) == [
        "page_2013-07-15/170025120000003,0074-lite.xml",
        "page_2013-07-15/lorem.xml",
        "page_2017-07-15/SimplePage.xml",
        "page_2019-07-15/PAGE_0017_PAGE.xml",
    ]
