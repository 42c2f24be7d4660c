"""Every expression of the dashboard and every rule, asked of a real Prometheus that scrapes the server under load."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tfx_ocr.data import pretrained
from tfx_ocr.data.samples import get_sample
from tfx_ocr.serving.client import Backoff, RequestError, connect

pytestmark = [
    pytest.mark.tfx,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no prometheus: Debian's package of that name"),
]

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "serving/monitoring"
DASHBOARD = json.loads((FOLDER / "grafana/dashboards/serving.json").read_text(encoding="utf-8"))
SCRAPE_S = 0.5
READY_S = 60.0  # till the first scrape
REQUESTS = 50  # of each of four clients


def load(rest: str, grpc: str, pictures: list[bytes], requests: int) -> None:
    """Send requests from four clients, two over each protocol; the first and every tenth after it is wrong."""

    def ask(server: str) -> None:
        with connect(server, "digits", backoff=Backoff(attempts=1), timeout_s=60.0) as client:
            for number in range(requests):
                image = pictures[number % len(pictures)] if number % 10 else b"no picture"
                with contextlib.suppress(RequestError):
                    client.ask("serve_images", {"image_bytes": [image]})

    threads = [threading.Thread(target=ask, args=(server,)) for server in (rest, grpc, rest, grpc)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture(scope="module")
def query(tmp_path_factory, running, model_server, ports):
    """Return `query(expression)`: the samples Prometheus has, as the dashboard shows them while the load lasts."""
    folder = tmp_path_factory.mktemp("live")
    version = shutil.copytree(pretrained.get_folder("digits"), folder / "digits" / "1")
    manifest = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
    profile = {"labels": {str(digit): 100 for digit in range(10)}}
    (version / "manifest.json").write_text(json.dumps({**manifest, "profile": profile}), encoding="utf-8")
    sample = sorted((get_sample("digits")(folder / "sample") / "test").glob("*/*.png"))[::19]
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": f"{SCRAPE_S * 1000:.0f}ms", "evaluation_interval": "1s"}
    for name in config["rule_files"]:
        rules = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
        for group in rules["groups"]:
            group["interval"] = "1s"
        (folder / name).write_text(yaml.safe_dump(rules))
    (port,) = ports(1)
    prometheus = f"http://127.0.0.1:{port}"
    scraper = (
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip
    with contextlib.ExitStack() as stack:
        rest, grpc = stack.enter_context(model_server(folder / "digits"))
        config["scrape_configs"][0]["static_configs"] = [{"targets": [rest.removeprefix("http://")]}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        pictures = [path.read_bytes() for path in sample]
        load(rest, grpc, pictures, len(pictures))  # every counter begins before the first scrape; imports are over
        stack.enter_context(running(*scraper, ready=f"{prometheus}/-/ready"))

        def samples(expression: str) -> list[dict[str, Any]]:
            expression = expression.replace("$__rate_interval", "2m").replace("$model", "digits")
            answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": expression}, trust_env=False).json()
            assert answer["status"] == "success", answer
            return answer["data"]["result"]

        deadline = time.monotonic() + READY_S
        while not samples("up"):  # it is ready seconds before it scrapes
            assert time.monotonic() < deadline, "Prometheus scrapes nothing"
            time.sleep(SCRAPE_S)
        time.sleep(2 * SCRAPE_S + 1.0)  # the next scrape, and the rules after it
        load(rest, grpc, pictures, REQUESTS)
        time.sleep(2 * SCRAPE_S + 1.0)
        yield samples


TARGETS = [
    pytest.param(target["expr"], id=f"{panel['title']}: {target['legendFormat']}")
    for panel in DASHBOARD["panels"]
    for target in panel.get("targets", [])
]


@pytest.mark.parametrize("expression", TARGETS)
def test_every_panel_has_something_to_show(query, expression):
    values = [float(sample["value"][1]) for sample in query(expression)]
    assert values
    assert all(math.isfinite(value) and value >= 0 for value in values)


def test_requests_are_counted_by_what_became_of_them(query):
    panel = 'sum by (status) (rate(:tensorflow:serving:request_count{model_name="$model"}[$__rate_interval]))'
    assert panel in {target.values[0] for target in TARGETS}
    rates = {sample["metric"]["status"]: float(sample["value"][1]) for sample in query(panel)}
    assert set(rates) == {"OK", "INVALID_ARGUMENT"}
    assert rates["INVALID_ARGUMENT"] / sum(rates.values()) == pytest.approx(0.1, abs=0.02)


def test_both_ways_are_told_apart(query):
    latency = query('sum by (API, entrypoint) (:tensorflow:serving:request_latency_count{API!=""})')
    told = {(sample["metric"]["entrypoint"], sample["metric"]["API"]) for sample in latency}
    assert told == {("GRPC", "Predict"), ("REST", "predict")}


def test_the_version_that_answers_is_told(query):
    (panel,) = [panel for panel in DASHBOARD["panels"] if panel["title"] == "Versions loaded"]
    (sample,) = query(panel["targets"][0]["expr"])
    assert (sample["metric"], sample["value"][1]) == ({"version": "1", "status": "success"}, "1")


def test_labels_are_shares_and_an_hour_is_no_other_than_its_week(query):
    shares = query("sum(model_label:tfx_ocr_answers:share1h)")
    assert float(shares[0]["value"][1]) == pytest.approx(1.0)
    assert len(query("model_label:tfx_ocr_answers:share1h")) == 10
    assert float(query("model:tfx_ocr_answers:drift")[0]["value"][1]) == pytest.approx(0.0, abs=1e-6)


def test_no_rule_fails_and_no_alert_fires(query):
    rules = [
        rule
        for name in ("recording.yml", "alerts.yml")
        for group in yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    for rule in rules:
        query(rule["expr"])
    assert query('ALERTS{alertstate="firing"}') == []
    assert query("up")[0]["value"][1] == "1"
