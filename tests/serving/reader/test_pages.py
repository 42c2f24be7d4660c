import io
import re

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from tfx_ocr.serving.reader.pages import list_files, read_images

GREY = np.arange(60, dtype=np.uint8).reshape(6, 10)


def encode(pixels, form="PNG", **options):
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, form, **options)
    return written.getvalue()


def read(content, **options):
    return list(read_images(content, **options))


def write_tiff(*pictures, **options):
    written = io.BytesIO()
    first, *others = pictures
    first.save(written, "TIFF", save_all=True, append_images=others, **options)
    return written.getvalue()


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "TIFF"])
def test_a_picture_is_one_page(form):
    (page,) = read(encode(GREY, form))
    assert (page.number, page.error) == (1, "")
    np.testing.assert_array_equal(page.pixels if page.pixels.ndim == 2 else page.pixels[..., 0], GREY)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_a_lossy_picture_is_read_about_as_it_is(form):
    (page,) = read(encode(np.full((16, 16), 90, np.uint8), form))
    assert page.pixels.mean() == pytest.approx(90, abs=2)


def test_a_photograph_is_turned_as_its_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    (page,) = read(encode(GREY, exif=exif))
    np.testing.assert_array_equal(page.pixels, GREY[::-1, ::-1])


@pytest.mark.parametrize(
    ("mode", "compression"),
    [("1", "group4"), ("L", "tiff_lzw"), ("RGB", "jpeg"), ("CMYK", "tiff_lzw"), ("I;16", "raw")],
)
def test_tiff_of_many_pages_and_kinds(mode, compression):
    white = Image.new("L", (32, 32), 255)
    picture = Image.fromarray(np.full((32, 32), 65535, np.uint16)) if mode == "I;16" else white.convert(mode)
    if mode == "I;16":
        picture.putpixel((0, 0), 0)
    pages = read(write_tiff(picture, picture, picture, compression=compression))
    assert [page.number for page in pages] == [1, 2, 3]
    assert all(page.pixels.shape[:2] == (32, 32) and page.pixels[5, 5].min() >= 250 for page in pages)


def test_one_broken_page_among_ten_is_named_and_nine_are_read():
    pictures = [Image.fromarray(np.full((40, 40), 20 * number, np.uint8)) for number in range(10)]
    content = bytearray(write_tiff(*pictures, compression="tiff_adobe_deflate"))
    with Image.open(io.BytesIO(bytes(content))) as opened:
        opened.seek(3)
        (offset,), (count,) = opened.tag_v2[273], opened.tag_v2[279]
    content[offset : offset + count] = b"\xff" * count
    pages = read(bytes(content))
    assert [page.number for page in pages if page.error] == [4]
    assert [int(page.pixels[0, 0]) for page in pages if not page.error] == [0, 20, 40, 80, 100, 120, 140, 160, 180]


def test_transparent_paper_is_white():
    picture = Image.new("LA", (4, 4), (0, 0))
    written = io.BytesIO()
    picture.save(written, "PNG")
    (page,) = read(written.getvalue())
    assert (page.pixels == 255).all()


@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (200, 0), (100, 255), (0, 255)])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparent_paper_differs_from_the_ink(ink, paper, mode):
    picture = Image.new("LA", (4, 4), (77, 0))
    picture.putpixel((1, 2), (ink, 255))
    written = io.BytesIO()
    picture.convert(mode).save(written, "PNG")
    (page,) = read(written.getvalue())
    grey = page.pixels.reshape(4, 4, -1)[:, :, 0]
    assert (grey[2, 1], set(grey.ravel().tolist())) == (ink, {ink, paper})


