from __future__ import annotations

import re
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_share_a_scale():
    import plots

    groups = [
        ("a", [plots.Bar(name="ours", value=0.1, ours=True), plots.Bar(name="x < y", value=0.4)]),
        ("b", [plots.Bar(name="z", value=0.2)]),
    ]
    root = ElementTree.fromstring(plots.draw_bars("Title", "note", groups, ".2f"))
    bars = [(bar.get("class"), float(bar.get("width"))) for bar in root.findall(f"{SVG}rect")][1:]
    # 760 units less 250 left and 80 right: 430 for 0.4
    assert bars == [("ours", 107.5), ("other", 430.0), ("other", 215.0)]
    texts = [text.text for text in root.findall(f"{SVG}text")]
    assert texts == ["Title", "a", "ours", "0.10", "x < y", "0.40", "b", "z", "0.20", "note"]


def test_points_lie_on_logarithmic_axes():
    import plots

    points = [plots.Point(name="ours", x=0.01, y=0.1, ours=True), plots.Point(name="other", x=1.0, y=0.001)]
    root = ElementTree.fromstring(plots.draw_scatter("Title", "note", ("s", "errors"), points))
    dots = [(dot.get("class"), float(dot.get("cx")), float(dot.get("cy"))) for dot in root.findall(f"{SVG}circle")]
    # x: 0.01..1 on 90..730; y: 0.1 on top 66, 0.001 on 336
    assert dots == [("ours", 90.0, 66.0), ("other", 730.0, 336.0)]
    names = [text.text for text in root.findall(f"{SVG}text")]
    assert [name for name in names if re.fullmatch(r"[\d.]+", name)] == ["0.01", "0.1", "1", "0.001", "0.01", "0.1"]


def test_a_single_value_gets_an_axis():
    import plots

    text = plots.draw_scatter("Title", "note", ("s", "errors"), [plots.Point(name="one", x=0.1, y=0.1)])
    (dot,) = ElementTree.fromstring(text).findall(f"{SVG}circle")
    assert (dot.get("cx"), dot.get("cy")) == ("90.0", "336.0")


def test_colours_follow_the_viewers_scheme():
    import plots

    assert "@media (prefers-color-scheme: dark)" in plots.draw_bars(
        "T", "n", [("a", [plots.Bar(name="b", value=1)])], "g"
    )
