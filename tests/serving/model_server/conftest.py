"""Models whose answers can be worked out by hand, and a server process that serves them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def write_half_plus() -> Callable[..., Path]:
    """Return `write_half_plus(folder, add=2.0)`: y = x / 2 + add, with signatures to predict, classify and regress.

    Written as TensorFlow Serving's own known model: `x` of the graph is `[batch, 1]`. `sum` gives one number for the
    whole batch, which no batch can hold.
    """

    def write(folder: Path, add: float = 2.0) -> Path:
        import tensorflow as tf

        v1 = tf.compat.v1
        with tf.Graph().as_default(), v1.Session() as session:
            half, shift = v1.Variable(0.5, name="half"), v1.Variable(add, name="shift")
            examples = v1.placeholder(tf.string, [None], name="examples")
            x = tf.identity(tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"], "x")
            y = tf.add(tf.multiply(x, half), shift, "y")
            session.run(v1.global_variables_initializer())
            info = v1.saved_model.build_tensor_info

            def signature(inputs: dict[str, Any], outputs: dict[str, Any], method: str) -> Any:
                return v1.saved_model.build_signature_def(
                    {name: info(value) for name, value in inputs.items()},
                    {name: info(value) for name, value in outputs.items()},
                    f"tensorflow/serving/{method}",
                )

            builder = v1.saved_model.Builder(str(folder))
            builder.add_meta_graph_and_variables(
                session,
                ["serve"],
                {
                    "serving_default": signature({"x": x}, {"y": y}, "predict"),
                    "two": signature({"x": x}, {"y": y, "twice": y * 2.0}, "predict"),
                    "sum": signature({"x": x}, {"sum": tf.reduce_sum(y)}, "predict"),
                    "classify_x_to_y": signature({"inputs": examples}, {"scores": y}, "classify"),
                    "classify_named": signature(
                        {"inputs": examples}, {"scores": y, "classes": tf.strings.as_string(y, precision=1)}, "classify"
                    ),
                    "regress_x_to_y": signature({"inputs": examples}, {"outputs": y}, "regress"),
                    "regress_x2_to_y": signature({"inputs": x}, {"outputs": y}, "regress"),
                },
            )
            builder.save()
        return folder

    return write


@pytest.fixture(scope="session")
def write_picky() -> Callable[..., Path]:
    """Return `write_picky(folder)`: the length of each text; fails on `bad`. `slow` spins for the given rounds.

    `length` is the length of each text of `text`, `[batch]`; a text that is not a number fails the run, as bytes
    that are not an image do. `slow`: `rounds` in, the same number out, after that many rounds of a loop.
    """

    def write(folder: Path) -> Path:
        import tensorflow as tf

        class Picky(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
            def length(self, text):
                number = tf.strings.to_number(text, tf.float32)
                return {
                    "number": number,
                    "length": tf.strings.length(text),
                    "rows": tf.fill(tf.shape(text), tf.size(text)),
                }

            @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="rounds")])
            def slow(self, rounds):
                def once(done, _):
                    square = tf.random.stateless_uniform([64, 64], [done, 1])
                    return done + 1, tf.reduce_sum(tf.matmul(square, square))

                done, _ = tf.while_loop(lambda done, _: done < tf.reduce_max(rounds), once, [0, 0.0])
                return {"done": tf.fill(tf.shape(rounds), done), "rounds": rounds}

        picky = Picky()
        tf.saved_model.save(picky, str(folder), signatures={"serving_default": picky.length, "slow": picky.slow})
        return folder

    return write


class Server:
    """A running server process.

    Attributes:
        port: of gRPC.
        rest_port: of HTTP; 0: none.
        process: itself.
        log: file of its standard error.
    """

    def __init__(self, ports: list[int], log: Path, *flags: str):
        self.port, self.rest_port = ports
        self.log = log
        command = [sys.executable, "-m", "tfx_ocr.serving.model_server", f"--port={self.port}"]
        command += [f"--rest_api_port={self.rest_port}", "--require_manifest=false", *flags]
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        with log.open("w") as errors:
            self.process = subprocess.Popen(command, stderr=errors, env=quiet)

    def wait_until_ready(self, seconds: float = 180) -> Server:
        end = time.monotonic() + seconds
        last = "Exporting HTTP/REST API" if self.rest_port else "Running gRPC ModelServer"
        while last not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def start_server(ports, tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """Return `start_server("--flag=value", with_rest=False)`: a server process, ended with the module's tests."""
    started = []

    def start(*flags: str, with_rest: bool = False) -> Server:
        log = tmp_path_factory.mktemp("server") / "log.txt"
        started.append(Server(ports(2) if with_rest else [*ports(1), 0], log, *flags))
        return started[-1]

    yield start
    for server in started:
        server.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def warmup_file() -> Callable[..., Path]:
    """Return `warmup_file(version_folder, PredictionLog, ...)`: its `assets.extra` with these requests."""

    def write(folder: Path, *logs: Any) -> Path:
        import tensorflow as tf

        file = folder / "assets.extra" / "tf_serving_warmup_requests"
        file.parent.mkdir()
        with tf.io.TFRecordWriter(str(file)) as writer:
            for each in logs:
                writer.write(each if isinstance(each, bytes) else each.SerializeToString())
        return file

    return write
