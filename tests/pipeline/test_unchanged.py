"""A run that would change nothing is known without TFX, and every change that matters makes it run."""

import dataclasses
import json
import os
import shutil
import sysconfig

import pytest
from typer.testing import CliRunner

from tfx_ocr.components.example_gen.fingerprint import compute_fingerprint
from tfx_ocr.pipeline import code_version, last_run, unchanged
from tfx_ocr.pipeline.check import check
from tfx_ocr.pipeline.cli import app
from tfx_ocr.pipeline.cli import run as command
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.settings import load
from tfx_ocr.serving import versions


class World:
    """A home in which a run of digits over one picture has just ended, as its runner leaves it."""

    def __init__(self, tmp_path, monkeypatch):
        self.data = tmp_path / "data"
        self.picture = self.data / "7" / "1.png"
        self.picture.parent.mkdir(parents=True)
        self.picture.write_bytes(b"one")
        monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "home"))
        self.recipe, self.settings = self.configure()
        self.artifact = self.settings.folder / "pipeline" / "Trainer" / "model" / "6"
        self.artifact.mkdir(parents=True)
        (self.artifact / "weights").write_bytes(b"model")
        self.settings.metadata_file.touch()
        self.version = versions.publish(self.artifact, self.settings.serving_dir, versions.Manifest()).version
        self.push = self.settings.folder / "pipeline" / "Pusher" / "pushed_model" / "9"
        self.push.mkdir(parents=True)
        shutil.copy(self.served / versions.MANIFEST, self.push)
        self.end("pushed")

    @property
    def served(self):
        return versions.get_folder(self.settings.serving_dir, self.version)

    def configure(self, **changes):
        settings = dataclasses.replace(load(), recipe="digits", input=str(self.data), **changes)
        recipe = resolve_recipe(settings)
        return recipe, check(recipe, settings)

    def end(self, status):
        uris = [str(self.artifact), str(self.push)]
        fingerprint = compute_fingerprint(self.data)
        results = unchanged.describe_results(self.settings, uris, fingerprint)
        verdict = {
            "blessed": status == "pushed",
            "metrics": {"accuracy": 0.975},
            "n": 40,
            "split": "test",
            "checks": [],
        }
        last_run.write(
            self.settings,
            {
                "status": status,
                "steps": [{"name": "Trainer", "seconds": 9.0, "executed": True}],
                "seconds": 30.0,
                "sentence": "",
                "verdict": verdict,
                "version": str(self.version) if status == "pushed" else "",
                "serving_dir": self.settings.serving_dir,
                "report": "/report/index.html",
                "log": "/logs/x.log",
                last_run.KEY: results | unchanged.describe(self.recipe, self.settings),
            },
        )

    def find_change(self, **changes):
        recipe, settings = self.configure(**changes)
        return unchanged.find_change(recipe, settings, last_run.read(settings))

    def is_recalled(self):
        return unchanged.recall(*self.configure()) is not None


@pytest.fixture
def world(tmp_path, monkeypatch):
    return World(tmp_path, monkeypatch)


def test_an_unchanged_run_ends_as_the_last_one_did_with_no_step_executed(world, monkeypatch):
    monkeypatch.setattr(command, "_tfx", lambda *_: pytest.fail("TFX was started"))
    result = CliRunner().invoke(app(), ["run", "digits", "--data", str(world.data)])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[1:] == [
        "0 of 1 steps ran, 0 s",
        "gate passed: accuracy 0.9750 (40 test examples)",
        f"served: version {world.version} in {world.settings.serving_dir}",
        "report: /report/index.html",
        "log: /logs/x.log",
    ]
    assert last_run.read(world.settings)["steps"] == [{"name": "Trainer", "seconds": 0.0, "executed": False}]
    assert world.is_recalled()  # and the third run is as quick


def test_a_refused_run_is_told_again_and_ends_with_its_status(world, monkeypatch):
    world.end("refused")
    monkeypatch.setattr(command, "_tfx", lambda *_: pytest.fail("TFX was started"))
    result = CliRunner().invoke(app(), ["run", "digits", "--data", str(world.data)])
    assert result.exit_code == 1
    assert "not pushed" in result.output


def test_a_change_starts_tfx_and_its_status_is_the_commands(world, monkeypatch):
    world.picture.write_bytes(b"two")
    monkeypatch.setattr(command, "_tfx", lambda *_: 3)
    monkeypatch.setattr("tfx_ocr.pipeline.data_check.check_data", lambda *_: ["data: one record"])
    assert CliRunner().invoke(app(), ["run", "digits", "--data", str(world.data)]).exit_code == 3


