"""Dates, amounts and currencies of the text as it stood, beside the graph; what is ambiguous keeps every reading."""

from __future__ import annotations

import calendar
import datetime
import decimal
import functools
import re
import unicodedata

# Signs for money as English writes them, and some as their own countries do, which English does not know.
CURRENCY_LOCALES = {"en_US": (), "en_CA": ("USD",), "ms_MY": ("MYR",), "vi_VN": ("VND",), "ko_KR": ("KRW",)}
# Names that are letters of the language too, and so count beside a number only, or as words of their own.
CURRENCY_NAMES = {
    "VND": r"\d\s*(?:k|tr|triệu|nghìn|ngàn|tỷ|tỉ)?\s*đ(?!\w)|(?<!\w)(?:vnđ|đồng)(?!\w)",
    "KRW": r"\d\s*[천만억]*\s*원|(?<!\w)won(?!\w)",
    "MYR": r"(?<!\w)ringgit(?!\w)",
    "EUR": r"(?<!\w)euros?(?!\w)",
}
# What stands behind a number and multiplies it; k as Vietnamese prices and English have it.
MULTIPLES = {
    **dict.fromkeys(("k", "nghìn", "ngàn", "천"), 10**3),
    **dict.fromkeys(("만",), 10**4),
    **dict.fromkeys(("tr", "triệu"), 10**6),
    **dict.fromkeys(("억",), 10**8),
    **dict.fromkeys(("tỷ", "tỉ"), 10**9),
}
# How numbers are written: what begins their decimals, and how digits before it are grouped (lakhs: 12,34,567).
NUMBERS = tuple(
    (point, re.compile(rf"(?:[1-9]\d{{0,2}}{groups}|\d+)(?:{re.escape(point)}\d+)?|{re.escape(point)}\d+"))
    for point, groups in (
        (".", r"(?:,\d{3})+"),
        (".", r"(?<!\d{3})(?:,\d\d)+,\d{3}"),
        (",", r"(?:\.\d{3})+"),
        (".", r"(?: \d{3})+"),
        (",", r"(?: \d{3})+"),
    )
)
DATE_ORDERS = ("DMY", "MDY", "YMD")
LANGUAGES = ("en", "ms", "vi", "ko", "de", "fr")
FIRST_YEAR = 1950  # of those that two digits may mean: scanned archives are older than POSIX's 1969
A_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
BUDDHIST = re.compile(r"(?<!\w)B\.?\s?E(?:\.|(?!\w))|พ\.?\s?ศ\.?|Phật lịch|(?<!\w)PL\.", re.IGNORECASE)
BUDDHIST_YEARS = 543  # by which the era is ahead, as Thailand counts since 1941
NUMERIC = re.compile(r"(?<![\d./-])\d{1,4}\s*([./-])\s*\d{1,2}\s*\1\s*\d{1,4}(?![\d/-])")


def parse_dates(text: str) -> tuple[str, ...]:
    """Return every day that a text may mean, as ISO 8601, day first before month first; () without a whole date.

    A year of four digits stands as it is, whatever the century; one of two digits is in the hundred years from
    `FIRST_YEAR`. A year is Buddhist where the text says so (B.E., พ.ศ., Phật lịch), never by its size.

    >>> parse_dates("June 3, 1991"), parse_dates("01/02/2019"), parse_dates("Terms: 30 days")
    (('1991-06-03',), ('2019-02-01', '2019-01-02'), ())
    >>> parse_dates("15/06/1850"), parse_dates("2021년 3월 5일"), parse_dates("30/06/2562 B.E.")
    (('1850-06-15',), ('2021-03-05',), ('2019-06-30',))
    """
    from dateparser import parse  # type: ignore[import-untyped]

    text = unicodedata.normalize("NFKC", text)
    bare, buddhist = BUDDHIST.subn(" ", text)
    bare, named = re.subn(r"(\d+)\s*[년年]\s*(\d+)\s*[월月]\s*(\d+)\s*[일日]?", r"\1-\2-\3 ", bare)
    bare = re.sub(r"(?<!\d)(1[5-9]\d\d|2[01]\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)", r"\1-\2-\3", bare)
    found = list(NUMERIC.finditer(bare))
    bare = found[0][0] if len(found) == 1 else " ".join(re.sub(r"[^\w/.,:\-'\s]", " ", bare).split())
    numbers = re.findall(r"\d+", bare)
    if not numbers or sum(map(len, numbers)) < 3:  # "May" or "30": dateparser would add today's month and year
        return ()
    year = A_YEAR.search(bare)
    if year and int(year[0]):  # dateparser knows the years of computers only: one that is a leap year alike stands in
        bare = A_YEAR.sub("2000" if calendar.isleap(int(year[0])) else "2001", bare, count=1)
    days = []
    for order in ("YMD",) if named or re.match(r"\d{4}\D", bare) else DATE_ORDERS[:2]:
        settings = {
            "DATE_ORDER": order,
            "PREFER_DATES_FROM": "past",
            "REQUIRE_PARTS": ["day", "month", "year"],
            "PARSERS": ["absolute-time"],
            "RELATIVE_BASE": datetime.datetime(2000, 1, 1),  # answers must not depend on the day they are given
            "RETURN_AS_TIMEZONE_AWARE": False,
        }
        if day := parse(bare, languages=list(LANGUAGES), settings=settings):
            full = int(year[0]) if year else FIRST_YEAR + (day.year - FIRST_YEAR) % 100
            full -= BUDDHIST_YEARS if buddhist else 0
            if full > 0 and (day.year in (2000, 2001) if year else not buddhist):
                days.append(f"{full:04d}-{day:%m-%d}")
    return tuple(dict.fromkeys(days))


