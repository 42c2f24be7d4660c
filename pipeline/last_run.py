"""How the newest run of a recipe ended, as its runner wrote it down, and the exit status that stands for it."""

from __future__ import annotations

import json
import os
from typing import Any

from tfx_ocr.components.evaluator.gate import summarize
from tfx_ocr.pipeline.settings import Settings

FILE = "last_run.json"

# Exit status of the runner, `tfx-ocr run` and `make run`.
EXIT = {"pushed": 0, "refused": 1, "misused": 2, "stopped": 3, "interrupted": 130}


def write(settings: Settings, result: dict[str, Any]) -> None:
    """Keep `result`, as `pipeline.outcome.read` gives it, in place of the run before."""
    (settings.folder / FILE).write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")


def read(settings: Settings) -> dict[str, Any]:
    """The newest run's, or an empty dictionary where there was none."""
    try:
        return json.loads((settings.folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def format_lines(result: dict[str, Any]) -> list[str]:
    """What the console shows at the end of a run."""
    log = _short(result["log"])
    if result["status"] == "interrupted":
        return [f"interrupted in {result['step']}; the same command goes on from there (log: {log})"]
    if result["status"] == "stopped":
        return [f"{result['step']} stopped the run: {result['sentence']}", f"log: {log}"]
    executed = [step["name"] for step in result["steps"] if step["executed"]]
    said = [f"{len(executed)} of {len(result['steps'])} steps ran, {result['seconds']:.0f} s"]
    if "Evaluator" not in executed:  # it told its verdict when it ran
        said.append(summarize(result["verdict"]))
    if result["sentence"]:
        said.append(f"infra validation REFUSED: {result['sentence']}")
    if result["version"]:
        said.append(f"served: version {result['version']} in {_short(result['serving_dir'])}")
    else:
        said.append("not pushed: what was served before is served still")
    return [*said, f"report: {_short(result['report'])}", f"log: {log}"]


def _short(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
