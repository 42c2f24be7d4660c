"""Metadata in a MariaDB server that the tests start: Debian's packages mariadb-server-core and mariadb-client-core."""

import os
import subprocess
import time

import pytest
from ml_metadata.proto import metadata_store_pb2

from tfx_ocr.pipeline import doctor, metadata
from tfx_ocr.pipeline.settings import Settings

READY_S = 60.0
PASSWORD = "p@ss/word"
GRANTS = (
    f"CREATE USER ocr@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON `runs%`.* TO ocr@'%'; CREATE DATABASE runs; "
    "CREATE DATABASE runs_of_others"
)


@pytest.fixture(scope="module")
def address(find_program, ports, tmp_path_factory):
    """Return the address of a server with a user, without a database: `mysql://ocr:...@127.0.0.1:PORT`."""
    mariadbd = find_program("mariadbd", "mariadb-server-core")
    mariadb = find_program("mariadb", "mariadb-client-core")
    [port], folder = ports(1), tmp_path_factory.mktemp("mariadb")
    user = f"--user={os.environ.get('USER', 'root') if os.getuid() else 'root'}"
    data, socket = f"--datadir={folder}/data", f"--socket={folder}/socket"
    install = ["mariadb-install-db", "--no-defaults", user, data]
    subprocess.run([*install, "--skip-test-db", "--auth-root-authentication-method=normal"], check=True)
    command = [mariadbd, "--no-defaults", user, data, socket, f"--port={port}", "--bind-address=127.0.0.1"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            client = [mariadb, "--no-defaults", socket, "--user=root", f"--execute={GRANTS}"]
            end = time.monotonic() + READY_S
            while subprocess.run(client, capture_output=True).returncode:
                assert server.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < end, (folder / "log").read_text()
                time.sleep(0.2)
            yield f"mysql://ocr:p%40ss%2Fword@127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture
def settings(address, tmp_path):
    return Settings(home=str(tmp_path / "work"), metadata=f"{address}/runs")


def test_a_database_holds_the_runs_of_the_home_that_came_first(address, tmp_path):
    database = f"{address}/runs_of_others"
    first = Settings(home=str(tmp_path / "first"), metadata=database)
    for _ in range(2):
        metadata.reserve_database(first)
    with pytest.raises(ValueError, match=r"^metadata mysql://127\.0\.0\.1:\d+/runs_of_others holds") as refused:
        metadata.reserve_database(Settings(home=str(tmp_path / "second"), metadata=database))
    assert str(refused.value).endswith(
        f"holds the runs of {tmp_path}/first: give the runs of {tmp_path}/second a database of their own"
    )
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    ("replaced", "by"), [("ss%2Fword", "wrong"), ("/runs", "/forbidden"), ("127.0.0.1", "127.0.0.2")]
)
def test_a_database_that_cannot_be_opened_is_one_sentence(settings, replaced, by):
    wrong = Settings(home=settings.home, metadata=settings.metadata.replace(replaced, by))
    with pytest.raises(ValueError, match=r"^metadata mysql://127.* cannot be opened \(.*\): check that") as refused:
        metadata.reserve_database(wrong)
    assert "\n" not in str(refused.value)
    assert doctor.check_metadata(wrong) == doctor.Finding(doctor.PROBLEM, str(refused.value))


def test_doctor_asks_the_database(settings):
    assert doctor.check_metadata(settings).level == doctor.OK


@pytest.mark.tfx
def test_a_run_is_recorded_found_again_and_reused(settings):
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.orchestration.pipeline import Pipeline

    from tfx_ocr.components.schema_gen.component import ImportSchemaGen

    schema_gen = ImportSchemaGen(schema_file="digits.pbtxt")
    for _ in range(2):
        LocalDagRunner().run(
            Pipeline(
                pipeline_name="digits",
                pipeline_root=settings.root,
                components=[schema_gen],
                enable_cache=True,
                metadata_connection_config=metadata.get_connection(settings),
            )
        )
    store = metadata.open_store(settings)
    names = [run.name for run in store.get_contexts_by_type("pipeline_run")]
    assert len(set(names)) == 2
    states = [execution.last_known_state for execution in store.get_executions()]
    assert states == [metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED]
