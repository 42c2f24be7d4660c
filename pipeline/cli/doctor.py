"""`tfx-ocr doctor`: whether this machine can run the pipeline."""

from __future__ import annotations

from typing import Annotated

import typer

from tfx_ocr.pipeline import settings as settings_of


def diagnose(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only what is wrong.")] = False,
) -> None:
    """Check that this machine can train and serve.

    Looks at Python, packages, disk, memory, folders, clock, metadata and ports, and says how to fix what is wrong.

    Examples:
      tfx-ocr doctor

      tfx-ocr doctor --quiet

    Exit status: 0 a run can begin, 2 it would fail.
    """
    from tfx_ocr.pipeline import doctor
    from tfx_ocr.pipeline.cli.table import format_columns

    found = doctor.examine(settings_of.load())
    rows = [(name, each.level, each.sentence) for name, each in found.items() if not quiet or each.level != doctor.OK]
    for line in format_columns(rows) if rows else ():
        print(line)
    if any(finding.level == doctor.PROBLEM for finding in found.values()):
        raise typer.Exit(2)
