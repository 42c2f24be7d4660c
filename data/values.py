"""Dates, amounts and currencies of a field's text as it stood; what is ambiguous keeps every reading."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import math
import re
import unicodedata
from typing import NamedTuple

# Names of months without marks, in the languages of the invoices: English, Malay, German, French.
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januari januar janner janv janvier",
            "feb february februari februar fev fevr fevrier",
            "mar march mac marz mrz mars",
            "apr april avr avril",
            "may mei mai",
            "jun june juni juin",
            "jul july julai juli juil juillet",
            "aug august ogo ogos aout",
            "sep sept september septembre",
            "oct october okt oktober octobre",
            "nov november novembre",
            "dec december dis disember dez dezember decembre",
        ),
        start=1,
    )
    for name in names.split()
}
_DAY, _MONTH, _YEAR = r"(?P<day>\d{1,2})", r"(?P<month>\d{1,2})", r"['’]?(?P<year>\d{4}|\d\d)(?!\d)"
_NAME = rf"(?P<name>{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
_BETWEEN = r"\s*(?P<between>[\s./-])\s*"  # numbers: the same sign twice
# How dates are written, of text without marks; the first that is found counts. Of EITHER the month may come first.
EITHER = re.compile(rf"(?<![\d./-]){_DAY}{_BETWEEN}{_MONTH}\s*(?P=between)\s*{_YEAR}(?![/-])")
DATES = (
    re.compile(rf"(?<!\d)(?P<year>\d{{4}}|\d\d)\s*(?:년도?|年)\s*{_MONTH}\s*[월月]\s*{_DAY}(?!\d)"),
    re.compile(rf"(?<!\d){_DAY}\s*(?:thang|thg\.?)\s*{_MONTH}\W*(?:nam\s*)?{_YEAR}", re.IGNORECASE),
    re.compile(rf"(?<!\w)['’](?P<year>\d\d)\.\s*{_MONTH}\.\s*{_DAY}(?!\d)"),  # Korean: '21. 3. 12.
    re.compile(rf"(?<![\d./-])(?P<year>\d{{4}}){_BETWEEN}{_MONTH}\s*(?P=between)\s*{_DAY}(?![\d/-])"),
    EITHER,
    re.compile(rf"(?<![\d:]){_DAY}(?:st|nd|rd|th|er|hb)?[\W_]*(?:of|de)?[\W_]*{_NAME}[\W_]*{_YEAR}", re.IGNORECASE),
    re.compile(rf"(?<!\d)(?P<year>\d{{4}})[\W_]*{_NAME}[\W_]*{_DAY}(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<![^\W\d_]){_NAME}[\W_]*{_DAY}(?:st|nd|rd|th)?[\W_]+{_YEAR}", re.IGNORECASE),
    re.compile(r"(?<!\d)(?P<year>1[5-9]\d\d|2[01]\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"),
)
DASH = re.compile("[\N{MINUS SIGN}\N{EN DASH}\N{FIGURE DASH}\N{HYPHEN}]")  # NFKC makes U+2011 U+2010
FIRST_YEAR = 1950  # of those that two digits may mean: scanned archives are older than POSIX's 1969
BUDDHIST = re.compile(r"(?<!\w)B\.?\s?E(?:\.|(?!\w))|พ\.?\s?ศ\.?|(?i:phat lich)|(?<!\w)PL\.")
BUDDHIST_YEARS = 543  # by which the era is ahead, as Thailand counts since 1941

# What stands behind a number and multiplies it, also two of them: 천만, nghìn tỷ. Vietnamese without its marks too, as
# machines print it and OCR reads it.
MULTIPLES = {
    **dict.fromkeys(("십",), 10),
    **dict.fromkeys(("백", "trăm", "tram", "hundred"), 10**2),
    **dict.fromkeys(("k", "thousand", "ribu", "rb", "nghìn", "nghin", "ngàn", "ngan", "천"), 10**3),
    **dict.fromkeys(("만", "万", "萬"), 10**4),
    **dict.fromkeys(("lakh",), 10**5),
    **dict.fromkeys(("million", "millionen", "mio", "juta", "jt", "tr", "triệu", "trieu"), 10**6),
    **dict.fromkeys(("crore",), 10**7),
    **dict.fromkeys(("억", "億", "亿"), 10**8),
    **dict.fromkeys(("billion", "bn", "milliarden", "mrd", "tỷ", "tỉ", "ty"), 10**9),
    **dict.fromkeys(("조",), 10**12),
}
_MULTIPLE = "|".join(sorted(MULTIPLES, key=len, reverse=True))
_MONEY = r"(?:đ|vn[đd]|dong|원|won|円|元)"  # which may follow a multiple without a space
MULTIPLIED = re.compile(
    rf"#\s?(?P<first>{_MULTIPLE})(?:\s?(?P<second>{_MULTIPLE}))?(?P<half>\s?r(?:ưỡi|uoi))?(?=\W|\d|_|$|{_MONEY})"
)
# An amount in parts, `2만 5천원`, and one whose decimals stand behind its multiple, as Vietnamese is written: `1tr5`.
# The 0 that is put behind them keeps three digits from being a group.
_EAST = "[십백천만억조万萬億亿]+"
PART = re.compile(rf"(\d+)\s?({_EAST})")
IN_PARTS = re.compile(rf"(?<![\d.,])(?:{PART.pattern}\s?){{2,}}(?![\d.,])")
BEHIND = re.compile(r"(?<![\d.,])(\d+)(k|tr|triệu|trieu|tỷ|tỉ|ty)(\d{1,3})(?!\w)")
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

# ISO 4217, with what the euro replaced in old invoices.
CODES = (
    "AED AFN ALL AMD ANG AOA ARS ATS AUD AWG AZN BAM BBD BDT BEF BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHF CLP CNY COP CRC CUP CVE CZK DEM DJF DKK DOP DZD EGP ERN ESP ETB EUR FJD FKP FRF GBP GEL GHS GIP GMD GNF "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK ITL JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR "
    "LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NLG NOK NPR NZD OMR PAB PEN PGK "
    "PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND "
    "TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
# Names that are letters of the language too, and so count beside a number only, or as words of their own.
CURRENCY_NAMES = {
    "VND": rf"\d\s*(?:{_MULTIPLE})?\s*(?:đ|vn[đd])(?!\w)|(?<!\w)đ\s*\d|(?<!\w)(?:vn[đd]|đồng|dong)(?!\w)",
    "KRW": r"\d\s*[십백천만억조]*\s*원|(?<![^\W\d])won(?!\w)",
    "MYR": r"(?<!\w)(?:ringgit(?!\w)|rm\s*[-\d])",
    "EUR": r"(?<!\w)euros?(?!\w)",
    "JPY": r"\d\s*[万億]*円|(?<![^\W\d])yen(?!\w)",
    "CNY": r"\d\s*[万亿]*元|元\s*\d|(?<![^\W\d])(?:rmb|yuan)(?![^\W\d])",
    "THB": r"(?:บาท|(?<!\w)baht(?!\w))",
    "IDR": r"(?<!\w)rupiah(?!\w)",
}
# Signs; "S$" is not the dollar of "$".
SIGNS = {
    "$": ("USD",),
    "US$": ("USD",),
    "A$": ("AUD",),
    "CA$": ("CAD",),
    "HK$": ("HKD",),
    "NT$": ("TWD",),
    "NZ$": ("NZD",),
    "R$": ("BRL",),
    "S$": ("SGD",),
    "£": ("GBP",),
    "¥": ("JPY", "CNY"),
    "฿": ("THB",),
    "₩": ("KRW",),
    "€": ("EUR",),
    "₫": ("VND",),
    "₱": ("PHP",),
    "₹": ("INR",),
    "RM": ("MYR",),
    "Rp": ("IDR",),
}
ETH = str.maketrans("Ðð", "Đđ")  # the Icelandic letter that stands for the Vietnamese one in older encodings
WHOLE = {"IDR", "JPY", "KRW", "VND"}  # currencies without decimals: "45.000đ" is more likely 45000


class Values(NamedTuple):
    """What a field's text may mean, the likelier first.

    Attributes:
        values: days as ISO 8601, or amounts in decimal digits with a point.
        currencies: of amounts, as ISO 4217.
    """

    values: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()


def parse_field(name: str, text: str) -> Values:
    """Return what the text of a field may mean: days of `issue_date`, amounts of `total`; nothing of another field.

    >>> parse_field("total", "RM1,234.50"), parse_field("supplier", "2018")
    (Values(values=('1234.50',), currencies=('MYR',)), Values(values=(), currencies=()))
    """
    if name == "issue_date":
        return Values(parse_dates(text))
    if name == "total":
        return Values(tuple(f"{amount:f}" for amount in parse_amounts(text)), find_currencies(text))
    return Values()


def parse_dates(text: str) -> tuple[str, ...]:
    """Return every day that a text may mean, as ISO 8601, day first before month first; () without one whole date.

    A year of four digits stands as it is, whatever the century; one of two digits is in the hundred years from
    `FIRST_YEAR`. A year is Buddhist where the text says so (B.E., พ.ศ., Phật lịch), never by its size.

    >>> parse_dates("June 3, 1991"), parse_dates("01/02/2019"), parse_dates("Terms: 30 days")
    (('1991-06-03',), ('2019-02-01', '2019-01-02'), ())
    >>> parse_dates("15/06/1850"), parse_dates("2021년 3월 5일"), parse_dates("30/06/2562 B.E.")
    (('1850-06-15',), ('2021-03-05',), ('2019-06-30',))
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if unicodedata.category(sign) != "Mn")
    bare, buddhist = BUDDHIST.subn(" ", DASH.sub("-", unicodedata.normalize("NFC", bare)))
    found = next(filter(None, (list(pattern.finditer(bare)) for pattern in DATES)), [])
    if len(found) != 1:  # none, or several: which of them is not known
        return ()
    parts = found[0].groupdict()
    year = int(parts["year"])
    if len(parts["year"]) == 2:
        if buddhist:
            return ()
        year = FIRST_YEAR + (year - FIRST_YEAR) % 100
    elif buddhist:
        year -= BUDDHIST_YEARS
    month, day = MONTHS[parts["name"].lower()] if "name" in parts else int(parts["month"]), int(parts["day"])
    days = []
    for pair in ((month, day), (day, month)) if found[0].re is EITHER else ((month, day),):
        with contextlib.suppress(ValueError):  # no such day
            days.append(datetime.date(year, *pair).isoformat())
    return tuple(dict.fromkeys(days))


