import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tfx_ocr.data.page import alto
from tfx_ocr.data.page.page import Line, Page, Region, Word, list_words, read_words

IMAGE = "<sourceImageInformation><fileName>a.png</fileName></sourceImageInformation>"


def document(layout, version=4, unit="", tags=""):
    namespace = f' xmlns="http:{"//"}www.loc.gov/standards/alto/ns-v{version}#"' if version > 1 else ""
    said = f"<MeasurementUnit>{unit}</MeasurementUnit>" if unit else ""
    return f"<alto{namespace}><Description>{said}{IMAGE}</Description>{tags}<Layout>{layout}</Layout></alto>".encode()


def page(word, attributes='WIDTH="100" HEIGHT="200"'):
    block = f"<ComposedBlock><TextBlock><TextLine>{word}</TextLine></TextBlock></ComposedBlock>"
    return f"<Page {attributes}><PrintSpace>{block}</PrintSpace></Page>"


WORD = '<String ID="s" CONTENT="A" HPOS="1" VPOS="2" WIDTH="10" HEIGHT="20.5" WC="0.5"/><SP/><HYP CONTENT="-"/>'


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_every_version(version):
    (read,) = alto.read(document(page(WORD), version))
    (word,) = list_words(read)
    assert (read.image, read.size, read.unit) == ("a.png", (100, 200), "pixel")
    assert (word.text, word.box, word.confidence) == ("A-", (1, 2, 11, 22.5), 0.5)


@pytest.mark.parametrize(
    ("unit", "known"),
    [("pixel", "pixel"), ("mm10", "mm10"), ("inch1200", "inch1200"), ("", "pixel"), (" Pixel ", "pixel")],
)
def test_units_of_the_standard(unit, known):
    assert alto.read(document(page(WORD), unit=unit))[0].unit == known


@pytest.mark.parametrize(
    ("word", "box"),
    [
        ('<String CONTENT="A" HPOS="1" VPOS="2"/>', None),
        ('<String CONTENT="A"><Shape><Polygon POINTS="1,2 5,2 5,9"/></Shape></String>', (1, 2, 5, 9)),
        ('<String CONTENT="A"><Shape><Polygon POINTS="1 2 5 9"/></Shape></String>', (1, 2, 5, 9)),
        ('<String CONTENT="A"><Shape><Circle HPOS="50" VPOS="60" RADIUS="10"/></Shape></String>', (40, 50, 60, 70)),
        (
            '<String CONTENT="A"><Shape><Ellipse HPOS="50" VPOS="60" HLENGTH="20" VLENGTH="8"/></Shape></String>',
            (40, 56, 60, 64),
        ),
        ('<String CONTENT="A"/>', None),
    ],
)
def test_words_without_a_whole_box(word, box):
    assert alto.read(document(page(word)))[0].regions[0].lines[0].words[0].box == box


def test_an_entity_is_the_type_of_the_tag():
    tags = '<Tags><LayoutTag ID="x"/><NamedEntityTag ID="n1" TYPE="Total" LABEL="9.00"/></Tags>'
    word = WORD.replace('ID="s"', 'TAGREFS="x n1"')
    assert [word.entity for word in list_words(alto.read(document(page(word), tags=tags))[0])] == ["total"]


@pytest.mark.parametrize(
    ("kind", "label", "entity"),
    [
        ("money", "total", "total"),
        ("total", "supplier", "total"),
        ("money", "9.00", "money"),
        ("InvoiceNo", "", "InvoiceNo"),
        ("", "", ""),
    ],
)
def test_of_type_and_label_that_which_names_an_entity_of_ours_counts(kind, label, entity):
    tags = f'<Tags><NamedEntityTag ID="n1" TYPE="{kind}" LABEL="{label}"/></Tags>'
    word = WORD.replace('ID="s"', 'TAGREFS="n1"')
    assert [word.entity for word in list_words(alto.read(document(page(word), tags=tags))[0])] == [entity]


@pytest.mark.parametrize(("references", "entity"), [("p t", "total"), ("t s", "total"), ("p", "person")])
def test_of_several_tags_the_first_that_names_an_entity_of_ours_counts(references, entity):
    kinds = {"p": "person", "t": "total", "s": "supplier"}
    tags = "".join(f'<NamedEntityTag ID="{name}" TYPE="{kind}"/>' for name, kind in kinds.items())
    word = WORD.replace('ID="s"', f'TAGREFS="{references}"')
    (read,) = alto.read(document(page(word), tags=f"<Tags>{tags}</Tags>"))
    assert [word.entity for word in list_words(read)] == [entity]


