import unicodedata

import pytest

from tfx_ocr.data.alphabets import get_alphabet

hangul = get_alphabet("hangul")


def test_there_are_as_many_of_each_as_the_standard_has():
    assert [len(jamo) for jamo in (hangul.INITIALS, hangul.MEDIALS, hangul.FINALS)] == [19, 21, 28]
    assert len(set(hangul.CLASSES)) == 19 * 21 * 28 == 11172
    assert (hangul.CLASSES[0], hangul.CLASSES[-1]) == ("\uac00", "\ud7a3")


@pytest.mark.parametrize(
    ("syllable", "numbers", "jamo"),
    [
        ("가", (0, 0, 0), "ㄱㅏ"),
        ("한", (18, 0, 4), "ㅎㅏㄴ"),
        ("글", (0, 18, 8), "ㄱㅡㄹ"),
        ("뷁", (7, 15, 9), "ㅂㅞㄺ"),
        ("꽐", (1, 9, 8), "ㄲㅘㄹ"),
        ("없", (11, 4, 18), "ㅇㅓㅄ"),
        ("힣", (18, 20, 27), "ㅎㅣㅎ"),
    ],
)
def test_a_syllable_is_its_jamo_joined(syllable, numbers, jamo):
    initial, medial, final = hangul.split(syllable)
    assert (initial, medial, final) == numbers
    assert hangul.INITIALS[initial] + hangul.MEDIALS[medial] + hangul.FINALS[final] == jamo
    assert hangul.join(*numbers) == syllable
    assert hangul.CLASSES.index(syllable) == ord(syllable) - 0xAC00


def test_every_syllable_comes_back_and_agrees_with_unicode():
    conjoining = [range(0x1100, 0x1113), range(0x1161, 0x1176), range(0x11A7, 0x11C3)]
    for syllable in hangul.CLASSES:
        numbers = hangul.split(syllable)
        assert hangul.join(*numbers) == syllable
        codes = [code[number] for code, number in zip(conjoining, numbers, strict=True)]
        expected = "".join(map(chr, codes[: 3 if numbers[2] else 2]))
        assert unicodedata.normalize("NFD", syllable) == expected


def test_ks_x_1001_is_its_2350_in_code_order():
    assert len(set(hangul.KS_X_1001)) == 2350
    assert list(hangul.KS_X_1001) == sorted(hangul.KS_X_1001)
    assert set(hangul.KS_X_1001) < set(hangul.CLASSES)
    assert {"가", "한", "힝"} < set(hangul.KS_X_1001)
    assert not {"갂", "뷁", "힣"} & set(hangul.KS_X_1001)  # 뷁 is the well-known one that the standard lacks


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("", "unknown label: '' is not a composed Hangul syllable, 가 (U+AC00) to 힣 (U+D7A3)"),
        ("ㅎ", "unknown label: 'ㅎ' (U+314E) is not a composed Hangul syllable, 가 (U+AC00) to 힣 (U+D7A3)"),
        ("7", "unknown label: '7' (U+0037) is not a composed Hangul syllable, 가 (U+AC00) to 힣 (U+D7A3)"),
        ("한글", "unknown label: '한글' (U+D55C U+AE00) is 2 characters, not one Hangul syllable"),
        (
            "\u1112\u1161\u11ab",
            "unknown label: '\u1112\u1161\u11ab' (U+1112 U+1161 U+11AB) is decomposed; "
            "the one syllable 한 (U+D55C) is meant",
        ),
        (
            "ㅎㅏㄴ",
            "unknown label: 'ㅎㅏㄴ' (U+314E U+314F U+3134) is letters that do not join; 한 (U+D55C) is meant",
        ),
        (
            "\uffbe\uffc2",
            "unknown label: '\uffbe\uffc2' (U+FFBE U+FFC2) is letters that do not join; 하 (U+D558) is meant",
        ),
        ("ㅏㅎ", "unknown label: 'ㅏㅎ' (U+314F U+314E) is 2 characters, not one Hangul syllable"),
        (
            "a" * 90,
            "unknown label: 'aaaaaaaaaaaa' (U+0061 U+0061 U+0061 U+0061 ...) is 90 characters, not one Hangul syllable",
        ),
        ("\ud7a4", r"unknown label: '\ud7a4' (U+D7A4) is not a composed Hangul syllable, 가 (U+AC00) to 힣 (U+D7A3)"),
    ],
    ids=[
        "empty",
        "jamo",
        "digit",
        "two",
        "decomposed",
        "compatibility_jamo",
        "half_width_jamo",
        "wrong_order",
        "long",
        "after_the_last",
    ],
)
def test_what_is_no_syllable_is_named(label, reason):
    assert hangul.find_problem(label) == reason
    with pytest.raises(ValueError, match="unknown label"):
        hangul.split(label)


@pytest.mark.parametrize(
    ("numbers", "what"),
    [((19, 0, 0), "initial 19"), ((0, 21, 0), "medial 21"), ((0, 0, 28), "final 28"), ((-1, 0, 0), "initial -1")],
)
def test_a_number_without_a_jamo_is_refused(numbers, what):
    with pytest.raises(ValueError, match=f"no {what}: there are"):
        hangul.join(*numbers)
