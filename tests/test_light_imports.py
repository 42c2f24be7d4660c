"""What must start at once loads no TensorFlow: each module is imported in a process of its own."""

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
    "tfx_ocr.pipeline.recipes",
    "tfx_ocr.pipeline.settings",
    "tfx_ocr.serving",
    "tfx_ocr.serving.client",
    "tfx_ocr.serving.client.rest",
    "tfx_ocr.serving.client.grpc",
    "tfx_ocr.serving.model_server.loader",
    "tfx_ocr.serving.model_server.main",
    "tfx_ocr.serving.model_server.rest_api",
    "tfx_ocr.serving.runtimes.portable",
    "tfx_ocr.serving.runtimes.tflite",
    "tfx_ocr.serving.reader.reader",
    "tfx_ocr.serving.reader.writers",
    *(f"tfx_ocr.pipeline.cli.{path.stem}" for path in sorted((ROOT / "pipeline/cli").glob("[!_]*.py"))),
]

# forks of a process that knows the light libraries, which take longest to import
IMPORT_EACH = f"""
import importlib, os, sys
import google.protobuf, grpc, httpx, lxml.etree, numpy, PIL.Image, prometheus_client, pydantic, rich, typer, uvicorn
for module in sys.argv[1:]:
    if not os.fork():
        importlib.import_module(module)
        sys.exit(print(module, *sorted(set({HEAVY}) & set(sys.modules))))
    if os.wait()[1]:
        sys.exit(module)
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """Return what is loaded of HEAVY by each module of LIGHT that can be imported."""
    done = run(IMPORT_EACH, *LIGHT)
    assert done.returncode == 0, done.stderr
    return {module: heavy for module, *heavy in map(str.split, done.stdout.splitlines())}


@pytest.mark.parametrize("module", LIGHT)
def test_module_loads_no_tensorflow(loaded, module):
    assert loaded[module] == []


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


# typer itself imports pydantic
NOT_FOR_AN_ERROR = {
    "numpy",
    "PIL",
    "lxml",
    "rich",
    "grpc",
    "httpx",
    "google.protobuf",
    "tfx_ocr.components.recipe",
    *HEAVY,
}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["predict", "digits", "missing.png"], 1, "tfx-ocr: missing.png: no such file"),
        (
            ["predict", "scan.png"],
            2,
            "tfx-ocr: no model 'scan.png'; known: digits, hangul, invoices, lines, print, which ship, and ",
        ),
        (["predict", "digits"], 2, "tfx-ocr: no file to ask about: tfx-ocr predict digits FILE..."),
        (["predict", "digits", "a.png", "--model", "gone"], 2, "tfx-ocr: no exported model at gone: "),
        (["evaluate", "digit", "--data", "."], 2, "tfx-ocr: no recipe 'digit'; known: "),
        (["evaluate", "digits", "--data", "gone"], 2, "tfx-ocr: no folder gone"),
        (["report", "digits"], 2, "tfx-ocr: no run of digits in "),
    ],
    ids=["file", "recipe", "no_file", "model", "recipe_of_evaluate", "data", "report"],
)
def test_a_bad_name_or_file_is_answered_before_anything_heavy_is_imported(tmp_path, arguments, status, said):
    code = (
        "import atexit, sys\n"
        f"atexit.register(lambda: print('loaded:', *sorted({NOT_FOR_AN_ERROR} & set(sys.modules))))\n"
        "from tfx_ocr.pipeline.cli import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[-1]) == (status, "loaded:"), done.stderr
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1


def test_tensorflow_would_be_seen():
    done = run(f"import sys; sys.modules['tensorflow'] = sys\n{IMPORT_EACH}", "json")
    assert done.stdout.split() == ["json", "tensorflow"]


def test_command_is_installed():
    done = subprocess.run(
        [Path(sys.executable).with_name("tfx-ocr"), "--help"],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
