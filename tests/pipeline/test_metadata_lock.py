"""A run does not wait for a database that another process has locked."""

import contextlib
import os
import re
import sqlite3
import subprocess
import sys

import pytest

from tfx_ocr.pipeline import metadata_lock
from tfx_ocr.pipeline.settings import Settings

HOLD = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print(flush=True); input()"


@pytest.fixture
def settings(tmp_path):
    settings = Settings(home=str(tmp_path))
    settings.folder.mkdir()
    with contextlib.closing(sqlite3.connect(settings.metadata_file)) as connection:
        connection.execute("CREATE TABLE Artifact (id)")
    return settings


def test_a_locked_database_is_said_with_the_process_that_holds_it(settings, monkeypatch):
    monkeypatch.setattr(metadata_lock, "PATIENCE_S", 0.1)
    command = [sys.executable, "-c", HOLD, settings.metadata_file]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        said = rf"metadata {re.escape(str(settings.metadata_file))}: database is locked by process {holder.pid} \("
        with pytest.raises(ValueError, match=said + re.escape(sys.executable)):
            metadata_lock.refuse_locked(settings)
        holder.communicate(b"\n")
    assert metadata_lock.refuse_locked(settings) is None


def test_a_file_that_is_not_a_database_is_refused(settings):
    settings.metadata_file.write_bytes(b"not sqlite" * 100)
    with pytest.raises(ValueError, match=r"metadata\.sqlite: file is not a database$"):
        metadata_lock.refuse_locked(settings)


def test_what_is_not_there_or_on_a_server_is_not_looked_at(settings):
    os.remove(settings.metadata_file)
    assert metadata_lock.refuse_locked(settings) is None
    assert not settings.metadata_file.exists()
    assert metadata_lock.refuse_locked(Settings(metadata="mysql://host/name")) is None
