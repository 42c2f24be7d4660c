"""How a field's text is compared, written once: scores of fields and the search for them on a page go by this."""

from __future__ import annotations

DIGITS_ONLY = {"total"}  # fields of which nothing but the digits counts


def keep_letters_and_digits(text: str) -> str:
    """Lower case, letters and digits only.

    >>> keep_letters_and_digits("RM 7.42 (Incl. GST)")
    'rm742inclgst'
    """
    return "".join(character for character in text.lower() if character.isalnum())


def keep_digits(text: str) -> str:
    """Digits only.

    >>> keep_digits("$3,202.61")
    '320261'
    """
    return "".join(character for character in text if character.isdecimal())


def normalize_field(field: str, text: str) -> str:
    """A field's text as two are held against each other: lower case, letters and digits only; of a total the digits.

    >>> normalize_field("issue_date", "June 3, 1991"), normalize_field("total", "RM7.42")
    ('june31991', '742')
    """
    return keep_digits(text) if field in DIGITS_ONLY else keep_letters_and_digits(text)


def normalize_exact(text: str) -> str:
    r"""A text as SROIE's fields are held against each other: upper case, single spaces.

    >>> normalize_exact(" Book Ta .K\n(Taman Daya) ")
    'BOOK TA .K (TAMAN DAYA)'
    """
    return " ".join(text.upper().split())
