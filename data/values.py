"""Dates, amounts and currencies of the text as it stood, beside the graph; what is ambiguous keeps every reading."""

from __future__ import annotations

import datetime
import decimal
import functools
import re

# How numbers are written: 1,234.56 and 1.234,56 and, grouped by spaces, 1 234,56.
LOCALES = ("en", "de", "fr")
# Signs for money as English writes them, and some as their own countries do, which English does not know.
CURRENCY_LOCALES = {"en_US": (), "en_CA": ("USD",), "ms_MY": ("MYR",), "vi_VN": ("VND",), "ko_KR": ("KRW",)}
DATE_ORDERS = ("DMY", "MDY", "YMD")
LANGUAGES = ("en", "ms", "vi", "de", "fr")
FIRST_YEAR = 1950  # of those that two digits may mean: scanned archives are older than POSIX's 1969
A_YEAR = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)")


def parse_dates(text: str) -> tuple[str, ...]:
    """Every day that a text may mean, as ISO 8601, day first before month first; none if it names no whole date.

    >>> parse_dates("June 3, 1991"), parse_dates("01/02/2019"), parse_dates("Terms: 30 days")
    (('1991-06-03',), ('2019-02-01', '2019-01-02'), ())
    """
    from dateparser import parse  # type: ignore[import-untyped]

    bare = " ".join(re.sub(r"[^\w/.,:\-'\s]", " ", text).split())
    numbers = re.findall(r"\d+", bare)
    if not numbers or sum(map(len, numbers)) < 3:  # "May" or "30": dateparser would add today's month and year
        return ()
    compact = re.fullmatch(r"((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", bare)  # 20180428
    if compact:
        bare = "-".join(compact.groups())
    orders = ("YMD",) if re.match(r"\d{4}\D", bare) else DATE_ORDERS[:2]
    found = []
    for order in orders:
        settings = {
            "DATE_ORDER": order,
            "PREFER_DATES_FROM": "past",
            "REQUIRE_PARTS": ["day", "month", "year"],
            "PARSERS": ["absolute-time"],
            "RELATIVE_BASE": datetime.datetime(2000, 1, 1),  # answers must not depend on the day they are given
            "RETURN_AS_TIMEZONE_AWARE": False,
        }
        day = parse(bare, languages=list(LANGUAGES), settings=settings)
        if day and (not (year := A_YEAR.search(bare)) or day.year == int(year.group())):
            found.append(_of_this_time(day, bare).date().isoformat())
    return tuple(dict.fromkeys(found))


def parse_amounts(text: str) -> tuple[decimal.Decimal, ...]:
    """Every number that a text may mean, a point for decimals before a comma; none if it is no amount.

    Signs for money and words around it are left out; `-`, brackets and a `-` behind make it negative.

    >>> parse_amounts("RM7.42"), parse_amounts("1.234"), parse_amounts("(1,234.56)")
    ((Decimal('7.42'),), (Decimal('1.234'), Decimal('1234')), (Decimal('-1234.56'),))
    """
    from babel.numbers import NumberFormatError, parse_decimal

    found = re.findall(r"\d[\d.,'\s]*\d|\d", text)
    if len(found) != 1:  # none, or several: nobody knows which
        return ()
    number = re.sub(r"\s*([.,])\s*", r"\1", found[0])  # "5, 097.50"
    number = re.sub(r"(?<=\d)'(?=\d{3})", "", number)  # "1'234.50"
    spaced = re.sub(r"\s+", "\N{NARROW NO-BREAK SPACE}", number)
    around = text.replace(found[0], "#")
    negative = re.search(r"-\W*#|\(\W*#\W*\)|#\s*-", re.sub(r"[^\W\d_]", "", around)) is not None
    read = []
    for locale in LOCALES:
        try:
            read.append(parse_decimal(spaced if locale == "fr" else number, locale=locale, strict=True))
        except (NumberFormatError, decimal.InvalidOperation):
            continue
    return tuple(dict.fromkeys(-value if negative else value for value in read))


def find_currencies(text: str) -> tuple[str, ...]:
    """Every currency that a text may mean, as ISO 4217: by its code, else by its sign; none where it has neither.

    >>> find_currencies("RM7.42"), find_currencies("Total USD 12"), find_currencies("12.00")
    (('MYR',), ('USD',), ())
    """
    signs, codes = _signs()
    said = [word for word in re.findall(r"[A-Z]{3}", text) if word in codes]
    if said:
        return tuple(dict.fromkeys(said))
    for sign in sorted(signs, key=len, reverse=True):
        after = r"(?![A-Za-z])" if sign[-1].isalpha() else ""
        if re.search(rf"(?<![A-Za-z]){re.escape(sign)}{after}", text):  # "S$" is not the dollar of "$"
            return signs[sign]
    return ()


def _of_this_time(day: datetime.datetime, text: str) -> datetime.datetime:
    """A year of two digits is one of the hundred from `FIRST_YEAR`, whatever the library takes it for."""
    if A_YEAR.search(text):
        return day
    return day.replace(year=FIRST_YEAR + (day.year - FIRST_YEAR) % 100)


@functools.cache
def _signs() -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
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
