import pytest

from tfx_ocr.data.page.align import align, tag_words
from tfx_ocr.data.page.page import Box, Word, divide_word


def page(*rows):
    """Build the words of rows of text, 10 pixels per character and 20 per row; a tab goes on at the next 200."""
    words = []
    for number, row in enumerate(rows):
        left = 0
        for cell in row.split("\t"):
            box = Box(left, 20 * number, left + 10 * len(cell), 20 * number + 15)
            words += divide_word(Word(text=cell, box=box))
            left = (left + 10 * len(cell) + 199) // 200 * 200
    return words


def found(words, **fields):
    """Return how each field was found, and the words of each of its runs."""
    entities, where = align(words, fields)
    for name, (_, runs) in where.items():
        assert [place for place, entity in enumerate(entities) if entity == name] == [
            place for run in runs for place in range(*run)
        ]
    return {
        name: (how, [" ".join(word.text for word in words[slice(*run)]) for run in runs])
        for name, (how, runs) in where.items()
    }


@pytest.mark.parametrize(
    ("row", "field", "value", "how", "text"),
    [
        ("A Book  Shop Ltd", "supplier", "BOOK shop", "exact", "Book Shop"),
        ("TOTAL RM 7.42 ok", "total", "RM7.42", "normalised", "7.42"),
        ("TOTAL $ 1 , 375.00", "total", "1375.00", "normalised", "1 , 375.00"),
        ("No. #LLD GS-02.", "invoice_number", "LLDGS02", "normalised", "#LLD GS-02."),
        ("DATE:25/12/2018 8:13", "issue_date", "25/12/2018", "within", "DATE:25/12/2018"),
        ("Total: x$12.00us", "total", "$12,00", "normalised", "x$12.00us"),
        ("JAN25/0Q", "issue_date", "JAN25/00", "fuzzy", "JAN25/0Q"),
        ("SWC ENTERORISE SDN BHD", "supplier", "SWC ENTERPRISE SDN BHD", "fuzzy", "SWC ENTERORISE SDN BHD"),
    ],
)
def test_the_best_way_that_finds_it(row, field, value, how, text):
    assert found(page(row), **{field: value}) == {field: (how, [text])}


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        ("TOTAL 19.80", "total", "19.90"),
        ("No. 12345", "invoice_number", "2345"),
        ("125/1/201", "issue_date", "25/1/20"),
        ("INV 7", "invoice_number", "8"),
        ("nothing", "supplier", "■"),
        ("", "supplier", "Book Shop"),
    ],
    ids=["one_digit_off", "inside_a_number", "inside_a_date", "short", "no_letters", "no_words"],
)
def test_what_is_not_there_takes_no_word(row, field, value):
    assert found(page(row), **{field: value}) == {field: ("not found", [])}


def test_an_address_over_lines_is_one_run():
    words = page("SHOP", "NO.53 55, JALAN SAGU 18,", "81100 JOHOR BAHRU.", "TEL 12")
    address = "NO. 53 55, JALAN SAGU 18, 81100 JOHOR BAHRU."
    assert found(words, supplier_address=address) == {
        "supplier_address": ("normalised", ["NO.53 55, JALAN SAGU 18, 81100 JOHOR BAHRU."])
    }


def test_an_address_with_lines_between_is_several_runs():
    words = page("NO.53, JALAN SAGU 18,", "TEL 07-123456 FAX 07-654321 GST REG 000549584896", "81100 JOHOR BAHRU")
    assert found(words, supplier_address="NO.53, JALAN SAGU 18, 81100 JOHOR BAHRU") == {
        "supplier_address": ("lines", ["NO.53, JALAN SAGU 18,", "81100 JOHOR BAHRU"])
    }


