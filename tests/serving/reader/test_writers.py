import dataclasses
import io

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from tfx_ocr.data.page import alto, hocr, page_xml
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word, list_words
from tfx_ocr.serving.reader.document import build_document
from tfx_ocr.serving.reader.pages import PageImage
from tfx_ocr.serving.reader.writers import WRITERS, get_writer, write_files


@pytest.fixture(scope="module")
def document(reader, draw_page):
    return reader.read(draw_page("2075", "53"))


def write(document, form):
    ((_, content),) = write_files(document, form, 300)
    return content


def test_text(document):
    assert write(document, "text") == b"2075\n53\n"


def test_page_xml_comes_back_whole(document):
    page = page_xml.read(write(document, "page"))
    assert page.regions == document.pages[0].regions
    assert page.size == (900, 1200)
    assert not page.left_out


def test_alto_comes_back_with_words_glyphs_and_alternatives(document):
    (page,) = alto.read(write(document, "alto"))
    assert list_words(page) == list_words(document.pages[0])
    assert not page.left_out


@pytest.mark.parametrize("form", ["page", "alto"])
def test_entities_of_words_come_back(document, form):
    (page,) = document.pages
    first, second = (region_line for region in page.regions for region_line in region.lines)
    line = dataclasses.replace(second, words=tuple(dataclasses.replace(word, entity="total") for word in second.words))
    region = dataclasses.replace(page.regions[0], lines=(first, line))
    marked = dataclasses.replace(document, pages=(dataclasses.replace(page, regions=(region,)),))
    read = {"page": lambda content: page_xml.read(content), "alto": lambda content: alto.read(content)[0]}[form]
    words = list_words(read(write(marked, form)))
    assert words == list_words(marked.pages[0])
    assert [(word.text, word.entity) for word in words] == [("2075", ""), ("53", "total")]


def test_hocr_comes_back_with_words_and_glyphs(document):
    (page,) = hocr.read(write(document, "hocr"))
    read, written = list_words(page), list_words(document.pages[0])
    assert [(word.text, word.box) for word in read] == [(word.text, word.box) for word in written]
    assert [word.confidence for word in read] == pytest.approx([word.confidence for word in written])
    glyphs = [[(glyph.text, glyph.box) for word in words for glyph in word.glyphs] for words in (read, written)]
    assert glyphs[0] == glyphs[1]


def test_pdf_is_searched_at_the_right_place(document, reader):
    pdf = pypdfium2.PdfDocument(write(document, "pdf"))
    page = pdf[0]
    assert page.get_size() == pytest.approx((900 * 0.24, 1200 * 0.24))
    left, top, right, bottom = (side * 0.24 for side in list_words(document.pages[0])[0].box)
    text = page.get_textpage()
    inside = text.get_text_bounded(left - 1, page.get_height() - bottom - 1, right + 1, page.get_height() - top + 1)
    assert inside.strip() == "2075"
    again = reader.read(write(document, "pdf"))  # its text is taken as it is
    assert again.text == "2075\n53"
    assert list_words(again.pages[0])[0].confidence is None


@pytest.mark.parametrize("text", ["Tiền Giang, đường Bắc", "한글 값", "€ ₫ ½"])
def test_pdf_keeps_the_letters_of_every_script(text, reader):
    words = tuple(
        Word(text=each, box=Box(100 + 200 * place, 100, 250 + 200 * place, 160), confidence=1.0)
        for place, each in enumerate(text.split())
    )
    line = Line(text=text, box=Box(100, 100, words[-1].box.right, 160), words=words)
    page = Page(size=(1100.0, 300.0), regions=(Region(kind="TextRegion", lines=(line,)),))
    pixels = np.full((300, 1100), 255, np.uint8)
    document = build_document([page], {}, images=lambda: iter([PageImage(number=1, pixels=pixels)]))
    again = reader.read(write(document, "pdf"))
    assert again.text == text
    for word, wanted in zip(list_words(again.pages[0]), words, strict=True):
        assert word.text == wanted.text
        assert word.box == pytest.approx(wanted.box, abs=3)


def test_picture_has_a_box_around_each_word(document):
    picture = Image.open(io.BytesIO(write(document, "image")))
    left, _, right, bottom = list_words(document.pages[0])[0].box
    assert picture.size == (900, 1200)
    assert picture.getpixel((round((left + right) / 2), round(bottom))) == (0, 110, 200)


def test_pages_of_a_long_document_are_files_of_their_own(reader, draw_page):
    written = io.BytesIO()
    pictures = [Image.fromarray(draw_page(text)) for text in ("20", "75")]
    pictures[0].save(written, "TIFF", save_all=True, append_images=pictures[1:])
    document = reader.read(written.getvalue())
    assert document.text == "20\n\f75"
    files = dict(write_files(document, "page", 300))
    assert list(files) == ["-1.page.xml", "-2.page.xml"]
    assert list_words(page_xml.read(files["-2.page.xml"]))[0].text == "75"
    assert list(dict(write_files(document, "image", 300))) == ["-1.png", "-2.png"]


def test_an_unknown_form_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="unknown form 'docx'; known: alto, hocr, image, json, page, pdf, text"):
        get_writer("docx")
    assert len({writer.ending for writer in WRITERS.values()}) == len(WRITERS)


def test_pages_are_simplified_to_what_a_form_needs(document):
    (page,) = document.pages
    for form in ("text", "pdf", "image"):
        light = dataclasses.replace(document, pages=(WRITERS[form].simplify(page),))
        assert not [glyph for word in list_words(light.pages[0]) for glyph in word.glyphs]
    assert light.text == document.text
    assert write(light, "image") == write(document, "image")
    assert [form for form, writer in WRITERS.items() if writer.simplify is None] == ["json", "page", "alto", "hocr"]


def test_pictures_of_several_pages_are_opened_once(document):
    opened = []

    def open_images():
        for number in (1, 2, 3):
            opened.append(number)
            yield PageImage(number=number, count=3, pixels=np.zeros((1200, 900), np.uint8))

    three = dataclasses.replace(document, pages=document.pages * 3, images=open_images)
    assert [ending for ending, _ in write_files(three, "image", 300)] == ["-1.png", "-2.png", "-3.png"]
    assert opened == [1, 2, 3]
