import pytest

from tfx_ocr.data.page import fields

NAMES = {"company": "supplier", "total": "total"}


def test_fields_get_our_names_and_empty_ones_are_none():
    assert fields.read_fields(b'\xef\xbb\xbf{"company": "A ", "total": " ", "more": [1]}', NAMES) == {"supplier": "A "}
    assert fields.read_fields(b'{"total": 7.42, "company": null}', NAMES) == {"total": "7.42"}
    assert fields.read_fields(b'{"total": 0}', NAMES) == {"total": "0"}


def test_names_count_in_any_case_and_the_exact_one_first():
    assert fields.read_fields(b'{"Company": "A", "TOTAL": "7"}', NAMES) == {"supplier": "A", "total": "7"}
    assert fields.read_fields(b'{"total": "7", "Total": "8"}', NAMES) == {"total": "7"}


@pytest.mark.parametrize("number", ["12.50", "0.10", "1e3", "-7", "100000000000000000000.10", "9" * 5000])
def test_a_number_stands_as_it_is_written(number):
    assert fields.read_fields(f'{{"total": {number}}}'.encode(), NAMES) == {"total": number}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no fields: not JSON (Expecting value: line 1 column 1 (char 0))"),
        (b"[]", "no fields: not a JSON object"),
        (b'{"total": ["x"]}', 'no fields: total is ["x"], not a text or a number'),
        (b'{"total": true}', "no fields: total is true, not a text or a number"),
        (b'{"total": NaN}', "no fields: total is NaN, not a text or a number"),
        (b'{"company": {"name": "A"}}', 'no fields: supplier is {"name": "A"}, not a text or a number'),
        (b'{"total": "\\ud800"}', "text is not Unicode: half a surrogate pair in total"),
        (b'{"company": "\\ud800", "total": "\\ud800"}', "text is not Unicode: half a surrogate pair in supplier"),
        (b"[" * 100000, "no fields: not JSON (maximum recursion depth exceeded"),
    ],
)
def test_what_is_no_object_of_texts_is_refused(content, reason):
    with pytest.raises(ValueError, match=r"no fields|text is not") as error:
        fields.read_fields(content, NAMES)
    assert str(error.value).startswith(reason)
