"""docs/records.md describes the features, formats and reasons that exist."""

import re
from pathlib import Path

import pytest

from tfx_ocr.data import features
from tfx_ocr.data.readers import READERS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/records.md").read_text(encoding="utf-8")
SOURCES = [
    path.read_text(encoding="utf-8")
    for folder in ("data", "data/alphabets", "data/page", "data/readers", "components/example_gen")
    for path in sorted((ROOT / folder).glob("*.py"))
]


@pytest.mark.parametrize(
    "name", [features.SOURCE, features.GROUP, features.IMAGE, features.LABEL, features.STYLE, *features.PAGE]
)
def test_every_feature_of_a_record_has_a_row(name):
    assert f"\n| `{name}` | " in PAGE


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_format_is_described(name):
    assert f"\n**{name}**: " in PAGE


def test_every_kind_of_reason_is_one_that_the_code_gives():
    table = re.search(r"^\| kind of reason .*?\n\n", PAGE, re.MULTILINE | re.DOTALL)[0]
    kinds = [
        kind for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for kind in re.findall(r"`([^`]+)`", cell)
    ]
    assert len(kinds) > 40
    assert [kind for kind in kinds if not any(f'"{kind}' in source for source in SOURCES)] == []