def parse_amounts(text: str) -> tuple[decimal.Decimal, ...]:
    """Return every number that a text may mean, the likelier first; () if it is not one amount.

    A point begins decimals before a comma does, except of currencies without decimals. Signs for money and words around
    the number are left out; a minus before or behind it, or brackets, make it negative. `MULTIPLES` behind it multiply
    it, and parts are added: `2만 5천원`.

    >>> parse_amounts("RM7.42"), parse_amounts("1.234"), parse_amounts("(1,234.56)")
    ((Decimal('7.42'),), (Decimal('1.234'), Decimal('1234')), (Decimal('-1234.56'),))
    >>> parse_amounts("50k"), parse_amounts("1 234,50-"), parse_amounts("45.000đ")
    ((Decimal('50000'),), (Decimal('-1234.50'),), (Decimal('45000'), Decimal('45.000')))
    """
    is_whole = not WHOLE.isdisjoint(find_currencies(text))
    text = unicodedata.normalize("NFKC", text).lower().translate(ETH)
    text = BEHIND.sub(r"\1.\g<3>0\2", IN_PARTS.sub(_add_parts, DASH.sub("-", text)))
    found = re.findall(r"(?:(?<![\d.,])[.,])?\d[\d.,'’\s]*\d|(?:(?<![\d.,])[.,])?\d", text)
    if len(found) != 1:  # none, or several: which of them is not known
        return ()
    number = re.sub(r"\s*([.,])\s*", r"\1", found[0])  # "5, 097.50"
    number = re.sub(r"(?<=\d)['’](?=\d{3})", "", number)  # "1'234.50"
    around = text.replace(found[0], "#")
    multiple = MULTIPLIED.search(around)
    factor = MULTIPLES[multiple["first"]] * MULTIPLES.get(multiple["second"], 1) if multiple else 1
    more = decimal.Decimal("0.5") if multiple and multiple["half"] else 0
    negative = re.search(r"-\W*#|\(\W*#\W*\)|#\s*-", re.sub(r"[^\W\d_]", "", around)) is not None
    written = re.sub(r"\s+", " ", number)
    points = [point for point, pattern in NUMBERS if pattern.fullmatch(written)]
    read = [decimal.Decimal(re.sub(rf"[^\d{point}]", "", written).replace(",", ".")) + more for point in points]
    read = [value * factor for value in read]
    if factor > 1:
        read = [whole if (whole := value.to_integral_value()) == value else value for value in read]
    elif is_whole:
        read.sort(key=lambda value: "." in str(value))
    return tuple(dict.fromkeys(-value if negative else value for value in read))


