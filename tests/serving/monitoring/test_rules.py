"""Rules and dashboard: by Prometheus' own checker where it is installed, and against the names that are told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfx_ocr.serving.model_server.monitoring import Monitoring

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "serving/monitoring"
DASHBOARD = json.loads((FOLDER / "grafana/dashboards/serving.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
METRIC = re.compile(r"(?<![\w:])(?::tensorflow:|tfx_ocr_|(?:model|model_label):|process_)[\w:]+")
PARTS = re.compile(r"_(?:bucket|sum|count)$")  # of a histogram

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool: Debian's package prometheus")


def rules() -> list[dict[str, Any]]:
    groups = [yaml.safe_load((FOLDER / name).read_text())["groups"] for name in ("recording.yml", "alerts.yml")]
    return [rule for file in groups for group in file for rule in group["rules"]]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False)


@needs_promtool
@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus.page.yml"])
def test_prometheus_takes_the_configuration_with_its_rules(tmp_path, name):
    (tmp_path / "token").touch()
    for path in FOLDER.glob("*.yml"):
        text = path.read_text(encoding="utf-8").replace("/tmp/token", str(tmp_path / "token"))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = promtool("check", "config", tmp_path / name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 rule files found" in done.stdout


@needs_promtool
def test_rules_give_what_was_worked_out_by_hand():
    done = promtool("test", "rules", Path(__file__).with_name("alerts_test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_a_wrong_rule_would_be_seen(tmp_path):
    (tmp_path / "a.yml").write_text("groups: [{name: a, rules: [{alert: A, expr: 'sum by (x'}]}]")
    assert promtool("check", "rules", tmp_path / "a.yml").returncode == 1


def told() -> set[str]:
    """Return names on the server's page, and of recorded rules."""
    monitoring = Monitoring()
    monitoring.count_request("Predict", "GRPC", "m", "OK", 0.1)
    names = set(re.findall(r"^# TYPE (\S+) ", monitoring.format_page(), re.MULTILINE))
    return names | {rule["record"] for rule in rules() if "record" in rule}


def expressions() -> list[tuple[str, str]]:
    """Return place and expression, of rules, panels and the dashboard's variable."""
    return [
        *((rule.get("record") or rule["alert"], rule["expr"]) for rule in rules()),
        *((panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]),
        *((one["name"], one["definition"]) for one in DASHBOARD["templating"]["list"]),
    ]


@pytest.mark.parametrize(("place", "expression"), expressions(), ids=[place for place, _ in expressions()])
def test_every_metric_that_is_asked_for_is_told(place, expression):
    asked = {PARTS.sub("", name) if PARTS.sub("", name) in told() else name for name in METRIC.findall(expression)}
    assert asked or place in ("ModelServerDown", "PageDown")
    assert asked <= told()


def test_every_alert_says_how_bad_it_is_and_what_to_look_at():
    alerts = {rule["alert"]: rule for rule in rules() if "alert" in rule}
    assert {rule["labels"]["severity"] for rule in alerts.values()} == {"critical", "warning", "info"}
    assert all("{{ $labels." in rule["annotations"]["summary"] for rule in alerts.values())
    server = {"ModelServerDown", "PageDown", "ServerErrors", "QueueFull", "BadRequests", "SlowAnswers", "LoadFailed"}
    assert set(alerts) == server | {"LabelsDrift", "DataDrift", "ConfidenceFell"}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_panel_says_which_server_tells_it(panel):
    own = any("tfx_ocr" in target["expr"] or "process_" in target["expr"] for target in panel["targets"])
    assert panel["description"].startswith("The project's own server only" if own else "TensorFlow Serving and the")
    assert panel["datasource"]["uid"] == "prometheus"


def test_panels_stand_beside_each_other():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells


def test_the_data_source_is_the_one_that_is_provisioned():
    text = (FOLDER / "grafana/datasources/prometheus.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["datasources"][0]["uid"] == "prometheus"
