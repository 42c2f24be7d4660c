"""Parsers of what others send, each with inputs that it reads: of a damaged one there may come an answer or a reason.

A target's `try_input` returns whether the input was read; what it may not do is raise anything else than its refusal.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import json
import random
import re
import struct
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from tfx_ocr.data import example, images, record_file
from tfx_ocr.data.page import fields
from tfx_ocr.data.page.document import read_pages
from tfx_ocr.data.page.page import convert_to_pixels, read_words
from tfx_ocr.data.readers import get_reader
from tfx_ocr.data.record import Record, Rejected

MAKERS = Path(__file__).parents[1] / "data" / "page" / "makers"  # files as other tools write them
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
OWN = """
task = "classification"
classes = ["A", "B"]
[input]
kind = "image"
height = 32
width = 32
[examples]
readers = ["image_folder"]
[trainer]
network = "mlp"
epochs = 3
[gate]
min_examples = 5
[gate.at_least]
accuracy = 0.5
"""
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
    "labelled_csv list": {"train.txt": 'a.png\t"A B"\nb.png C\n', "a.png": "A", "b.png": "B"},
    "labelled_csv lines": {
        "rows.jsonl": '{"file": "a.png", "text": "A"}\n{"file": "b.png", "text": 7}\n',
        "a.png": "A",
    },
    "labelled_csv object": {"names.json": '{"a.png": "A", "b.png": "B"}', "a.png": "A"},
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


@dataclasses.dataclass(frozen=True)
class Target:
    """A parser that is tried.

    Attributes:
        seeds: inputs that it reads, by name.
        try_input: of a seed's name and a damaged seed; returns whether it was read, raises ValueError to refuse it.
    """

    seeds: Mapping[str, bytes]
    try_input: Callable[[str, bytes], bool]


def draw_pictures(form: str) -> dict[str, bytes]:
    """Return pictures of a format, of several kinds."""
    kinds = {
        "PNG": (("L", {}), ("P", {"transparency": 3}), ("RGBA", {}), ("I;16", {}), ("1", {})),
        "JPEG": (("L", {}), ("RGB", {"progressive": True}), ("CMYK", {})),
        "GIF": (("L", {}), ("P", {"transparency": 0})),
        "BMP": (("L", {}), ("P", {}), ("1", {}), ("RGB", {})),
        "TIFF": (("1", {"compression": "group4"}), ("RGB", {"compression": "tiff_lzw"}), ("I;16", {}), ("F", {})),
        "WEBP": (("RGB", {"lossless": True}), ("RGBA", {})),
    }
    seeds = {}
    for mode, options in kinds[form]:
        levels = np.arange(24 * 20, dtype=np.uint16).reshape(20, 24)
        grey = Image.fromarray(levels.astype(np.uint8))
        picture = Image.fromarray(levels) if mode == "I;16" else grey.convert(mode)
        exif = Image.Exif()
        exif[0x0112] = 6
        written = io.BytesIO()
        picture.save(written, form, **options, **({"exif": exif} if form not in ("GIF", "BMP", "TIFF") else {}))
        seeds[f"{mode} {options}"] = written.getvalue()
    return seeds


def try_picture(_: str, content: bytes) -> bool:
    """Decode a picture, and what becomes of it for a model."""
    with contextlib.suppress(ValueError):
        images.decode_for_model(content)
    images.read_size(content)
    if reason := images.find_problem(content, 10**6):
        raise ValueError(reason)
    pixels = images.decode_pixels(content)
    assert (images.decode_pixels(images.to_png(content)) == pixels).all()
    return True


def try_page(_: str, content: bytes) -> bool:
    """Read the words of a page."""
    for page in read_pages(content):
        size = (60, 40) if page.image == "a.png" or not page.size else (round(page.size[0]), round(page.size[1]))
        words, _ = read_words(convert_to_pixels(page, size))
        assert all(word.text and word.box for word in words)
    return True


def try_fields(_: str, content: bytes) -> bool:
    """Read the fields of a page."""
    return fields.read_fields(content, {"total": "total"}) is not None


def try_example(_: str, content: bytes) -> bool:
    """Read a tf.Example."""
    return example.parse_example(content) is not None


def try_set(name: str, path: str, content: bytes) -> bool:
    """Read a data set of one damaged file."""
    reader = get_reader(name.partition(" ")[0])
    with tempfile.TemporaryDirectory() as top:
        root = Path(top)
        for other, whole in {**SETS.get(name, {}), path: content}.items():
            (root / other).parent.mkdir(parents=True, exist_ok=True)
            (root / other).write_bytes(_to_bytes(whole))
        found = [record for shard in reader.list_shards(root) for record in reader.read(root, shard)]
    for record in found:
        if isinstance(record, Rejected):
            json.dumps([record.source, record.reason]).encode()
            assert record.reason
    return any(isinstance(record, Record) for record in found)


def try_rest(_: str, content: bytes) -> bool:
    """Read the body of a request over REST."""
    from tfx_ocr.serving.model_server import json_tensors
    from tfx_ocr.serving.model_server.errors import ServingError

    try:
        document = json_tensors.read(content)
        json_tensors.read_signature_name(document)
        json_tensors.to_tensors(document, {"image_bytes": 7})
    except ServingError as error:
        raise ValueError(str(error)) from None
    return True


def try_tensor(_: str, content: bytes) -> bool:
    """Read the tensor of a request over gRPC."""
    from google.protobuf.message import DecodeError

    from tfx_ocr.serving import messages, tensors
    from tfx_ocr.serving.model_server.errors import ServingError

    try:
        tensors.to_array(messages.TensorProto.FromString(content), "image_bytes")
    except (DecodeError, ServingError) as error:
        raise ValueError(str(error)) from None
    return True


def try_recipe(_: str, content: bytes) -> bool:
    """Read a recipe in TOML."""
    from tfx_ocr.pipeline.recipes import toml_file

    with tempfile.TemporaryDirectory() as top:
        file = Path(top, "own.toml")
        file.write_bytes(content)
        toml_file.read_recipe(file)
    return True


def _to_bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode()


def load_targets() -> dict[str, Target]:
    """Return every target by name."""
    documents = {"page": {"own": PAGE.encode()}, "alto": {"own": ALTO.encode()}, "hocr": {"own": HOCR.encode()}}
    for path in sorted(MAKERS.glob("*/*")):
        content = path.read_bytes()
        kind = "hocr" if path.suffix == ".hocr" else "alto" if b"<alto" in content else "page"
        documents[kind][f"{path.parent.name}/{path.name}"] = content
    targets = {name: Target(seeds, try_page) for name, seeds in documents.items()}
    targets["fields"] = Target({"fields": b'{"company": "A", "total": 9.00}'}, try_fields)
    for form in images.FORMATS:
        targets[f"picture {form}"] = Target(draw_pictures(form), try_picture)
    for name, files in SETS.items():
        seeds = {path: _to_bytes(content) for path, content in files.items()}
        targets[f"set {name}"] = Target(seeds, functools.partial(try_set, name))
    record = example.serialize_example({"image": [PNG], "label": [b"7"], "boxes": [1.0, 2.0], "count": [3]})
    targets["tf.Example"] = Target({"record": record}, try_example)
    with tempfile.TemporaryDirectory() as top:
        paths = [Path(top, name) for name in ("train.tfrecord", "train.tfrecord.gz")]
        for path in paths:
            record_file.write_records(path, [record] * 3)
        seeds = {path.name: path.read_bytes() for path in paths}
    targets["set tfrecord"] = Target(seeds, functools.partial(try_set, "tfrecord"))
    row = '{"signature_name": "serve_images", "instances": [{"image_bytes": {"b64": "iVBORw0KGgo="}}, {"b64": "AA=="}]}'
    columns = '{"inputs": {"image_bytes": [{"b64": "iVBORw0KGgo="}, {"b64": "AA=="}]}}'
    targets["REST body"] = Target({"rows": row.encode(), "columns": columns.encode()}, try_rest)
    tensor = b"\x08\x07\x12\x04\x12\x02\x08\x01\x42\x28" + PNG[:40]  # dtype 7, a shape of one, a string_val of 40 bytes
    targets["gRPC tensor"] = Target({"tensor": tensor}, try_tensor)
    targets["recipe"] = Target({"own.toml": OWN.encode()}, try_recipe)
    return targets
