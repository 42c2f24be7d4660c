"""`docs/serving.md`: the files that its server commands are given exist, and it lists every alert."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import yaml

from tfx_ocr.serving.model_server import flags

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/serving.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.replace("\\\n", "").splitlines()]


def of(program: str) -> list[list[str]]:
    found = [shlex.split(line)[1:] for line in LINES if line.startswith(f"{program} ")]
    assert found
    return found


def test_the_servers_flags_are_understood():
    for arguments in of("tensorflow_model_server"):
        told, without_effect = flags.parse(arguments)
        assert (told.model_name, without_effect) == ("digits", ())
        assert (ROOT / told.monitoring_config_file).is_file()
        assert (ROOT / told.batching_parameters_file).is_file()


def test_every_alert_is_told():
    groups = yaml.safe_load((ROOT / "serving/monitoring/alerts.yml").read_text(encoding="utf-8"))["groups"]
    alerts = [rule["alert"] for group in groups for rule in group["rules"]]
    assert re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE) == alerts
