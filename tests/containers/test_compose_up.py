"""The compose files, up: server and page answer, a push appears under load, Prometheus reads, a stop loses nothing."""

import contextlib
import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tfx_ocr.data import pretrained
from tfx_ocr.data.samples import get_sample
from tfx_ocr.serving import versions
from tfx_ocr.serving.locations import open_model
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.portable import FOLDER

pytestmark = pytest.mark.containers

DOCKER = Path(__file__).resolve().parents[2] / "serving/docker"
PAGE_IMAGE = "tfx-ocr:test"
TOKEN = "a token"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
ADDRESS = "127.0.0.85"  # of this machine alone, as 127.0.0.1, where others may have the ports
WAIT_S = 180.0


def wait_for(what, seconds=WAIT_S):
    """Wait until `what()` is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(0.5)
    return found


def get(address):
    """Return the JSON at an address."""
    with urllib.request.urlopen(address, timeout=10) as response:
        return json.load(response)


def predict(page, picture):
    """Return what the page reads in a picture of a digit."""
    asked = urllib.request.Request(f"{page}/api/models/digits/predict", picture, HEADERS)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


class Stack:
    """Server, Prometheus and page by the compose files, with the shipped digits as version 1."""

    def __init__(self, engine, folder):
        self.engine = engine
        self.serving_dir = folder / "serving" / "digits"
        shutil.copytree(pretrained.get_folder("digits"), self.serving_dir / "1")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        variables = {"SERVING": str(folder / "serving"), "BIND": ADDRESS, "COMPOSE_PROJECT_NAME": "tfx-ocr-test"}
        variables |= {"PAGE_IMAGE": PAGE_IMAGE, "TOKEN": TOKEN}
        self._environment = {**engine.environment, **variables}
        files = [f"--file={DOCKER / name}" for name in ("compose.yaml", "compose.embedded.yaml", "compose.page.yaml")]
        self._command = [*(find_compose(engine) or pytest.skip("no docker-compose of version 2 or later")), *files]

    def compose(self, *arguments):
        """Run a command of compose on the project; return its output."""
        done = subprocess.run(
            [*self._command, *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def get_health(self, service):
        """Return `healthy`, `unhealthy` or `starting`."""
        container = self.compose("ps", "--quiet", service)
        return self.engine.docker("inspect", "--format={{.State.Health.Status}}", container)

    def execute(self, service, *command):
        """Run a command in a service's container; return its exit status and output."""
        container = self.compose("ps", "--quiet", service)
        done = subprocess.run(
            ["docker", "exec", container, *command],
            env=self.engine.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.strip()


def find_compose(engine):
    """Return the command of Compose 2 or later; None where it is missing."""
    for command in (["docker", "compose"], ["docker-compose"]):
        with contextlib.suppress(AssertionError, FileNotFoundError):
            if int(engine.run(*command, "version", "--short").lstrip("v").split(".")[0]) >= 2:
                return command
    return None


class Load:
    """Threads that ask over gRPC and REST until the end of the block.

    Attributes:
        answered: how many requests were.
        failed: the others: when each was asked, by `time.monotonic()`, and its error.
    """

    def __init__(self, picture):
        self.answered = 0
        self.failed = []
        self._picture = picture
        self._over = threading.Event()
        places = (f"{ADDRESS}:8500", f"http://{ADDRESS}:8501") * 2
        self._threads = [threading.Thread(target=self._ask, args=(place,)) for place in places]

    def _ask(self, place):
        with open_model(place, "digits") as model:
            while not self._over.is_set():
                begin = time.monotonic()
                try:
                    outputs = model.ask("serve_images", {"image_bytes": [self._picture]}, timeout_s=20)
                    assert outputs["label"][0] == b"7"
                    self.answered += 1
                except Exception as error:
                    self.failed.append((begin, error))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    folder = get_sample("digits")(tmp_path_factory.mktemp("sample") / "digits")
    return next(folder.glob("test/7/*")).read_bytes()


@pytest.fixture(scope="module")
def stack(engine, server_image, prometheus_image, tmp_path_factory):
    stack = Stack(engine, tmp_path_factory.mktemp("stack"))
    stack.compose("up", "--detach", "--no-build", "--no-deps", "--pull=never", "serving", "prometheus")
    yield stack
    stack.compose("down", "--volumes", "--timeout=5")


@pytest.fixture(scope="module")
def page(stack, pipeline_image):
    """Start the page beside the server; return its address."""
    assert pipeline_image == PAGE_IMAGE
    stack.compose("up", "--detach", "--no-build", "--no-deps", "--pull=never", "page")
    wait_for(lambda: stack.get_health("page") == "healthy")
    return f"http://{ADDRESS}:8080"


def test_server_and_prometheus_are_healthy(stack):
    for service in ("serving", "prometheus"):
        wait_for(lambda service=service: stack.get_health(service) == "healthy")


def test_the_server_answers_over_both_ports(stack, picture):
    wait_for(lambda: stack.get_health("serving") == "healthy")
    for place in (f"{ADDRESS}:8500", f"http://{ADDRESS}:8501"):
        with open_model(place, "digits") as model:
            assert model.ask("serve_images", {"image_bytes": [picture]})["label"][0] == b"7"


def test_the_page_reads_a_picture_by_the_server_for_those_with_the_token(stack, page, picture):
    wait_for(lambda: stack.get_health("serving") == "healthy")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        get(f"{page}/api/models")
    with urllib.request.urlopen(urllib.request.Request(page, headers=HEADERS), timeout=10) as answer:
        assert b"<!doctype html>" in answer.read().lower()
    assert predict(page, picture)["text"] == "7"


@pytest.mark.parametrize(
    ("service", "places"),
    [("serving", ("/x", "/opt/tfx-ocr/x", "/models/digits/x", "/etc/serving/x")), ("page", ("/x", "/etc/x", "/usr/x"))],
)
def test_it_runs_as_nobody_in_particular_and_can_write_nothing(stack, page, service, places):
    assert stack.execute(service, "id", "-u") == (0, "1000")
    for place in places:
        assert stack.execute(service, "touch", place)[0] == 1, place
    assert stack.execute(service, "touch", "/tmp/x")[0] == 0
    status = dict(line.split(":\t", 1) for line in stack.execute(service, "cat", "/proc/1/status")[1].splitlines())
    assert (int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"]) == (0, 0, "1")


def test_a_pushed_version_appears_under_load_and_no_request_fails(stack, picture):
    def is_available(version):
        states = get(f"http://{ADDRESS}:8501/v1/models/digits")["model_version_status"]
        return {state["version"]: state["state"] for state in states}.get(version) == "AVAILABLE"

    with Load(picture) as load:
        wait_for(lambda: load.answered > 10)
        source = stack.serving_dir / "1"
        published = versions.publish(source, stack.serving_dir, versions.read_manifest(source), without=[FOLDER])
        wait_for(lambda: is_available(str(published.version)))
        seen = load.answered
        wait_for(lambda: load.answered > seen + 10)
    assert published.version > 1
    assert load.failed == []


def test_prometheus_reads_server_and_page_and_its_rules_are_sound(stack, page, picture):
    def get_targets():
        targets = get(f"http://{ADDRESS}:9090/api/v1/targets")["data"]["activeTargets"]
        return {target["labels"]["job"]: target["health"] for target in targets}

    wait_for(lambda: get_targets() == {"serving": "up", "page": "up"})
    predict(page, picture)

    def count_answers():
        query = urllib.parse.quote(':tensorflow:serving:request_latency_count{job="page", model_name="digits"}')
        found = get(f"http://{ADDRESS}:9090/api/v1/query?query={query}")["data"]["result"]
        return {sample["metric"]["entrypoint"]: int(sample["value"][1]) for sample in found}

    wait_for(lambda: count_answers().get("PAGE", 0) >= 1)

    def get_rules():
        groups = get(f"http://{ADDRESS}:9090/api/v1/rules")["data"]["groups"]
        return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

    rules = wait_for(lambda: "unknown" not in (found := get_rules()).values() and found)
    assert set(rules.values()) == {"ok"}
    assert {"ModelServerDown", "PageDown", "ServerErrors", "LabelsDrift"} <= set(rules)


def test_a_stop_answers_what_was_begun(stack, picture):
    wait_for(lambda: stack.get_health("serving") == "healthy")
    container = stack.compose("ps", "--quiet", "serving")
    with Load(picture) as load:
        wait_for(lambda: load.answered > 10)
        begin = time.monotonic()
        stack.compose("stop", "serving")
        time.sleep(0.2)
    assert load.failed  # nothing listens any more
    assert [error for asked, error in load.failed if asked < begin or not isinstance(error, RequestError)] == []
    # gRPC cancels what reaches a server that has refused for `REFUSING_S` and shuts down
    assert {error.code for _, error in load.failed} <= {"UNAVAILABLE", "CANCELLED"}
    assert stack.engine.docker("inspect", "--format={{.State.ExitCode}}", container) == "0"
