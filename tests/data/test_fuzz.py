"""Parsers of other people's files against files that are damaged at random: a record or a reason, never an error."""

from __future__ import annotations

import json
import os
import random
import re
import struct
import time
import zlib
from pathlib import Path

import pytest

from tfx_ocr.data import images
from tfx_ocr.data.page import fields
from tfx_ocr.data.page.document import read_pages
from tfx_ocr.data.page.page import convert_to_pixels, read_words
from tfx_ocr.data.readers import get_reader
from tfx_ocr.data.record import Record, Rejected

INPUTS = int(os.environ.get("TFX_OCR_FUZZ", "500"))  # of each parser
LONGEST_S = 5.0  # of an input
# Pieces that have broken parsers: numbers at their ends, halves of encodings, markup out of place.
PIECES = (
    *(b"0", b"-1", b"1e999", b"NaN", b"inf", b"9" * 400, b"\0", b"\xff", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xa8"),
    *(b"<", b">", b"&", b"]]>", b"<!--", b'"', b"'", b",", b"\t", b"\r", b"\n", b"[", b"{", b"\\ud800", b"../", b"/"),
)
SAFE = tuple(piece for piece in PIECES if piece.isalnum() or piece in (b"-1", b",", b"../", b"/", b"[", b"{"))
PAGE = (
    '<PcGts xmlns="{}"><Page imageFilename="a.png" imageWidth="60" imageHeight="40"><ReadingOrder><OrderedGroup>'
    '<RegionRefIndexed index="1" regionRef="r"/></OrderedGroup></ReadingOrder><TextRegion id="r" custom="readingOrder '
    '{{index:0;}}"><Property key="entity" value="total"/><Coords points="0,0 9,0 9,9"/><TextLine index="1"><Coords '
    'points="0,0 9,0 9,9"/><Word><Coords><Point x="1" y="2"/></Coords><Glyph><TextEquiv conf="0.5"><Unicode>A</Unicode>'
    '</TextEquiv></Glyph></Word><TextEquiv index="0"><PlainText>A B</PlainText></TextEquiv></TextLine></TextRegion>'
    "</Page></PcGts>"
).format("http:" + "//schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15")
ALTO = (
    "<alto><Description><MeasurementUnit>mm10</MeasurementUnit><fileName>a.png</fileName></Description><Tags>"
    '<NamedEntityTag ID="t" TYPE="total"/></Tags><ReadingOrder><OrderedGroup><ElementRef REF="b"/></OrderedGroup>'
    '</ReadingOrder><Layout><Page WIDTH="60" HEIGHT="40"><PrintSpace><ComposedBlock TAGREFS="t"><TextBlock ID="b" '
    'IDNEXT="c"><TextLine><String CONTENT="A" HPOS="0" VPOS="0" WIDTH="9" HEIGHT="9" WC="0.5"><ALTERNATIVE>B'
    '</ALTERNATIVE></String><HYP CONTENT="-"/><String CONTENT="C"><Shape><Polygon POINTS="1,2 3,4"/></Shape></String>'
    "</TextLine></TextBlock></ComposedBlock></PrintSpace></Page></Layout></alto>"
)
HOCR = (
    "<html><meta charset='utf-8'/><div class='ocr_page' title='image \"a.png\"; bbox 0 0 60 40'><p class='ocr_par'>"
    "<span class='ocr_line' title='bbox 0 0 9 9'><span class='ocrx_word' title='bbox 0 0 9 9; x_wconf 96'>A</span> B"
    "</span></p></div></html>"
)
PNG = images.encode_png(bytes(range(200)) * 12, 40, 60)
IDX = struct.pack(">IIII", 0x803, 2, 2, 3) + bytes(12)
SETS: dict[str, dict[str, str | bytes]] = {
    "sroie": {
        "box/a.txt": "0,0,9,0,9,9,0,9,TOTAL\n0,10,9,10,9,19,0,19,9.00\n",
        "entities/a.txt": '{"total": "9.00"}',
        "documents.csv": "key,orig_width,orig_height\na,60,40\n",
    },
    "rvl_invoices": {
        "words/a.xml": '<doc><page><box l="0" t="0" r="9" b="9">No</box><box l="9" t="0" r="9" b="9"/></page></doc>',
        "fields/a.json": '{"InvoiceNumber": "7"}',
    },
    "labelled_csv": {"labels.csv": 'sep=;\nimage;label;split;note\na.png;"A ""B""";train;\nb.png;C;;\n', "a.png": "A"},
    "cinnamon": {"labels.json": '{"a.png": "A", "b.png": "B"}', "a.png": "A"},
    "kalapa": {"annotations/7.txt": "7/a.png\tA\n7/b.png\tB\n", "images/7/a.png": "A"},
    "page_xml": {"a.xml": PAGE, "b.xml": ALTO, "c.hocr": HOCR, "a.png": PNG},
    "kaggle_invoices": {"a_ocr.xml": PAGE, "a_gt.xml": PAGE, "a.tif": PNG},
    "idx": {"train-images-idx3-ubyte": IDX, "train-labels-idx1-ubyte": struct.pack(">II", 0x801, 2) + b"\1\2"},
}


def mutate(content: bytes, chance: random.Random) -> bytes:
    """Change one value in quotes or between tags, or one to four places: bytes doubled, cut, changed, or put in."""
    changed = bytearray(content)
    values = list(re.finditer(rb"""(?<=["'])[^"'<>]*(?=["'])|(?<=>)[^<]+|[\d.]+""", content))
    if values and chance.random() < 0.6:
        value = chance.choice(values)
        changed[slice(*value.span())] = chance.choice((*SAFE, chance.choice(values)[0], value[0] * 2))
        return bytes(changed)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(changed) + 1)
        end = min(len(changed), start + chance.choice((0, 1, 4, 20, 200)))
        piece = chance.choice(
            (bytes(changed[start:end]) * 2, b"", chance.randbytes(2), chance.choice(PIECES), chance.choice(PIECES))
        )
        changed[start:end] = piece
    return bytes(changed)


