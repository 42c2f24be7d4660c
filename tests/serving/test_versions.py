import dataclasses
import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tfx_ocr.serving import versions
from tfx_ocr.serving.versions import Manifest, publish

FILES = {"saved_model.pb": b"graph", "variables/variables.index": b"index", "assets/labels.txt": "한글\n".encode()}


def model(folder, **changed):
    for name, content in {**FILES, **{name.replace("_pb", ".pb"): value for name, value in changed.items()}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def old(tmp_path):
    return model(tmp_path / "old")


@pytest.fixture
def new(tmp_path):
    return model(tmp_path / "new", saved_model_pb=b"better graph")


@pytest.fixture
def served(tmp_path):
    return tmp_path / "serving" / "digits"


@pytest.fixture
def at(monkeypatch):
    """Stop the clock at a Unix time in seconds."""
    return lambda seconds: monkeypatch.setattr(time, "time", lambda: seconds + 0.5)


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != versions.MANIFEST
    }


def test_nothing_is_served_from_a_folder_that_is_not_there(served):
    assert versions.list_versions(served) == []
    assert versions.find_newest(served) is None


def test_versions_are_the_folders_with_a_number_in_numeric_order(tmp_path):
    for name in ("9", "10", ".staging-11", "12a", "best", "٣"):
        (tmp_path / name).mkdir()
    (tmp_path / "13").write_text("a file")
    assert versions.list_versions(tmp_path) == [9, 10]
    assert versions.find_newest(tmp_path) == 10


def test_a_number_beyond_int64_is_not_a_version(tmp_path):
    for number in (2**63 - 1, 2**63, 2**63 + 1):
        (tmp_path / str(number)).mkdir()
    assert versions.list_versions(tmp_path) == [2**63 - 1]


def test_a_version_may_be_written_with_zeros_before_its_number(tmp_path, old):
    (tmp_path / "served").mkdir()
    assert versions.get_folder(tmp_path / "served", 1) == tmp_path / "served/1"  # a new one
    old.rename(tmp_path / "served/0001")
    assert versions.get_folder(tmp_path / "served", 1) == tmp_path / "served/0001"
    assert versions.get_folder(tmp_path / "nowhere", 1) == tmp_path / "nowhere/1"


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("elsewhere")], ids=["file", "link"])
def test_what_is_named_as_a_push_and_is_none_is_left_alone_and_said(served, old, make):
    served.mkdir(parents=True)
    make(served / ".staging-mine")
    with pytest.raises(ValueError, match=r"\.staging-mine is not the folder of a push: move it"):
        publish(old, served, Manifest())
    assert [path.name for path in served.iterdir() if path.name != ".lock"] == [".staging-mine"]


def test_a_push_that_could_not_be_served_is_refused(served, old):
    (served / str(2**63 - 1)).mkdir(parents=True)
    with pytest.raises(ValueError, match="9223372036854775807 has the largest number, so no push after it is served"):
        publish(old, served, Manifest())
    assert versions.list_versions(served) == [2**63 - 1]


def test_a_manifest_says_nothing_that_it_was_not_told():
    assert all(not value for value in dataclasses.asdict(Manifest()).values())
    assert len(dataclasses.asdict(Manifest())) == 19


def test_land_serves_every_file_and_says_what_it_is(old, served, at):
    at(1000)
    manifest = publish(old, served, Manifest(recipe="digits", metrics={"accuracy": 0.5}, n=2, signatures=("b",)))
    folder = served / "1000"
    assert manifest.version == 1000
    assert content(folder) == FILES
    assert manifest.files == {name: hashlib.sha256(value).hexdigest() for name, value in FILES.items()}
    assert versions.read_manifest(folder) == versions.verify(folder) == manifest
    written = json.loads((folder / "manifest.json").read_text())
    assert (written["recipe"], written["metrics"], written["n"]) == ("digits", {"accuracy": 0.5}, 2)


