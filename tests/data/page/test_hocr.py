import gzip
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfx_ocr.data.page import hocr
from tfx_ocr.data.page.document import read_pages
from tfx_ocr.data.page.page import list_words, read_words

# As Tesseract writes it.
TESSERACT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "xhtml1-transitional.dtd">
<html><head><title></title><meta name='ocr-system' content='tesseract 5'/></head><body>
 <div class='ocr_page' id='page_1' title='image "scans/a b.png"; bbox 0 0 600 400; ppageno 0'>
  <div class='ocr_carea' title="bbox 10 10 300 40"><p class='ocr_par' title="bbox 10 10 300 40">
   <span class='ocr_line' title="bbox 10 10 300 40; baseline 0 -5">
    <span class='ocrx_word' title='bbox 10 10 100 40; x_wconf 96'>Total</span>
    <span class='ocrx_word' title='bbox 120 10 300 40; x_wconf 41'><strong>19,90&nbsp;€</strong></span>
   </span></p></div>
 </div></body></html>
"""


def page(body, title="bbox 0 0 600 400"):
    return f"<html><body><div class='ocr_page' title='{title}'>{body}</div></body></html>".encode()


def texts(content):
    return [(word.text, word.box) for page in read_pages(content) for word in list_words(page)]


@pytest.mark.parametrize("packed", [False, True])
def test_a_page_of_tesseract(packed):
    content = TESSERACT.encode()
    (found,) = read_pages(gzip.compress(content) if packed else content)
    assert (found.image, found.size, found.unit) == ("scans/a b.png", (600, 400), "pixel")
    # "19,90 €" is seven characters over 180 pixels from 120
    assert [(word.text, word.box, word.confidence) for word in list_words(found)] == [
        ("Total", (10, 10, 100, 40), 0.96),
        ("19,90", (120, 10, pytest.approx(120 + 5 * 180 / 7), 40), 0.41),
        ("€", (pytest.approx(120 + 6 * 180 / 7), 10, 300, 40), 0.41),
    ]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<span class='ocr_line' title='bbox 0 0 30 10'>A B</span>", [("A", (0, 0, 10, 10)), ("B", (20, 0, 30, 10))]),
        ("<span class='ocrx_word' title='bbox 0 0 9 9'>A</span>", [("A", (0, 0, 9, 9))]),
        ("<p class='ocr_par' title='bbox 0 0 9 9'>A</p>", [("A", (0, 0, 9, 9))]),
        (
            "<span class='ocr_header'><span class='ocrx_word' title='bbox 1 1 2 2'>H</span></span>",
            [("H", (1, 1, 2, 2))],
        ),
        (
            "<span class='ocr_line'><span class='ocrx_word'><span class='ocrx_cinfo' title='x_bboxes 1 2 3 4'>A</span>"
            "<span class='ocrx_cinfo' title='x_bboxes 3 2 5 6'>B</span></span></span>",
            [("AB", (1, 2, 5, 6))],
        ),
        (  # as Tesseract 3.00 has it
            "<span class='ocr_line'><span class='ocr_word' title='bbox 1 2 3 4'><span class='ocrx_word' title='"
            "x_wconf 50'>A</span></span></span>",
            [("A", (1, 2, 3, 4))],
        ),
        (  # as OCRopus has it
            "<span class='ocr_line' title='bbox 0 0 30 10'>A<br/>B</span><br>",
            [("A", (0, 0, 10, 10)), ("B", (20, 0, 30, 10))],
        ),
    ],
    ids=["line_alone", "word_without_a_line", "paragraph_alone", "header", "characters", "word_in_word", "break"],
)
def test_text_at_any_level(body, found):
    assert texts(page(body)) == found


def test_text_without_a_place_is_counted():
    body = "<span class='ocr_line'>A <span class='ocrx_word'>B</span></span> C <script>x</script>"
    (found,) = hocr.read(page(body, title="ppageno 0"))
    assert found.size is None
    assert read_words(found) == (
        [],
        {"text without a place: no box": 2, "text of a region or a line that its parts do not have": 1},
    )


@pytest.mark.parametrize(
    ("inner", "glyphs"),
    [
        ("Ab<span class='ocr_symbol'>{}</span><span class='ocr_symbol'></span>", []),
        ("Ab{}", []),
        (
            "\n <span class='ocrx_cinfo' title='x_bboxes 1 2 2 4; x_conf 50'>A</span>\n {}\n"
            "<span class='ocrx_cinfo' title='x_bboxes 2 2 3 4'>b</span>\n",
            ["A", "b"],
        ),
    ],
    ids=["mode_1", "mode_2", "with_characters"],
)
def test_readings_that_tesseract_weighed_are_left_out_and_counted(inner, glyphs):
    weighed = "".join(f"<span class='ocrx_cinfo' title='x_confs 9'>{text}</span>" for text in ("A", "4", ""))
    said = inner.format(f"<span class='ocrx_cinfo'> {weighed} </span>")
    (found,) = hocr.read(page(f"<span class='ocrx_word' title='bbox 1 2 3 4'>{said}</span>"))
    words, left_out = read_words(found)
    assert [(word.text, [glyph.text for glyph in word.glyphs]) for word in words] == [("Ab", glyphs)]
    assert left_out == {"another reading of the same text": 2}


def test_the_confidence_of_a_word_in_a_word_is_its_own():
    word = "<span class='ocr_word' title='bbox 1 2 3 4'><span class='ocrx_word' title='x_wconf 50'>A</span></span>"
    assert [found.confidence for found in list_words(hocr.read(page(word))[0])] == [0.5]


def test_a_file_of_which_the_parser_leaves_the_rest_is_refused():
    with pytest.raises(ValueError, match=r"^too large: Excessive depth in document: 256"):
        hocr.read(page("<div>" * 300 + "A"))


def test_text_outside_of_pages_is_counted():
    body = "<title>A</title><body><h1>B C</h1><script>D</script><div class='ocr_page'>E</div>F</body>"
    (found,) = hocr.read(f"<html>{body}</html>".encode())
    assert read_words(found)[1] == {"text in an unexpected place": 3, "text without a place: no box": 1}


@pytest.mark.parametrize("title", ["file a b.png", 'bbox 0 0 6 4; image "a b.png"', "image 'a b.png'; ppageno 0"])
def test_the_picture_is_named_as_an_image_or_a_file(title):
    content = f'<div class=ocr_page title="{title.replace(chr(34), "&quot;")}">A</div>'.encode()
    assert [found.image for found in read_pages(content)] == ["a b.png"]


def test_utf_16_is_read_by_its_mark():
    content = page("<span class='ocr_line' title='bbox 0 0 9 9'>đồng</span>").decode().encode("utf-16")
    assert [text for text, _ in texts(content)] == ["đồng"]


@st.composite
def trees(draw, depth=0):
    """Draw areas, paragraphs, lines and words in each other, any with a text of its own, any box missing."""
    box = draw(st.sampled_from(["bbox 0 0 40 10", ""]))
    before, after = (f" t{draw(st.uuids())} " * draw(st.integers(0, 1)) for _ in "ab")
    name = ("ocr_carea", "ocr_par", "ocr_line", "ocrx_word")[min(3, depth + draw(st.integers(0, 1)))]
    children = "".join(draw(st.lists(trees(depth + 1), max_size=2))) if depth < 3 else ""
    return f"<span class='{name}' title='{box}'>{before}{children}</span>{after}"


@given(st.lists(trees(), max_size=3))
def test_every_text_of_a_file_is_a_word_or_is_counted(bodies):
    body = "".join(bodies)
    words, left_out = read_words(hocr.read(page(body))[0])
    assert len(words) + sum(left_out.values()) == len(re.findall(r"\bt[0-9a-f-]{36}", body))


def test_areas_come_in_the_order_of_the_document():
    lines = [f"<span class='ocr_line' title='bbox 0 0 9 9'>{name}</span>" for name in "ABC"]
    body = f"<div class='ocr_carea'>{lines[0]}<div>{lines[1]}</div>{lines[2]}</div>"
    assert [text for text, _ in texts(page(body))] == ["A", "B", "C"]


def test_areas_come_by_their_order_where_they_state_it():
    lines = "".join(
        f"<p class='ocr_par' title='bbox 0 0 9 9{order}'>{name}</p>"
        for name, order in (("C", ""), ("B", "; order 10"), ("A", "; order 9"))
    )
    assert [text for text, _ in texts(page(lines))] == ["A", "B", "C"]


def test_utf8_needs_no_declaration_and_another_encoding_is_taken_from_it():
    line = "<span class='ocr_line' title='bbox 0 0 9 9'>đồng</span>"
    assert [text for text, _ in texts(page(line))] == ["đồng"]
    latin = page("<span class='ocr_line' title='bbox 0 0 9 9'>é</span>").decode()
    assert [text for text, _ in texts(latin.replace("<html>", "<html><meta charset='latin-1'>").encode("latin-1"))] == [
        "é"
    ]


def test_a_page_per_element_and_none_is_refused():
    assert [found.size for found in hocr.read(page("</div><div class='ocr_page' title='bbox 0 0 7 9'>"))] == [
        (600, 400),
        (7, 9),
    ]
    with pytest.raises(ValueError, match=r"^not hOCR: no element of the class ocr_page$"):
        hocr.read(b"<html><!-- <div class='ocr_page'> --></html>")


def test_of_the_alternatives_of_a_word_the_first_counts():
    others = '<del class="alt" title="nlp 1.2">B</del><del class="alt">C</del>'
    said = f'<span class="alternatives"><ins class="alt" title="nlp 0.3">A</ins>{others}</span>'
    (found,) = hocr.read(page(f"<span class='ocrx_word' title='bbox 1 2 3 4'>{said}7</span>"))
    words, left_out = read_words(found)
    assert [word.text for word in words] == ["A7"]
    assert left_out == {"another reading of the same text": 2}


@pytest.mark.parametrize(
    ("title", "box"),
    [
        ("poly 10 10 90 12 90 32 10 30", (10, 10, 90, 32)),
        ("bbox 1 2 3 4; poly 10 10 90 12 90 32", (1, 2, 3, 4)),
        ("poly 10 10 90", None),
        ("poly 10 10 90 x 5 5 5 5", None),
    ],
)
def test_a_box_is_around_a_polygon_where_it_is_not_said(title, box):
    (found,) = hocr.read(page(f"<span class='ocrx_word' title='{title}'>A</span>"))
    assert found.regions[0].lines[0].words[0].box == box


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<?xml version="1.0" encoding="ISO-8859-1"?><html>', "latin-1"),
        ("<html><title>x</title><meta charset=windows-1252>", "cp1252"),
        ('<html><meta http-equiv="Content-Type" content="text/html; charset=windows-1258">', "cp1258"),
        ("<html>", "cp1252"),
        ("<html><meta charset=hex>", "cp1252"),
        ("<html><meta charset=undefined>", "cp1252"),
    ],
    ids=["xml", "meta", "http_equiv", "none", "unknown", "undefined"],
)
def test_a_file_is_in_the_encoding_that_it_states(head, encoding):
    said = "<div class='ocr_page'><span class='ocr_line' title='bbox 0 0 9 9'>Café</span></div>"
    assert [text for text, _ in texts((head + said).encode(encoding))] == ["Café"]


def test_what_is_utf8_is_read_so_whatever_the_file_says():
    said = (
        "<meta charset=latin1><div class='ocr_page'><span class='ocr_line' title='bbox 0 0 9 9'>Cà\ufffd</span></div>"
    )
    assert [text for text, _ in texts(said.encode())] == ["Cà\ufffd"]