def seed(name: str) -> random.Random:
    return random.Random(zlib.crc32(name.encode()))


@pytest.mark.parametrize("name", ["page", "alto", "hocr", "fields"])
def test_a_damaged_document_is_read_or_refused(name):
    document = {"page": PAGE, "alto": ALTO, "hocr": HOCR, "fields": '{"company": "A", "total": 9.00}'}[name]
    chance, read, refused = seed(name), 0, set()
    for _ in range(INPUTS):
        damaged, start = mutate(document.encode(), chance), time.monotonic()
        try:
            if name == "fields":
                fields.read_fields(damaged, {"total": "total"})
                read += 1
                continue
            for page in read_pages(damaged):
                words, _ = read_words(convert_to_pixels(page, (60, 40)))
                read += 1
                assert all(word.text and word.box for word in words)
        except ValueError as error:
            refused.add(str(error))
        assert time.monotonic() - start < LONGEST_S
    assert read > INPUTS / 10  # the damage is not always fatal
    assert len(refused) > 3
    assert all(re.match(r"\w[^:]+: .", reason) for reason in refused)


@pytest.mark.parametrize("name", sorted(SETS))
def test_a_damaged_set_gives_records_and_reasons(name, tmp_path):
    chance, reader, kinds = seed(name), get_reader(name), set()
    files = {path: text if isinstance(text, bytes) else text.encode() for path, text in SETS[name].items()}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    for _ in range(INPUTS // 5):
        path, start = chance.choice(sorted(files)), time.monotonic()
        (tmp_path / path).write_bytes(mutate(files[path], chance))
        kinds |= read_set(reader, tmp_path)
        (tmp_path / path).write_bytes(files[path])
        assert time.monotonic() - start < LONGEST_S
    assert kinds == {Record, Rejected}


def read_set(reader, root: Path) -> set[type]:
    try:
        shards = reader.list_shards(root)
    except ValueError:  # the set is useless as a whole
        return {Rejected}
    found = [record for shard in shards for record in reader.read(root, shard)]
    for record in found:
        if isinstance(record, Rejected):
            json.dumps([record.source, record.reason]).encode()
            assert record.reason
    return set(map(type, found))
