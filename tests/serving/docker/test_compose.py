"""The compose files: held to the Compose specification where a copy is installed, and to the files they name.

Debian's package docker-compose brings a copy of the schema (of 2021). Without it, what is held is written down here:
the keys a service may have are those that these files need.
"""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from tfx_ocr.pipeline.cli import app
from tfx_ocr.serving.model_server import flags
from tfx_ocr.serving.model_server.config import METRICS_PATH
from tfx_ocr.serving.web import server

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "serving/docker"
FILES = ("compose.yaml", "compose.embedded.yaml", "compose.page.yaml")
SCHEMA = Path("/usr/lib/python3/dist-packages/compose/config/compose_spec.json")

KEYS = {
    "build", "cap_drop", "command", "depends_on", "entrypoint", "environment", "healthcheck", "image", "ports",
    "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs", "user", "volumes",
}  # fmt: skip
MOUNTED = (".", *(f"../monitoring/{name}" for name in ("prometheus.yml", "recording.yml", "alerts.yml", "grafana")))
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def filled(text: str) -> str:
    """Return the text with every variable's default put in."""
    return VARIABLE.sub(lambda match: match[2], text)


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load(filled((FOLDER / "compose.yaml").read_text(encoding="utf-8")))["services"]


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    return yaml.safe_load(filled((FOLDER / "compose.page.yaml").read_text(encoding="utf-8")))["services"]["page"]


@pytest.fixture(scope="module")
def embedded() -> dict[str, Any]:
    (service,) = yaml.safe_load(filled((FOLDER / "compose.embedded.yaml").read_text(encoding="utf-8")))[
        "services"
    ].values()
    return service


@pytest.mark.skipif(not SCHEMA.is_file(), reason="no copy of the Compose schema: Debian's package docker-compose")
@pytest.mark.parametrize("name", FILES)
def test_file_is_as_the_specification_has_it(name):
    it = read(name)
    it.pop("name", None)  # younger than that copy, as is `create_host_path`
    for service in it["services"].values():
        for volume in service.get("volumes", []):
            volume.pop("bind", None)
    schema = json.loads(SCHEMA.read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(it)] == []


@pytest.mark.parametrize("name", FILES)
def test_services_have_no_key_that_is_not_known(name):
    assert {key for service in read(name)["services"].values() for key in service} <= KEYS


