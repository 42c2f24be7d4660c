import contextlib
import os
import shutil
import threading
import time

import pytest

from tfx_ocr.serving import messages, versions

WAIT_S = 20


class Backend:
    """Stands for a loaded model."""

    def __init__(self):
        self.definitions = {}
        self.is_closed = False

    def close(self):
        self.is_closed = True


class Loads:
    """Loads a version unless its folder holds `bad`; while `gate` is shut, loads wait. `made`: by (name, version)."""

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.made = {}
        self.tries = []

    def __call__(self, name, version, path):
        import grpc

        from tfx_ocr.serving.model_server.errors import ServingError
        from tfx_ocr.serving.model_server.monitoring import Monitoring
        from tfx_ocr.serving.model_server.servable import Servable

        self.tries.append(version)
        assert self.gate.wait(WAIT_S)
        if (path / "bad").exists():
            raise ServingError(grpc.StatusCode.NOT_FOUND, "no graph")
        backend = self.made[name, version] = Backend()
        return Servable(name, version, backend, Monitoring())


@pytest.fixture
def loads():
    return Loads()


@pytest.fixture
def folder(tmp_path):
    """Return `folder(3, bad=False)`: version 3 of model `m`."""

    def made(version, name="m", bad=False):
        path = tmp_path / name / str(version)
        path.mkdir(parents=True)
        if bad:
            (path / "bad").touch()
        return path

    return made


@pytest.fixture
def config(tmp_path):
    """Return `config("m { all {} }")`: a configuration; each model is a name and the text of its version policy."""
    from google.protobuf import text_format

    def made(policy="", names=("m",), labels=(), path=None):
        text = "".join(
            f'config {{ name: "{name}" base_path: "{path or tmp_path / name}" model_platform: "tensorflow" '
            + (f"model_version_policy {{ {policy} }} " if policy else "")
            + "".join(f'version_labels {{ key: "{label}" value: {number} }} ' for label, number in labels)
            + "}"
            for name in names
        )
        return text_format.Parse(f"model_config_list {{ {text} }}", messages.ModelServerConfig())

    return made


@pytest.fixture
def manager(loads):
    from tfx_ocr.serving.model_server.manager import Manager, Policy

    made = []

    def start(**policy):
        made.append(Manager(loads, Policy(**{"max_num_load_retries": 0, "load_retry_interval_s": 0.01, **policy})))
        return made[-1]

    yield start
    loads.gate.set()
    for each in made:
        each.stop()


def spec(name="m", **choice):
    made = messages.ModelSpec(name=name)
    if "version" in choice:
        made.version.value = choice["version"]
    if "label" in choice:
        made.version_label = choice["label"]
    return made


def served(manager, **choice):
    with manager.use(spec(**choice)) as servable:
        return servable.version


def refusal(manager, **choice):
    from tfx_ocr.serving.model_server.errors import ServingError

    with pytest.raises(ServingError) as refused:
        served(manager, **choice)
    return refused.value.code.name, refused.value.message


def states(manager, name="m"):
    return {
        number: messages.ModelVersionStatus.State.Name(state) for number, (state, _) in manager.get_states(name).items()
    }


def until(condition):
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_latest_version_is_served_and_other_names_are_ignored(manager, folder, config, loads):
    for name in (2, "00000010", "9.staging-", ".staging-12", "x", "1_1", "-3", str(2**63)):
        folder(name)
    models = manager()
    models.reload(config())
    assert (served(models), served(models, version=10), states(models)) == (10, 10, {10: "AVAILABLE"})
    assert refusal(models, version=2) == ("NOT_FOUND", "Servable not found for request: Specific(m, 2)")
    assert refusal(models, name="n") == ("NOT_FOUND", "Servable not found for request: Latest(n)")
    assert refusal(models, name="") == ("INVALID_ARGUMENT", "ModelSpec has no name specified.")


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("latest {}", [5]),
        ("latest { num_versions: 2 }", [3, 5]),
        ("all {}", [1, 3, 5]),
        ("specific { versions: 3 }", [3]),
        ("specific { versions: 1 versions: 3 versions: 4 }", [1, 3]),
    ],
)
def test_a_policy_says_which_versions(manager, folder, config, policy, wanted):
    for version in (1, 3, 5):
        folder(version)
    models = manager()
    models.reload(config(policy))
    assert sorted(states(models)) == wanted
    assert [served(models, version=version) for version in wanted] == wanted
    assert served(models) == wanted[-1]


