"""What a line in a language of Western, Central or Northern Europe may hold, or one in Turkish or Vietnamese."""

from __future__ import annotations

from tfx_ocr.data.alphabets import text, vietnamese
from tfx_ocr.data.alphabets.text import LONGEST as LONGEST

# Composed (NFC), as labels are. A letter that several languages share stands with the first.
MARKED = (
    "àâæçèéêëîïôœùûüÿ"  # French
    "äöß"  # German
    "áíñóúãõìò"  # Spanish, Portuguese, Italian; Catalan's l·l has its dot below
    "åøðþý"  # Danish, Norwegian, Swedish, Icelandic, Faroese
    "čđŋšŧž"  # Northern Sami, Croatian, Slovene
    "āēģīķļņūąęėįų"  # Latvian, Lithuanian
    "ćłńśźżďěňřťůĺľŕőű"  # Polish, Czech, Slovak, Hungarian
    "ășțğış"  # Romanian; Turkish
)
LETTERS = "".join(dict.fromkeys(MARKED + vietnamese.LETTERS))
CAPITALS = LETTERS.replace("ß", "").replace("ı", "").upper() + "ẞİ"  # ß has two capitals as Python sees it, ı has I
MARKS = "$*<=>[\\]^_`{|}~"  # with those of Vietnamese, all of ASCII
TYPOGRAPHIC = "¡¿«»‹›‘’‚“”„–—…·•§°ªº¹²³¼½¾×÷±µ‰†©®™"
CURRENCY = "€£¥¢₫"

# In the order of their numbers, from 0; a sequence task puts its blank where it likes.
CHARACTERS = (
    " ",
    *vietnamese.PUNCTUATION,
    *vietnamese.DIGITS,
    *vietnamese.LATIN.upper(),
    *vietnamese.LATIN,
    *CAPITALS,
    *LETTERS,
    *MARKS,
    *TYPOGRAPHIC,
    *CURRENCY,
)

_KNOWN = frozenset(CHARACTERS)


def find_problem(label: str) -> str | None:
    r"""Say why `label` cannot be a line's text, by its characters outside `CHARACTERS`; None when it can.

    >>> find_problem("Straße 5, Łódź: 12,50 €")
    >>> find_problem("Москва")
    "unknown label: 'М' (U+041C), character 1 of 'Москва', is not in the alphabet, nor 'о', 'с', 'к', 'в', 'а'"
    """
    return text.find_problem(label, _KNOWN)