def test_bytes_that_changed_with_the_same_size_and_time_are_seen(world):
    times = os.stat(world.picture)
    world.picture.write_bytes(b"One")
    os.utime(world.picture, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert world.find_change() == "data"


def test_the_same_bytes_written_anew_are_no_change(world):
    world.picture.unlink()
    world.picture.write_bytes(b"one")
    os.utime(world.picture, (1, 1))
    assert world.find_change() is None


@pytest.mark.parametrize("file", ["components/networks/small_cnn.py", "components/report/report.css"])
def test_changed_code_is_seen(world, monkeypatch, file):
    real = code_version.Path.read_bytes
    monkeypatch.setattr(
        code_version.Path, "read_bytes", lambda path: real(path) + (b"#" if str(path).endswith(file) else b"")
    )
    assert world.find_change() == "code"


def test_a_changed_runner_is_seen(world, monkeypatch):
    real = code_version.Path.read_bytes
    monkeypatch.setattr(
        code_version.Path, "read_bytes", lambda path: real(path) + (b"#" if path.name == "graph.py" else b"")
    )
    assert world.find_change() == "code"


def test_another_lock_is_seen(world, monkeypatch, tmp_path):
    (tmp_path / ".setup").write_text("another lock")
    folders = {name: sysconfig.get_path(name) for name in ("purelib", "platlib")}  # which follow the prefix
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", folders.get)
    assert world.find_change() == "libraries"


def test_another_version_of_any_library_is_seen(world, monkeypatch, tmp_path):
    (tmp_path / "protobuf-99.dist-info").mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    assert world.find_change() == "libraries"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"beam": "--direct_num_workers=2"}, "settings"),
        ({"overrides": "trainer.epochs=7"}, "settings"),
        ({"network": "mlp"}, "settings"),
        ({"trace": "1"}, None),
    ],
    ids=["setting", "override", "network", "trace"],
)
def test_another_setting_is_seen(world, changes, said):
    assert world.find_change(**changes) == said


def test_another_value_of_the_recipe_is_seen(world):
    recipe = dataclasses.replace(world.recipe, gate=dataclasses.replace(world.recipe.gate, at_least={"accuracy": 0.5}))
    assert unchanged.find_change(recipe, world.settings, last_run.read(world.settings)) == "recipe"


@pytest.mark.parametrize("lost", ["artifact", "artifact/weights"])
def test_a_deleted_artifact_is_seen(world, lost):
    path = world.artifact / "weights" if "/" in lost else world.artifact
    path.unlink() if path.is_file() else shutil.rmtree(path)
    assert world.find_change() == f"artifact {world.artifact}"


def test_metadata_that_changed_is_seen(world):
    world.settings.metadata_file.write_bytes(b"other")
    assert world.find_change() == "metadata"


def test_a_newer_version_is_seen_whoever_pushed_it(world):
    shutil.copytree(world.served, world.served.with_name(str(world.version + 1)))
    assert world.find_change() == "served versions"


@pytest.mark.parametrize("damage", ["removed", "changed", "emptied"])
def test_a_served_version_that_was_damaged_or_removed_makes_it_run_and_pushes_again(world, damage):
    assert world.is_recalled()
    if damage == "removed":
        shutil.rmtree(world.served)
    else:
        (world.served / "weights").write_bytes(b"MODEL" if damage == "changed" else b"")
    assert not world.is_recalled()
    unchanged.remove_stale(world.settings, last_run.read(world.settings))
    assert not world.push.exists()  # TFX's cache does not take the push for done
    assert world.artifact.exists()


def test_an_older_push_is_left_alone_where_something_newer_is_served(world):
    shutil.copytree(world.served, world.served.with_name(str(world.version + 1)))
    shutil.rmtree(world.served)
    unchanged.remove_stale(world.settings, last_run.read(world.settings))
    assert world.push.exists()


def test_an_artifact_that_lost_a_file_is_removed_for_its_step_to_run_again(world):
    (world.artifact / "added by hand").touch()
    unchanged.remove_stale(world.settings, last_run.read(world.settings))
    assert world.artifact.exists()
    (world.artifact / "weights").unlink()
    unchanged.remove_stale(world.settings, last_run.read(world.settings))
    assert not world.artifact.exists()


@pytest.mark.parametrize("status", ["stopped", "interrupted"])
def test_a_run_that_ended_early_goes_on(world, status):
    world.end(status)
    assert world.find_change() == "no run that reached its end"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"status": "pushed"}'])
def test_a_damaged_record_of_the_last_run_makes_it_run(world, text):
    (world.settings.folder / last_run.FILE).write_text(text)
    assert not world.is_recalled()


@pytest.mark.parametrize("key", ["data", "artifacts", "metadata", "newest", "settings", "code", "libraries"])
def test_a_record_of_another_release_makes_it_run(world, key):
    file = world.settings.folder / last_run.FILE
    result = json.loads(file.read_text())
    del result[last_run.KEY][key]
    file.write_text(json.dumps(result))
    assert not world.is_recalled()


@pytest.mark.parametrize(
    "changes",
    [{"metadata": "mysql://ocr@db/mlmd"}, {"pipeline_root": "s3://bucket/root"}, {"input": "s3://bucket/data"}],
    ids=["metadata", "root", "data"],
)
def test_what_lies_elsewhere_is_left_to_tfx(world, changes):
    assert unchanged.describe_results(dataclasses.replace(world.settings, **changes), [], "files:1") is None
