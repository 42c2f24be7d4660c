"""The manifests: held to Kubernetes' own schema, as its Python client has it, and to each other."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes.client
import pytest
import yaml

from tfx_ocr.serving.model_server import flags

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "serving/kubernetes"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.stem != "kustomization")
MODELS = {
    ("v1", "PersistentVolumeClaim"): "V1PersistentVolumeClaim",
    ("v1", "ConfigMap"): "V1ConfigMap",
    ("v1", "Service"): "V1Service",
    ("apps/v1", "Deployment"): "V1Deployment",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "V2HorizontalPodAutoscaler",
    ("policy/v1", "PodDisruptionBudget"): "V1PodDisruptionBudget",
}
PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": (str, int, dict)}


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def complaints(value: Any, kind: str, where: str) -> list[str]:
    """Return what in `value` does not match `kind`: a model's name, `list[...]`, `dict(str, ...)` or a plain type."""
    inner = re.fullmatch(r"list\[(.+)\]|dict\(str, (.+)\)", kind)
    if inner and inner[1]:
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [said for i, one in enumerate(value) for said in complaints(one, inner[1], f"{where}[{i}]")]
    if inner:
        return [said for key, one in value.items() for said in complaints(one, inner[2], f"{where}.{key}")]
    if kind in PLAIN:
        return [] if isinstance(value, PLAIN[kind]) else [f"{where}: {value!r} is not of type {kind}"]
    model = getattr(kubernetes.client, kind)
    names = {wire: name for name, wire in model.attribute_map.items()}
    said = [f"{where}: no field {key!r}" for key in value if key not in names]
    known = {names[key]: one for key, one in value.items() if key in names}
    for name, one in known.items():
        said += complaints(one, model.openapi_types[name], f"{where}.{name}")
    try:
        model(**known)  # refuses what lacks a field, or has a value that is not allowed
    except ValueError as error:
        said.append(f"{where}: {error}")
    return said


@pytest.mark.parametrize("path", [path for path in FILES if path.stem != "servicemonitor"], ids=lambda path: path.stem)
def test_manifest_is_as_kubernetes_takes_it(path):
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert value["kind"].lower() == path.stem
    assert complaints(value, MODELS[value["apiVersion"], value["kind"]], value["kind"]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it["spec"].pop("selector"), "`selector`, must not be `None`"),
        (lambda it: it["spec"].update(replica=2), "Deployment.spec: no field 'replica'"),
        (lambda it: it["spec"].update(replicas="2"), "Deployment.spec.replicas: '2' is not of type int"),
        (lambda it: it["spec"]["template"]["spec"].pop("containers"), "`containers`, must not be `None`"),
    ],
    ids=["missing", "misspelt", "type", "deep"],
)
def test_a_wrong_manifest_would_be_seen(change, said):
    deployment = read("deployment")
    change(deployment)
    assert said in "\n".join(complaints(deployment, "V1Deployment", "Deployment"))


@pytest.fixture(scope="module")
def pod() -> dict[str, Any]:
    return read("deployment")["spec"]["template"]


@pytest.fixture(scope="module")
def container(pod) -> dict[str, Any]:
    (container,) = pod["spec"]["containers"]
    return container


@pytest.fixture(scope="module")
def arguments(container) -> dict[str, str]:
    return dict(argument.removeprefix("--").split("=", 1) for argument in container["args"])


def test_every_selector_finds_the_pods(pod):
    labels = pod["metadata"]["labels"]
    deployment = read("deployment")
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert read("service")["spec"]["selector"] == labels
    assert read("poddisruptionbudget")["spec"]["selector"]["matchLabels"] == labels
    (spread,) = pod["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == labels


def test_every_port_is_one_that_the_server_opens(container, arguments):
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"grpc": int(arguments["port"]), "rest": int(arguments["rest_api_port"])}
    probes = [container[name] for name in ("startupProbe", "readinessProbe", "livenessProbe")]
    assert {(probe.get("httpGet") or probe["tcpSocket"])["port"] for probe in probes} == {"rest", "grpc"}
    service = {port["name"]: (port["port"], port["targetPort"]) for port in read("service")["spec"]["ports"]}
    assert service == {name: (number, name) for name, number in ports.items()}


def test_probes_ask_for_the_model_that_is_served(container, arguments):
    for name in ("startupProbe", "readinessProbe"):
        assert container[name]["httpGet"]["path"] == f"/v1/models/{arguments['model_name']}"


def test_a_replica_ends_after_its_last_request(pod, container):
    (_, wait_s) = container["lifecycle"]["preStop"]["exec"]["command"]
    drain_s = 30  # serving/model_server/main.py
    assert pod["spec"]["terminationGracePeriodSeconds"] > int(wait_s) + drain_s


def test_every_file_that_the_server_is_given_is_mounted(pod, container, arguments):
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(mounted) == {volume["name"] for volume in pod["spec"]["volumes"]}
    data = read("configmap")["data"]
    for flag in ("monitoring_config_file", "batching_parameters_file"):
        folder, _, name = arguments[flag].rpartition("/")
        assert (folder, name in data) == (mounted["config"], True)
    assert arguments["model_base_path"] == f"{mounted['models']}/{arguments['model_name']}"
    volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    assert volumes["config"]["configMap"]["name"] == read("configmap")["metadata"]["name"]
    assert volumes["models"]["persistentVolumeClaim"]["claimName"] == read("persistentvolumeclaim")["metadata"]["name"]


def test_the_files_are_those_of_docker():
    docker = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "serving/docker").glob("*.config")}
    assert read("configmap")["data"] == docker


def test_the_projects_own_server_takes_the_same_arguments(container):
    told, without_effect = flags.parse(container["args"])
    assert (told.model_name, told.enable_batching, without_effect) == ("digits", True, ())


def test_the_autoscaler_and_the_budget_agree(container):
    scaler = read("horizontalpodautoscaler")["spec"]
    deployment = read("deployment")
    target = {name: deployment[name] for name in ("apiVersion", "kind")} | {"name": deployment["metadata"]["name"]}
    assert scaler["scaleTargetRef"] == target
    assert "replicas" not in deployment["spec"]  # or every `apply` would undo the autoscaler
    assert read("poddisruptionbudget")["spec"]["maxUnavailable"] < scaler["minReplicas"] < scaler["maxReplicas"]
    assert "cpu" in container["resources"]["requests"]  # utilization is measured against it


def test_prometheus_finds_the_metrics(container):
    monitor = read("servicemonitor")
    service = read("service")
    (endpoint,) = monitor["spec"]["endpoints"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert f'path: "{endpoint["path"]}"' in read("configmap")["data"]["monitoring.config"]
    (relabeling,) = endpoint["relabelings"]
    assert relabeling["targetLabel"] == "job"
    assert f'job="{relabeling["replacement"]}"' in (ROOT / "serving/monitoring/alerts.yml").read_text()


def test_nothing_runs_as_root_or_writes(pod, container):
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")} == {"tmp"}


def test_the_kustomization_names_every_manifest():
    assert sorted(read("kustomization")["resources"]) == [path.name for path in FILES]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl")
def test_kubectl_builds_it():
    done = subprocess.run(["kubectl", "kustomize", str(FOLDER)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    assert len(built) == len(FILES)
    assert {one["metadata"]["labels"]["app.kubernetes.io/part-of"] for one in built} == {"tfx-ocr"}