@pytest.mark.parametrize("name", FILES)
def test_every_variable_has_a_default(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert [match[0] for match in VARIABLE.finditer(text) if match[2] is None] == []
    assert "${" not in filled(text)


def test_images_are_named_with_their_version_and_no_registry(services):
    assert {name: service["image"].partition(":")[0] for name, service in services.items()} == {
        "serving": "tensorflow/serving",
        "prometheus": "prom/prometheus",
        "grafana": "grafana/grafana",
    }
    assert all(re.fullmatch(r"v?\d+\.\d+\.\d+", service["image"].partition(":")[2]) for service in services.values())


def test_every_image_can_be_given_by_its_digest():
    """docs/serving.md names a variable per service, with digests; without them the names are as before."""
    for name in FILES:
        for service, body in read(name)["services"].items():
            if (name, service) != ("compose.page.yaml", "prometheus"):  # whose image is that of compose.yaml
                assert body["image"].startswith("${" + f"{service.upper()}_IMAGE:-"), (name, service)
    guide = (ROOT / "docs/serving.md").read_text(encoding="utf-8")
    given = re.findall(r"^export (\w+_IMAGE)=\S+@sha256:[0-9a-f]{64}$", guide, re.MULTILINE)
    assert given == [f"{service}_IMAGE" for service in ("SERVING", "PAGE", "PROMETHEUS", "GRAFANA")]


def test_what_is_mounted_is_there(services):
    bound = [v for service in services.values() for v in service["volumes"] if v["type"] == "bind"]
    ours = {volume["source"]: volume for volume in bound if "work/serving" not in volume["source"]}
    assert set(ours) == set(MOUNTED)
    for source in MOUNTED:
        assert (FOLDER / source).exists(), source
        assert ours[source]["read_only"] is True
    named = {v["source"] for service in services.values() for v in service["volumes"] if v["type"] == "volume"}
    assert named == set(read("compose.yaml")["volumes"])


def test_the_pushed_models_folder_is_the_settings_default(services):
    models, config = services["serving"]["volumes"]
    assert (FOLDER / models["source"]).resolve() == ROOT / "work/serving/digits"
    assert (models["target"], models["read_only"]) == ("/models/digits", True)
    assert models["bind"] == {"create_host_path": False}  # a folder that docker makes would belong to root
    assert services["serving"]["environment"]["MODEL_NAME"] == "digits"
    assert (FOLDER / config["source"], config["target"]) == (FOLDER, "/etc/serving")


def test_ports_are_opened_to_this_machine_only(services):
    published = {name: service["ports"] for name, service in services.items()}
    assert published == {
        "serving": ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "grafana": ["127.0.0.1:3000:3000"],
    }


def test_nothing_runs_with_more_than_it_needs(services):
    for service in services.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert services["serving"]["user"] == "1000:1000"  # the image's own user is root


def test_both_servers_are_told_the_same(services, embedded):
    entry_point = ["--port=8500", "--rest_api_port=8501", "--model_name=digits", "--model_base_path=/models/digits"]
    serving, _ = flags.parse([*entry_point, *services["serving"]["command"]])  # entry point of tensorflow/serving
    assert flags.parse([*entry_point[:2], *embedded["command"]]) == (serving, ())
    for file in (serving.monitoring_config_file, serving.batching_parameters_file):
        assert (FOLDER / Path(file).relative_to("/etc/serving")).is_file()


def test_the_embedded_server_is_built_from_the_dockerfile(embedded):
    build = embedded["build"]
    assert (FOLDER / build["context"]).resolve() == ROOT
    dockerfile = (ROOT / build["dockerfile"]).read_text(encoding="utf-8")
    assert re.search(rf"^FROM \S+ AS {build['target']}$", dockerfile, re.MULTILINE)


def test_the_page_asks_the_model_server_and_has_no_rights(services, page, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        server,
        "serve_remote",
        lambda names, address, stop, **given: asked.update(names=names, address=address, **given),
    )
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    program, *arguments = page["entrypoint"]
    assert program == "tfx-ocr"
    done = CliRunner().invoke(app(), [*arguments, *page["command"]], env=page["environment"])
    assert (done.exit_code, done.output) == (0, "")
    assert (asked["names"], asked["address"], asked["port"], asked["token"]) == (["digits"], "serving:8500", 8080, "")
    assert page["ports"] == ["127.0.0.1:8080:8080"]
    assert page["depends_on"] == {"serving": {"condition": "service_healthy"}}
    assert "target" not in page["build"]  # the last stage, which holds every room
    held = ("user", "read_only", "cap_drop", "security_opt")
    assert [page[key] for key in held] == [services["serving"][key] for key in held]


def test_prometheus_scrapes_the_service_where_its_metrics_are(services):
    config = yaml.safe_load((ROOT / "serving/monitoring/prometheus.yml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["serving:8501"]}]
    assert f'path: "{job["metrics_path"]}"' in (FOLDER / "monitoring.config").read_text(encoding="utf-8")
    mounted = {v["target"].rpartition("/")[2] for v in services["prometheus"]["volumes"] if v["type"] == "bind"}
    assert mounted == {"prometheus.yml", *config["rule_files"]}


def test_beside_the_page_prometheus_scrapes_it_too_with_the_token(services, page):
    own, with_page = (
        yaml.safe_load((ROOT / "serving/monitoring" / name).read_text(encoding="utf-8"))
        for name in ("prometheus.yml", "prometheus.page.yml")
    )
    *jobs, job = with_page["scrape_configs"]
    assert {**with_page, "scrape_configs": jobs} == own
    assert job["static_configs"] == [{"targets": ["page:8080"]}]
    assert job["metrics_path"] == METRICS_PATH
    (volume,) = read("compose.page.yaml")["services"]["prometheus"]["volumes"]
    assert (volume["source"], volume["read_only"]) == ("../monitoring/prometheus.page.yml", True)
    assert volume["target"] in {v["target"] for v in services["prometheus"]["volumes"]}  # the later file's is taken
    shell = read("compose.page.yaml")["services"]["prometheus"]["entrypoint"][2]
    assert f'"$$TOKEN" >{job["authorization"]["credentials_file"]} ' in shell


def test_grafana_finds_prometheus_and_its_dashboards(services):
    grafana = services["grafana"]
    provisioning = {v["source"]: v["target"] for v in grafana["volumes"] if v["type"] == "bind"}
    assert provisioning == {"../monitoring/grafana": "/etc/grafana/provisioning"}
    folder = ROOT / "serving/monitoring/grafana"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())["datasources"]
    scheme = grafana["environment"]["PROMETHEUS_SCHEME"]
    assert source["url"].replace("${PROMETHEUS_SCHEME}", scheme) == "http:" + "//prometheus:9090"
    (provider,) = yaml.safe_load((folder / "dashboards/provider.yaml").read_text())["providers"]
    assert provider["options"]["path"] == "/etc/grafana/provisioning/dashboards"
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (folder / Path(home).relative_to("/etc/grafana/provisioning")).is_file()
