"""The image's recipe agrees with the project: what it copies is there, and its Beam is the lock's."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = (ROOT / "serving/docker/Dockerfile").read_text(encoding="utf-8")


def test_what_is_copied_is_there_and_not_ignored():
    sources = [
        name for line in re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    ]
    taken = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert all((ROOT / name).exists() for name in sources)
    assert set(sources) == taken


def test_beam_starts_workers_of_the_locked_version():
    locked = re.search(r"^apache-beam==(\S+)", (ROOT / "requirements/py311.txt").read_text(), re.MULTILINE)
    assert f"FROM apache/beam_python3.11_sdk:{locked[1]} AS beam" in DOCKERFILE


def test_python_is_the_one_that_the_lock_is_for():
    assert set(re.findall(r"^FROM python:(\S+)", DOCKERFILE, re.MULTILINE)) == {"3.11-slim-bookworm"}
