import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfx_ocr.data.page import markup, page_xml
from tfx_ocr.data.page.document import read_pages
from tfx_ocr.data.page.page import Box, Line, Page, Region, Word, list_words, read_words

DATA = Path(os.environ.get("TFX_OCR_DATA", Path(__file__).parents[4] / "shared/data"))
needs_data = pytest.mark.skipif(not (DATA / "page_alto").is_dir(), reason=f"no shared data in {DATA}")
NAMESPACE = "http:" + "//schema.primaresearch.org/PAGE/gts/pagecontent/"


def document(page, year="2019-07-15", head='<?xml version="1.0" encoding="UTF-8"?>'):
    return f'{head}<PcGts xmlns="{NAMESPACE}{year}">{page}</PcGts>'.encode()


def word_in(text="<TextEquiv><Unicode>A</Unicode></TextEquiv>", coords='<Coords points="1,2 3,2 3,4 1,4"/>', page=""):
    return document(
        f'<Page imageFilename="a.png" {page}><TextRegion id="r"><TextLine id="l"><Word id="w">{coords}{text}</Word>'
        "</TextLine></TextRegion></Page>"
    )


def test_a_file_without_a_namespace_is_read():
    bare = re.sub(rb' xmlns="[^"]*"', b"", word_in())
    assert b"xmlns" not in bare
    assert [(word.text, word.box) for word in list_words(page_xml.read(bare))] == [("A", (1, 2, 3, 4))]


def test_what_is_written_is_read_back():
    word = Word(text="7 & <8>", box=Box(1, 2.5, 3, 4), confidence=0.25, entity="total")
    line = Line(text="7 & 8", box=Box(0, 0, 9, 9), words=(word, Word(text="", box=None)), entity="positions")
    page = Page(
        image="a.tif",
        size=(771.0, 1000.0),
        regions=(
            Region(text="all", box=Box(0, 0, 10, 10), lines=(line,), properties={"entity": "other", "Margin": ""}),
            Region(kind="ImageRegion", box=Box(5, 5, 6, 6)),
        ),
    )
    assert page_xml.read(page_xml.write(page)) == page
    assert page_xml.read(page_xml.write(Page(image="b.png"))) == Page(image="b.png")


@pytest.mark.parametrize(
    ("coords", "box"),
    [
        ('<Coords points="1,2 3,2 3,4 1,4"/>', (1, 2, 3, 4)),
        ('<Coords points="1.5,2 -3,2.25"/>', (-3, 2, 1.5, 2.25)),
        ('<Coords><Point x="1" y="2"/><Point x="3" y="4"/></Coords>', (1, 2, 3, 4)),
        ('<Coords points=""/>', None),
        ("", None),
    ],
    ids=["2019", "decimals_off_the_page", "2010", "no_points", "no_coords"],
)
def test_boxes_of_every_kind_of_coords(coords, box):
    (word,) = page_xml.read(word_in(coords=coords)).regions[0].lines[0].words
    assert word.box == box


@pytest.mark.parametrize(
    ("text", "said", "confidence"),
    [
        ('<TextEquiv conf="0.5"><Unicode> A </Unicode></TextEquiv>', "A", 0.5),
        ("<TextEquiv><Unicode/></TextEquiv>", "", None),
        ("<TextEquiv/>", "", None),
        ("", "", None),
        (
            '<TextEquiv index="1"><Unicode>B</Unicode></TextEquiv>'
            '<TextEquiv index="0"><Unicode>A</Unicode></TextEquiv>',
            "A",
            None,
        ),
    ],
    ids=["plain", "empty_unicode", "no_unicode", "none", "indices"],
)
def test_texts_of_every_kind_of_text_equiv(text, said, confidence):
    (word,) = page_xml.read(word_in(text=text)).regions[0].lines[0].words
    assert (word.text, word.confidence) == (said, confidence)


@pytest.mark.parametrize(
    ("attributes", "size"),
    [('imageWidth="7" imageHeight="9"', (7, 9)), ('imageWidth="0" imageHeight="9"', None), ("", None)],
)
def test_a_size_of_nothing_is_none(attributes, size):
    assert page_xml.read(word_in(page=attributes)).size == size