def _add_parts(found: re.Match[str]) -> str:
    """An amount in parts as one number; as it stands where a part is not less than a unit of the one before it."""
    total, unit = 0, 10**20
    for count, signs in PART.findall(found[0]):
        of_part = math.prod(MULTIPLES[sign] for sign in signs)
        if int(count) * of_part >= unit:
            return found[0]
        total, unit = total + int(count) * of_part, of_part
    return str(total)


def find_currencies(text: str) -> tuple[str, ...]:
    """Return every currency that a text may mean, as ISO 4217: by its code, else its name, else its sign; () without.

    >>> find_currencies("RM7.42"), find_currencies("Total USD 12"), find_currencies("45.000đ")
    (('MYR',), ('USD',), ('VND',))
    """
    text = unicodedata.normalize("NFKC", text).translate(ETH)
    stated = [word for word in re.findall(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", text) if word in CODES.split()]
    stated = stated or [code for code, name in CURRENCY_NAMES.items() if re.search(name, text, re.IGNORECASE)]
    if stated:
        return tuple(dict.fromkeys(stated))
    for sign in sorted(SIGNS, key=len, reverse=True):
        after = r"(?![A-Za-z])" if sign[-1].isalpha() else ""
        if re.search(rf"(?<![A-Za-z]){re.escape(sign)}{after}", text):
            return SIGNS[sign]
    return ()
