"""The 11,172 composed Hangul syllables, and the three jamo that each is made of."""

from __future__ import annotations

import unicodedata

# As letters of their own (compatibility jamo), in Unicode's order of the conjoining ones; "" for no final.
INITIALS = tuple("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ")
MEDIALS = tuple("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ")
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")

FIRST = 0xAC00  # of 가; a class's number is its code less this
CLASSES = tuple(map(chr, range(FIRST, FIRST + len(INITIALS) * len(MEDIALS) * len(FINALS))))

# Nearly all that printed Korean is written with: rows 16 to 40 of the standard, 94 syllables each, in code order.
KS_X_1001 = tuple(
    "".join(bytes((row, cell)).decode("euc_kr") for row in range(0xB0, 0xC9) for cell in range(0xA1, 0xFF))
)


# 52 frequent syllables, and 20 rare ones: in all 72 of them every initial, medial and final occurs.
COVERING = (
    "가나다라마바사아자차카타파하한글서울부산대구인천광주전세계에게의로을를이와과도만요네있없않좋학읽앉젊밥꽃"
    "뜀걋뻗싻짧갖같갚걔겪곬곯괘괴궈궤규녘읊핥"
)


def split(syllable: str) -> tuple[int, int, int]:
    """Return the numbers of a syllable's initial, medial and final, from 0; final 0 stands for a missing one.

    Raises:
        ValueError: it is not a composed syllable.

    Source: The Unicode Standard, 3.12, Hangul syllable decomposition.

    >>> split("한")
    (18, 0, 4)
    """
    if reason := find_problem(syllable):
        raise ValueError(reason)
    rest, final = divmod(ord(syllable) - FIRST, len(FINALS))
    initial, medial = divmod(rest, len(MEDIALS))
    return initial, medial, final


def join(initial: int, medial: int, final: int) -> str:
    """Return the syllable made of an initial, a medial and a final by their numbers, from 0: the inverse of `split`.

    Raises:
        ValueError: a number is out of range.

    Source: The Unicode Standard, 3.12, Hangul syllable composition.

    >>> join(18, 0, 4)
    '한'
    """
    for number, jamo, what in ((initial, INITIALS, "initial"), (medial, MEDIALS, "medial"), (final, FINALS, "final")):
        if not 0 <= number < len(jamo):
            raise ValueError(f"no {what} {number}: there are {len(jamo)}, counted from 0")
    return CLASSES[(initial * len(MEDIALS) + medial) * len(FINALS) + final]


def find_problem(label: str) -> str | None:
    r"""Say why `label` is not a composed syllable; None when it is one.

    >>> find_problem("한")
    >>> find_problem("ㅎ")
    "unknown label: 'ㅎ' (U+314E) is not a composed Hangul syllable, 가 (U+AC00) to 힣 (U+D7A3)"
    """
    if len(label) == 1 and CLASSES[0] <= label <= CLASSES[-1]:
        return None
    codes = " ".join(f"U+{ord(character):04X}" for character in label[:4]) + (" ..." if len(label) > 4 else "")
    shown = f"{label[:12]!r} ({codes})" if label else "''"
    if len(label) > 1 and len(composed := unicodedata.normalize("NFC", label)) == 1 and not find_problem(composed):
        return f"unknown label: {shown} is decomposed; the one syllable {composed} (U+{ord(composed):04X}) is meant"
    if meant := _join_letters(label):
        return f"unknown label: {shown} is letters that do not join; {meant} (U+{ord(meant):04X}) is meant"
    if len(label) > 1:
        return f"unknown label: {shown} is {len(label)} characters, not one Hangul syllable"
    return f"unknown label: {shown} is not a composed Hangul syllable, {CLASSES[0]} (U+AC00) to {CLASSES[-1]} (U+D7A3)"


def _join_letters(label: str) -> str:
    """Return the syllable that compatibility or half-width jamo spell, which Unicode leaves apart; "" for none."""
    wide = [unicodedata.decomposition(letter).partition("<narrow> ")[2] for letter in label]
    letters = [chr(int(code, 16)) if code else letter for letter, code in zip(label, wide, strict=True)]
    final = letters[2] if len(letters) == 3 else ""
    if len(letters) not in (2, 3) or letters[0] not in INITIALS or letters[1] not in MEDIALS or final not in FINALS:
        return ""
    return join(INITIALS.index(letters[0]), MEDIALS.index(letters[1]), FINALS.index(final))