def test_prefix_https_and_a_property_without_value():
    content = document(
        '<p:Page xmlns:p="' + NAMESPACE.replace("http:", "https:") + '2013-07-15" imageFilename="a.png">'
        '<p:TextRegion><p:Property key="entity"/></p:TextRegion></p:Page>'
    ).replace(b"http:", b"https:", 1)
    (region,) = page_xml.read(content).regions
    assert (region.kind, region.entity, region.properties) == ("TextRegion", "", {"entity": ""})


def test_regions_come_in_reading_order_those_it_leaves_out_last_and_inner_ones_after_theirs():
    content = document(
        '<Page imageFilename="a.png"><ReadingOrder><OrderedGroup>'
        '<RegionRefIndexed index="1" regionRef="b"/><RegionRefIndexed index="0" regionRef="c"/>'
        "</OrderedGroup></ReadingOrder>"
        + "".join(f'<TextRegion id="{name}"><Property key="n" value="{name}"/></TextRegion>' for name in "ab")
        + '<TableRegion id="c"><Property key="n" value="c"/><TextRegion><Property key="n" value="c1"/></TextRegion>'
        "</TableRegion></Page>"
    )
    assert [region.properties["n"] for region in page_xml.read(content).regions] == ["c", "c1", "b", "a"]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not XML: "),
        (b"<PcGts", "not XML: "),
        (b"\x1f\x8b broken", "damaged gzip: "),
        (b"<PcGts/>", "not PAGE XML: 0 elements Page where there is one"),
        (document("<Page/>", year="later"), "not PAGE XML: the outermost element is "),
        (document(""), "not PAGE XML: 0 elements Page where there is one"),
        (document("<Page/>"), "no image: Page has no imageFilename"),
        (word_in(page='imageWidth="foo"'), "not a number: imageWidth of Page is 'foo'"),
        (word_in(page='imageWidth="nan"'), "not a number: imageWidth of Page is 'nan'"),
        (word_in(coords='<Coords points="1,2 3"/>'), "not a point: Coords of Word w has '3'"),
        (word_in(coords='<Coords points="1,a"/>'), "not a number: Coords of Word w is 'a'"),
        (document("<Page/>", head=BOMB), "a DTD: documents that define entities are not read"),
        (document("<Page/>", head='<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "a DTD: "),
        (document("é", head='<?xml version="1.0" encoding="ISO-8859-1"?>'), "wrong encoding: the file says iso-8859-1"),
        (document("é").decode().encode("latin-1"), "not XML: "),
        (document("<Page/>", head='<?xml version="1.0" encoding="UTF-88"?>'), "not XML: "),
    ],
)
def test_what_is_no_page_is_refused_with_a_reason(content, reason):
    with pytest.raises(ValueError, match=r"^\w") as error:
        page_xml.read(content)
    assert str(error.value).startswith(reason)


def test_a_gzip_bomb_does_not_go_off(monkeypatch):
    import gzip

    monkeypatch.setattr(markup, "LARGEST", 1000)
    with pytest.raises(ValueError, match="too large: more than 1000 bytes of XML"):
        markup.parse_root(gzip.compress(b" " * 10**7))


def test_latin_1_that_says_so_is_read():
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    content = document('<Page imageFilename="é.png"/>', head=head).decode().encode("latin-1")
    assert page_xml.read(content).image == "é.png"


@needs_data
def test_real_files_of_every_year_and_those_that_are_broken_on_purpose():
    found, refused = {}, {}
    for path in sorted((DATA / "page_alto").rglob("*.xml*")):
        content = path.read_bytes()
        try:
            pages = read_pages(content)
            found[str(path.relative_to(DATA / "page_alto"))] = sum(len(list_words(page)) for page in pages)
        except ValueError as error:
            refused[path.parent.parent.name, path.name] = str(error)
    # the three others of `invalid` name no image, or one that is not there: data.readers.page_xml sets them aside
    assert refused == {
        ("page_2013-07-15", "dims.xml"): "not a number: imageWidth of Page is 'foo'",
        ("page_2013-07-15", "image.xml"): "no image: Page has no imageFilename",
        ("alto_v4", "dims.xml"): "not a number: WIDTH of Page is 'bar'",
        ("alto_v4", "mu.xml"): "unknown unit: MeasurementUnit is 'mm' (known: pixel, mm10, inch1200)",
    }
    assert len(found) == 28
    assert found["page_2010-03-19/00008228.gt.xml"] == 11377
    assert found["page_2019-07-15/PAGE_0017_PAGE.xml"] == found["alto_v2/PAGE_0017_ALTO.xml"] == 161
    assert found["alto_none_v1/test.alto1.xml.gz"] == 4430


