"""Processes that tests talk to over HTTP."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
READY_S = 180.0  # a busy machine imports TensorFlow in a minute
EXPECTED_S = 30.0


@pytest.fixture(scope="module", autouse=True)  # not of the session, which has tests of other folders too
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Let the home be an empty folder: what `make run` pushed into the checkout's own is not asked."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("TFX_OCR_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def browser(find_program: Callable[[str, str], str]) -> Iterator[Any]:
    """Return Playwright's `Browser`: Debian's Chromium. What is expected of a page may take `EXPECTED_S`."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * EXPECTED_S)
    with sync_playwright() as playwright:
        # in a container, root has no sandbox to start
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium", "chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running() -> Callable[..., contextlib.AbstractContextManager[None]]:
    """Return a function that starts a process and waits for it.

    `with it("program", "--flag", ready=URL): ...` is from when it answers there to the block's end.
    """
    import httpx

    @contextlib.contextmanager
    def run(*command: Any, ready: str) -> Iterator[None]:
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet
        )
        try:
            deadline = time.monotonic() + READY_S
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(ready, trust_env=False).status_code == 200:
                        break
                assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
                assert time.monotonic() < deadline, f"{command[0]} does not answer at {ready}"
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(60)

    return run


@pytest.fixture(scope="session")
def model_server(running, ports) -> Callable[..., contextlib.AbstractContextManager[tuple[str, str]]]:
    """Return a function that starts the embedded server on a model `digits`, with the arguments of compose.yaml.

    `with it(folder) as (rest, grpc): ...`, the addresses for `connect`.
    """

    @contextlib.contextmanager
    def serve(folder: Path) -> Iterator[tuple[str, str]]:
        rest_port, grpc_port = ports(2)
        docker = ROOT / "serving/docker"
        command = (
            sys.executable, "-m", "tfx_ocr.serving.model_server", f"--port={grpc_port}",
            f"--rest_api_port={rest_port}", "--model_name=digits", f"--model_base_path={folder}",
            f"--monitoring_config_file={docker / 'monitoring.config'}", "--enable_batching=true",
            f"--batching_parameters_file={docker / 'batching.config'}",
        )  # fmt: skip
        rest = f"http://127.0.0.1:{rest_port}"
        with running(*command, ready=f"{rest}/v1/models/digits"):
            yield rest, f"127.0.0.1:{grpc_port}"

    return serve
