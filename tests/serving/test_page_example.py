"""The Python example of `docs/serving.md`, run word for word on the shipped model."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.tfx

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_example_reads_the_digit_of_the_overview_picture(tmp_path, monkeypatch, capsys):
    svg = (DOCS / "images/overview.svg").read_text(encoding="utf-8")
    five = re.findall(r"base64,([^\"]+)", svg)[3]
    (tmp_path / "scan.png").write_bytes(base64.b64decode(five))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "work"))
    (example,) = re.findall(r"```python\n(.*?)```", (DOCS / "serving.md").read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(example, "serving.md", "exec", dont_inherit=True), {})
    assert re.fullmatch(r"5 (1\.0|0\.99\d+)\n", capsys.readouterr().out)
