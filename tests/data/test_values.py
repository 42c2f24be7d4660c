from decimal import Decimal

import pytest

from tfx_ocr.data import values


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("25/12/2018", ("2018-12-25",)),
        ("25/12/2018 8:13:39 PM", ("2018-12-25",)),
        ("01/02/2019", ("2019-02-01", "2019-01-02")),
        ("10/01/93", ("1993-01-10", "1993-10-01")),
        ("22 MAR 18", ("2018-03-22",)),
        ("JAN25/00", ("2000-01-25",)),
        ("12  28  99", ("1999-12-28",)),
        ("August 9. 1983", ("1983-08-09",)),
        ("2018-03-04", ("2018-03-04",)),
        ("20180428", ("2018-04-28",)),
        ("1/1/49", ("2049-01-01",)),
        ("1/1/50", ("1950-01-01",)),
        ("ngày 05/03/2020", ("2020-03-05", "2020-05-03")),
        ("31-13-2018", ()),
        ("March 1987", ()),
        ("Terms: 30 days", ()),
        ("May", ()),
        ("", ()),
    ],
)
def test_dates_keep_every_reading(text, days):
    assert values.parse_dates(text) == days


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("RM7.42", ["7.42"]),
        ("1.234", ["1.234", "1234"]),
        ("RM 1,234", ["1234", "1.234"]),
        ("$773,00", ["773.00"]),
        ("41,517.63", ["41517.63"]),
        ("1.234.567", ["1234567"]),
        ("5, 097.50", ["5097.50"]),
        ("1 234,56", ["1234.56"]),
        ("1'234.50", ["1234.50"]),
        ("(1,234.56)", ["-1234.56"]),
        ("RM-1.50", ["-1.50"]),
        ("9.00-", ["-9.00"]),
        ("3.202.61", []),
        ("1 of 2", []),
        ("two", []),
    ],
)
def test_amounts_keep_every_reading(text, numbers):
    assert values.parse_amounts(text) == tuple(map(Decimal, numbers))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("RM7.42", ("MYR",)),
        ("Total USD 12", ("USD",)),
        ("$5", ("USD",)),
        ("US$5", ("USD",)),
        ("A$3", ("AUD",)),
        ("S$3", ()),
        ("€ 4", ("EUR",)),
        ("5 ₫", ("VND",)),
        ("CASH 5", ()),
        ("12.00", ()),
    ],
)
def test_currencies_by_code_or_sign(text, codes):
    assert values.find_currencies(text) == codes
