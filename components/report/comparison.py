"""The page of a comparison: variants of a recipe in one table, with paired intervals drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfx_ocr.components.report.page import render_template


def render_comparison(table: Mapping[str, Any]) -> str:
    """Return the page as HTML from what `pipeline.comparison.compare_results` returns."""
    metric = table["metric"]
    edges = [edge for row in table["rows"] for edge in row["gain_intervals"][metric]]
    widest = max((abs(edge) for edge in edges), default=0.0) or 1.0
    drawn = [
        row | {"places": [50 + 45 * edge / widest for edge in (*row["gain_intervals"][metric], row["gains"][metric])]}
        for row in table["rows"]
    ]  # percent of the figure's width; no difference lies at 50
    return render_template("comparison.html.j2", table=table, rows=drawn, metric=metric)
