import pytest

from tfx_ocr.data import normalization


@pytest.mark.parametrize(
    ("field", "text", "compared"),
    [
        ("invoice_number", "111E-001 ", "111e001"),
        ("issue_date", "12  28  99", "122899"),
        ("total", "RM 7.42", "742"),
        ("total", "$773,00", "77300"),
        ("supplier_address", "Số 5, Huế", "số5huế"),
        ("supplier", "■}■'", ""),
    ],
)
def test_fields_are_compared_by_letters_and_digits_and_totals_by_digits(field, text, compared):
    assert normalization.normalize_field(field, text) == compared


def test_exact_is_upper_case_and_single_spaces():
    assert normalization.normalize_exact(" Rm7.42\t ok ") == "RM7.42 OK"
    assert normalization.normalize_exact("RM 7.42") != normalization.normalize_exact("RM7.42")


def test_a_label_is_nfc_without_white_space_around_it():
    assert normalization.normalize_label("\t Ha\u0300  Nội\r\n") == "Hà  Nội"
    assert normalization.normalize_label("\u1112\u1161\u11ab") == "한"


@pytest.mark.parametrize("mark", ["\ufeff", "\u200b", "\u200e", "\u2060", "\u00a0", "\u3000", "\x85", "\x1f"])
def test_marks_without_a_shape_around_a_label_are_none_of_it(mark):
    assert normalization.normalize_label(f"{mark}7 {mark}8 {mark}") == f"7 {mark}8"


def test_all_white_space_goes_that_python_knows():
    spaces = [chr(code) for code in range(0x3001) if chr(code).isspace()]
    assert {normalization.normalize_label(f"{space}x{space}") for space in spaces} == {"x"}


@pytest.mark.parametrize(
    ("written", "new"),
    [
        ("hòa bình", "hoà bình"),
        ("HÒA, Úy", "HOÀ, Uý"),
        ("lọa tõe hụy.", "loạ toẽ huỵ."),
        ("Tỏa, khỏe", "Toả, khoẻ"),
        ("thủy, Thúy, lũy, tụy", "thuỷ, Thuý, luỹ, tuỵ"),
        ("hoà, thuý", "hoà, thuý"),  # new already
        ("toàn, hoạch, khoẻn, huỳnh", "toàn, hoạch, khoẻn, huỳnh"),  # one spelling: a consonant follows
        ("ngoài, xoáy, khuỷu", "ngoài, xoáy, khuỷu"),  # one spelling: a vowel follows
        ("quý, quỳ", "quý, quỳ"),  # the u is of qu
        ("hòan, hóay", "hòan, hóay"),  # neither spelling
        ("huế, thuở, bùi, mùa, xòe", "huế, thuở, bùi, mùa, xoè"),
        ("ho\u0300a", "hoà"),
        ("hòa5", "hoà5"),
        ("", ""),
    ],
)
def test_tone_marks_have_one_spelling(written, new):
    assert normalization.unify_tone_spelling(written) == new


def test_only_the_tone_goes_with_its_mark():
    assert normalization.remove_tone_marks("ộ ẳ ữ đ ễ é") == "ô ă ư đ ê e"