def test_the_old_version_answers_until_the_new_one_does_and_ends_what_it_began(manager, folder, config, loads):
    folder(1)
    models = manager()
    models.reload(config())
    folder(2)
    loads.gate.clear()
    models.look()
    until(lambda: states(models) == {1: "AVAILABLE", 2: "LOADING"})
    assert served(models) == 1
    with models.use(spec()) as begun:
        loads.gate.set()
        until(lambda: states(models) == {1: "UNLOADING", 2: "AVAILABLE"})
        assert served(models) == 2
        assert refusal(models, version=1)[0] == "NOT_FOUND"
        time.sleep(0.05)
        assert (begun.version, loads.made["m", 1].is_closed) == (1, False)
    until(lambda: states(models) == {1: "END", 2: "AVAILABLE"})
    assert (loads.made["m", 1].is_closed, loads.made["m", 2].is_closed) == (True, False)


def test_a_bad_version_never_takes_the_good_one_down(manager, folder, config):
    folder(1)
    models = manager()
    models.reload(config())
    bad = folder(2, bad=True)
    models.look()
    until(lambda: states(models)[2] == "END")
    for _ in range(3):
        models.look()
    assert (served(models), states(models)) == (1, {1: "AVAILABLE", 2: "END"})
    assert models.get_states("m")[2][1].message == "no graph"
    (bad / "bad").unlink()
    models.look()
    assert states(models)[2] == "END"  # it was given up
    folder(3)
    models.look()
    until(lambda: states(models) == {1: "END", 2: "END", 3: "AVAILABLE"})


def test_a_load_is_tried_again(manager, folder, config, loads):
    path = folder(1, bad=True)
    models = manager(max_num_load_retries=1000)
    threading.Thread(target=models.reload, args=(config(), True), daemon=True).start()
    until(lambda: len(loads.tries) > 3)
    assert states(models) == {1: "LOADING"}
    (path / "bad").unlink()
    until(lambda: states(models) == {1: "AVAILABLE"})
    assert models.get_states("m")[1][1] is None


def test_a_version_that_comes_back_is_loaded_again(manager, folder, config, tmp_path):
    folder(1)
    folder(2, bad=True)
    models = manager()
    models.reload(config("all {}"))
    until(lambda: states(models) == {1: "AVAILABLE", 2: "END"})
    (tmp_path / "m/2").rename(tmp_path / "m/gone")
    models.look()
    (tmp_path / "m/gone/bad").unlink()
    (tmp_path / "m/gone").rename(tmp_path / "m/2")
    models.look()
    until(lambda: states(models) == {1: "AVAILABLE", 2: "AVAILABLE"})
    assert served(models) == 2


def test_an_empty_folder_ends_its_versions_and_an_unreadable_one_changes_nothing(manager, folder, config, tmp_path):
    folder(1)
    models = manager()
    models.reload(config())
    (tmp_path / "m").rename(tmp_path / "away")
    models.look()
    assert served(models) == 1
    (tmp_path / "m").mkdir()
    models.look()
    until(lambda: states(models) == {1: "END"})
    assert refusal(models) == ("NOT_FOUND", "Servable not found for request: Latest(m)")


def test_models_come_and_go_with_the_configuration(manager, folder, config, loads):
    folder(1, "a")
    folder(1, "b")
    models = manager()
    models.reload(config(names=("a",)))
    assert refusal(models, name="b")[0] == "NOT_FOUND"
    models.reload(config(names=("b",)))
    assert served(models, name="b") == 1
    until(lambda: states(models, "a") == {1: "END"})
    assert loads.made["a", 1].is_closed
    models.reload(config(names=("a", "b")))
    assert served(models, name="a") == 1