@pytest.mark.parametrize(("label", "entity"), [("Total", "total"), ("9.00", ""), ("", "")])
def test_a_label_is_the_entity_where_it_names_one_and_the_tag_has_no_type(label, entity):
    tags = f'<Tags><NamedEntityTag ID="n1" LABEL="{label}"/></Tags>'
    word = WORD.replace('ID="s"', 'TAGREFS="n1"')
    assert [word.entity for word in list_words(alto.read(document(page(word), tags=tags))[0])] == [entity]


def test_a_file_of_two_pages_and_a_page_of_no_size():
    first, second = alto.read(document(page(WORD) + page(WORD, 'WIDTH="0"')))
    assert (first.size, second.size) == ((100, 200), None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<hocr/>", "not ALTO: the outermost element is hocr"),
        (document(""), "not ALTO: Layout has no Page"),
        (document(page(WORD), unit="mm"), "unknown unit: MeasurementUnit is 'mm' (known: pixel, mm10, inch1200)"),
        (document(page(WORD, 'WIDTH="bar"')), "not a number: WIDTH of Page is 'bar'"),
        (document(page('<String ID="s" CONTENT="A" HPOS="x"/>')), "not a number: box of String s is 'x'"),
    ],
)
def test_what_is_no_page_is_refused_with_a_reason(content, reason):
    with pytest.raises(ValueError, match=r"^\w") as error:
        alto.read(content)
    assert str(error.value) == reason


def string(content, more="", box='HPOS="0" VPOS="0" WIDTH="40" HEIGHT="10"', inner=""):
    return f'<String CONTENT="{content}" {box} {more}>{inner}</String>'


def block(name, *lines, more="", kind="TextBlock"):
    body = "".join(f'<TextLine ID="{name}{number}">{line}</TextLine>' for number, line in enumerate(lines, 1))
    return f'<{kind} ID="{name}" {more}>{body}</{kind}>'


def words_of(body, tags="", order=""):
    content = document(f'<Page WIDTH="100" HEIGHT="200">{body}</Page>', tags=tags + order)
    (found,) = alto.read(content)
    words, left_out = read_words(found)
    return [(word.text, word.entity) for word in words], left_out


TAGS = (
    '<Tags><NamedEntityTag ID="T" TYPE="total"/><NamedEntityTag ID="S" TYPE="supplier"/>'
    '<OtherTag ID="O" TYPE="x"/></Tags>'
)


@pytest.mark.parametrize("level", ["PrintSpace", "ComposedBlock", "TextBlock"])
def test_a_tag_holds_for_all_that_is_in_what_refers_to_it(level):
    inner = block("b", string("A"), string("B", 'TAGREFS="S"'))
    outer = (
        inner.replace('ID="b"', 'TAGREFS="O T"')
        if level == "TextBlock"
        else f'<{level} TAGREFS="O T">{inner}</{level}>'
    )
    assert words_of(outer, TAGS) == ([("A", "total"), ("B", "supplier")], {})


def test_entities_are_written_as_named_entity_tags_where_they_stand():
    words = (Word(text="ACME", entity="supplier"), Word(text="Ltd", entity="supplier"), Word(text="9"))
    lines = (Line(words=words), Line(words=(Word(text="9.00"),), entity="total"))
    page = Page(size=(100, 100), regions=(Region(lines=lines), Region(lines=lines[:1], properties={"entity": "note"})))
    written = alto.write([page])
    root = etree.fromstring(written)
    assert [etree.QName(element).localname for element in root] == [
        "Description",
        "Tags",
        "Layout",
    ]  # the schema's order
    namespaces = {"a": alto.WRITTEN}
    assert [dict(tag.attrib) for tag in root.iterfind("a:Tags/a:NamedEntityTag", namespaces)] == [
        {"ID": "entity1", "TYPE": "supplier", "LABEL": "supplier"},
        {"ID": "entity2", "TYPE": "total", "LABEL": "total"},
        {"ID": "entity3", "TYPE": "note", "LABEL": "note"},
    ]
    marked = [
        element.get("TAGREFS") for element in root.iter(f"{{{alto.WRITTEN}}}String", f"{{{alto.WRITTEN}}}TextLine")
    ]
    assert marked == [None, "entity1", "entity1", None, "entity2", None, None, "entity1", "entity1", None]
    (read,) = alto.read(written)
    assert [word.entity for region in read.regions for line in region.lines for word in line.words] == [
        "supplier", "supplier", "", "", "supplier", "supplier", ""
    ]  # fmt: skip
    assert [region.entity for region in read.regions] == ["", "note"]
    assert [line.entity for line in read.regions[0].lines] == ["", "total"]


