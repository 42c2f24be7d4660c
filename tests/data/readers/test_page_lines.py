import io

import numpy as np
from PIL import Image

from tfx_ocr.data import images
from tfx_ocr.data.page import page_xml as document
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word
from tfx_ocr.data.readers import page_lines
from tfx_ocr.data.record import Record, Rejected


def make(root, name, lines, picture=True):
    """Write a page of 60 x 40 pixels, the grey of each column its number, and its XML."""
    grey = np.tile(np.arange(60, dtype=np.uint8), (40, 1))
    content = io.BytesIO()
    Image.fromarray(grey).save(content, "PNG")
    if picture:
        (root / f"{name}.png").write_bytes(content.getvalue())
    page = Page(image=f"{name}.png", size=(60, 40), regions=(Region(lines=tuple(lines)),))
    (root / f"{name}.xml").write_bytes(document.write(page))


def read_all(root):
    return [record for shard in page_lines.list_shards(root) for record in page_lines.read(root, shard)]


def test_each_line_is_cut_from_its_page(tmp_path):
    words = (Word(text="Öl", box=Box(30, 20, 40, 30)), Word(text="5", box=Box(44, 22, 50, 30)))
    make(
        tmp_path,
        "a",
        [Line(text=" Straße 7", box=Box(10, 5, 20, 9)), Line(words=words), Line(text="", box=Box(0, 0, 9, 9))],
    )
    assert page_lines.is_supported(tmp_path)
    first, second = read_all(tmp_path)
    assert (first.source, first.file, first.group) == ("a.xml#1", "a.xml", "a.xml")
    assert (first.features["label"].decode(), second.features["label"].decode()) == ("Straße 7", "Öl 5")
    assert images.decode_pixels(first.features["image"])[..., 0].tolist() == [list(range(10, 20))] * 4
    assert images.decode_pixels(second.features["image"]).shape[:2] == (10, 20)


def test_what_is_outside_the_outline_is_ground(tmp_path):
    triangle = ((10.0, 0.0), (30.0, 0.0), (10.0, 20.0))
    make(tmp_path, "a", [Line(text="x", box=Box(10, 0, 30, 20), polygon=triangle)])
    (record,) = read_all(tmp_path)
    pixels = images.decode_pixels(record.features["image"])[..., 0]
    assert pixels[2, 3] == 13
    assert pixels[-1, -1] == 19  # the median of 10 to 29, rounded down
    assert pixels.shape == (20, 20)


def test_what_is_wrong_is_set_aside_once(tmp_path):
    make(tmp_path, "a", [Line(text="x", box=Box(70, 5, 80, 9))])
    make(tmp_path, "b", [])
    make(tmp_path, "c", [Line(text="x", box=Box(0, 0, 9, 9))], picture=False)
    make(tmp_path, "d", [Line(text="x", box=Box(0, 0, 9, 9))])
    (tmp_path / "d.png").write_bytes(b"no picture")
    found = read_all(tmp_path)
    assert not [each for each in found if isinstance(each, Record)]
    assert [(each.source, each.reason) for each in found if isinstance(each, Rejected)] == [
        ("a.xml#1", "another page: the line 'x' is outside of the picture"),
        ("b.xml#1", "no lines: the page has no line with a text and a place"),
        ("c.xml", "no image: c.png is not in the folder"),
        ("d.xml#1", "not an image: d.png is something else"),
    ]


def test_white_writing_on_nothing_stays_visible(tmp_path):
    make(tmp_path, "a", [Line(text="x", box=Box(0, 0, 4, 4))])
    picture = Image.new("LA", (60, 40), (255, 0))
    picture.putpixel((1, 1), (255, 255))
    picture.save(tmp_path / "a.png")
    (record,) = read_all(tmp_path)
    pixels = images.decode_pixels(record.features["image"])[..., 0]
    assert (pixels[1, 1], pixels.sum()) == (255, 255)