@needs_data
def test_the_real_page_of_the_kaggle_set():
    page = page_xml.read((DATA / "kaggle_invoices/11002591_ocr.xml").read_bytes())
    assert (page.image, page.size, len(list_words(page))) == ("11002591.tif", (771, 1000), 135)
    assert page_xml.read(page_xml.write(page)) == page


def text(value, index=None):
    place = "" if index is None else f'index="{index}"'
    return f"<TextEquiv {place}><Unicode>{value}</Unicode></TextEquiv>"


COORDS = '<Coords points="0,0 40,0 40,10 0,10"/>'


def line(value, more="", attributes=""):
    return f"<TextLine {attributes}>{COORDS}{more}{text(value)}</TextLine>"


def words_of(body):
    page = page_xml.read(document(f'<Page imageFilename="a.png">{body}</Page>'))
    words, left_out = read_words(page)
    return [(word.text, word.entity) for word in words], left_out


def region(name, body, entity="", kind="TextRegion"):
    said = entity and f'<Property key="entity" value="{entity}"/>'
    return f'<{kind} id="{name}">{said}{COORDS}{body}</{kind}>'


@pytest.mark.parametrize("cell", ["TableCell", "TextRegion", "CustomRegion", "Row"])
def test_lines_count_wherever_they_stand_below_a_region_and_take_the_innermost_entity(cell):
    cells = region("c1", line("A"), kind=cell) + region("c2", line("B"), entity="total", kind=cell)
    body = region("t", cells, entity="positions", kind="TableRegion")
    assert words_of(body) == ([("A", "positions"), ("B", "total")], {})


def test_an_entity_goes_through_regions_that_have_none_but_a_blank_one():
    inner = region("i", '<Property key="entity"/>' + line("A"))
    assert words_of(region("o", region("m", inner), entity="other"))[0] == [("A", "other")]


def test_regions_in_a_margin_are_left_out_and_counted():
    margin = '<Property key="Margin" value="Top"/>'
    assert words_of(region("m", margin + line("A") + region("i", line("B C"))) + region("r", line("D"))) == (
        [("D", "")],
        {"text of a margin": 3},
    )


def test_a_word_of_a_margin_without_a_place_is_counted_as_that():
    margin = '<Property key="Margin" value="Top"/>'
    nowhere = f"<TextLine><Word>{text('A')}</Word><Word>{COORDS}{text('B')}</Word></TextLine>"
    assert words_of(region("m", margin + nowhere)) == (
        [],
        {"text without a place: no box": 1, "text of a margin": 1},
    )


def test_a_text_where_the_schema_has_none_is_counted():
    glyph = f"<TextLine>{COORDS}<Glyph>{text('A')}</Glyph>{text('B')}</TextLine>"
    nested = f"<TextLine>{COORDS}<Word>{COORDS}{text('C')}<Word>{text('D E')}</Word></Word></TextLine>"
    assert words_of(text("F") + region("r", glyph + nested)) == (
        [("B", ""), ("C", "")],
        {"text in an unexpected place": 3},
    )


def test_a_comment_within_a_text_does_not_divide_it():
    assert words_of(region("r", line("A<!-- page 7 -->B"))) == ([("AB", "")], {})


def test_a_short_text_of_a_region_is_not_taken_for_a_part_of_a_word():
    assert words_of(region("r", line("12.50") + text("2"))) == (
        [("12.50", "")],
        {"text of a region or a line that its parts do not have": 1},
    )


