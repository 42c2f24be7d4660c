"""What no committed file may be or say: where packages come from is the user's setting, never the project's."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

HOST = re.compile(
    r"\b(?:deb|pypi|index|registry|mirrors?|proxy|repo\d*|downloads?|files|static)"
    r"(?:\.[\w-]+)*\.(?:org|com|io|net|dev)\b"
)
OPTION = re.compile(r"--(?:extra-)?index[-]url|--find[-]links|--inde[x]\b|trusted[-]host\b")
ADDRESS = re.compile(r"\b(?:https?|ftp|git\+\w+):/[/]")

LARGE = 400 * 1024  # bytes; a lock with its hashes is 390,000
LARGEST = 5 * 1024 * 1024  # weights that ship

# Files that install something: no address of any kind.
INSTALLS = re.compile(r"(?:^|/)(?:Makefile|Dockerfile|requirements/.*|setup\.py|[^/]*\.(?:sh|toml|cfg|yaml|yml))$")


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    """Return the files that git knows and that still exist, below the project's root."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("no git, or not a clone")
    return [Path(name) for name in listed.split("\0") if (ROOT / name).is_file()]


def findings(name: str, text: str) -> list[str]:
    """Return what `text`, the file `name`, must not say."""
    settings = re.compile(re.escape(f"{ROOT}/"))
    patterns = [HOST, OPTION, settings, ADDRESS] if INSTALLS.search(name) else [HOST, OPTION, settings]
    return [f"{name}: {match[0]}" for pattern in patterns for match in pattern.finditer(text)]


def test_no_committed_file_says_where_packages_come_from(committed):
    texts = {str(path): (ROOT / path).read_bytes().decode("utf-8", errors="ignore") for path in committed}
    assert [finding for name, text in texts.items() for finding in findings(name, text)] == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("docs/a.md", "fetched from files." + "example.org/x", "files." + "example.org"),
        ("docs/a.md", "pip install -" + "-index-url x", "-" + "-index-url"),
        ("docs/a.md", f"see {ROOT}/data", f"{ROOT}/"),
        ("Makefile", "curl https:" + "//example.org", "https:" + "//"),
    ],
    ids=["host", "option", "path_of_this_machine", "address_in_an_install"],
)
def test_a_finding_is_named_with_its_file(name, text, found):
    assert findings(name, text) == [f"{name}: {found}"]


def test_a_link_to_read_is_no_finding():
    assert findings("README.md", "https:" + "//www.example.org/paper") == []


def test_only_data_is_large(committed):
    large = {str(path): (ROOT / path).stat().st_size for path in committed if (ROOT / path).stat().st_size > LARGE}
    assert {name: size for name, size in large.items() if not name.startswith("data/")} == {}
    assert {name: size for name, size in large.items() if size > LARGEST} == {}
