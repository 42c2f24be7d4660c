"""How texts are made comparable, written once: labels, whole texts and fields go by this, and so do their scores."""

from __future__ import annotations

import re
import unicodedata

TONE_MARKS = "\u0300\u0301\u0303\u0309\u0323"  # by which Vietnamese writes tones: grave, acute, tilde, hook, dot below
# oa, oe and uy that end a syllable, with the mark on the first vowel; the u of qu is part of the consonant
OLD_TONES = re.compile(
    rf"(?:([oO])([{TONE_MARKS}])([aAeE])|(?<![qQ])([uU])([{TONE_MARKS}])([yY]))(?![^\W\d_]|[\u0300-\u036f])"
)
# White space, and marks without a shape that programs leave: byte order mark, zero-width spaces, joiners, directions.
AROUND = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"
)
DIGITS_ONLY = {"total"}  # fields of which nothing but the digits counts


def normalize_label(label: str) -> str:
    r"""Return a label in NFC, without white space and invisible marks around it; case and inner spaces stay.

    The same letter comes composed or decomposed (macOS writes folder names decomposed): two classes for one label
    would be counted as errors.

    >>> normalize_label(" Ha\u0300 Nội\n"), normalize_label("\ufeff7\u200b ")
    ('Hà Nội', '7')
    """
    return unicodedata.normalize("NFC", label).strip(AROUND)


def normalize_text(text: str) -> str:
    r"""Return a text as the metrics of texts compare it: NFC, each run of white space one space, case kept.

    >>> normalize_text(" Ha\u0300  Nội\n")
    'Hà Nội'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def remove_tone_marks(text: str) -> str:
    """Return a text in NFC without the marks of Vietnamese tones; the marks of â, ê, ô, ă, ơ and ư stay.

    >>> remove_tone_marks("Huế, ngõ 5")
    'Huê, ngo 5'
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if sign not in TONE_MARKS)
    return unicodedata.normalize("NFC", bare)


def unify_tone_spelling(text: str) -> str:
    """Return a text in NFC with tone marks as the new spelling places them: hoà, khoẻ, thuý for hòa, khỏe, thúy.

    The two spellings differ only where oa, oe or uy end a syllable.

    Source: Quyết định 240/QĐ of the Ministry of Education, 1984, for the new spelling.

    >>> unify_tone_spelling("HÒA, khỏe, Thúy; toàn, quý, ngoài")
    'HOÀ, khoẻ, Thuý; toàn, quý, ngoài'
    """
    moved = OLD_TONES.sub(_move_mark, unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", moved)


def _move_mark(found: re.Match[str]) -> str:
    first, mark, second = filter(None, found.groups())
    return first + second + mark


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
