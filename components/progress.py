"""What a person is told while steps run: whole lines, to standard output unless a runner says otherwise."""

from __future__ import annotations

import sys
from typing import TextIO

_out: TextIO | None = None


def set_console(out: TextIO | None) -> None:
    """Send what follows to `out`; None for standard output."""
    global _out
    _out = out


def say(text: str) -> None:
    """Tell one line, at once."""
    out = _out or sys.stdout
    out.write(text + "\n")
    out.flush()