def test_a_folder_that_is_left_out_does_not_land(tmp_path, served):
    of = model(tmp_path / "model")
    for name in ("extra/fast/network", "extra/fast/deep/er", "extra/faster"):
        (of / name).parent.mkdir(parents=True, exist_ok=True)
        (of / name).write_bytes(b"x")
    version = publish(of, served, Manifest(), without=["extra/fast"]).version
    manifest = versions.verify(served / str(version))
    assert sorted(manifest.files) == sorted([*FILES, "extra/faster"])


def test_two_models_in_one_second_both_land(old, new, served, at):
    at(1000)
    assert [publish(each, served, Manifest()).version for each in (old, new, old)] == [1000, 1001, 1002]
    assert content(served / "1001")["saved_model.pb"] == b"better graph"


def test_numbers_grow_when_the_clock_goes_back(old, new, served, at):
    at(1000)
    publish(old, served, Manifest())
    at(500)
    assert publish(new, served, Manifest()).version == 1001


def test_the_same_model_is_not_pushed_twice(old, served, at):
    at(1000)
    first = publish(old, served, Manifest(metrics={"accuracy": 0.5}))
    at(2000)
    assert publish(old, served, Manifest()) == first
    assert versions.list_versions(served) == [1000]


def test_a_damaged_version_is_pushed_again(old, served, at):
    at(1000)
    publish(old, served, Manifest())
    (served / "1000" / "saved_model.pb").write_bytes(b"grap")
    assert publish(old, served, Manifest()).version == 1001


def test_a_version_pushed_by_other_hands_is_kept(old, served):
    model(served / "7")
    publish(old, served, Manifest())
    assert versions.list_versions(served)[0] == 7


def test_a_folder_without_a_model_is_refused(tmp_path, served):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no model to push"):
        publish(tmp_path / "empty", served, Manifest())
    assert versions.list_versions(served) == []


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: (folder / "saved_model.pb").write_bytes(b"x"), "saved_model.pb was changed"),
        (lambda folder: (folder / "saved_model.pb").unlink(), "saved_model.pb was lost"),
        (lambda folder: (folder / "more.txt").write_bytes(b"x"), "more.txt was added"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is not there"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json is not a manifest"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "manifest.json is not a manifest"),
        (lambda folder: (folder / "manifest.json").write_text('{"signatures": [], "x": 1}'), "is not a manifest"),
    ],
    ids=["changed", "lost", "added", "no_manifest", "cut_off", "a_list", "unknown_field"],
)
def test_verify_says_what_is_wrong(old, served, damage, sentence):
    folder = versions.get_folder(served, publish(old, served, Manifest()).version)
    damage(folder)
    with pytest.raises(ValueError, match=sentence):
        versions.verify(folder)


def test_roll_back_serves_the_old_files_under_a_new_number(old, new, served, at):
    at(1000)
    publish(old, served, Manifest(metrics={"accuracy": 0.5}))
    publish(new, served, Manifest(metrics={"accuracy": 0.4}))
    back = versions.roll_back(served, 1000, "misreads 7")
    assert (back.version, back.metrics) == (1002, {"accuracy": 0.5})
    assert (back.restores, back.why) == (1000, "misreads 7")
    assert versions.read_manifest(served / "1002") == back
    assert content(served / "1002") == FILES
    assert versions.list_versions(served) == [1000, 1001, 1002]


def test_roll_back_to_no_version_names_those_there_are(old, served, at):
    at(1000)
    publish(old, served, Manifest())
    with pytest.raises(ValueError, match="has no version 17; there are: 1000"):
        versions.roll_back(served, 17)


def test_roll_back_without_a_number_goes_to_the_newest_version_with_other_files(old, new, served, at):
    at(1000)
    publish(old, served, Manifest())
    publish(new, served, Manifest())
    assert versions.roll_back(served).restores == 1000
    assert versions.roll_back(served).restores == 1001  # there and back again
    assert versions.roll_back(served).restores == 1000  # of a restored version, the one that was pushed


@pytest.mark.parametrize(("pushed", "sentence"), [(0, "has no version to go back from"), (1, "has no version before")])
def test_roll_back_needs_a_version_before(old, served, at, pushed, sentence):
    at(1000)
    for _ in range(pushed):
        publish(old, served, Manifest())
    with pytest.raises(ValueError, match=sentence):
        versions.roll_back(served)


