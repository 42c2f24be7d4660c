"""What must start at once loads no TensorFlow: each module is imported in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("tensorflow", "keras", "tfx", "apache_beam", "ml_metadata", "sklearn", "pandas", "matplotlib")

LIGHT = [
    "tfx_ocr.components.recipe",
    "tfx_ocr.components.stop",
    "tfx_ocr.data.features",
    "tfx_ocr.data.record",
    "tfx_ocr.pipeline.check",
    "tfx_ocr.pipeline.code_version",
    "tfx_ocr.pipeline.prediction",
    "tfx_ocr.pipeline.recipes",
    "tfx_ocr.pipeline.settings",
    "tfx_ocr.serving.client",
    "tfx_ocr.serving.client.rest",
    *(f"tfx_ocr.pipeline.cli.{path.stem}" for path in sorted((ROOT / "pipeline/cli").glob("[!_]*.py"))),
]

LOADED = f"import sys; print(*sorted(set({HEAVY}) & set(sys.modules)))"


def is_there(module: str) -> bool:
    place = ROOT.joinpath(*module.split(".")[1:])
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("module", [module for module in LIGHT if is_there(module)])
def test_module_loads_no_tensorflow(module):
    done = run(f"import {module}\n{LOADED}")
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


@pytest.mark.skipif(not is_there("tfx_ocr.pipeline.cli"), reason="no command line yet")
def test_help_loads_no_tensorflow():
    done = run(
        "import atexit, sys\n"
        f"atexit.register(lambda: print('loaded:', *sorted(set({HEAVY}) & set(sys.modules))))\n"
        "sys.argv = ['tfx-ocr', '--help']\n"
        "from tfx_ocr.pipeline.cli import main\n"
        "main()"
    )
    *text, loaded = done.stdout.splitlines()
    assert (done.returncode, loaded) == (0, "loaded:"), done.stderr
    assert " run " in " ".join(text)


def test_tensorflow_would_be_seen():
    done = run(f"import sys; sys.modules['tensorflow'] = sys\n{LOADED}")
    assert done.stdout.split() == ["tensorflow"]


@pytest.mark.skipif(not is_there("tfx_ocr.pipeline.cli"), reason="no command line yet")
def test_command_is_installed():
    done = subprocess.run(
        [Path(sys.executable).with_name("tfx-ocr"), "--help"],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
