import io
import re

import pytest

from tfx_ocr.data.registry import load_named

READERS = {"bytes": "io:BytesIO", "whole": "io", "absent": "tfx_ocr.data.nowhere"}


def test_a_name_stands_for_a_module_or_an_attribute_of_one():
    assert load_named(READERS, "whole", "reader") is io
    assert load_named(READERS, "bytes", "reader") is io.BytesIO


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=re.escape("no reader 'runes'; known: absent, bytes, whole")):
        load_named(READERS, "runes", "reader")


def test_a_module_that_is_not_there_is_no_unknown_name():
    with pytest.raises(ImportError, match="nowhere"):
        load_named(READERS, "absent", "reader")