def test_roll_back_to_the_served_version_is_refused(old, new, served, at):
    at(1000)
    publish(old, served, Manifest())
    publish(new, served, Manifest())
    with pytest.raises(ValueError, match="version 1001 is served already"):
        versions.roll_back(served, 1001)
    versions.roll_back(served, 1000)
    with pytest.raises(ValueError, match="version 1002 is served already, with the files of version 1000"):
        versions.roll_back(served, 1000)
    assert versions.list_versions(served) == [1000, 1001, 1002]


def test_a_model_is_withdrawn_from_its_roll_back_until_it_is_restored(old, new, served, at):
    at(1000)
    files = {folder: versions.compute_digests(folder) for folder in (old, new)}
    publish(old, served, Manifest())
    publish(new, served, Manifest())
    assert versions.find_restored(served) == 0
    assert versions.find_withdrawn(served, files[new]) is None
    versions.roll_back(served)
    assert versions.find_restored(served) == 1002
    assert versions.find_withdrawn(served, files[new]) == 1001
    assert versions.find_withdrawn(served, files[old]) is None
    versions.roll_back(served, 1001)
    assert versions.find_withdrawn(served, files[new]) is None
    assert versions.find_restored(served) == 1003


def push_many(tmp_path, served, count):
    for number in range(count):
        publish(model(tmp_path / f"model{number}", saved_model_pb=b"graph %d" % number), served, Manifest())


@pytest.mark.parametrize(("keep", "removed"), [(0, []), (1, [1000, 1001, 1002]), (3, [1000]), (9, [])])
def test_prune_removes_the_oldest_versions(tmp_path, served, at, keep, removed):
    at(1000)
    push_many(tmp_path, served, 4)
    assert versions.prune(served, keep) == removed
    assert versions.list_versions(served) == [n for n in range(1000, 1004) if n not in removed]
    assert not list(served.glob(".staging-*"))


def test_prune_keeps_the_newest_that_was_pushed_and_what_others_copied(tmp_path, served, at):
    at(1000)
    push_many(tmp_path, served, 3)
    model(served / "7")
    versions.roll_back(served, 1000)
    assert versions.prune(served, 1) == [1000, 1001]
    assert versions.list_versions(served) == [7, 1002, 1003]


