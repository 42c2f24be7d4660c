"""How texts are made comparable, written once: labels, whole texts and fields go by this, and so do their scores."""

from __future__ import annotations

import unicodedata

DIGITS_ONLY = {"total"}  # fields of which nothing but the digits counts


def normalize_label(label: str) -> str:
    r"""Return a label in NFC, without white space around it; case and inner spaces stay.

    The same letter comes composed or decomposed (macOS writes folder names decomposed): two classes for one label
    would be counted as errors.

    >>> normalize_label(" Ha\u0300 Nội\n")
    'Hà Nội'
    """
    return unicodedata.normalize("NFC", label).strip()


def normalize_text(text: str) -> str:
    r"""Return a text as the metrics of texts compare it: NFC, each run of white space one space, case kept.

    >>> normalize_text(" Ha\u0300  Nội\n")
    'Hà Nội'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def keep_letters_and_digits(text: str) -> str:
    """Return the letters and digits of a text, in lower case.

    >>> keep_letters_and_digits("RM 7.42 (Incl. GST)")
    'rm742inclgst'
    """
    return "".join(character for character in text.lower() if character.isalnum())


def keep_digits(text: str) -> str:
    """Return the digits of a text.

    >>> keep_digits("$3,202.61")
    '320261'
    """
    return "".join(character for character in text if character.isdecimal())


def normalize_field(field: str, text: str) -> str:
    """Return a field's text as two are compared: letters and digits in lower case; of a total the digits.

    >>> normalize_field("issue_date", "June 3, 1991"), normalize_field("total", "RM7.42")
    ('june31991', '742')
    """
    return keep_digits(text) if field in DIGITS_ONLY else keep_letters_and_digits(text)


def normalize_exact(text: str) -> str:
    r"""Return a text as SROIE's fields are compared: upper case, single spaces.

    >>> normalize_exact(" Book Ta .K\n(Taman Daya) ")
    'BOOK TA .K (TAMAN DAYA)'
    """
    return " ".join(text.upper().split())
