"""The README's table of numbers, made from tests/bench/results/*.csv.

python tests/bench/readme_table.py            rewrites the table in README.md
python tests/bench/readme_table.py --check    exit status 1 where README.md says something else
python tests/bench/readme_table.py --print    prints it
"""

from __future__ import annotations

import argparse
import pathlib
import sys

import results

BEGIN, END = "<!-- numbers -->", "<!-- /numbers -->"
README = results.ROOT / "README.md"


def table(folder: pathlib.Path = results.RESULTS) -> str:
    """All measures as a Markdown table: the files by name, the rows as they stand in them."""
    lines = ["| measure | value | spread | over | measured on | commit | command |", "|---|---|---|---|---|---|---|"]
    for path in sorted(folder.glob("*.csv")):
        for row in results.read(path):
            unit = "" if row["unit"] == "fraction" else f" {row['unit']}"
            cells = (
                row["measure"],
                f"**{row['value']}**{unit}",
                row["spread"],
                row["n"],
                row["hardware"],
                row["commit"],
                f"`{row['command']}`",
            )
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def with_table(text: str, made: str) -> str:
    """`text` with `made` between the markers.

    Raises:
        ValueError: the markers are not there, once each and in order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in before + after:
        raise ValueError(f"README.md must have the markers {BEGIN} and {END}, once each and in this order")
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def main() -> int:
    """Rewrite, check or print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check", action="store_true", help="change nothing; exit status 1 where the table is out of date"
    )
    what.add_argument("--print", action="store_true", help="change nothing; print the table")
    options = parser.parse_args()
    if options.print:
        print(table())
        return 0
    text = README.read_text(encoding="utf-8")
    made = with_table(text, table())
    if options.check:
        if made != text:
            print("README.md's numbers are not those of tests/bench/results: run python tests/bench/readme_table.py")
        return int(made != text)
    README.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
