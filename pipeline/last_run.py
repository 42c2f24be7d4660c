"""How the newest run of a recipe ended, as its runner recorded it, and the exit status that stands for it."""

from __future__ import annotations

import json
import os
from typing import Any

from tfx_ocr.pipeline.settings import Settings

FILE = "last_run.json"
KEY = "depends_on"  # what the run read and left behind, see `pipeline.unchanged`

# Exit status of the runner, `tfx-ocr run` and `make run`.
EXIT = {"pushed": 0, "refused": 1, "misused": 2, "stopped": 3, "interrupted": 130}


def write(settings: Settings, result: dict[str, Any]) -> None:
    """Keep `result`, as `pipeline.outcome.read_outcome` gives it, in place of the run before: whole or not at all."""
    file = settings.folder / FILE
    unfinished = file.with_suffix(".part")
    unfinished.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(file)


def read(settings: Settings) -> dict[str, Any]:
    """Return the newest run's result; an empty dictionary before the first run, or where its file is damaged."""
    try:
        result = json.loads((settings.folder / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return result if isinstance(result, dict) and result.get("status") in EXIT else {}


def format_lines(result: dict[str, Any]) -> list[str]:
    """Return what the console shows at the end of a run."""
    from tfx_ocr.components.evaluator.gate import summarize  # imports NumPy: not for the other commands

    log = shorten_path(result["log"])
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
        said.append(f"served: version {result['version']} in {shorten_path(result['serving_dir'])}")
        if result.get("newer"):
            said.append(f"version {result['newer']}, pushed since by others, is newer and served in its place")
    else:
        served = result["verdict"].get("served")
        said.append(f"not pushed: version {served['version']} is served still" if served else "not pushed")
    return [*said, f"report: {shorten_path(result['report'])}", f"log: {log}"]


def shorten_path(path: str) -> str:
    """Return a path as it is called from the current folder, where it lies below that; an address as it is."""
    relative = path if "://" in path else os.path.relpath(path)
    return path if relative.startswith("..") else relative
