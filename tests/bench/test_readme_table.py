from __future__ import annotations

import pytest


def test_table_shows_every_row_of_every_file(tmp_path):
    import readme_table
    import results

    results.record(
        "b", [results.Row(measure="x", value=0.9912, unit="fraction", n="3 draws", command="make b")], tmp_path
    )
    results.record("a", [results.Row(measure="rate", value=80, unit="images/s", n="1", command="a | b")], tmp_path)
    lines = readme_table.table(tmp_path).splitlines()
    where = f"{results.hardware()} | {results.commit()}"
    assert lines[2:] == [
        rf"| rate | **80** images/s |  | 1 | {where} | `a \| b` |",
        f"| x | **0.9912** |  | 3 draws | {where} | `make b` |",
    ]


def test_table_goes_between_the_markers():
    import readme_table

    text = f"a\n{readme_table.BEGIN}\nold\n{readme_table.END}\nb\n"
    assert readme_table.with_table(text, "new") == f"a\n{readme_table.BEGIN}\nnew\n{readme_table.END}\nb\n"
    assert readme_table.with_table(readme_table.with_table(text, "new"), "old") == text


@pytest.mark.parametrize(
    "text",
    ["", "<!-- numbers -->", "<!-- /numbers --><!-- numbers -->", "<!-- numbers --><!-- /numbers --><!-- numbers -->"],
    ids=["none", "no_end", "end_first", "twice"],
)
def test_a_readme_without_its_markers_is_refused(text):
    import readme_table

    with pytest.raises(ValueError, match="must have the markers"):
        readme_table.with_table(text, "new")
