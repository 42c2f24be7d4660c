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
        (["predict", "scan.png"], 2, "tfx-ocr: no recipe 'scan.png'; known: digits, hangul, invoices, lines"),
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
    done = run(f"import sys; sys.modules['tensorflow'] = sys\n{LOADED}")
    assert done.stdout.split() == ["tensorflow"]


@pytest.mark.skipif(not is_there("tfx_ocr.pipeline.cli"), reason="no command line yet")
def test_command_is_installed():
    done = subprocess.run(
        [Path(sys.executable).with_name("tfx-ocr"), "--help"],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
