import pytest

from tfx_ocr.data.page import alto
from tfx_ocr.data.page.page import list_words

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
    assert (word.text, word.box, word.confidence) == ("A", (1, 2, 11, 22.5), 0.5)


@pytest.mark.parametrize(
    ("unit", "known"), [("pixel", "pixel"), ("mm10", "mm10"), ("inch1200", "inch1200"), ("", "pixel")]
)
def test_units_of_the_standard(unit, known):
    assert alto.read(document(page(WORD), unit=unit))[0].unit == known


@pytest.mark.parametrize(
    ("word", "box"),
    [
        ('<String CONTENT="A" HPOS="1" VPOS="2"/>', None),
        ('<String CONTENT="A"><Shape><Polygon POINTS="1,2 5,2 5,9"/></Shape></String>', (1, 2, 5, 9)),
        ('<String CONTENT="A"><Shape><Polygon POINTS="1 2 5 9"/></Shape></String>', (1, 2, 5, 9)),
        ('<String CONTENT="A"/>', None),
    ],
)
def test_words_without_a_whole_box(word, box):
    assert alto.read(document(page(word)))[0].regions[0].lines[0].words[0].box == box


def test_an_entity_is_the_type_of_the_tag():
    tags = '<Tags><LayoutTag ID="x"/><NamedEntityTag ID="n1" TYPE="Total" LABEL="9.00"/></Tags>'
    word = WORD.replace('ID="s"', 'TAGREFS="x n1"')
    assert [word.entity for word in list_words(alto.read(document(page(word), tags=tags))[0])] == ["total"]


def test_a_file_of_two_pages_and_a_page_of_no_size():
    first, second = alto.read(document(page(WORD) + page(WORD, 'WIDTH="0"')))
    assert (first.size, second.size) == ((100, 200), None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<hocr/>", "not ALTO: the outermost element is hocr"),
        (document(""), "not ALTO: Layout has no Page"),
        (document(page(WORD), unit="mm"), "unknown unit: MeasurementUnit is 'mm', none of pixel, mm10, inch1200"),
        (document(page(WORD, 'WIDTH="bar"')), "not a number: WIDTH of Page is 'bar'"),
        (document(page('<String ID="s" CONTENT="A" HPOS="x"/>')), "not a number: box of String s is 'x'"),
    ],
)
def test_what_is_no_page_is_refused_with_a_reason(content, reason):
    with pytest.raises(ValueError, match=r"^\w") as error:
        alto.read(content)
    assert str(error.value) == reason
