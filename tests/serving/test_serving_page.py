"""`docs/serving.md`: its commands exist as it writes them, and it names every alert."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from tfx_ocr.pipeline.cli import app
from tfx_ocr.serving.model_server import flags

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/serving.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.replace("\\\n", "").splitlines()]


def of(program: str) -> list[list[str]]:
    found = [shlex.split(line)[1:] for line in LINES if line.startswith(f"{program} ")]
    assert found
    return found


def test_our_commands_are_understood():
    for name, *arguments in of("tfx-ocr"):
        typer.main.get_command(app()).commands[name].make_context(name, arguments)  # or it raises UsageError


def test_the_servers_flags_are_understood():
    for arguments in of("tensorflow_model_server"):
        told, without_effect = flags.parse(arguments)
        assert (told.model_name, without_effect) == ("digits", ())
        assert (ROOT / told.monitoring_config_file).is_file()
        assert (ROOT / told.batching_parameters_file).is_file()


@pytest.mark.parametrize(("program", "option"), [("docker", "--file"), ("kubectl", "--kustomize")])
def test_what_a_command_is_given_is_there(program, option):
    for arguments in of(program):
        given = [value for before, value in itertools.pairwise(arguments) if before == option]
        assert given
        assert [path for path in given if not (ROOT / path).exists()] == []


def test_every_alert_is_told():
    groups = yaml.safe_load((ROOT / "serving/monitoring/alerts.yml").read_text(encoding="utf-8"))["groups"]
    alerts = [rule["alert"] for group in groups for rule in group["rules"]]
    assert re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE) == alerts