def test_a_model_that_does_not_come_is_said_and_the_others_are_served(manager, folder, config):
    from tfx_ocr.serving.model_server.errors import ServingError

    folder(1, "a")
    folder(1, "b", bad=True)
    models = manager()
    with pytest.raises(ServingError, match=r"did not become available: \{Name: b Version: 1: no graph\}") as refused:
        models.reload(config(names=("a", "b")))
    assert (refused.value.code.name, served(models, name="a")) == ("UNKNOWN", 1)
    with pytest.raises(ServingError, match=r"Name: c: no version in "):
        models.reload(config(names=("a", "c")))


def test_at_the_start_a_first_version_is_waited_for(manager, folder, config):
    models = manager(poll_s=0.02)
    first = threading.Thread(target=models.reload, args=(config(), True), daemon=True)
    first.start()
    time.sleep(0.1)
    assert first.is_alive()
    folder(1)
    first.join(WAIT_S)
    assert served(models) == 1


def test_folders_are_looked_at_all_the_time(manager, folder, config):
    folder(1)
    models = manager(poll_s=0.02)
    models.reload(config())
    models.start()
    folder(2)
    until(lambda: states(models) == {1: "END", 2: "AVAILABLE"})


def test_a_label_leads_to_a_version(manager, folder, config):
    from tfx_ocr.serving.model_server.errors import ServingError

    folder(1)
    folder(2)
    models = manager()
    models.reload(config("all {}", labels=[("stable", 1), ("canary", 2)]))
    assert (served(models, label="stable"), served(models, label="canary")) == (1, 2)
    assert refusal(models, label="old") == ("INVALID_ARGUMENT", "Unrecognized servable version label: old")
    models.reload(config("all {}", labels=[("stable", 2)]))
    assert served(models, label="stable") == 2
    with pytest.raises(ServingError, match="version 3 of model m, which is not currently available") as refused:
        models.reload(config("all {}", labels=[("stable", 3)]))
    assert (refused.value.code.name, served(models, label="stable")) == ("FAILED_PRECONDITION", 2)


def test_a_new_label_may_wait_for_its_version_where_that_is_allowed(manager, folder, config):
    from tfx_ocr.serving.model_server.errors import ServingError

    folder(1)
    models = manager(allow_labels_for_unavailable=True)
    models.reload(config("all {}", labels=[("stable", 1), ("canary", 2)]))
    assert refusal(models, label="canary") == ("NOT_FOUND", "Servable not found for request: Specific(m, 2)")
    folder(2)
    models.look()
    until(lambda: states(models) == {1: "AVAILABLE", 2: "AVAILABLE"})
    assert served(models, label="canary") == 2
    with pytest.raises(ServingError, match="Request to assign label stable to version 3"):
        models.reload(config("all {}", labels=[("stable", 3)]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"names": ("m", "m")}, "Illegal to list model m multiple times in config list"),
        ({"names": ("",)}, "has no name"),
        ({"path": "models/m"}, r"Expected model m to have an absolute path or URI; got base_path\(\)=models/m"),
    ],
)
def test_a_wrong_configuration_changes_nothing(manager, folder, config, change, sentence):
    from tfx_ocr.serving.model_server.errors import ServingError

    folder(1)
    models = manager()
    models.reload(config())
    with pytest.raises(ServingError, match=sentence) as refused:
        models.reload(config(**change))
    assert (refused.value.code.name, served(models)) == ("INVALID_ARGUMENT", 1)


def test_another_platform_is_refused(manager, config):
    from tfx_ocr.serving.model_server.errors import ServingError

    wrong = config()
    wrong.model_config_list.config[0].model_platform = "caffe"
    with pytest.raises(ServingError, match="Model m requests unsupported platform 'caffe'"):
        manager().reload(wrong)