def test_a_total_is_where_the_row_says_total_and_everywhere_it_says_so_alike():
    words = page(
        "CLAY\t9.00", "SUB TOTAL\t9.00", "TOTAL\t9.00", "GRAND TOTAL\t9.00", "ROUNDED TOTAL\t9.00", "CASH\t9.00"
    )
    entities, where = align(words, {"total": "9.00"})
    assert where["total"].how == "exact"
    rows = [int(words[first].box.top // 20) for first, _ in where["total"].runs]
    assert rows == [3, 4]
    assert entities.count("total") == 2


@pytest.mark.parametrize(
    ("field", "captions"),
    [
        ("total", ["GRAND SUB TOTAL", "ROUNDED"]),  # 3 + 2 - 3 and 2
        ("total", ["GRAND TOTAL QTY", "ROUNDED"]),  # 3 + 2 - 3 and 2
        ("total", ["GRAND TOTAL CASH", "TOTAL"]),  # 3 + 2 - 2 and 3
        ("issue_date", ["INVOICE DATE DUE", "DATE"]),  # 3 + 2 - 2 and 3
        ("invoice_number", ["INVOICE NO OF ORDER", "BILL"]),  # 2 + 2 - 2 and 2
    ],
)
def test_captions_that_say_as_much_count_alike(field, captions):
    value = {"total": "9.00", "issue_date": "10/01/93", "invoice_number": "A1B2"}[field]
    words = page("x", value, *(f"{caption}\t{value}" for caption in captions))
    runs = align(words, {field: value})[1][field].runs
    assert [int(words[first].box.top // 20) for first, _ in runs] == [2, 3]


@pytest.mark.parametrize(
    ("field", "caption", "says_so"),
    [
        ("total", "TOTAL", True), ("total", "TOTAL CASH", True), ("total", "CASH", False), ("total", "QTY", False),
        ("issue_date", "DATE", True), ("issue_date", "DUE DATE", True), ("issue_date", "FROM", False),
        ("invoice_number", "NO", True), ("invoice_number", "ORDER NO", False),
        ("invoice_number", "CUSTOMER", False),
    ],
)  # fmt: skip
def test_a_caption_says_so_or_does_not(field, caption, says_so):
    value = {"total": "9.00", "issue_date": "10/01/93", "invoice_number": "A1B2"}[field]
    # without a caption the last amount counts, and the first of anything else
    rows = (
        [f"{caption}\t{value}", *["x"] * 9, value] if field == "total" else [value, *["x"] * 9, f"{caption}\t{value}"]
    )
    words = page(*rows)
    (run,) = align(words, {field: value})[1][field].runs
    assert (words[run[0]].box.left > 0) == says_so


@pytest.mark.parametrize(("value", "ways"), [("ABCDE1", "fuzzy"), ("ABCD1", "not found")])
def test_what_is_short_is_not_found_by_what_is_nearly_it(value, ways):
    assert found(page(f"{value[:2]}8{value[3:]}"), supplier=value)["supplier"][0] == ways


def test_a_caption_above_counts_where_none_is_on_the_left():
    words = page("ORDER DATE\tINVOICE DATE", "10/01/93\t10/01/93")
    assert [words[first].box.left for first, _ in align(words, {"issue_date": "10/01/93"})[1]["issue_date"].runs] == [
        200
    ]


def test_without_a_caption_the_last_amount_and_the_first_of_anything_else():
    words = page("5.00 A1B2", "5.00 A1B2")
    _, where = align(words, {"total": "5.00", "invoice_number": "A1B2"})
    assert where == {"total": ("exact", ((2, 3),)), "invoice_number": ("exact", ((1, 2),))}


def test_no_word_is_of_two_fields():
    # 1,000 twice: the total takes the row that says so, the number the other
    words = page("INVOICE NO 1000", "TOTAL 1000")
    assert [word.entity for word in tag_words(words, {"invoice_number": "1000", "total": "1000"})] == [
        "", "", "invoice_number", "", "total",
    ]  # fmt: skip
    assert found(page("1000"), invoice_number="1000", total="1000") == {
        "invoice_number": ("not found", []),
        "total": ("exact", ["1000"]),
    }


def test_what_is_nearly_it_is_whole_words_and_no_others():
    assert found(page("THE , ABXDE1 . OF"), supplier="ABCDE1") == {"supplier": ("fuzzy", ["ABXDE1"])}


def test_lines_of_a_value_are_rows_and_not_single_letters():
    words = page("12 LONG STREET,", "X", "TEL 07-123456", "JOHOR BAHRU")
    assert found(words, supplier_address="12 LONG STREET, JOHOR BAHRU") == {
        "supplier_address": ("lines", ["12 LONG STREET,", "JOHOR BAHRU"])
    }


def test_a_row_ends_where_the_next_word_stands_lower():
    words = []
    for number, text in enumerate(("12 LONG STREET,", "TEL 07-123456", "JOHOR BAHRU")):
        words += divide_word(Word(text=text, box=Box(200 * number, 20 * number, 200 * number + 150, 20 * number + 15)))
    assert found(words, supplier_address="12 LONG STREET, JOHOR BAHRU") == {
        "supplier_address": ("lines", ["12 LONG STREET,", "JOHOR BAHRU"])
    }
