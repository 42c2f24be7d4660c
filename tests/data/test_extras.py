"""What a light installation lacks is named with the extra that brings it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tfx_ocr.data.extras import EXTRAS, explain_missing
from tfx_ocr.data.registry import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("tensorflow.core.framework", "tensorflow is not installed: pip install 'tfx-ocr[pipeline]'"),
        ("starlette", "starlette is not installed: pip install 'tfx-ocr[serve]'"),
        ("cv2", "cv2 is not installed: pip install 'tfx-ocr[read]'"),
        ("no_such", "No module named 'no_such'"),
    ],
)
def test_a_missing_package_is_told_with_its_extra(module, said):
    assert explain_missing(ModuleNotFoundError(f"No module named {module!r}", name=module)) == said


def test_a_registered_module_that_lacks_a_package_says_so(tmp_path, monkeypatch):
    (tmp_path / "needs_tfx.py").write_text("raise ModuleNotFoundError(\"No module named 'tfx'\", name='tfx')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"^tfx is not installed: pip install 'tfx-ocr\[pipeline\]'$"):
        load("needs_tfx:anything")


def test_extras_are_those_of_the_distribution():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert EXTRAS.keys() == project["optional-dependencies"].keys()
