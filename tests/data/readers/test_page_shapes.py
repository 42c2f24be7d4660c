import numpy as np
import pytest

from tfx_ocr.data import features, images
from tfx_ocr.data.readers import get_reader
from tfx_ocr.data.record import Rejected

PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
<Page imageFilename="a.png" imageWidth="40" imageHeight="20"><TextRegion id="r"><Coords points="0,0 40,0 40,20 0,20"/>
<TextLine id="l"><Coords points="{points}"/><TextEquiv><Unicode>No 7</Unicode></TextEquiv></TextLine>
</TextRegion></Page></PcGts>"""
POINTS = "4,2 36,2 36,8 4,8"


def read(root, name="page_shapes"):
    reader = get_reader(name)
    assert reader.is_supported(root)
    return [record for shard in reader.list_shards(root) for record in reader.read(root, shard)]


def write(root, points=POINTS, width=40, height=20):
    (root / "a.xml").write_text(PAGE.format(points=points))
    (root / "a.png").write_bytes(images.encode_png(bytes(width * height), height, width))


def test_lines_come_in_pixels_of_the_picture(tmp_path):
    write(tmp_path, width=80, height=40)  # twice as large as the file says
    [record] = read(tmp_path)
    assert record.features[features.SHAPES] == [b"line"]
    corners = np.reshape(record.features[features.POLYGONS], (4, 2))
    assert (*corners.min(0), *corners.max(0)) == (8, 4, 72, 16)
    assert record.features[features.PAGE_SIZE] == [80, 40]
    assert record.file == "a.xml"


def test_a_page_without_places_is_set_aside(tmp_path):
    write(tmp_path, points="4,2 4,2 4,2")
    [record] = read(tmp_path)
    assert isinstance(record, Rejected)
    assert record.reason == "no lines: the page has no line with a place"


@pytest.fixture
def receipts(tmp_path):
    """Write two receipts, one without a picture, whose boxes are of a picture twice as large."""
    for folder in ("box", "entities", "img"):
        (tmp_path / folder).mkdir()
    for key in ("x1", "x2"):
        (tmp_path / "box" / f"{key}.txt").write_text("10,20,60,20,60,40,10,40,TOTAL, 9.00\n")
        (tmp_path / "entities" / f"{key}.txt").write_text('{"company": "ACME", "total": "9.00"}')
    (tmp_path / "img" / "x1.png").write_bytes(images.encode_png(bytes(50 * 100), 100, 50))
    (tmp_path / "documents.csv").write_text("key,orig_width,orig_height\nx1,100,200\nx2,100,200\n")
    return tmp_path


def test_lines_of_receipts_are_shapes_and_one_without_a_picture_is_set_aside(receipts):
    kept, rejected = read(receipts, "sroie_shapes")
    assert kept.features[features.SHAPES] == [b"line"]
    assert kept.features[features.POLYGONS] == [5, 10, 30, 10, 30, 20, 5, 20]
    assert kept.features[features.PAGE_SIZE] == [50, 100]
    assert kept.group == "ACME"
    assert rejected.reason == "no image: no picture has this name"
