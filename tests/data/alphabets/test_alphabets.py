import pytest

from tfx_ocr.data.alphabets import ALPHABETS, get_alphabet


@pytest.mark.parametrize("name", sorted(ALPHABETS))
def test_every_alphabet_can_be_asked(name):
    assert "unknown label" in get_alphabet(name).find_problem("\N{SNOWMAN}")


def test_unknown_alphabet_names_the_known_ones():
    with pytest.raises(ValueError, match=r"no alphabet 'runes'; known: .*digits"):
        get_alphabet("runes")


def test_digits_are_the_ten_in_order():
    digits = get_alphabet("digits")
    assert "".join(digits.CLASSES) == "0123456789"
    assert [digits.find_problem(label) for label in digits.CLASSES] == [None] * 10


@pytest.mark.parametrize(
    "label", ["", "10", "٣", "three", " 3", "-1"], ids=["empty", "two", "arabic", "word", "space", "minus"]
)
def test_digits_refuse_what_is_no_digit(label):
    assert get_alphabet("digits").find_problem(label) == f"unknown label: {label!r} is not one of 0 to 9"
