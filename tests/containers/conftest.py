"""A Docker engine, and the project's images built in it on a base of Debian's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
# Debian's docker.io first: its client builds by itself, where younger ones need a plugin
PATH = f"/usr/bin:/usr/sbin:{os.environ['PATH']}"
START_S = 30.0
PYTHON, BEAM, PROMETHEUS = (f"tfx-ocr-test/{name}" for name in ("python", "beam", "prometheus"))  # made here


class Engine:
    """A Docker engine: `DOCKER_HOST`'s, or one of its own that leaves this machine's network as it is."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.host = os.environ.get("DOCKER_HOST", f"unix://{folder}/docker.sock")
        self._own: subprocess.Popen | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Variables for commands that talk to it."""
        return {**os.environ, "PATH": PATH, "DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "1"}

    def run(self, *command: str, **options) -> str:
        """Run a command with this engine; return its output, without the last line's end.

        Raises:
            AssertionError: it failed; with the end of what it said.
        """
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, f"{' '.join(command)[:300]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout.strip()

    def docker(self, *arguments: str) -> str:
        """Run `docker`."""
        return self.run("docker", *arguments)

    def start(self) -> None:
        """Start an engine of its own where `DOCKER_HOST` names none."""
        if "DOCKER_HOST" in os.environ:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "docker.pid"}
        command = ["dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", f"--host={self.host}"]
        command += [f"--{flag}={self._folder / name}" for flag, name in places.items()]
        with (self._folder / "log").open("w") as log:
            self._own = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        begin = time.monotonic()
        while subprocess.run(["docker", "info"], env=self.environment, capture_output=True, check=False).returncode:
            if self._own.poll() is not None or time.monotonic() - begin > START_S:
                self.stop()
                pytest.skip(f"dockerd does not start: {(self._folder / 'log').read_text()[-300:]}")
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop an engine of its own, and remove what it held."""
        if self._own is not None:
            self._own.terminate()
            self._own.wait()
            shutil.rmtree(self._folder)


def find_reason() -> str:
    """Return why no engine can be had; "" where one can."""
    if os.getuid():
        return "containers are started by root"
    missing = [name for name in ("docker", "dockerd", "debootstrap") if not shutil.which(name, path=PATH)]
    return f"{', '.join(missing)} missing: apt-get install docker.io debootstrap" if missing else ""


@pytest.fixture(scope="session")
def engine(tmp_path_factory) -> Iterator[Engine]:
    """Return an engine that answers."""
    if reason := find_reason():
        pytest.skip(reason)
    engine = Engine(tmp_path_factory.mktemp("engine"))
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def base(engine, tmp_path_factory) -> Sequence[str]:
    """Return the build arguments of the images' bases, which are made of Debian's packages."""
    folder = tmp_path_factory.mktemp("base")
    make_debian(engine, folder / "python", PYTHON, "bookworm", "python3,python3-venv,python3-dev,g++,ca-certificates")
    boot = folder / "beam/opt/apache/beam/boot"  # Kubeflow's steps do not start it
    boot.parent.mkdir(parents=True)
    boot.write_text("#!/bin/sh\nexit 1\n")
    engine.run("tar", "-cf", str(folder / "beam.tar"), "-C", str(folder / "beam"), ".")
    engine.docker("import", str(folder / "beam.tar"), BEAM)
    return ["--network=host", f"--build-arg=PYTHON_IMAGE={PYTHON}", f"--build-arg=BEAM_IMAGE={BEAM}"]


def build(engine: Engine, base: Sequence[str], tag: str, *arguments: str) -> str:
    """Build an image, with pip's settings where this machine has some; return its tag."""
    secret = ["--secret=id=pip,src=/etc/pip.conf"] if Path("/etc/pip.conf").is_file() else []
    engine.docker("build", *base, *secret, "--tag", tag, *arguments, str(ROOT))
    return tag


def make_debian(engine: Engine, folder: Path, name: str, suite: str, packages: str) -> None:
    """Make an image of Debian's packages, unless it is there."""
    if not engine.docker("images", "--quiet", name):
        engine.run(str(HERE / "base_image.sh"), name, str(folder), suite, packages)


@pytest.fixture(scope="session")
def server_image(engine, base) -> str:
    """Build the server's image."""
    return build(engine, base, "tfx-ocr-server", "--file", str(ROOT / "serving/docker/Dockerfile"), "--target=server")


@pytest.fixture(scope="session")
def light_image(engine, base) -> str:
    """Build the image of the server without TensorFlow."""
    dockerfile = str(ROOT / "serving/docker/Dockerfile")
    return build(engine, base, "tfx-ocr-server-light", "--file", dockerfile, "--target=light")


@pytest.fixture(scope="session")
def pipeline_image(engine, base) -> str:
    """Build the image of Kubeflow's steps."""
    return build(engine, base, "tfx-ocr:test", "--file", str(ROOT / "serving/docker/Dockerfile"))


@pytest.fixture(scope="session")
def prometheus_image(engine, base, tmp_path_factory) -> str:
    """Build a Prometheus of Debian 13's, whose promtool has the health check, under the name that compose.yaml has."""
    make_debian(engine, tmp_path_factory.mktemp("base") / "prometheus", PROMETHEUS, "trixie", "prometheus")
    arguments = (f"--build-arg=DEBIAN_IMAGE={PROMETHEUS}", "--file", str(HERE / "prometheus.Dockerfile"))
    return build(engine, base[:1], "prom/prometheus:v3.5.0", *arguments)


@pytest.fixture(autouse=True)
def beside(monkeypatch):
    """Let tests import what lies beside them."""
    monkeypatch.syspath_prepend(str(HERE))
    yield
    sys.modules.pop("kubeflow_backend", None)