def test_the_order_of_groups_names_regions_in_others_too():
    order = (
        '<ReadingOrder><OrderedGroup><RegionRefIndexed index="1" regionRef="b"/>'
        '<UnorderedGroupIndexed index="0" regionRef="a"><RegionRef regionRef="a2"/></UnorderedGroupIndexed>'
        '<RegionRefIndexed index="2" regionRef="a1"/></OrderedGroup></ReadingOrder>'
    )
    a = region("a", line("A") + region("a1", line("A1")) + region("a2", line("A2")) + region("a3", line("A3")))
    found, _ = words_of(order + region("z", line("Z")) + region("b", line("B")) + a)
    assert [word for word, _ in found] == ["A", "A3", "A2", "B", "A1", "Z"]


@pytest.mark.parametrize("place", ['index="{}"', 'custom="readingOrder {{index:{};}} structure {{type:x;}}"'])
def test_lines_and_regions_come_by_the_places_that_they_state(place):
    lines = "".join(line(name, attributes=place.format(index)) for name, index in (("B", 10), ("A", 9), ("C", 11)))
    assert [word for word, _ in words_of(region("r", lines))[0]] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("readings", "word", "others"),
    [
        (text("") + text("A"), "A", 0),
        (text("B", 1) + text(" ", 0) + text("A", 2), "B", 1),
        (text("A") + text("A"), "A", 0),
        ("<TextEquiv><PlainText>A</PlainText></TextEquiv>", "A", 0),
        ("<TextEquiv><PlainText>A</PlainText><Unicode/></TextEquiv>", "A", 0),
        ("<TextEquiv><PlainText>A</PlainText><Unicode>\u00c4</Unicode></TextEquiv>", "\u00c4", 1),
        ('<TextEquiv conf="high"><Unicode>A</Unicode></TextEquiv>', "A", 0),
    ],
    ids=["empty_first", "empty_best", "twice_the_same", "plain", "plain_and_empty", "plain_and_other", "words"],
)
def test_an_empty_reading_is_not_one_and_the_others_are_counted(readings, word, others):
    found, left_out = words_of(region("r", f"<TextLine>{COORDS}<Word>{COORDS}{readings}</Word></TextLine>"))
    assert found == [(word, "")]
    assert left_out == ({"another reading of the same text": others} if others else {})


def test_a_word_without_a_text_is_that_of_its_glyphs():
    glyphs = "".join(
        f'<Glyph><Coords points="{left},0 {left + 5},9"/>{text(letter)}</Glyph>'
        for left, letter in ((0, "N"), (5, "o"))
    )
    (region_,) = page_xml.read(
        document(f'<Page imageFilename="a.png">{region("r", f"<TextLine><Word>{glyphs}</Word></TextLine>")}</Page>')
    ).regions
    (word,) = region_.lines[0].words
    assert (word.text, word.box) == ("No", (0, 0, 10, 9))


def test_texts_without_a_place_and_texts_of_outer_levels_are_counted():
    nowhere = f"<TextLine><Word>{text('A')}</Word><Word>{COORDS}{text('B')}</Word></TextLine>"
    outer = region("o", region("i", line("C")) + text("C D E"))
    assert words_of(region("r", nowhere) + outer) == (
        [("B", ""), ("C", "")],
        {
            "text without a place: no box": 1,
            "text of a region or a line that its parts do not have": 2,
        },
    )


@st.composite
def trees(draw, depth=0):
    """Draw regions in regions with lines and words, any level with a text of its own, any box missing."""
    coords = COORDS if draw(st.booleans()) else ""
    own = "".join(text(f"t{draw(st.uuids())}") for _ in range(draw(st.integers(0, 2))))
    if depth == 4:
        return f"<Glyph>{coords}{own}</Glyph>"
    children = "".join(draw(st.lists(trees(depth + 1), max_size=2)))
    name = ("TableRegion", "TableCell", "TextLine", "Word")[depth]
    return f"<{name}>{coords}{children}{own}</{name}>"


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(trees(), max_size=3))
def test_every_text_of_a_file_is_a_word_or_is_counted(bodies):
    content = document(f'<Page imageFilename="a.png">{"".join(bodies)}</Page>')
    words, left_out = read_words(page_xml.read(content))
    given_ = re.findall(rb"<Unicode>([^<]+)", content)
    glyphs = len(re.findall(rb"<Glyph>.*?</Glyph>", content))
    # the texts of several glyphs are one word
    assert len(given_) - glyphs <= len(words) + sum(left_out.values()) <= len(given_)


