"""The portable form behind a server, in a process of its own: it answers as it would here, and is never left over."""

import concurrent.futures
import contextlib
import logging
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tfx_ocr.data import features, pretrained
from tfx_ocr.data.images import encode_png
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.runtimes import PORTABLE, open_folder
from tfx_ocr.serving.runtimes.runtime import Options

DIGITS = pretrained.get_folder("digits")
ONE = encode_png(np.pad(np.full((16, 2), 255, np.uint8), ((6, 6), (13, 13))).tobytes(), 28, 28)
BLANK = encode_png(bytes(28 * 28), 28, 28)


@pytest.fixture(scope="module")
def model():
    with open_folder(DIGITS, forms=(PORTABLE,), options=Options(own_process=True)) as opened:
        yield opened


def ask(model, *images, timeout_s=None):
    inputs = {features.IMAGE_BYTES_IN: np.array(images, dtype=object)}
    return model.ask(features.SERVE_IMAGES, inputs, timeout_s)


def get_worker(model):
    return next(iter(model._pool._processes))


def is_running(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return False


def test_it_answers_as_in_this_process(model):
    with open_folder(DIGITS, forms=(PORTABLE,)) as here:
        assert model.signatures == here.signatures
        expected = ask(here, ONE, BLANK)
    found = ask(model, ONE, BLANK)
    assert found["label"][0] == b"1"
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert np.array_equal(found[name], values), name
    assert get_worker(model) != os.getpid()


def test_threads_get_their_own_answers(model):
    blank = ask(model, BLANK)["probability"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: ask(model, ONE if number % 3 else BLANK), range(48)))
    assert [bool(answer["probability"] == blank) for answer in answers] == [number % 3 == 0 for number in range(48)]


def test_what_it_refuses_is_the_callers_error(model):
    with pytest.raises(RequestError, match="unsupported image format") as refused:
        ask(model, ONE, b"no picture")
    assert refused.value.code == "INVALID_ARGUMENT"
    with pytest.raises(RequestError) as late:
        ask(model, ONE, timeout_s=0.0)
    assert late.value.code == "DEADLINE_EXCEEDED"
    assert ask(model, ONE)["label"][0] == b"1"


def test_a_request_that_fails_leaves_no_circle_of_objects(model, count_garbage):
    def fail():
        with contextlib.suppress(RequestError):
            ask(model, b"no picture")

    assert count_garbage(fail) < 20


def test_a_killed_process_is_started_again_and_the_request_answered(model, caplog):
    killed = get_worker(model)
    with caplog.at_level(logging.WARNING):
        os.kill(killed, signal.SIGKILL)
        assert ask(model, ONE)["label"][0] == b"1"
    assert get_worker(model) != killed
    assert [each.message for each in caplog.records] == [f"the process that runs {DIGITS} ended; it is started again"]


def test_a_signal_for_the_whole_group_is_the_servers(model):
    worker = get_worker(model)
    os.kill(worker, signal.SIGTERM)
    os.kill(worker, signal.SIGINT)
    assert ask(model, ONE)["label"][0] == b"1"
    assert get_worker(model) == worker


def test_closing_ends_it():
    model = open_folder(DIGITS, forms=(PORTABLE,), options=Options(own_process=True))
    worker = get_worker(model)
    assert is_running(worker)
    model.close()
    assert not is_running(worker)


def test_a_damaged_form_is_not_loaded(tmp_path):
    folder = shutil.copytree(DIGITS, tmp_path / "1")
    (folder / PORTABLE).write_bytes(b"no network")
    with pytest.raises(ValueError, match=r"network\.tflite is not a network that LiteRT runs"):
        open_folder(folder, forms=(PORTABLE,), options=Options(own_process=True))


SERVER = """
import sys, time
from pathlib import Path
from tfx_ocr.serving.runtimes import PORTABLE, open_folder
from tfx_ocr.serving.runtimes.runtime import Options

if __name__ == "__main__":
    model = open_folder(Path(sys.argv[1]), forms=(PORTABLE,), options=Options(own_process=True))
    print(next(iter(model._pool._processes)), flush=True)
    time.sleep(600)
"""


def test_a_killed_server_leaves_no_process(tmp_path):
    script = tmp_path / "serve.py"
    script.write_text(SERVER, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(script), str(DIGITS)], stdout=subprocess.PIPE, text=True) as server:
        worker = int(server.stdout.readline())
        assert is_running(worker)
        server.kill()
    for _ in range(600):
        if not is_running(worker):
            break
        time.sleep(0.1)
    assert not is_running(worker)


def test_its_errors_survive_the_way_back():
    error = RequestError("here", "UNAVAILABLE", "stopping", again=True)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.where, copy.code, copy.message, copy.again) == (
        str(error), "here", "UNAVAILABLE", "stopping", True,
    )  # fmt: skip
