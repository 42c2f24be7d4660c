"""The image of the server without TensorFlow: small, and it answers by the portable form that ships."""

import contextlib
import http.client
import json
import shutil
import time

import pytest

from tfx_ocr.data import pretrained
from tfx_ocr.data.samples import get_sample
from tfx_ocr.serving.locations import open_model

pytestmark = pytest.mark.containers

MOST_MB = 400
SLIM_MB = 130  # of python:3.11-slim-bookworm, in whose place stands a base with a compiler
PYTHON = "tfx-ocr-test/python"  # that base
PORTS = (18500, 18501)
WAIT_S = 120.0


@pytest.fixture(scope="module")
def container(engine, light_image, tmp_path_factory):
    """Start the server on the network of this machine; stop it in the end."""
    folder = tmp_path_factory.mktemp("light") / "digits"
    shutil.copytree(pretrained.get_folder("digits"), folder / "1")
    for path in (folder.parent, *folder.parent.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    hardened = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")
    mount = f"--volume={folder}:/models/digits:ro"
    flags = ["--bind=127.0.0.1", f"--port={PORTS[0]}", f"--rest_api_port={PORTS[1]}"]
    served = ["--model_name=digits", "--model_base_path=/models/digits"]
    name = engine.docker("run", "--detach", "--network=host", *hardened, mount, light_image, *flags, *served)
    end = time.monotonic() + WAIT_S
    while not is_available():
        assert time.monotonic() < end, engine.docker("logs", name)
        time.sleep(0.5)
    yield name
    engine.docker("rm", "--force", name)


def is_available():
    with contextlib.suppress(OSError, KeyError):
        connection = http.client.HTTPConnection("127.0.0.1", PORTS[1], timeout=10)
        connection.request("GET", "/v1/models/digits")
        return json.load(connection.getresponse())["model_version_status"][0]["state"] == "AVAILABLE"
    return False


def test_it_answers_over_both_ports_without_tensorflow(engine, container, tmp_path):
    picture = next(get_sample("digits")(tmp_path / "sample").glob("test/7/*")).read_bytes()
    for place in (f"127.0.0.1:{PORTS[0]}", f"http://127.0.0.1:{PORTS[1]}"):
        with open_model(place, "digits") as model:
            assert model.ask("serve_images", {"image_bytes": [picture]}, timeout_s=30)["label"][0] == b"7"
    find = "import importlib.util; print(importlib.util.find_spec('tensorflow'))"
    assert engine.docker("exec", container, "python", "-c", find) == "None"
    assert engine.docker("exec", container, "id", "-u") == "1000"


def test_it_is_small(engine, base, light_image):
    image, below = (int(engine.docker("inspect", "--format={{.Size}}", name)) for name in (light_image, PYTHON))
    assert (image - below) / 1e6 + SLIM_MB <= MOST_MB
