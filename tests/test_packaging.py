"""The wheel holds every module and every file that a module reads, under `tfx_ocr`, and the command."""

from __future__ import annotations

import ast
import configparser
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("pipeline", "components", "data", "serving")
NOT_SHIPPED = ("serving/docker/", "serving/kubernetes/", "serving/monitoring/")  # for machines, not for `import`


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Copy what the wheel is built from: setuptools leaves `build/` and egg-info behind."""
    copy = tmp_path_factory.mktemp("source")
    for room in ROOMS:
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-c", f"import setuptools.build_meta as b; b.build_wheel({str(out)!r})"]
    done = subprocess.run(build, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(out.glob("*.whl")))


def test_wheel_holds_every_file_of_the_rooms_and_nothing_else(source, wheel):
    files = {
        path.relative_to(source).as_posix() for room in ROOMS for path in (source / room).rglob("*") if path.is_file()
    }
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert inside == {f"tfx_ocr/{name}" for name in files if not name.startswith(NOT_SHIPPED)}


def test_wheel_gives_the_commands(wheel):
    parser = configparser.ConfigParser()
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    parser.read_string(wheel.read(name).decode())
    assert dict(parser["console_scripts"]) == {
        "tfx-ocr": "tfx_ocr.pipeline.cli:main",
        "tensorflow_model_server": "tfx_ocr.serving.model_server.main:main",
    }


@pytest.mark.skipif(not (ROOT / "pipeline/cli/__init__.py").is_file(), reason="no command line yet")
def test_the_command_is_defined(wheel):
    module = ast.parse(wheel.read("tfx_ocr/pipeline/cli/__init__.py"))
    assert "main" in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
