"""Every registered module is what its Protocol says, as mypy sees it."""

from __future__ import annotations

import re
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


OTHER = "tfx_ocr.data.features"  # a module that no Protocol describes


@pytest.fixture(scope="module")
def errors(tmp_path_factory) -> dict[tuple[str, str], str]:
    """Return mypy's errors by Protocol and module, of every registered module and OTHER assigned to its Protocol."""
    lines, assigned = [], {}
    for protocol, modules in MODULES.items():
        for module in (*modules, OTHER):
            package, name = protocol.split(":")
            number = len(assigned)
            lines += [f"import {module.partition(':')[0]}", f"from {package} import {name} as P{number}"]
            lines.append(f"m{number}: P{number} = {module.replace(':', '.')}")
            assigned[len(lines)] = protocol, module
    source = tmp_path_factory.mktemp("types") / "assigned.py"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(source)],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    found = re.findall(r"assigned\.py:(\d+): error: (.*)", done.stdout)
    return {assigned[int(line)]: error for line, error in found}


def test_registered_modules_are_what_their_protocols_say(errors):
    assert sum(map(len, MODULES.values())) >= 20
    assert {assigned: error for assigned, error in errors.items() if assigned[1] != OTHER} == {}


@pytest.mark.parametrize("protocol", MODULES)
def test_another_module_is_refused(errors, protocol):
    assert "Incompatible types in assignment (expression has type Module," in errors[protocol, OTHER]
