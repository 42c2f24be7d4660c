"""Every registered module is what its Protocol says, as mypy sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tfx_ocr.components.evaluator.metrics import METRICS
from tfx_ocr.components.inputs import INPUTS
from tfx_ocr.components.networks import NETWORKS
from tfx_ocr.components.tasks import TASKS, get_task
from tfx_ocr.data.readers import READERS

ROOT = Path(__file__).resolve().parents[1]
MODULES = {
    "tfx_ocr.components.evaluator.metrics:Family": tuple(METRICS.values()),
    "tfx_ocr.components.inputs:Input": tuple(INPUTS.values()),
    "tfx_ocr.components.networks:Network": tuple(NETWORKS.values()),
    "tfx_ocr.components.tasks:Graph": tuple(get_task(name).graph for name in TASKS),
    "tfx_ocr.components.tasks:Learn": tuple(get_task(name).learn for name in TASKS),
    "tfx_ocr.data.readers.split_folders:Reader": tuple(READERS.values()),
}


def check_types(folder: Path, assignments: list[tuple[str, str]]) -> str:
    """Return mypy's errors about modules that are assigned to Protocols."""
    lines = []
    for number, (protocol, module) in enumerate(assignments):
        package, name = protocol.split(":")
        lines += [f"import {module}", f"from {package} import {name} as P{number}", f"m{number}: P{number} = {module}"]
    source = folder / "assigned.py"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(source)],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return "\n".join(line for line in done.stdout.splitlines() if "assigned.py" in line and "error" in line)


def test_registered_modules_are_what_their_protocols_say(tmp_path):
    assignments = [(protocol, module) for protocol, modules in MODULES.items() for module in modules]
    assert len(assignments) >= 20
    assert check_types(tmp_path, assignments) == ""


@pytest.mark.parametrize("protocol", MODULES)
def test_another_module_is_refused(tmp_path, protocol):
    assert "Incompatible types in assignment (expression has type Module," in check_types(
        tmp_path, [(protocol, "tfx_ocr.data.features")]
    )