def test_an_animated_gif_is_its_first_frame():
    written = io.BytesIO()
    frames = [Image.new("L", (8, 8), level) for level in (10, 200)]
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    (page,) = read(written.getvalue())
    assert page.pixels.min() == 10


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"Just text, named .jpg", "not a page: none of PDF, PNG"),
        (b"\0\0\0\x18ftypheic", "not a page: HEIC, none of PDF, PNG"),
        (encode(GREY)[:45], "truncated|damaged|broken"),
        (b"%PDF-1.7\n", "damaged PDF"),
    ],
    ids=["empty", "text", "heic", "cut_png", "cut_pdf"],
)
def test_a_bad_file_is_one_clause(content, reason):
    (page,) = read(content)
    assert page.pixels is None
    assert "\n" not in page.error
    assert re.search(reason, page.error)


def test_a_picture_of_30_000_pixels_each_way_is_not_decoded():
    written = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(written, "PNG")
    (page,) = read(written.getvalue())
    assert page.error.startswith(("too large", "damaged or too large"))


def write_pdf(*sizes):
    pdf = pypdfium2.PdfDocument.new()
    for size in sizes:
        pdf.new_page(*size)
    written = io.BytesIO()
    pdf.save(written)
    return written.getvalue()


def test_a_pdf_that_is_cut_off_or_has_no_pages_is_one_clause():
    whole = write_pdf((72, 144), (36, 36))
    for content in (whole[: len(whole) // 2], write_pdf()):
        (page,) = read(content)
        assert page.error.startswith("damaged PDF")
        assert "\n" not in page.error
        assert "Success" not in page.error


def test_a_pdf_is_rendered_at_the_resolution():
    pages = read(write_pdf((72, 144), (36, 36)), dpi=100)
    assert [(page.number, page.pixels.shape) for page in pages] == [(1, (200, 100, 3)), (2, (50, 50, 3))]


FORM = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R
  /AcroForm <</Fields [4 0 R] /DR <</Font <</F 6 0 R>>>> /DA (/F 12 Tf 0 g)>>>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Annots [4 0 R] /Contents 7 0 R
  /Resources <</Font <</F 6 0 R>>>>>> endobj
4 0 obj <</Type /Annot /Subtype /Widget /FT /Tx /T (total) /V (1,234.50) /Rect [10 30 130 50] /F 4 /P 3 0 R
  /DA (/F 12 Tf 0 g) /AP <</N 5 0 R>>>> endobj
5 0 obj <</Type /XObject /Subtype /Form /BBox [0 0 120 20] /Resources <</Font <</F 6 0 R>>>> /Length 58>> stream
/Tx BMC q BT /F 12 Tf 0 g 2 6 Td (1,234.50) Tj ET Q EMC   \nendstream endobj
6 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
7 0 obj <</Length 40>> stream
BT /F 12 Tf 10 80 Td (Total) Tj ET      \nendstream endobj
trailer <</Root 1 0 R>>
"""


def test_what_is_filled_into_a_form_is_seen_and_is_text_of_the_page():
    (page,) = read(FORM, dpi=144)
    field = page.pixels[100:140, 20:260]
    assert (field < 128).sum() > 100
    assert [word.text for word in page.words] == ["Total", "1,234.50"]
    total, amount = (word.box for word in page.words)
    assert total.bottom < 60  # at 2 pixels per point, from above
    assert 100 < amount.top < amount.bottom < 140


@pytest.mark.parametrize(
    ("boxes", "shown"),
    [
        (b"/MediaBox [0 0 200 100] /CropBox [8 20 108 60]", ["1,234.50"]),
        (b"/MediaBox [8 20 108 100]", ["Total", "1,234.50"]),
        (b"/MediaBox [0 0 200 100] /CropBox [-50 -50 250 150]", ["Total", "1,234.50"]),
    ],
)
def test_words_of_a_cropped_page_are_where_its_picture_has_their_ink(boxes, shown):
    (page,) = read(FORM.replace(b"/MediaBox [0 0 200 100]", boxes), dpi=144)
    assert [word.text for word in page.words] == shown
    is_ink = page.pixels.min(2) < 128
    for word in page.words:
        left, top, right, bottom = (round(side) for side in word.box)
        assert is_ink[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1].any()
        is_ink[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = False
    assert not is_ink.any()


PLAIN = b"""%%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] %s /Contents 4 0 R
  /Resources <</Font <</F 5 0 R>>>>>> endobj
4 0 obj <</Length 56>> stream
BT /F 12 Tf %s 90 50 Tm (Total) Tj ET
                                        \nendstream endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>> endobj
trailer <</Root 1 0 R>>
"""
TURNS = {0: b"1 0 0 1", 90: b"0 1 -1 0", 180: b"-1 0 0 -1", 270: b"0 -1 1 0"}  # text against a page turned so


@pytest.mark.parametrize("turn", TURNS)
def test_words_of_a_turned_page_are_where_its_picture_has_their_ink(turn):
    (page,) = read(PLAIN % (b"/Rotate %d" % turn, TURNS[turn]), dpi=144)
    assert page.pixels.shape[:2] == ((400, 200) if turn in (90, 270) else (200, 400))
    (word,) = page.words
    assert word.text == "Total"
    left, top, right, bottom = (round(side) for side in word.box)
    assert right - left > 2 * (bottom - top)
    is_ink = page.pixels.min(2) < 128
    assert is_ink[top - 1 : bottom + 1, left - 1 : right + 1].sum() == is_ink.sum() > 50


@pytest.mark.parametrize(("turn", "matrix"), [(90, b"1 0 0 1"), (0, b"0 1 -1 0"), (180, b"1 0 0 1")])
def test_text_that_stands_on_its_side_or_head_is_left_to_be_read(turn, matrix):
    (page,) = read(PLAIN % (b"/Rotate %d" % turn, matrix), dpi=144)
    assert page.words == ()


LINES = b"""%%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R
  /Resources <</Font <</F 5 0 R>>>>>> endobj
4 0 obj <</Length 80>> stream
BT /F 12 Tf 10 60 Td (%s) Tj 0 -20 Td (%s) Tj ET%s
\nendstream endobj
5 0 obj <</Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R>> endobj
6 0 obj <</Length 231>> stream
begincmap 1 begincodespacerange <00> <ff> endcodespacerange
2 beginbfrange <20> <40> <0020> <61> <7a> <0061> endbfrange
3 beginbfchar <41> <D835DC65> <42> <0001> <43> <FFFE> endbfchar
endcmap                                                             \nendstream endobj
trailer <</Root 1 0 R>>
"""


def read_lines(first, second):
    (page,) = read(LINES % (first, second, b" " * (80 - 49 - len(first) - len(second))), dpi=72)
    return page.words


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        ((b"the invoi-", b"ces"), ["the", "invoi-", "ces"]),
        ((b"order ab-", b"12 due"), ["order", "ab-", "12", "due"]),
        ((b"total 12-", b"34"), ["total", "12-", "34"]),
        ((b"a well-known", b"one"), ["a", "well-known", "one"]),
    ],
)
def test_a_hyphen_at_the_end_of_a_line_joins_no_lines(lines, texts):
    words = read_lines(*lines)
    assert [word.text for word in words] == texts
    assert all(word.box.bottom - word.box.top < 14 for word in words)
    second = len(lines[1].split())
    assert all(word.box.bottom < 45 for word in words[:-second])
    assert all(word.box.top > 45 for word in words[-second:])


def test_a_character_of_two_halves_moves_no_box():
    plain, mathematical = read_lines(b"let m be", b"given"), read_lines(b"let A be", b"given")
    assert [word.text for word in mathematical] == ["let", "\N{MATHEMATICAL ITALIC SMALL X}", "be", "given"]
    assert [word.box[1::2] for word in mathematical[2:]] == [word.box[1::2] for word in plain[2:]]
    widths = [[word.box.right - word.box.left for word in words[2:]] for words in (plain, mathematical)]
    assert widths[0] == pytest.approx(widths[1], abs=0.01)


def test_what_xml_cannot_hold_is_left_out():
    assert [word.text for word in read_lines(b"abBcd eCf B", b"given")] == ["abcd", "ef", "given"]


def test_a_user_unit_makes_a_page_larger(tmp_path):
    content = PLAIN % (b"/UserUnit 2.5", TURNS[0])
    (tmp_path / "poster.pdf").write_bytes(content)
    for source in (content, tmp_path / "poster.pdf"):
        (page,) = read(source, dpi=72)
        assert page.pixels.shape == (250, 500, 3)
        (word,) = page.words
        assert word.box.left == pytest.approx(225, abs=5)


def test_a_pdf_on_disk_is_not_taken_into_memory(tmp_path, monkeypatch):
    (tmp_path / "scan").write_bytes(write_pdf((72, 144), (36, 36)))
    monkeypatch.setattr("tfx_ocr.serving.reader.pages.read_source", lambda _: pytest.fail("the whole file was read"))
    assert [page.pixels.shape for page in read(tmp_path / "scan", dpi=72)] == [(144, 72, 3), (36, 36, 3)]


@pytest.mark.parametrize(
    ("content", "reason"), [(b"%PDF-1.7\n", "damaged PDF"), (b"", "empty file"), (None, "no such file")]
)
def test_a_bad_file_on_disk_is_one_clause(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "bad.pdf").write_bytes(content)
    (page,) = read(str(tmp_path / "bad.pdf"))
    assert page.error.startswith(reason)


def test_a_page_too_large_is_named_and_the_others_are_read():
    pages = read(write_pdf((72, 72), (7200, 7200)), dpi=72, max_pixels=10_000)
    assert [page.error for page in pages] == [
        "",
        "too large: 7200 x 7200 pixels, where 10000 are allowed",
    ]


def test_a_page_too_large_says_the_resolution_at_which_it_is_read():
    content = write_pdf((7200, 3600))
    (page,) = read(content, dpi=300, max_pixels=4_500_000)
    assert (
        page.error == "too large: 30000 x 15000 pixels, where 4500000 are allowed: give 30 dots per inch (dpi) or fewer"
    )
    (page,) = read(content, dpi=30, max_pixels=4_500_000)
    assert page.pixels.shape == (1500, 3000, 3)


def test_a_page_of_no_size_is_named_and_the_others_are_read():
    content = write_pdf((72, 72), (36, 36), (72, 72)).replace(b"[ 0 0 36 36]", b"[ 0 0 .1 .1]")
    pages = read(content, dpi=72)
    assert [page.error for page in pages] == ["", "a page of no size", ""]


ENCRYPTED = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"3 0 obj<</Filter/Standard/V 1/R 2/Length 40/P -4/O<" + b"00" * 32 + b">/U<" + b"11" * 32 + b">>>endobj\n"
    b"trailer<</Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]>>\n"
)


def test_an_encrypted_pdf_says_so():
    (page,) = read(ENCRYPTED)
    assert page.error == "locked by a password: save a copy that needs none"


def test_a_pdf_without_pages_is_not_taken_for_a_locked_one_after_it():
    assert [page.error for content in (ENCRYPTED, write_pdf()) for page in read(content)] == [
        "locked by a password: save a copy that needs none",
        "damaged PDF, or one without pages",
    ]


def test_folders_and_patterns_are_listed_once_and_in_order(tmp_path):
    for name in ("b.png", "a.JPG", "inner/c.pdf", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    folder, one = str(tmp_path), str(tmp_path / "b.png")
    found = list_files([folder, one])
    assert list(found) == [str(tmp_path / name) for name in ("a.JPG", "b.png", "inner/c.pdf")]
    assert list_files([folder])[str(tmp_path / "inner/c.pdf")] == "inner/c.pdf"
    assert list_files([str(tmp_path / "*.png")]) == {one: "b.png"}
    assert list_files(["-", "missing.png"]) == {"-": "stdin", "missing.png": "missing.png"}
    with pytest.raises(ValueError, match=r"no file that may be a page"):
        list_files([str(tmp_path / "*.bmp")])
