"""The home of the whole circle, whose first run begins beside the other modules' tests: each keeps one core busy."""

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner

from tfx_ocr.pipeline import last_run
from tfx_ocr.pipeline.settings import Settings

BIN = Path(sys.executable).parent


class Home:
    """A home of its own, and what lies in it after a run."""

    def __init__(self, folder):
        self.settings = Settings(home=str(folder / "work"))
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TFX_OCR_")},
            "TFX_OCR_HOME": self.settings.home,
            "HOME": str(folder / "user"),  # nothing may be written there
        }

    def start(self, *arguments):
        """Start `tfx-ocr ARGUMENTS`, with the processes that it starts in a session of their own."""
        return subprocess.Popen(
            [BIN / "tfx-ocr", *arguments], env=self.environment, cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def run(self, *arguments, expect=0):
        """Run `tfx-ocr ARGUMENTS` and return its output."""
        return wait(self.start(*arguments), expect)

    @contextlib.contextmanager
    def entered(self, **variables):
        """Give this process the environment and the folder of `run`'s, and more variables, until the block's end."""
        with mock.patch.dict(os.environ, {**self.environment, **variables}, clear=True), contextlib.chdir(self.folder):
            yield

    def stock(self, *arguments):
        """Run `tfx ARGUMENTS --engine=local` as in an activated environment, and return its output."""
        activated = f"{BIN}{os.pathsep}{os.environ['PATH']}"  # it calls pip
        with self.entered(PATH=activated, LOCAL_HOME=str(self.settings.tfx_home)):
            return run_stock([*arguments, "--engine=local"])

    @property
    def last(self):
        return last_run.read(self.settings)

    def executed(self):
        """Return steps of the last run that were not taken from the cache."""
        return [step["name"] for step in self.last["steps"] if step["executed"]]

    def versions(self):
        return sorted(int(path.name) for path in Path(self.settings.serving_dir).iterdir() if path.name.isdigit())

    def head(self):
        """Return shapes of the served head's weights: features to units, and so on to the classes."""
        import tensorflow as tf

        variables = Path(self.settings.serving_dir) / str(self.versions()[-1]) / "variables" / "variables"
        shapes = [tuple(shape) for _, shape in tf.train.list_variables(str(variables))]
        return [shape for shape in shapes if len(shape) == 2]

    def metadata(self):
        """Return artifacts, and executions by state (2 running, 3 complete, 4 failed, 5 cached), over all runs."""
        from ml_metadata import MetadataStore
        from ml_metadata.proto import metadata_store_pb2

        config = metadata_store_pb2.ConnectionConfig()
        config.sqlite.filename_uri = str(self.settings.folder / "metadata.sqlite")
        store = MetadataStore(config)
        states = Counter(execution.last_known_state for execution in store.get_executions())
        return len(store.get_artifacts()), states


def wait(process, expect=0):
    """Wait for the end of what `Home.start` started, and return its output."""
    output = process.communicate(timeout=1800)[0]
    assert process.returncode == expect, output
    assert "Traceback" not in output
    return output


def run_stock(arguments):
    """Run TFX's own command line in this process, which has imported TFX, and return its output."""
    from tfx.tools.cli.cli_main import cli_group

    result = CliRunner().invoke(cli_group, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="session")
def make_home():
    """Return `make_home(folder)`: a `Home`."""
    return Home


@pytest.fixture(scope="session", autouse=True)
def without_arguments():
    """Hide pytest's arguments from TFX's steps, which read absl's flags there: its `-v` takes a number."""
    with mock.patch.object(sys, "argv", sys.argv[:1]):
        yield


@pytest.fixture(scope="session", autouse=True)
def begun(request, tmp_path_factory):
    """Start `tfx-ocr run digits` in a home, where a test wants one, and return both."""
    if not any("home" in item.fixturenames for item in request.session.items):
        yield
        return
    home = Home(tmp_path_factory.mktemp("circle"))
    process = home.start("run", "digits")
    yield home, process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def home(begun):
    """Return the home of the default run, which is over; `printed` is its output."""
    home, process = begun
    home.printed = wait(process)
    return home


@pytest.fixture
def rerun(home, capfd):
    """Return `rerun("--flag", expect=0, command="run")`: `home.run("run", "digits", "--flag")` in this process.

    Neither `tfx` nor the runner that it starts is a process of its own, as they are in the default run.
    """

    def start(command, env, **_):
        from tfx_ocr.pipeline import local_runner

        with mock.patch.dict(os.environ, env, clear=True):
            try:
                if command[1:3] == ["pipeline", "create"]:
                    run_stock(command[1:])
                else:
                    assert command[1:] == ["run", "create", "--engine=local", "--pipeline_name=digits"]
                    local_runner.main()
            except SystemExit:
                return subprocess.CompletedProcess(command, 1)
        return subprocess.CompletedProcess(command, 0)

    def run(*arguments, expect=0, command="run"):
        from tfx_ocr.pipeline import cli

        with home.entered(), mock.patch.object(cli.run, "subprocess", mock.Mock(run=start)):
            assert cli.app()([command, "digits", *arguments], standalone_mode=False) == expect
        return "".join(capfd.readouterr())

    return run
