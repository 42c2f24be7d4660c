import pytest

from tfx_ocr.data.page.page import (
    Box,
    Line,
    Page,
    Region,
    Word,
    build_features,
    convert_to_pixels,
    divide_word,
    enclose,
    list_words,
    read_words,
    sort_into_rows,
)


def texts(page):
    return [(word.text, tuple(word.box), word.entity) for word in list_words(page)]


def word(text, left=0.0, top=0.0, right=10.0, bottom=10.0, **more):
    return Word(text=text, box=Box(left, top, right, bottom), **more)


def test_a_box_around_points_off_the_page_and_with_decimals():
    box = enclose([(-3, 2.5), (10.25, 40), (4, -1)])
    assert box == (-3, -1, 10.25, 40)
    assert box.clip((8, 30)) == (0, 0, 8, 30)
    assert box.clip(None) == (0, 0, 10.25, 40)
    assert Box(20, 5, 30, 6).clip((8, 30)) == (8, 5, 8, 6)  # wholly off: the edge
    assert enclose([]) is None


def test_a_text_with_spaces_becomes_words_of_shares_of_its_box():
    # 10 characters over 100: "AB" 0 to 20, "C" 30 to 40 (two spaces before), "DEF" 70 to 100
    found = divide_word(word("AB C   DEF", right=100.0, confidence=0.5))
    assert [(part.text, part.box.left, part.box.right, part.confidence) for part in found] == [
        ("AB", 0, 20, 0.5),
        ("C", 30, 40, 0.5),
        ("DEF", 70, 100, 0.5),
    ]
    assert divide_word(Word(text="AB")) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (Line(text="other", box=Box(0, 0, 9, 9), words=(word("A"),)), ["A"]),
        (Line(text="A B", box=Box(0, 0, 9, 9), words=(word("A"), Word(text="B"))), ["A", "B"]),
        (Line(text="A B", box=Box(0, 0, 9, 9), words=(word("A"), word(""))), ["A", "B"]),
        (Line(text="A B", words=(word("A"), word(""))), ["A", "B"]),
        (Line(text=" ", box=Box(0, 0, 9, 9)), []),
        (Line(text="A B"), []),
        (Line(box=Box(0, 0, 9, 9), words=(Word(text="A B"), Word(text="C"))), ["A", "B", "C"]),
        (Line(box=Box(0, 0, 9, 9), words=(Word(text="A"), word("B"))), ["B"]),
    ],
    ids=[
        *("words_win", "word_without_box", "word_without_text", "box_of_the_words", "blank", "nowhere"),
        *("box_of_the_line", "one_word_of_two_with_a_box"),
    ],
)
def test_words_count_and_the_lines_text_where_they_are_not_whole(line, found):
    assert [part.text for part in list_words(Page(regions=(Region(lines=(line,)),)))] == found


def test_words_without_boxes_share_that_of_their_line_and_keep_their_entities():
    words = (Word(text="NO 53"), Word(text="8.00", entity="total"), Word(text=" "))
    line = Line(box=Box(0, 0, 100, 9), words=words, entity="other")
    found, left_out = read_words(Page(regions=(Region(lines=(line,)),)))
    assert [(part.text, part.box.left, part.box.right, part.entity) for part in found] == [
        ("NO", 0, 20, "other"),
        ("53", 30, 50, "other"),
        ("8.00", 60, 100, "total"),
    ]
    assert not left_out


def test_text_on_the_region_alone_is_cut_into_lines_of_equal_height():
    page = Page(regions=(Region(text="A B\n\nC", box=Box(0, 0, 30, 20), lines=(Line(box=Box(0, 0, 30, 9)),)),))
    assert texts(page) == [("A", (0, 0, 10, 10), ""), ("B", (20, 0, 30, 10), ""), ("C", (0, 10, 30, 20), "")]


def test_the_innermost_entity_counts_and_margins_are_left_out():
    lines = (Line(words=(word("a", entity="total"), word("b")), entity="issue_date"), Line(words=(word("c"),)))
    page = Page(
        regions=(
            Region(properties={"Margin": ""}, lines=(Line(words=(word("m"),)),)),
            Region(properties={"entity": "other"}, lines=lines),
        )
    )
    assert [(part.text, part.entity) for part in list_words(page)] == [
        ("a", "total"),
        ("b", "issue_date"),
        ("c", "other"),
    ]


def test_rows_are_read_from_the_top_each_from_the_left():
    # b's middle, 14, lies within half a height below a's, 10 + 5; c's, 16, does not
    words = [word("c", 0, 11, 5, 21), word("a", 50, 5, 60, 15), word("b", 20, 9, 30, 19)]
    assert [part.text for part in sort_into_rows(words)] == ["b", "a", "c"]


def test_a_page_is_put_into_the_pixels_of_its_picture():
    page = Page(
        size=(1200, 2400), unit="inch1200", regions=(Region(lines=(Line(words=(word("a", 120, 0, 240, 12),)),)),)
    )
    pixels = convert_to_pixels(page, (100, 200))
    assert (pixels.size, pixels.unit) == ((100, 200), "pixel")
    assert texts(pixels) == [("a", (10, 0, 20, 1), "")]
    assert convert_to_pixels(Page(), (7, 9)).size == (7, 9)


def test_a_page_of_another_shape_or_of_no_known_size_is_refused():
    with pytest.raises(ValueError, match=r"another page: the file's is .100, 200., its picture 200 x 100 pixels"):
        convert_to_pixels(Page(size=(100, 200)), (200, 100))
    with pytest.raises(ValueError, match="no page size: without it mm10 cannot be turned into pixels"):
        convert_to_pixels(Page(unit="mm10"), (200, 100))


def test_features_of_a_page_are_lists_clipped_and_without_empty_fields():
    words = [word("a", -1, 0, 5, 30, entity="total"), word("b")]
    assert build_features(words, fields={"total": "9 ", "issue_date": " "}, size=(8, 20), image=b"png") == {
        "words": [b"a", b"b"],
        "boxes": [0.0, 0.0, 5.0, 20.0, 0.0, 0.0, 8.0, 10.0],
        "entities": [b"total", b""],
        "field_names": [b"total"],
        "field_values": [b"9 "],
        "page_size": [8.0, 20.0],
        "image": b"png",
    }
    assert not build_features(words).keys() & {"page_size", "image"}


@pytest.mark.parametrize(
    ("point", "inside"),
    [((1, 3), True), ((1, 5), True), ((4, 3), True), ((4, 5), True), ((0.9, 4), False), ((4.1, 4), False),
     ((2, 2.9), False), ((2, 5.1), False)],
)  # fmt: skip
def test_a_boxs_edge_is_inside(point, inside):
    assert Box(1, 3, 4, 5).is_around(point) is inside
