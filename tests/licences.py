"""Write docs/licences.md: what this project ships and installs, and under which licence.

    python tests/licences.py            rewrites the page from the packages installed beside this Python
    python tests/licences.py --check    changes nothing; exit status 1 if a row is missing or wrong

Packages that the locks name for another system or Python keep their row. A licence is what the package's own metadata
says: its expression, else its classifiers, else the first line of its text.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
LOCKS = [ROOT / "requirements" / f"{name}.txt" for name in ("py311", "py312", "serve")]
HEAD = "| package | licence |\n|---|---|\n"
LONGEST = 60  # characters of a licence in the table

# What metadata leaves out, read in the package's own LICENSE file.
STATED = {
    "atheris": "Apache-2.0",
    "axe-playwright-python": "MIT (axe-core, which it holds: MPL-2.0)",
    "bleach": "Apache-2.0",
    "mlcroissant": "Apache-2.0",
    "namex": "Apache-2.0",
    "pypdfium2": "BSD-3-Clause, Apache-2.0 (PDFium and what it is built from: the files of the package)",
}
SHORT = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "ISC License (ISCL)": "ISC",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache": "Apache-2.0",
}


def main() -> int:
    """Write the page, or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    wanted = rewrite(text, list_locked())
    if wanted == text:
        return 0
    if options.check:
        print("docs/licences.md does not match what is installed: run python tests/licences.py")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    print("wrote docs/licences.md")
    return 0


def list_locked() -> list[str]:
    """Return the names of all packages in the locks."""
    lines = [line for lock in LOCKS for line in lock.read_text(encoding="utf-8").splitlines()]
    return sorted({match[0].lower() for line in lines if (match := re.match(r"[A-Za-z0-9][\w.-]*(?===)", line))})


def rewrite(text: str, names: list[str]) -> str:
    """Return the page with a row for each of the names; a package that is not installed keeps the row it has."""
    before, _, table = text.partition(HEAD)
    kept = dict(re.findall(r"^\| (\S+) \| (.*) \|$", table, re.MULTILINE))
    rows = [f"| {name} | {find_licence(name) or kept.get(name, 'unknown')} |" for name in names]
    return before + HEAD + "\n".join(rows) + "\n"


def find_licence(name: str) -> str:
    """Return the licence of an installed package; "" where it is not installed or does not say."""
    if name in STATED:
        return STATED[name]
    try:
        metadata = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    classifiers = [line.split(" :: ")[-1] for line in metadata.get_all("Classifier") or () if "License ::" in line]
    classifiers = [each for each in classifiers if each != "OSI Approved"]
    first = (metadata.get("License") or "").strip().partition("\n")[0]
    stated = metadata.get("License-Expression") or ", ".join(SHORT.get(each, each) for each in classifiers) or first
    return SHORT.get(stated, stated)[:LONGEST].replace("|", "/")


if __name__ == "__main__":
    sys.exit(main())