@pytest.mark.parametrize(
    ("region", "line", "found"),
    [
        ("structure {type:total;}", "", ["total", "total"]),
        ("type {type:total;}", "", ["total", "total"]),
        ("structure {type:heading;}", "readingOrder {index:0;} structure {type:total;}", ["total", "total"]),
        ("", "readingOrder {index:0;} total {offset:6; length:4;}", ["", "total"]),
        ("", "supplier {offset:0; length:5;} total {offset:8; length:1; continued:true;}", ["supplier", "total"]),
        ("structure {type:supplier;}", "total {offset:6; length:4;}", ["supplier", "total"]),
        ("", "total {offset:x;} person {offset:0; length:5;} structure {type:caption;}", ["", ""]),
    ],
)
@pytest.mark.parametrize(
    "words",
    [
        "",
        "".join(
            f'<Word><Coords points="{x},0 {x + 9},9"/><TextEquiv><Unicode>{text}</Unicode></TextEquiv></Word>'
            for x, text in ((0, "Total"), (50, "9.90"))
        ),
    ],
    ids=["line", "words"],
)
def test_tags_of_transkribus_are_entities_where_they_name_one(words, region, line, found):
    content = document(
        f'<Page imageFilename="a.png"><TextRegion custom="{region}"><TextLine custom="{line}">'
        '<Coords points="0,0 99,9"/>'
        f"{words}<TextEquiv><Unicode>Total 9.90</Unicode></TextEquiv></TextLine></TextRegion></Page>"
    )
    words, left_out = read_words(page_xml.read(content))
    assert [(word.text, word.entity) for word in words] == list(zip(["Total", "9.90"], found, strict=True))
    assert left_out == {}


@pytest.mark.parametrize(
    "said",
    [
        '<UserDefined><UserAttribute name="entity" type="xsd:string" value="total"/></UserDefined>',
        '<Labels externalModel="x"><Label value="total" type="entity"/></Labels>',
        '<Property key=" entity" value=" total "/>',
        '<Labels><Label value="other" type="entity"/></Labels><Property key="entity" value="total"/>',
    ],
    ids=["user_attribute", "label", "white_space", "a_property_goes_first"],
)
def test_an_entity_is_stated_as_the_schema_has_it_too(said):
    assert words_of(region("r", said + line("A"))) == ([("A", "total")], {})


def test_labels_without_a_type_state_no_entity():
    assert words_of(region("r", '<Labels><Label value="total"/></Labels>' + line("A"))) == ([("A", "")], {})


@pytest.mark.parametrize(
    "place",
    [
        '<TableCell row="{}" col="{}">{}</TableCell>',
        '<TextRegion><Roles><TableCellRole rowIndex="{}" columnIndex="{}"/></Roles>{}</TextRegion>',
    ],
    ids=["of_transkribus", "of_page_2019"],
)
def test_cells_of_a_table_are_read_row_by_row(place):
    cells = "".join(place.format(row, column, line(f"{row}{column}")) for column in (0, 1) for row in (0, 10, 9))
    words, _ = words_of(f"<TableRegion>{cells}</TableRegion>")
    assert [text for text, _ in words] == ["00", "01", "90", "91", "100", "101"]


def test_of_a_region_that_the_order_names_twice_the_first_place_counts():
    order = "".join(f'<RegionRefIndexed index="{n}" regionRef="{name}"/>' for n, name in enumerate("bab"))
    body = f"<ReadingOrder><OrderedGroup>{order}</OrderedGroup></ReadingOrder>" + region("a", line("A"))
    assert words_of(body + region("b", line("B")))[0] == [("B", ""), ("A", "")]


def test_text_in_elements_within_a_text_is_part_of_it():
    said = f"<TextLine>{COORDS}<TextEquiv><Unicode>4<b>1</b>2</Unicode></TextEquiv></TextLine>"
    assert words_of(region("r", said)) == ([("412", "")], {})
