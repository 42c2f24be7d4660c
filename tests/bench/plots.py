"""Draw the plots of docs/benchmarks.md as SVG text: no dependency, readable in light and dark."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Sequence

WIDTH = 760  # units of the view box
STYLE = """\
svg { --ground: #ffffff; --ink: #1b2430; --quiet: #5b6675; --line: #dfe3e9; --ours: #2463c9; --other: #a9b3c1; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #1a2029; --ink: #e6eaf0; --quiet: #9aa6b5; --line: #39424f; --ours: #6ea2ff; --other: #5d6877; }
}
text { font: 14px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--ink); }
.title { font-size: 17px; font-weight: 600; } .quiet { fill: var(--quiet); } .bold { font-weight: 600; }
.ground { fill: var(--ground); } .grid { stroke: var(--line); }
.ours { fill: var(--ours); } .other { fill: var(--other); }"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: its name, its length in the unit of the plot, whether it is this project's."""

    name: str
    value: float
    ours: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """One system in a plot of two logarithmic axes; both values are above 0."""

    name: str
    x: float
    y: float
    ours: bool = False


def draw_bars(title: str, note: str, groups: Sequence[tuple[str, Sequence[Bar]]], spec: str) -> str:
    """Return horizontal bars from 0 in one scale, with a heading for each group.

    Args:
        title: says which direction is better.
        note: a line below the plot.
        groups: heading and bars, top to bottom.
        spec: format of a bar's value, such as `.3f`.
    """
    left, right, row, top = 250, 80, 26, 52
    longest = max(bar.value for _, bars in groups for bar in bars)
    marks, y = [], top
    for heading, bars in groups:
        marks.append(_text(20, y + 16, heading, "quiet"))
        y += row
        for bar in bars:
            length = round((WIDTH - left - right) * bar.value / longest, 1)
            kind = "ours" if bar.ours else "other"
            weight = "bold" if bar.ours else ""
            marks.append(_text(left - 10, y + 15, bar.name, weight, "end"))
            marks.append(f'<rect class="{kind}" x="{left}" y="{y + 2}" width="{length}" height="18" rx="3"/>')
            marks.append(_text(left + length + 8, y + 16, format(bar.value, spec), weight))
            y += row
        y += 10
    return _svg(title, y + 30, [*marks, _text(20, y + 12, note, "quiet")])


def draw_scatter(title: str, note: str, axes: tuple[str, str], points: Sequence[Point]) -> str:
    """Return points over two logarithmic axes, each from the power of ten below its values to the one above.

    Args:
        title: says which corner is better.
        note: a line below the plot.
        axes: names of x and y with their units.
        points: named beside their dots.
    """
    left, right, top, bottom, height = 90, 30, 66, 84, 420
    across, up = _decades([point.x for point in points]), _decades([point.y for point in points])

    def place_x(value: float) -> float:
        return round(left + (WIDTH - left - right) * (math.log10(value) - across[0]) / (across[-1] - across[0]), 1)

    def place_y(value: float) -> float:
        return round(height - bottom - (height - bottom - top) * (math.log10(value) - up[0]) / (up[-1] - up[0]), 1)

    marks = []
    for power in across:
        x = place_x(10.0**power)
        marks.append(f'<line class="grid" x1="{x}" y1="{top}" x2="{x}" y2="{height - bottom}"/>')
        marks.append(_text(x, height - bottom + 20, f"{10.0**power:g}", "quiet", "middle"))
    for power in up:
        y = place_y(10.0**power)
        marks.append(f'<line class="grid" x1="{left}" y1="{y}" x2="{WIDTH - right}" y2="{y}"/>')
        marks.append(_text(left - 8, y + 5, f"{10.0**power:g}", "quiet", "end"))
    marks.append(_text(WIDTH - right, height - bottom + 40, axes[0], "quiet", "end"))
    marks.append(_text(20, top - 14, axes[1], "quiet"))
    for point in points:
        x, y = place_x(point.x), place_y(point.y)
        marks.append(f'<circle class="{"ours" if point.ours else "other"}" cx="{x}" cy="{y}" r="7"/>')
        side, step = ("end", -12) if x > WIDTH * 0.72 else ("start", 12)
        marks.append(_text(x + step, y + 5, point.name, "bold" if point.ours else "", side))
    return _svg(title, height, [*marks, _text(20, height - 16, note, "quiet")])


def _decades(values: Sequence[float]) -> range:
    """Return the powers of ten from the one at or below the least value to the one at or above the greatest."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return range(low, max(high, low + 1) + 1)


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    marked = f' class="{kind}"' if kind else ""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}"{marked}{placed}>{html.escape(words)}</text>'


def _svg(title: str, height: float, marks: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'aria-label="{html.escape(title)}">'
    )
    ground = f'<rect class="ground" width="{WIDTH}" height="{height:g}" rx="10"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", ground, _text(20, 32, title, "title"), *marks, "</svg>", ""])
