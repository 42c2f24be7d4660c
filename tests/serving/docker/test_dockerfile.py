"""The images' recipe agrees with the project: what it copies is there, its Beam is the lock's, its server is ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tfx_ocr.serving.model_server import flags

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
    assert f"ARG BEAM_IMAGE=apache/beam_python3.11_sdk:{locked[1]}\n" in DOCKERFILE
    assert "FROM ${BEAM_IMAGE} AS beam\n" in DOCKERFILE


def test_python_is_the_one_that_the_lock_is_for():
    assert "ARG PYTHON_IMAGE=python:3.11-slim-bookworm\n" in DOCKERFILE
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {
        *("${PYTHON_IMAGE}", "${BEAM_IMAGE}", "serving"),
    }


def test_the_light_servers_lock_is_a_part_of_the_whole_one_and_lacks_tensorflow():
    pins, light = (
        dict(re.findall(r"^(\S+)==(\S+)", (ROOT / f"requirements/{name}.txt").read_text(), re.MULTILINE))
        for name in ("py311", "serve")
    )
    assert light.items() <= pins.items()
    assert {"ai-edge-litert", "grpcio", "uvicorn"} <= light.keys()
    assert light.keys().isdisjoint({"tensorflow", "tfx", "apache-beam", "keras"})


def test_hadolint_finds_nothing():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "serving/docker/Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_find_something(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /tmp\n")
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, tmp_path / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DL3006" in done.stdout


def test_the_server_is_started_by_name_as_nobody_in_particular():
    (stage,) = re.findall(r"^FROM \S+ AS serving$(.+?)^FROM ", DOCKERFILE, re.MULTILINE | re.DOTALL)
    entry_point = json.loads(re.search(r"^ENTRYPOINT (.+)$", stage, re.MULTILINE)[1])
    command = json.loads(re.search(r"^CMD (.+)$", stage, re.MULTILINE)[1])
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert entry_point[0] in scripts
    told, without_effect = flags.parse([*entry_point[1:], *command])
    assert (told.port, told.rest_api_port, told.model_name, without_effect) == (8500, 8501, "digits", ())
    assert told.bind == "0.0.0.0"  # its own loopback address leads nowhere outside a container
    assert re.search(r"^EXPOSE (.+)$", stage, re.MULTILINE)[1].split() == ["8500", "8501"]
    assert re.search(r"^USER (.+)$", stage, re.MULTILINE)[1] == "1000:1000"
    health = json.loads(re.search(r"^HEALTHCHECK .*CMD (.+)$", stage, re.MULTILINE)[1])
    assert (ROOT / health[-1]).is_file()