def parse_amounts(text: str) -> tuple[decimal.Decimal, ...]:
    """Return every number that a text may mean, a point for decimals before a comma; () if it is not one amount.

    Signs for money and words around it are left out; a minus before or behind it, or brackets, make it negative.
    `MULTIPLES` behind it multiply it.

    >>> parse_amounts("RM7.42"), parse_amounts("1.234"), parse_amounts("(1,234.56)")
    ((Decimal('7.42'),), (Decimal('1.234'), Decimal('1234')), (Decimal('-1234.56'),))
    >>> parse_amounts("50k"), parse_amounts("1 234,50-")
    ((Decimal('50000'),), (Decimal('-1234.50'),))
    """
    text = re.sub("[\N{MINUS SIGN}\N{EN DASH}\N{FIGURE DASH}]", "-", unicodedata.normalize("NFKC", text)).lower()
    found = re.findall(r"(?:(?<![\d.,])[.,])?\d[\d.,'’\s]*\d|(?:(?<![\d.,])[.,])?\d", text)
    if len(found) != 1:  # none, or several: which of them is not known
        return ()
    number = re.sub(r"\s*([.,])\s*", r"\1", found[0])  # "5, 097.50"
    number = re.sub(r"(?<=\d)['’](?=\d{3})", "", number)  # "1'234.50"
    around = text.replace(found[0], "#")
    multiple = re.search(r"#\s?([^\W\d_]+)", around)
    factor = MULTIPLES.get(multiple[1].removesuffix("đ").removesuffix("원"), 1) if multiple else 1
    negative = re.search(r"-\W*#|\(\W*#\W*\)|#\s*-", re.sub(r"[^\W\d_]", "", around)) is not None
    written = re.sub(r"\s+", " ", number)
    points = [point for point, pattern in NUMBERS if pattern.fullmatch(written)]
    read = [decimal.Decimal(re.sub(rf"[^\d{point}]", "", written).replace(",", ".")) * factor for point in points]
    return tuple(dict.fromkeys(-value if negative else value for value in read))


def find_currencies(text: str) -> tuple[str, ...]:
    """Return every currency that a text may mean, as ISO 4217: by its code, else its name, else its sign; () without.

    >>> find_currencies("RM7.42"), find_currencies("Total USD 12"), find_currencies("45.000đ")
    (('MYR',), ('USD',), ('VND',))
    """
    signs, codes = _load_signs()
    text = unicodedata.normalize("NFKC", text)
    stated = [word for word in re.findall(r"[A-Z]{3}", text) if word in codes]
    stated = stated or [code for code, name in CURRENCY_NAMES.items() if re.search(name, text, re.IGNORECASE)]
    if stated:
        return tuple(dict.fromkeys(stated))
    for sign in sorted(signs, key=len, reverse=True):
        after = r"(?![A-Za-z])" if sign[-1].isalpha() else ""
        if re.search(rf"(?<![A-Za-z]){re.escape(sign)}{after}", text):  # "S$" is not the dollar of "$"
            return signs[sign]
    return ()


@functools.cache
def _load_signs() -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Signs for money with the currencies each stands for, and all codes."""
    from babel import Locale
    from babel.numbers import list_currencies

    codes = frozenset(list_currencies())
    signs: dict[str, set[str]] = {}
    for name, own in CURRENCY_LOCALES.items():
        for code, sign in Locale.parse(name).currency_symbols.items():
            if sign != code and code in (own or codes):
                signs.setdefault(sign, set()).add(code)
    return {sign: tuple(sorted(of)) for sign, of in signs.items()}, codes