def test_what_a_killed_prune_left_is_removed_by_the_next_push(tmp_path, new, served, at, monkeypatch):
    at(1000)
    push_many(tmp_path, served, 2)
    with monkeypatch.context() as patch:
        patch.setattr(versions.shutil, "rmtree", lambda folder: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            versions.prune(served, 1)
    assert versions.list_versions(served) == [1001]
    publish(new, served, Manifest())
    assert not list(served.glob(".staging-*"))
    assert versions.list_versions(served) == [1001, 1002]


class Killed(BaseException):
    """What no `except Exception` may swallow, as a kill."""


def test_killed_at_any_write_the_old_version_is_served_and_the_next_push_completes(
    tmp_path, old, new, served, at, monkeypatch
):
    """Dies before the 1st, 2nd, 3rd ... call that touches the disk, until one push survives."""
    calls = {"left": 0}

    def dying(real):
        def call(*args, **kwargs):
            if calls["left"] == 0:
                raise Killed
            calls["left"] -= 1
            return real(*args, **kwargs)

        return call

    writes = [(os, "fsync"), (os, "rename"), (os, "mkdir")]
    writes += [(versions.shutil, "copyfile"), (versions.Path, "write_text")]
    deaths = 0
    for alive in range(1000):
        place = tmp_path / f"{alive}" / "served"
        at(1000)
        publish(old, place, Manifest(recipe="old"))
        calls["left"] = alive
        with monkeypatch.context() as patch:
            for owner, name in writes:
                patch.setattr(owner, name, dying(getattr(owner, name)))
            try:
                publish(new, place, Manifest(recipe="new"))
                break
            except Killed:
                deaths += 1
        assert versions.list_versions(place) in ([1000], [1000, 1001])  # the last call comes after the rename
        for version in versions.list_versions(place):
            versions.verify(place / str(version))
        assert publish(new, place, Manifest(recipe="new")).version == 1001
        assert versions.list_versions(place) == [1000, 1001]
        assert versions.verify(place / "1001").recipe == "new"
        assert not list(place.glob(".staging-*"))
    assert deaths >= 3 * len(FILES)  # a copy and a force to disk for each file at the least


def test_a_full_disk_is_given_back_what_the_push_took_and_the_old_version_stays(old, new, served, monkeypatch):
    first = publish(old, served, Manifest()).version

    def copyfile(source, target):
        Path(target).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with monkeypatch.context() as patch:
        patch.setattr(versions.shutil, "copyfile", copyfile)
        with pytest.raises(OSError, match="No space left"):
            publish(new, served, Manifest())
    assert sorted(path.name for path in served.iterdir()) == [".lock", str(first)]
    assert publish(new, served, Manifest()).version == first + 1


def test_a_target_that_was_removed_is_made_again(old, new, served):
    publish(old, served, Manifest())
    shutil.rmtree(served.parent)
    assert versions.verify(served / str(publish(new, served, Manifest()).version)).files


def test_a_clock_that_was_set_back_gives_a_larger_number_all_the_same(old, new, served, at):
    at(1000)
    publish(old, served, Manifest())
    at(10)
    assert publish(new, served, Manifest()).version == 1001


def test_a_rename_to_disk_counts_only_when_its_folder_is_forced_too(old, served, monkeypatch):
    """Every file and folder is forced to disk before the rename, and the serving folder after it."""
    done = []
    real = {"fsync": os.fsync, "rename": os.rename}
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append(os.readlink(f"/proc/self/fd/{fd}")), real["fsync"](fd)))
    monkeypatch.setattr(os, "rename", lambda a, b: (done.append("rename"), real["rename"](a, b)))
    version = publish(old, served, Manifest()).version
    staging = served / f".staging-{version}"
    at = done.index("rename")
    folders = [staging, staging / "variables", staging / "assets"]
    assert {*map(str, folders), *(str(staging / name) for name in [*FILES, "manifest.json"])} <= set(done[:at])
    assert done[at + 1 :] == [str(served)]


PUSH = """
import os, sys
from tfx_ocr.serving import versions
print("up", flush=True)
sync = os.fsync
versions.os.fsync = lambda handle: (print("fsync", flush=True), sys.stdin.readline(), sync(handle))
versions.publish(sys.argv[1], sys.argv[2], versions.Manifest(recipe="new"))
"""


@pytest.mark.parametrize("writes", [1, 4])
def test_a_real_kill_leaves_the_old_version_and_no_lock(old, new, served, writes):
    first = publish(old, served, Manifest()).version
    child = subprocess.Popen(
        [sys.executable, "-c", PUSH, str(new), str(served)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "up\n"
    for _ in range(writes):
        assert child.stdout.readline() == "fsync\n"
        child.stdin.write("go\n")
        child.stdin.flush()
    assert child.stdout.readline() == "fsync\n"  # it waits inside the next write
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    child.stdin.close()
    child.stdout.close()
    assert versions.list_versions(served) == [first]
    second = publish(new, served, Manifest()).version
    assert versions.list_versions(served) == [first, second]
    assert versions.verify(served / str(second)).files == versions.compute_digests(new)


def test_pushes_at_once_all_land(tmp_path, served, at):
    at(1000)
    models = [model(tmp_path / f"m{i}", saved_model_pb=b"%d" % i) for i in range(8)]
    threads = [threading.Thread(target=publish, args=(each, served, Manifest())) for each in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions.list_versions(served) == list(range(1000, 1008))
    assert {content(served / str(v))["saved_model.pb"] for v in range(1000, 1008)} == {b"%d" % i for i in range(8)}


def test_what_a_manifest_holds_is_what_the_contract_documents():
    page = (Path(__file__).parents[2] / "docs" / "serving-contract.md").read_text().split("`manifest.json`, written")[1]
    documented = re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)
    assert documented == [field.name for field in dataclasses.fields(Manifest)]
