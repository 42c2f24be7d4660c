"""The page: a run's sections, each shown by its own template, in one file that needs nothing beside it."""

from __future__ import annotations

import pathlib
from typing import Any

import jinja2

from tfx_ocr.components.report import sections
from tfx_ocr.components.report.run import Run
from tfx_ocr.components.tasks import get_task

HERE = pathlib.Path(__file__).parent


def render(run: Run) -> tuple[str, dict[str, Any]]:
    """Return the page as HTML, and the numbers behind it: the name of each section to its facts."""
    modules = sections.get_sections(get_task(run.part.task).sections)
    facts = {name: module.build_facts(run) for name, module in modules.items()}
    titles = {name: module.TITLE for name, module in modules.items()}
    return render_template("report.html.j2", run=run, titles=titles, facts=facts), facts


def render_template(name: str, **values: Any) -> str:
    """Return a page of this folder's templates, with the reports' style."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": format_number, "count": format_count, "duration": format_duration}
    return environment.get_template(name).render(css=(HERE / "report.css").read_text(), **values)


def format_number(value: float | None, digits: int = 4) -> str:
    """Return a fraction as text; a dash for None."""
    return "–" if value is None else f"{value:.{digits}f}"


def format_count(value: int | None) -> str:
    """Return a whole number as text, thousands apart; a dash for None."""
    return "–" if value is None else f"{value:,}".replace(",", " ")


def format_duration(seconds: float | None) -> str:
    """Return a duration as text; a dash for None.

    >>> format_duration(3725.2)
    '1 h 2 min 5 s'
    """
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    units = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{value} {unit}" for value, unit in units if value or unit == "s")
