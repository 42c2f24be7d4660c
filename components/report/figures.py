"""Geometry of the page's figures; the markup is the templates', so that all of the page is escaped in one place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT = 480, 240  # of a chart, in units of its SVG view box
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 34  # margins for the axes' numbers


def choose_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return at most `most` round numbers that cover low..high: multiples of 1, 2 or 5 times a power of ten.

    >>> choose_ticks(0.0, 0.93)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** (math.floor(math.log10(span)) - 1)
    for multiple in (1, 2, 5, 10, 20, 50, 100):
        step = multiple * power
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        last = max(last, first + 1)
        if last - first < most:
            break
    return [round(i * step, 12) for i in range(first, last + 1)]


def draw_line_chart(xs: Sequence[int], series: Mapping[str, Sequence[float | None]]) -> dict[str, Any]:
    """Return the geometry of lines in a chart.

    Args:
        xs: whole numbers, rising, at least one.
        series: name to a value for each of `xs`; None where it is missing (the line has a gap).

    Returns:
        `width`, `height`, `plot` (left, top, right, bottom), `x_ticks` and `y_ticks` (position and text), and `curves`:
        `name`, `paths` (points as SVG's polyline takes them, one a stretch) and `dots` (stretches of one point).
    """
    known = [value for values in series.values() for value in values if value is not None]
    y_ticks = choose_ticks(min(known, default=0.0), max(known, default=1.0))
    x_low, x_high = xs[0], max(xs[-1], xs[0] + 1)
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_low) / (x_high - x_low)
        up = (y - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])
        return round(LEFT + across * plot_width, 1), round(TOP + (1 - up) * plot_height, 1)

    curves = []
    for name, values in series.items():
        stretches = _stretches([None if y is None else place(x, y) for x, y in zip(xs, values, strict=True)])
        curves.append(
            {
                "name": name,
                "paths": [" ".join(f"{x},{y}" for x, y in each) for each in stretches if len(each) > 1],
                "dots": [each[0] for each in stretches if len(each) == 1],
            }
        )
    whole = [x for x in choose_ticks(x_low, x_high, most=9) if x == int(x) and x_low <= x <= x_high]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "plot": (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM),
        "x_ticks": [(place(x, y_ticks[0])[0], f"{x:.0f}") for x in whole],
        "y_ticks": [(place(x_low, y)[1], f"{y:g}") for y in y_ticks],
        "curves": curves,
    }


def _stretches(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    stretches: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            stretches.append([])
        else:
            stretches[-1].append(point)
    return [each for each in stretches if each]
