"""Texts for lines of print, as receipts, invoices and letters have them: sums, dates, codes, addresses, names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from tfx_ocr.data.alphabets import latin
from tfx_ocr.data.alphabets import vietnamese as letters
from tfx_ocr.data.synthetic import vietnamese_texts
from tfx_ocr.data.synthetic.vietnamese_texts import choose_one

LONGEST = 40  # characters
UPPER, TITLE = 0.45, 0.25  # share of the lines of words that are in capitals, and of those whose words begin with one
GIVEN = 0.5  # share of the lines that are of given texts

# Written for this project, under its licence.
WORDS = (
    "the of and to in for is on that with as at by from this be or not are you we it was all will your our have has"
    " if no may account address amount approved area attention balance bank bar bill branch cafe card cash cashier"
    " change charge charges cheque city client closing code coffee company contact copy copying cost counter credit"
    " customer daily date day debit delivery deposit description detail details discount document due east email"
    " exchange excluded express fax fee final floor food fresh freight from gift goods grand green gross gst guest"
    " hardware hotel hour house hypermarket included invoice item items keep lane late letter level light line local"
    " lot lunch main management market member merchant method minutes mobile month motor name net new north note"
    " number office only open order ordinary original other outlet page paid paper park parking part parts payable"
    " payment pcs penalty pens period person phone pickup plaza please point points policy postage price print printed"
    " product proof purchase qty quantity rate receipt received reference refund register remark restaurant return"
    " returned road roasted room round rounding sales salesperson scan section service set shipping shop sign"
    " signature size slip small sold south special square standard station stationery store street subtotal sum"
    " summary supplier supply tax table takeaway tel telephone tender tendered terminal terms thank thanks till time"
    " total trading transaction unit units user valid value vat visit volume voucher website week welcome west within"
    " work year zero"
)
MARKED = (
    "Straße München Köln Größe Übergabe Rechnung Café crème façade garçon déjà reçu numéro août Noël façon œuvre"
    " Señor España año niño mañana dirección teléfono número São João Conceição promoção não Göteborg Åse Århus"
    " smørrebrød København Malmö fjörður Łódź Kraków złoty książka Příjmení účet Plzeň Ďakujem köszönöm fizetendő"
    " összesen İstanbul müşteri teşekkür rēķins sąskaita pavardė ģimene șosea țară București Živio čaša đak Zürich"
    " Genève Liège Besançon Nîmes Português perché città più là-bas Ångström naïve über Ärzte Öffnung"
)
FIRMS = (
    "SDN BHD",
    "Sdn. Bhd.",
    "LTD",
    "Ltd.",
    "INC.",
    "Inc",
    "GmbH",
    "LLC",
    "S.A.",
    "& CO",
    "PLC",
    "(M) SDN BHD",
    "AG",
)
ROADS = ("JALAN", "Jalan", "JLN", "LORONG", "Street", "ST.", "ROAD", "Road", "Avenue", "Rue", "Via", "Calle", "TAMAN")
CURRENCIES = ("RM", "RM ", "$", "$ ", "€", "€ ", "£", "USD ", "EUR ", "¥", "₫", "", "", "", "")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
TAX_CODES = ("SR", "S", "*", "T", "ZRL")
LABELS = (
    *("DATE", "Date", "TIME", "TEL", "Tel", "FAX", "TOTAL", "Total", "INVOICE NO", "Inv No", "Bill", "GST ID", "QTY"),
    *("NO", "CASHIER"),
)
AROUND = ("({})", '"{}"', "'{}'", "*{}*", "“{}”", "[{}]", "#{}")  # a word
BETWEEN = ("&", "-", "/", "@", "+", "=", "%", "|", "*", "~", "—", "–", "<", ">")  # words
SYLLABLES = (
    "ab ac al am an ar as at ba be bo ca ce co da de di do el en er es fa fi fo ga ge go ha he hi ho in is it ja ju"
    " ka ki ku la le li lo ma me mi mo na ne ni no on or pa pe po qua ra re ri ro sa se si so su ta te ti to tu un us"
    " va ve vi wa we wo xa ya yo za zo ng sh th"
)
RARE = "".join(c for c in latin.CHARACTERS if not c.isascii())


@dataclasses.dataclass(frozen=True)
class PrintTexts:
    """Lines by chance, within `latin` and no longer than `LONGEST`.

    Attributes:
        given: texts, half of the lines are one of them or several in a row; () for lines by rules alone.
    """

    given: tuple[str, ...] = ()

    def draw_line(self, rng: np.random.Generator) -> str:
        """Return a line."""
        while True:
            if self.given and rng.random() < GIVEN:
                count = int(rng.integers(1, 5)) if rng.random() < 0.5 else 1
                text = _set_case(" ".join(choose_one(rng, self.given) for _ in range(count)), rng)
            else:
                text = KINDS[int(rng.choice(len(KINDS), p=SHARES))](rng)
            text = " ".join(text[:LONGEST].split())
            if latin.find_problem(text) is None:
                return text


def draw_sum(rng: np.random.Generator) -> str:
    """Return an amount of money, a percentage or a plain number."""
    kind, value = rng.random(), 10 ** rng.uniform(0, 5)
    if kind < 0.7:
        number = f"{value:,.2f}" if rng.random() < 0.5 else f"{value:.2f}"
        if rng.random() < 0.15:
            number = number.translate(str.maketrans(".,", ",."))
        sign = choose_one(rng, CURRENCIES)
        text = f"{number} {sign.strip()}" if sign and rng.random() < 0.2 else f"{sign}{number}"
        if rng.random() < 0.05:
            return f"-{text}"
        return f"{text} {choose_one(rng, TAX_CODES)}" if rng.random() < 0.1 else text
    if kind < 0.85:
        return str(int(10 ** rng.uniform(0, 3.5)))
    return f"{rng.integers(0, 30)}%" if kind < 0.9 else f"{rng.integers(1, 20)} x {value / 10:.2f}"


def draw_date(rng: np.random.Generator) -> str:
    """Return a date, a time, or both."""
    day, month, year, hour, minute, second = rng.integers((1, 1, 1990, 0, 0, 0), (29, 13, 2030, 24, 60, 60)).tolist()
    mark = "/-. "[rng.integers(4)]
    shown = year if rng.random() < 0.6 else f"{year % 100:02d}"
    of_year = f"{month:02d}" if rng.random() < 0.7 else MONTHS.split()[month - 1]
    date = f"{day:02d}{mark}{of_year}{mark}{shown}"
    if rng.random() < 0.2:
        date = date.upper()
    time = f"{hour:02d}:{minute:02d}" + (f":{second:02d}" if rng.random() < 0.6 else "")
    time += choose_one(rng, ("", "", " AM", " PM", "PM"))
    kind = rng.random()
    return date if kind < 0.5 else time if kind < 0.7 else f"{date} {time}"


def draw_code(rng: np.random.Generator) -> str:
    """Return a number of a document or an article, a telephone number, a postal code."""
    capitals, digits = letters.LATIN.upper(), letters.DIGITS

    def some(of: str, least: int, most: int) -> str:
        return "".join(choose_one(rng, of) for _ in range(int(rng.integers(least, most))))

    kind = rng.random()
    if kind < 0.25:
        return some(digits, 4, 14)
    if kind < 0.45:
        return f"{some(capitals, 1, 4)}{choose_one(rng, ('', '-', '/', ' '))}{some(digits, 3, 9)}"
    if kind < 0.6:
        return f"{some(digits, 2, 5)}-{some(digits, 3, 9)}"
    if kind < 0.75:
        return f"({some(digits, 6, 8)}-{choose_one(rng, capitals)})"
    if kind < 0.85:
        return f"+{some(digits, 2, 3)} {some(digits, 2, 4)} {some(digits, 3, 5)} {some(digits, 4, 5)}"
    return some(capitals + digits, 5, 12)


def draw_labelled(rng: np.random.Generator) -> str:
    """Return what a form asks, with what is filled in."""
    value = choose_one(rng, (draw_sum, draw_date, draw_code))(rng)
    return f"{choose_one(rng, LABELS)}{choose_one(rng, (': ', ' : ', ':', ' ', '. '))}{value}"


def draw_address(rng: np.random.Generator) -> str:
    """Return a part of an address."""
    words = [word.capitalize() for word in draw_plain(rng, 2).split()]
    house = (
        choose_one(rng, ("", "", "NO ", "No. ", "LOT "))
        + str(rng.integers(1, 500))
        + choose_one(rng, ("", "", "A", "-1", "/3"))
    )
    kind = rng.random()
    if kind < 0.6:
        text = f"{house}, {choose_one(rng, ROADS)} {' '.join(words)}"
        text += f" {rng.integers(1, 30)}/{rng.integers(1, 30)}," if rng.random() < 0.4 else ","
    else:
        text = f"{rng.integers(10000, 99999)} {' '.join(words)}, {choose_one(rng, WORDS.split()).capitalize()}."
    return text.upper() if rng.random() < 0.6 else text


def draw_company(rng: np.random.Generator) -> str:
    """Return the name of a firm or of a person."""
    if rng.random() < 0.2:
        name = vietnamese_texts.draw_name(rng)
        return name.upper() if rng.random() < 0.5 else name
    words = [word.capitalize() for word in draw_plain(rng, 3).split()]
    text = f"{choose_one(rng, ('', '', 'MR. ', 'B & '))}{' '.join(words)} {choose_one(rng, FIRMS)}"
    return text.upper() if rng.random() < 0.7 else text


def draw_words(rng: np.random.Generator) -> str:
    """Return words, now and then with marks around and between them."""
    words = draw_plain(rng, 6).split()
    for place in range(len(words)):
        kind = rng.random()
        if kind < 0.12:
            words[place] += choose_one(rng, (",", ".", "!", "?", ":", ";", "..."))
        elif kind < 0.16:
            words[place] = choose_one(rng, AROUND).format(words[place])
        elif kind < 0.18:
            words[place] = choose_one(rng, BETWEEN)
    return _set_case(" ".join(words), rng)


def draw_item(rng: np.random.Generator) -> str:
    """Return a row of a receipt: how many of what, and its price."""
    return f"{rng.integers(1, 20)} {_set_case(draw_plain(rng, 3), rng)} {draw_sum(rng)}"


def draw_invented(rng: np.random.Generator) -> str:
    """Return characters of the alphabet in no language's order, those beyond ASCII more often than elsewhere."""
    words = []
    for _ in range(int(rng.integers(1, 4))):
        of = RARE if rng.random() < 0.5 else latin.CHARACTERS[1:]
        length = int(rng.integers(2, 8))
        words.append("".join(choose_one(rng, of if rng.random() < 0.5 else letters.LATIN) for _ in range(length)))
    return " ".join(words)


def draw_plain(rng: np.random.Generator, most: int) -> str:
    """Return one word or up to `most`, some invented, some Vietnamese, some with marks of other languages."""
    words = []
    for _ in range(int(rng.integers(1, most + 1))):
        kind = rng.random()
        if kind < 0.6:
            words.append(choose_one(rng, WORDS.split()))
        elif kind < 0.8:
            words.append("".join(choose_one(rng, SYLLABLES.split()) for _ in range(int(rng.integers(2, 5)))))
        elif kind < 0.92:
            words.append(choose_one(rng, MARKED.split()))
        else:
            words.append(choose_one(rng, vietnamese_texts.GIVEN.split()))
    return " ".join(words)


def _set_case(text: str, rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < UPPER:
        return text.upper()
    return text.title() if kind < UPPER + TITLE else text


KINDS: tuple[Callable[[np.random.Generator], str], ...] = (
    draw_sum, draw_date, draw_code, draw_labelled, draw_address, draw_company, draw_words, draw_item, draw_invented,
)  # fmt: skip
SHARES = (0.12, 0.08, 0.1, 0.12, 0.12, 0.1, 0.2, 0.1, 0.06)
