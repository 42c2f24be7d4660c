#!/usr/bin/env bash
# Beam's worker pool starts its workers with the `python` that PATH finds first, not with the interpreter that the pool itself runs on.
#
# Versions: apache-beam 2.73.0, Python 3.11.
# Input: a pool that is started as `venv/bin/python -m ...worker_pool_main` would start it, with processes as workers, in an environment
# whose PATH does not begin with venv/bin. It is asked over gRPC to start one worker.
# Behaviour: the command of the worker begins with the bare word `python` (worker_pool_main.py, StartWorker). The answer is a success even
# where that `python` lacks Beam and the worker ends at once: the job then waits for a worker that never connects.
# Who is hit: whoever runs --environment_type=EXTERNAL from a virtual environment that is not activated, by systemd or by a full path.
# Output seen:
#   the pool runs on venv/bin/python, its worker was started with other/python, and StartWorker reported no error
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apache-beam==2.73.0
mkdir "$folder/other"
cat > "$folder/other/python" <<'SHELL'
#!/bin/sh
echo "$0" > "$STARTED"
SHELL
chmod +x "$folder/other/python"
cat > "$folder/pool.py" <<'PYTHON'
import os
import pathlib
import sys
import time

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc, endpoints_pb2
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer

folder, started = pathlib.Path(sys.argv[1]), pathlib.Path(os.environ["STARTED"])
address, server = BeamFnExternalWorkerPoolServicer.start(use_process=True)
with grpc.insecure_channel(address) as channel:
    asked = beam_fn_api_pb2.StartWorkerRequest(
        worker_id="one", control_endpoint=endpoints_pb2.ApiServiceDescriptor(url="localhost:1")
    )
    answer = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel).StartWorker(asked)
deadline = time.monotonic() + 30
while not started.exists() and time.monotonic() < deadline:
    time.sleep(0.1)
time.sleep(0.5)
server.stop(None)
mine = pathlib.Path(sys.executable).relative_to(folder)
other = pathlib.Path(started.read_text().strip()).relative_to(folder) if started.exists() else "its own interpreter"
said = f"an error: {answer.error}" if answer.error else "no error"
print(f"the pool runs on {mine}, its worker was started with {other}, and StartWorker reported {said}")
sys.exit((str(mine), str(other), said) != ("venv/bin/python", "other/python", "no error"))
PYTHON
PATH="$folder/other:$PATH" STARTED="$folder/started" "$folder/venv/bin/python" "$folder/pool.py" "$folder" 2>/dev/null
