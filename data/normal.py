"""How a field's text is compared, written once: scores of fields and the search for them on a page go by this."""

from __future__ import annotations

DIGITS_ONLY = {"total"}  # fields of which nothing but the digits counts


def letters_and_digits(text: str) -> str:
    """Lower case, letters and digits only.

    >>> letters_and_digits("RM 7.42 (Incl. GST)")
    'rm742inclgst'
    """
    return "".join(character for character in text.lower() if character.isalnum())


def digits(text: str) -> str:
    """Digits only.

    >>> digits("$3,202.61")
    '320261'
    """
    return "".join(character for character in text if character.isdecimal())


def normalised(field: str, text: str) -> str:
    """A field's text as two are held against each other: lower case, letters and digits only; of a total the digits.

    >>> normalised("issue_date", "June 3, 1991"), normalised("total", "RM7.42")
    ('june31991', '742')
    """
    return digits(text) if field in DIGITS_ONLY else letters_and_digits(text)


def exact(text: str) -> str:
    r"""A text as SROIE's fields are held against each other: upper case, single spaces.

    >>> exact(" Book Ta .K\n(Taman Daya) ")
    'BOOK TA .K (TAMAN DAYA)'
    """
    return " ".join(text.upper().split())