def test_a_page_without_entities_has_no_tags():
    page = Page(size=(100, 100), regions=(Region(lines=(Line(words=(Word(text="9"),)),)),))
    assert b"Tags" not in alto.write([page])
    assert b"TAGREFS" not in alto.write([page])


def test_a_line_names_its_entity():
    assert words_of(block("b", string("A")).replace('ID="b1"', 'TAGREFS="T"'), TAGS)[0] == [("A", "total")]


@pytest.mark.parametrize(
    ("hyphen", "text"),
    [
        ('<HYP CONTENT="-" HPOS="40" VPOS="0" WIDTH="10" HEIGHT="10"/>', "KV-"),
        ('<HYP CONTENT="\u00ad"/>', "KV\u00ad"),
        ("<HYP/>", "KV"),
    ],
)
def test_a_printed_hyphen_ends_the_word_before_it_and_the_whole_word_is_not_doubled(hyphen, text):
    parts = 'SUBS_TYPE="HypPart{}" SUBS_CONTENT="KV-2041"'
    body = block("b", string("KV", parts.format(1)) + hyphen, string("2041", parts.format(2)))
    assert words_of(body) == ([(text, ""), ("2041", "")], {})


def test_a_hyphen_widens_its_word_and_is_not_printed_twice():
    line = string("KV-") + '<HYP CONTENT="-" HPOS="40" VPOS="0" WIDTH="10" HEIGHT="12"/>'
    (read,) = alto.read(document(page(line)))
    (word,) = list_words(read)
    assert (word.text, word.box) == ("KV-", (0, 0, 50, 12))


@pytest.mark.parametrize("said", [0.0, 0.25, 1.0])
def test_a_confidence_is_a_share_with_both_ends(said):
    (read,) = alto.read(document(page(string("A", f'WC="{said}"'))))
    assert list_words(read)[0].confidence == said


@pytest.mark.parametrize("said", ["", "NaN", "high", "-1", "7"])
def test_a_confidence_that_cannot_be_read_is_not_known(said):
    (read,) = alto.read(document(page(string("A", f'WC="{said}"'))))
    assert list_words(read)[0].confidence is None


def test_other_readings_are_counted_and_glyphs_stand_in_for_a_word():
    glyphs = "".join(
        f'<Glyph CONTENT="{letter}" HPOS="{left}" VPOS="0" WIDTH="5" HEIGHT="9"/>'
        for left, letter in ((0, "N"), (5, "o"))
    )
    body = block(
        "b", string("A", inner="<ALTERNATIVE>B</ALTERNATIVE><ALTERNATIVE>A</ALTERNATIVE>") + string("", inner=glyphs)
    )
    assert words_of(body) == ([("A", ""), ("No", "")], {"another reading of the same text": 1})


def test_blocks_follow_each_other_as_idnext_says():
    body = (
        block("a", string("A"))
        + block("b", string("B"), more='IDNEXT="d"')
        + block("c", string("C"))
        + f'<ComposedBlock ID="d" IDNEXT="a">{block("d1", string("D"))}</ComposedBlock>'
        + block("e", string("E"), more='IDNEXT="e"')
    )
    assert [word for word, _ in words_of(body)[0]] == ["B", "D", "A", "C", "E"]


def test_idnext_leads_from_one_composed_block_into_another():
    left = block("a", string("A"), more='IDNEXT="c"') + block("b", string("B"))
    right = block("c", string("C"), more='IDNEXT="b"') + block("d", string("D"))
    body = f'<ComposedBlock ID="l">{left}</ComposedBlock><ComposedBlock ID="r">{right}</ComposedBlock>'
    assert [word for word, _ in words_of(body)[0]] == ["A", "C", "B", "D"]
    body = body.replace(' IDNEXT="c"', "").replace(' IDNEXT="b"', "").replace('ID="r"', 'ID="r" IDNEXT="l"')
    assert [word for word, _ in words_of(body)[0]] == ["C", "D", "A", "B"]