def test_what_was_let_go_while_it_loaded_is_closed(manager, folder, config, loads):
    from tfx_ocr.serving.model_server.errors import ServingError

    folder(1, "a")
    folder(1, "b")
    models = manager()
    models.reload(config(names=("a",)))
    loads.gate.clear()

    def add_b():
        with contextlib.suppress(ServingError):  # it was taken away again
            models.reload(config(names=("a", "b")))

    threading.Thread(target=add_b, daemon=True).start()
    until(lambda: states(models, "b") == {1: "LOADING"})
    models.reload(config(names=("a",)))
    loads.gate.set()
    until(lambda: states(models, "b") == {1: "END"})
    until(lambda: loads.made["b", 1].is_closed)


def test_a_model_that_is_wanted_again_while_it_is_unloaded_is_loaded_again(manager, loads, folder, config):
    import concurrent.futures

    for name in ("a", "b"):
        folder(1, name=name)
    manager = manager()
    manager.reload(config(names=("a", "b")), is_first=True)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with manager.use(spec("a")):  # a request in flight: it is not closed before that ends
            before = loads.made["a", 1]
            manager.reload(config(names=("b",)))
            again = pool.submit(manager.reload, config(names=("a", "b")))
            concurrent.futures.wait([again], timeout=0.2)
            assert not again.done()
        again.result(WAIT_S)
    assert before.is_closed
    assert loads.made["a", 1] is not before
    assert served(manager, name="a")


@pytest.fixture
def push(tmp_path):
    """Return `push(text)`: a model of three files is pushed to `m`; its version's number."""

    def pushed(text):
        source = tmp_path / "source"
        (source / "variables").mkdir(parents=True, exist_ok=True)
        for name in ("saved_model.pb", "variables/data", "variables/index"):
            (source / name).write_text(text)
        return versions.publish(source, tmp_path / "m", versions.Manifest()).version

    return pushed


class Killed(BaseException):
    """Stands for kill -9: nothing is cleaned up after it."""


def test_a_version_is_taken_when_its_last_file_is_there_where_a_rename_copies(manager, push, config, monkeypatch):
    first = push("old")
    models = manager(require_manifest=True)
    models.reload(config())
    seen = []

    def rename(source, target):  # as a mounted object store does it; the manifest comes first
        for file in sorted((each for each in source.rglob("*") if each.is_file()), key=lambda file: len(file.name)):
            models.look()
            seen.append(served(models))
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes()[:1])
            models.look()
            seen.append(served(models))
            shutil.copyfile(file, copy)
        shutil.rmtree(source)

    monkeypatch.setattr(os, "rename", rename)
    second = push("new")
    assert seen == [first] * 8
    models.look()
    until(lambda: states(models) == {first: "END", second: "AVAILABLE"})


def test_what_a_killed_push_left_is_never_taken_and_the_next_push_is(manager, push, config, monkeypatch, tmp_path):
    first = push("old")
    models = manager(require_manifest=True)
    models.reload(config())

    def rename(source, target):
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("index"))
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename)
        with pytest.raises(Killed):
            push("half")
    models.look()
    assert states(models) == {first: "AVAILABLE"}
    restarted = manager(require_manifest=True)
    restarted.reload(config(), is_first=True)
    assert served(restarted) == first
    third = push("new")
    models.look()
    until(lambda: states(models) == {first: "END", third: "AVAILABLE"})


def test_a_version_without_a_manifest_is_left_out_and_said_once(manager, folder, config, push, caplog):
    from tfx_ocr.serving.model_server.errors import ServingError

    (folder(7) / "saved_model.pb").touch()
    models = manager(require_manifest=True)
    with pytest.raises(ServingError, match=r"Name: m: no whole version in "):
        models.reload(config())
    models.look()
    said = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert len(said) == 1
    assert said[0].startswith("model m: version 7 is left out: ")
    assert said[0].endswith("manifest.json is not there: this version was not pushed by this project's Pusher")


def test_a_served_version_stays_when_its_files_change(manager, push, config, tmp_path):
    number = push("old")
    models = manager(require_manifest=True)
    models.reload(config())
    (tmp_path / "m" / str(number) / "saved_model.pb").write_text("other")
    models.look()
    assert states(models) == {number: "AVAILABLE"}
