"""Each check of the machine: what is fine, what is wrong, and that the sentence says what to do."""

import contextlib
import importlib.metadata
import socket
import sqlite3
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from tfx_ocr.pipeline import disk, doctor, metadata_lock
from tfx_ocr.pipeline.cli import app
from tfx_ocr.pipeline.settings import Settings

HOLD = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print(flush=True); input()"


@pytest.fixture
def settings(tmp_path):
    return Settings(home=str(tmp_path / "work"))


def test_this_environment_can_run_the_pipeline(settings):
    found = doctor.examine(settings)
    assert list(found) == list(doctor.CHECKS)
    assert {name for name, finding in found.items() if finding.level == doctor.PROBLEM} == set()
    assert found["python"].sentence.endswith(f"TFX {importlib.metadata.version('tfx')}")
    assert found["metadata"] == doctor.Finding(doctor.OK, "no runs yet")


def test_an_old_python_is_refused(settings, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    assert doctor.check_python(settings).level == doctor.PROBLEM


def test_a_light_installation_is_told_how_to_train(settings, monkeypatch):
    def find(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", find)
    found = doctor.check_python(settings)
    assert found.level == doctor.PROBLEM
    assert found.sentence.endswith("pip install 'tfx-ocr[pipeline]'")


@pytest.mark.parametrize(
    ("libc", "level"),
    [(("glibc", "2.36"), doctor.OK), (("glibc", "2.31"), doctor.PROBLEM), (("", ""), doctor.PROBLEM)],
    ids=["new", "old", "musl"],
)
def test_the_c_library_decides(settings, monkeypatch, libc, level):
    monkeypatch.setattr(doctor.platform, "libc_ver", lambda: libc)
    assert doctor.check_system(settings).level == level


def test_packages_that_differ_from_the_lock_are_named(settings, monkeypatch, tmp_path):
    numpy = importlib.metadata.version("numpy")
    for lock in ("py311.txt", "py312.txt"):
        (tmp_path / lock).write_text(
            f"NumPy=={numpy} \\\n    --hash=sha256:0\nno.such_thing==1.0\nfor-windows==1 ; os == 'nt'\n"
        )
    monkeypatch.setattr(doctor, "LOCKS", tmp_path)
    found = doctor.check_lock(settings)
    assert found.level == doctor.WARNING
    assert "no-such-thing missing in place of 1.0; run `make setup`" in found.sentence
    assert "umpy" not in found.sentence
    assert "windows" not in found.sentence


def test_an_installed_package_has_no_lock(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "LOCKS", tmp_path)
    assert doctor.check_lock(settings).level == doctor.OK


@pytest.mark.parametrize(("free_mb", "level"), [(disk.RUN_MB, doctor.OK), (disk.RUN_MB - 1, doctor.PROBLEM)])
def test_a_full_disk_is_a_problem(settings, monkeypatch, free_mb, level):
    monkeypatch.setattr(doctor, "measure_free", lambda _: (free_mb << 20, settings.folder))
    found = doctor.check_disk(settings)
    assert found.level == level
    assert f"{free_mb} MB are free in {settings.folder}" in found.sentence


@pytest.mark.parametrize(
    ("group", "expected"),
    [({}, 4096 << 10), ({"max": "max", "current": "7"}, 4096 << 10), ({"max": "3000", "current": "1000"}, 2000)],
    ids=["no group", "no limit", "limit"],
)
def test_the_limit_of_a_container_counts(tmp_path, group, expected):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9999 kB\nMemAvailable:    4096 kB\n")
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    for name, text in group.items():
        (tmp_path / f"sys/fs/cgroup/memory.{name}").write_text(text)
    assert doctor.read_free_memory(tmp_path) == expected


def test_little_memory_is_a_warning(settings, monkeypatch):
    monkeypatch.setattr(doctor, "read_free_memory", lambda: 100 << 20)
    assert doctor.check_memory(settings).level == doctor.WARNING
    assert doctor.check_memory(settings).sentence.startswith("100 MB of memory are free")
    monkeypatch.setattr(doctor, "read_free_memory", lambda: None)
    assert doctor.check_memory(settings).level == doctor.OK


def test_a_folder_that_cannot_be_written_is_a_problem(settings, tmp_path):
    (tmp_path / "work").write_text("a file where the home should be")
    found = doctor.check_folders(settings)
    assert found.level == doctor.PROBLEM
    assert f"{tmp_path / 'work'} cannot be written (Not a directory)" in found.sentence
    assert "TFX_OCR_HOME" in found.sentence


def test_a_clock_behind_the_newest_version_is_a_warning(settings, tmp_path):
    assert doctor.check_clock(settings).level == doctor.OK
    (tmp_path / "work/serving/digits" / str(int(time.time()) + 10_000)).mkdir(parents=True)
    found = doctor.check_clock(settings)
    assert found.level == doctor.WARNING
    assert "of digits: set it" in found.sentence


def test_metadata_that_another_process_has_locked_is_a_problem(settings, monkeypatch):
    monkeypatch.setattr(metadata_lock, "PATIENCE_S", 0.1)
    settings.folder.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(settings.metadata_file)) as connection:
        connection.execute("CREATE TABLE Artifact (id)")
    assert doctor.check_metadata(settings).sentence == "runs of digits"
    command = [sys.executable, "-c", HOLD, settings.metadata_file]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        found = doctor.check_metadata(settings)
        holder.communicate(b"\n")
    assert found.level == doctor.PROBLEM
    assert f"database is locked by process {holder.pid}" in found.sentence


def test_a_port_that_is_taken_is_named(settings, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(doctor, "PORTS", (port,))
        assert doctor.check_ports(settings).sentence.startswith(f"taken: {port}; a second model server")
    assert doctor.check_ports(settings).sentence == f"{port} are free"


def test_fonts_that_are_damaged_or_missing_are_named(settings, monkeypatch, tmp_path):
    assert doctor.check_fonts(settings) == doctor.Finding(doctor.OK, "19 fonts to draw samples with")
    monkeypatch.setattr(doctor, "FONTS", tmp_path)
    assert doctor.check_fonts(settings).sentence.startswith(f"no fonts in {tmp_path}: samples")
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines/Mali.ttf").write_bytes(b"\0" * 99)
    found = doctor.check_fonts(settings)
    assert found.level == doctor.WARNING
    assert found.sentence.startswith("Mali.ttf cannot be opened: samples and synthetic pictures cannot be drawn; ")


def test_a_program_that_is_missing_is_no_obstacle(settings, monkeypatch):
    monkeypatch.setattr(doctor, "PROGRAMS", {"no-such-program": "do nothing"})
    found = doctor.check_programs(settings)
    assert (found.level, found.sentence.partition(": ")[2]) == (doctor.OK, "no-such-program (to do nothing)")


@pytest.mark.parametrize(
    ("level", "words", "code", "lines"),
    [
        (doctor.OK, [], 0, ["disk  ok  much"]),
        (doctor.OK, ["--quiet"], 0, []),
        (doctor.WARNING, ["--quiet"], 0, ["disk  warning  much"]),
        (doctor.PROBLEM, ["--quiet"], 2, ["disk  PROBLEM  much"]),
    ],
)
def test_the_command_prints_a_line_per_check(monkeypatch, level, words, code, lines):
    monkeypatch.setattr(doctor, "CHECKS", {"disk": lambda _: doctor.Finding(level, "much")})
    done = CliRunner().invoke(app(), ["doctor", *words])
    assert (done.exit_code, done.stdout.splitlines()) == (code, lines)