@pytest.mark.parametrize(
    ("tag", "entity"),
    [
        ('<OtherTag ID="x" LABEL="Total" TYPE="region"/>', "total"),
        ('<LayoutTag ID="x" LABEL="MainZone" TYPE="total"/>', "total"),
        ('<StructureTag ID="x" LABEL="MainZone" TYPE="region"/>', ""),
        ('<OtherTag ID="x" LABEL="MainZone"/>', ""),
    ],
)
def test_tags_of_other_kinds_are_entities_where_they_name_one(tag, entity):
    found, _ = words_of(block("b", string("A"), more='TAGREFS="x"'), tags=f"<Tags>{tag}</Tags>")
    assert found == [("A", entity)]


def test_the_namespace_of_a_library_is_read():
    content = document(page(WORD)).replace(b"www.loc.gov/standards/alto/ns-v4#", b"bibnum.bnf.fr/ns/alto_prod")
    assert [word.text for word in list_words(alto.read(content)[0])] == ["A-"]


def test_a_text_where_the_schema_has_none_is_counted():
    line = f"<Style>{string('A')}</Style>{string('B')}"
    assert words_of(block("b", line)) == ([("B", "")], {"text in an unexpected place": 1})


@st.composite
def trees(draw, depth=0):
    """Draw blocks in blocks with lines and strings, strings on any level, any box missing."""
    box = draw(st.sampled_from(['HPOS="0" VPOS="0" WIDTH="40" HEIGHT="10"', ""]))
    if depth == 4 or draw(st.integers(0, 5)) == 0:
        other = f"<ALTERNATIVE>t{draw(st.uuids())}</ALTERNATIVE>" * draw(st.integers(0, 1))
        return string(f"t{draw(st.uuids())}", box=box, inner=other)
    children = "".join(draw(st.lists(trees(depth + 1), max_size=3)))
    name = ("ComposedBlock", "ComposedBlock", "TextBlock", "TextLine")[depth]
    return f"<{name} {box}>{children}</{name}>"


@given(st.lists(trees(), max_size=3))
def test_every_text_of_a_file_is_a_word_or_is_counted(bodies):
    body = "".join(bodies)
    words, left_out = words_of(f"<PrintSpace>{body}</PrintSpace>")
    assert len(words) + sum(left_out.values()) == len(re.findall(r'CONTENT="|<ALTERNATIVE>', body))


def test_a_reading_order_names_blocks_lines_and_words_and_goes_before_idnext():
    order = (
        '<ReadingOrder><OrderedGroup ID="g"><ElementRef ID="r1" REF="b"/>'
        '<OrderedGroup ID="h"><ElementRef ID="r2" REF="a2"/>'
        '<ElementRef ID="r3" REF="w2 w1"/></OrderedGroup></OrderedGroup>'
        '<OrderedGroup ID="i"><ElementRef ID="r4" REF="a1 a2 b"/></OrderedGroup></ReadingOrder>'
    )
    body = (
        block("a", string("A1"), string("A2"), more='IDNEXT="b"')
        + block("b", string("B"))
        + block("c", string("W1", 'ID="w1"') + string("W2", 'ID="w2"'))
    )
    assert [word for word, _ in words_of(body, order=order)[0]] == ["B", "A2", "A1", "W2", "W1"]


def test_a_line_of_one_string_gives_it_its_place():
    line = '<TextLine HPOS="10" VPOS="20" WIDTH="70" HEIGHT="9"><String CONTENT="8.00 RM"/></TextLine>'
    layout = f'<Page WIDTH="100" HEIGHT="200"><PrintSpace><TextBlock>{line}</TextBlock></PrintSpace></Page>'
    (read,) = alto.read(document(layout))
    assert [(word.text, word.box) for word in list_words(read)] == [
        ("8.00", (10, 20, 50, 29)),
        ("RM", (60, 20, 80, 29)),
    ]


def test_strings_outside_of_lines_are_read():
    assert words_of(f"<PrintSpace>{string('A')}{block('b', string('B'))}</PrintSpace>")[0] == [("A", ""), ("B", "")]
