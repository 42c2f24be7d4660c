import pytest

from tfx_ocr.data.schemas import get_schema_path


def test_a_schema_is_found_and_an_unknown_one_names_the_known():
    assert get_schema_path("digits.pbtxt").read_text().count("feature {") == 5
    with pytest.raises(ValueError, match=r"no schema 'runes\.pbtxt'; known: .*digits\.pbtxt"):
        get_schema_path("runes.pbtxt")
