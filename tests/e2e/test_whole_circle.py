"""The whole circle by the real command line: files, `tfx pipeline create`, `tfx run create`, a served version, answers.

One home for all tests of the module, in this order: each run is what the one before left to do.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tfx_ocr.pipeline import last_run
from tfx_ocr.pipeline.settings import Settings

pytestmark = pytest.mark.e2e

COMMAND = str(Path(sys.executable).with_name("tfx-ocr"))
STOCK = str(Path(sys.executable).with_name("tfx"))
RUNNER = str(Path(__file__).resolve().parents[2] / "pipeline" / "local_runner.py")
JUDGED = ["Evaluator", "Pusher", "Report"]


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

    def run(self, *arguments, expect=0):
        """Run `tfx-ocr ARGUMENTS` and return its output."""
        result = subprocess.run(
            [COMMAND, *arguments], env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=900
        )
        assert result.returncode == expect, result.stdout + result.stderr
        assert "Traceback" not in result.stdout + result.stderr
        return result.stdout + result.stderr

    def stock(self, *arguments):
        """Run `tfx ARGUMENTS --engine=local` in an activated environment; return its output."""
        activated = f"{Path(STOCK).parent}{os.pathsep}{os.environ['PATH']}"  # it calls pip
        result = subprocess.run(
            [STOCK, *arguments, "--engine=local"],
            env={**self.environment, "PATH": activated, "LOCAL_HOME": str(self.settings.tfx_home)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

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


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("circle"))


def test_the_default_run_ends_with_a_served_version_and_a_report(home):
    printed = home.run("run", "digits")
    assert len(printed.splitlines()) < 80
    assert home.last["status"] == "pushed"
    assert home.versions() == [int(home.last["version"])]
    assert home.last["verdict"]["blessed"]
    assert home.last["verdict"]["n"] == 382
    assert f"version {home.last['version']}" in Path(home.last["report"]).read_text(encoding="utf-8")
    assert "gate passed: accuracy 0.9" in printed
    assert not (home.folder / "user" / "tfx").exists()


def test_the_evaluation_is_loaded_by_tfma(home):
    import tensorflow_model_analysis as tfma

    [evaluation] = (home.settings.folder / "pipeline" / "Evaluator" / "evaluation").iterdir()
    [(_, metrics)] = tfma.load_eval_result(str(evaluation)).slicing_metrics
    assert metrics[""][""]["accuracy"]["doubleValue"] == pytest.approx(home.last["verdict"]["metrics"]["accuracy"])


def test_the_same_again_executes_nothing_and_makes_nothing(home):
    artifacts, before = home.metadata()
    version = home.last["version"]
    printed = home.run("run", "digits")
    assert home.executed() == []
    now, after = home.metadata()
    assert now == artifacts
    assert after == before  # nothing changed: TFX is not even started
    assert "$ tfx" not in printed
    assert home.last["version"] == version
    assert home.versions() == [int(version)]
    assert "gate passed" in printed
    assert "0 of 10 steps ran" in printed


def test_without_a_memory_of_the_last_run_the_cache_says_the_same_and_a_damaged_register_is_made_anew(home):
    artifacts, before = home.metadata()
    version = home.last["version"]
    (home.settings.folder / last_run.FILE).write_text("", encoding="utf-8")
    (home.settings.tfx_home / "digits" / "pipeline_args.json").unlink()
    printed = home.run("run", "digits")
    assert "$ tfx pipeline create" in printed
    assert home.executed() == []
    now, after = home.metadata()
    assert now == artifacts
    assert after - before == Counter({5: len(home.last["steps"])})  # all of them cached
    assert home.last["version"] == version


def test_a_damaged_served_version_is_pushed_again(home):
    [version] = home.versions()
    served = Path(home.settings.serving_dir) / str(version) / "saved_model.pb"
    served.write_bytes(served.read_bytes()[:-1])
    home.run("run", "digits")
    assert home.executed() == ["Pusher", "Report"]
    assert home.versions() == [version, int(home.last["version"])]
    shutil.rmtree(served.parent)


def test_evaluate_gives_the_gates_numbers_on_the_same_data(home):
    data = str(Path(home.settings.home) / "samples" / "digits")
    printed = home.run("evaluate", "digits", "--data", data, "--json", "numbers.json")
    numbers = json.loads((home.folder / "numbers.json").read_text(encoding="utf-8"))
    judged = home.last["verdict"]
    assert numbers["metrics"] == pytest.approx(judged["metrics"])
    assert (numbers["n"], numbers["split"], numbers["model"]["version"]) == (382, "test", home.last["version"])
    assert "gate passed" in printed


def test_evaluate_fails_below_the_gate(home):
    home.environment["TFX_OCR_OVERRIDES"] = "gate.at_least.accuracy=0.9999"
    data = str(Path(home.settings.home) / "samples" / "digits")
    try:
        assert "is below 0.9999" in home.run("evaluate", "digits", "--data", data, expect=1)
    finally:
        del home.environment["TFX_OCR_OVERRIDES"]


def test_a_changed_threshold_reruns_the_evaluator_and_what_follows(home):
    version = home.last["version"]
    home.run("run", "digits", "--set", "gate.at_least.accuracy=0.5")
    assert home.executed() == JUDGED
    assert home.last["verdict"]["checks"][0]["limit"] == 0.5
    assert home.versions() == [int(version)]  # the same files are served already


def test_a_worse_model_is_refused_with_its_numbers_and_a_changed_preprocessing_reruns_transform(home):
    version = home.last["version"]
    printed = home.run("run", "digits", "--set", "image.margin=0.3", "--set", "trainer.epochs=1", expect=1)
    assert home.executed() == ["Transform", "Trainer", "Evaluator", "InfraValidator", "Pusher", "Report"]
    assert home.last["status"] == "refused"
    worse = [check for check in home.last["verdict"]["checks"] if check["rule"] == "at_most_worse"]
    assert worse
    assert all(check["value"] < check["served"] - 0.005 for check in worse)
    assert f"worse than version {version}" in printed
    assert "accuracy" in printed
    assert "is below 0.93" in printed
    assert home.versions() == [int(version)]
    assert "Refused by the gate" in Path(home.last["report"]).read_text(encoding="utf-8")


def changes_of_the_tuned_run():
    any_seed = [f"gate.at_most_worse.{name}=1" for name in ("accuracy", "macro_f1")]  # another is judged elsewhere
    pairs = ("trainer.seed=8", "tuner.units=(64,)", "tuner.trials=2", "tuner.epochs=1", *any_seed)
    return [word for pair in pairs for word in ("--set", pair)]


def test_a_tuned_run_killed_in_training_goes_on_from_there_by_the_same_command(home):
    command = [COMMAND, "run", "digits", "--tune", *changes_of_the_tuned_run()]
    killed = subprocess.Popen(
        command, env=home.environment, cwd=home.folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    before = []
    for line in killed.stdout:
        before.append(line)
        if "epoch 3/" in line:
            break
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    printed = home.run(*command[1:])
    resumed = next(line for line in printed.splitlines() if "resumed after epoch" in line)
    assert int(resumed.split("epoch ")[1].split(" ")[0]) >= 3
    assert "trial 2/2" in "".join(before)
    assert "trial" not in printed
    assert "epoch 1/" not in printed
    assert home.executed()[0] == "Trainer"  # the Tuner's choice is kept
    assert home.last["status"] == "pushed"
    assert home.head() == [(128, 64), (64, 64), (64, 10)]
    assert not list((home.settings.folder / "pipeline" / "Trainer" / "checkpoints").iterdir())


def test_a_version_is_explained_rolled_back_and_not_pushed_again(home):
    older, newer = home.versions()
    shown = json.loads(home.run("show", str(newer), "--json"))
    assert (shown["version"], shown["status"], shown["compared"]["version"]) == (newer, "pushed", older)
    assert shown["recipe"]["trainer"]["seed"] == 8
    assert shown["data"]["splits"] == {"train": 1157, "eval": 258, "test": 382}
    assert shown["metrics"] == home.last["verdict"]["metrics"]
    statuses = [run["status"] for run in json.loads(home.run("runs", "digits", "--json"))]
    assert Counter(statuses) == {"pushed": 5, "refused": 1, "unfinished": 1}
    image = next((Path(home.settings.home) / "samples" / "digits" / "test" / "7").iterdir())
    [seen] = json.loads(home.run("trace", str(image), "--json"))
    assert (seen["split"], seen["label"], seen["versions"][-2:]) == ("test", "7", [older, newer])  # one was removed
    assert home.run("trace", "0" * 64, expect=1).startswith("not in the examples of any run")

    assert f"the files of {older} in place of {newer}" in home.run("rollback", "digits", "--why", "crossed sevens")
    restored = home.versions()[-1]
    assert f"restores {older}: crossed sevens" in home.run("versions", "digits").splitlines()[1]
    shown = json.loads(home.run("show", str(restored), "--json"))
    assert (shown["version"], shown["restores"], shown["why"]) == (restored, older, "crossed sevens")
    printed = home.run("run", "digits", "--tune", *changes_of_the_tuned_run(), expect=1)
    assert home.executed() == JUDGED  # in comparison with what is served now
    assert f"version {newer}, which is this model, was rolled back" in printed
    assert home.versions() == [older, newer, restored]
    home.run("rollback", "digits", "--to", str(newer))  # as it was, for the tests below


def test_bad_records_are_set_aside_and_too_many_stop_the_run(home):
    data = home.folder / "mine"
    shutil.copytree(Path(home.settings.home) / "samples" / "digits", data)
    every = sorted(data.rglob("*.png"))
    pictures = every[::4]  # few enough to be looked at whole
    for path in set(every) - set(pictures):
        path.unlink()
    for path in pictures[::10]:
        path.write_bytes(b"no picture")
    version = home.versions()
    before = home.last
    printed = home.run("run", "digits", "--data", str(data), expect=2)  # by the look at the data, before any step
    assert "not an image (such as eval/0/" in printed
    assert f"of {len(pictures)} records" in printed
    assert "max_rejected" in printed
    assert home.last == before
    assert home.versions() == version


def test_the_stock_commands_do_what_tfx_documents(home):
    register = home.settings.tfx_home / "digits" / "pipeline_args.json"
    register.write_text("{}", encoding="utf-8")
    assert 'Pipeline "digits" updated successfully.' in home.stock("pipeline", "update", f"--pipeline_path={RUNNER}")
    assert json.loads(register.read_text(encoding="utf-8")) == {
        "pipeline_name": "digits",
        "pipeline_root": home.settings.root,
        "pipeline_dsl_path": RUNNER,
    }
    assert "Pipeline compiled successfully." in home.stock("pipeline", "compile", f"--pipeline_path={RUNNER}")
    assert "digits" in home.stock("pipeline", "list").splitlines()
    assert 'Pipeline "digits" deleted successfully.' in home.stock("pipeline", "delete", "--pipeline_name=digits")
    assert not register.exists()
    assert Path(home.settings.root).exists()  # only the register knows it no more


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "digts"], "no recipe 'digts'; known: digits"),
        (["run", "digits", "--data", "nowhere"], "no data at nowhere"),
        (["run", "digits", "--network", "resnet"], "known: inception_v3, "),
        (["run", "digits", "--set", "trainer.epoch=3"], "no field 'epoch'"),
        (["evaluate", "digits", "--data", "nowhere"], "no folder nowhere"),
    ],
    ids=["recipe", "data", "network", "field", "evaluate"],
)
def test_bad_use_is_one_sentence_at_once(tmp_path, arguments, said):
    home = Home(tmp_path)
    began = time.monotonic()
    printed = home.run(*arguments, expect=2)
    assert said in printed
    assert len(printed.splitlines()) == 1
    assert time.monotonic() - began < 60
    assert not (tmp_path / "work" / "digits").exists()
