"""docs/records.md says what is there."""

from pathlib import Path

import pytest

from tfx_ocr.data import features
from tfx_ocr.data.readers import READERS

PAGE = (Path(__file__).parents[2] / "docs/records.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [features.SOURCE, features.GROUP, features.IMAGE, features.LABEL, *features.PAGE])
def test_every_feature_of_a_record_has_a_row(name):
    assert f"\n| `{name}` | " in PAGE


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_format_is_described(name):
    assert f"\n**{name}**: " in PAGE
