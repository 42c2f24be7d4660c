"""What a line of Vietnamese handwriting may hold: addresses, names, dates and amounts."""

from __future__ import annotations

from tfx_ocr.data.alphabets import text
from tfx_ocr.data.alphabets.text import LONGEST as LONGEST

# Composed (NFC), as labels are: 12 vowels with five tones each, the seven letters with a mark of their own, đ.
LETTERS = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
PUNCTUATION = "!\"#%&'()+,-./:;?@"
DIGITS = "0123456789"
LATIN = "abcdefghijklmnopqrstuvwxyz"  # with f, j, w and z, which foreign names bring

# In the order of their numbers, from 0; a sequence task puts its blank where it likes.
CHARACTERS = (" ", *PUNCTUATION, *DIGITS, *LATIN.upper(), *LATIN, *LETTERS.upper(), *LETTERS)
_KNOWN = frozenset(CHARACTERS)


def find_problem(label: str) -> str | None:
    r"""Say why `label` cannot be a line's text, by its first character outside `CHARACTERS`; None when it can.

    >>> find_problem("Số 5, Hoà Bình")
    >>> find_problem("Giá 5€")
    "unknown label: '€' (U+20AC), character 6 of 'Giá 5€', is not in the alphabet"
    """
    return text.find_problem(label, _KNOWN)
