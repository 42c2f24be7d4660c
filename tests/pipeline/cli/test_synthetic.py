"""`tfx-ocr synthetic`: what it asks of the writer, and what it refuses."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tfx_ocr.data.samples import lines
from tfx_ocr.data.synthetic import vietnamese
from tfx_ocr.pipeline.cli import app


@pytest.fixture
def invoke(monkeypatch, tmp_path):
    """Return `invoke("lines", ...)`: the command's result; what it asked of the writer is in `invoke.asked`."""

    def run(kind, *options):
        run.asked = []
        monkeypatch.setattr(vietnamese, "write", lambda *given, **named: run.asked.append((given, named)))
        place = ["--fonts", str(lines.FONTS), "--out", str(tmp_path / "drawn")]
        return CliRunner().invoke(app(), ["synthetic", kind, *place, *options])

    return run


def test_lines_are_asked_of_the_writer_as_the_options_say(invoke, tmp_path):
    result = invoke("lines", "--characters", "0123456789.", "--count", "5", "--style", "short", "--name", "train")
    assert result.exit_code == 0
    [(given, named)] = invoke.asked
    assert given == (tmp_path / "drawn", sorted(lines.FONTS.glob("*.ttf")), 5)
    assert {name: named[name] for name in ("characters", "styles", "texts", "name", "seed")} == {
        "characters": "0123456789.",
        "styles": ("short",),
        "texts": None,
        "name": "train",
        "seed": 7,
    }


def test_a_style_that_is_not_given_is_left_to_the_writer(invoke):
    assert invoke("lines").exit_code == 0
    [(_, named)] = invoke.asked
    assert "styles" not in named


def test_another_kind_is_answered_with_the_known_ones(invoke):
    assert str(invoke("books").exception) == "no drawing 'books'; known: hangul, lines, pages, print"
    assert invoke.asked == []


def test_options_of_pages_are_refused_for_lines(invoke, tmp_path):
    assert str(invoke("lines", "--writing", str(tmp_path)).exception) == "--writing is not of lines: leave it out"
    assert invoke.asked == []
