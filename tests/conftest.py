"""For tests of what judges and serves: a tiny export whose answer can be read off its picture, and examples for it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a file that `-m "not a"` or `-m "a and not b"` leaves out: importing TFX takes 20 s."""
    wanted = re.match(r"(?!not\b)(\w+)(?! or\b)", config.option.markexpr)
    left_out = "|".join(re.findall(r"not (\w+)", config.option.markexpr))
    if collection_path.suffix != ".py" or not (wanted or left_out):
        return None
    text = collection_path.read_text(encoding="utf-8")
    without = bool(wanted) and f"pytest.mark.{wanted[1]}" not in text
    marked = bool(left_out) and re.search(rf"^pytestmark = .*pytest\.mark\.(?:{left_out})\b", text, re.MULTILINE)
    return bool(without or marked) or None


def pytest_collection() -> None:
    """Do not look for garbage while TensorFlow and TFX are imported: they make millions of objects, and all stay."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again, but not among what was imported."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def count_garbage() -> Callable[[Callable[[], object]], int]:
    """Return `count_garbage(function)`: how many objects 20 calls leave that refer to each other in a circle."""

    def count(function: Callable[[], object]) -> int:
        function()  # what is made once is not garbage
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                function()
            return gc.collect()
        finally:
            gc.enable()

    return count


@pytest.fixture(scope="session")
def write_export(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return `write_export(folder, misread="")`: a SavedModel that answers with the first byte of the picture.

    `b"7d..."` is read as "7" with probability 1 (100 %, ASCII d), `b"72"` with 0.5 (ASCII 2 is 50). Classes in
    `misread` are answered with "0" instead. `labels` and `probabilities` hold the answer and "?".
    """
    saved = tmp_path_factory.mktemp("exports")

    def write(folder: Path, misread: str = "") -> Path:
        if not (saved / f"of_{misread}").exists():
            save(saved / f"of_{misread}", misread)
        return shutil.copytree(saved / f"of_{misread}", folder, dirs_exist_ok=True)

    def save(folder: Path, misread: str) -> None:
        import tensorflow as tf

        class Tiny(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
            def serve_images(self, image_bytes):
                label = tf.strings.substr(image_bytes, 0, 1)
                for letter in misread:
                    label = tf.where(label == letter, tf.constant("0"), label)
                sure = tf.cast(tf.io.decode_raw(tf.strings.substr(image_bytes, 1, 1), tf.uint8), tf.float32)
                probability = tf.reshape(sure, [-1]) / 100.0
                return {
                    "label": label,
                    "probability": probability,
                    "labels": tf.stack([label, tf.fill(tf.shape(label), "?")], axis=1),
                    "probabilities": tf.stack([probability, 1.0 - probability], axis=1),
                }

            @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
            def serve_examples(self, examples):
                parsed = tf.io.parse_example(examples, {"image": tf.io.FixedLenFeature([], tf.string)})
                return self.serve_images(parsed["image"])

        tiny = Tiny()
        signatures = {"serving_default": tiny.serve_examples, "serve_images": tiny.serve_images}
        tf.saved_model.save(tiny, str(folder), signatures=signatures)

    return write


@pytest.fixture(scope="session")
def write_portable() -> Iterator[Callable[..., Path]]:
    """Return `write_portable(folder, most=(255.0, 255.0), less=0.0)`, which adds a portable form to such an export.

    Its network takes a picture's two first bytes as numbers and gives what of them is not above `most`, and `less` off
    the second: with 56 (ASCII 8) for the first a 9 is read as 8, and with 1.5 every probability is 0.015 less. An input
    and a task of its own do what the export does around it.
    """
    import numpy as np

    from tfx_ocr.data import features
    from tfx_ocr.serving.portable import FOLDER, NETWORK, answers, form, inputs
    from tfx_ocr.serving.signature import Signature

    def build(parsed, _):
        return {features.PIXELS: np.array([[*each[:2]] for each in parsed["image_bytes"]], np.float32).reshape(-1, 2)}

    def decode(logits, *_):
        label = np.array([chr(int(number)).encode() for number in logits[:, 0]], object)
        probability = logits[:, 1] / np.float32(100.0)
        return {
            "label": label,
            "probability": probability,
            "labels": np.stack([label, np.full(len(label), b"?", object)], 1),
            "probabilities": np.stack([probability, 1 - probability], 1),
        }

    @functools.cache
    def convert(most: tuple[float, float], less: float) -> bytes:
        import tensorflow as tf

        class Network(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name=features.PIXELS)])
            def __call__(self, pixels):
                return {features.LOGITS: tf.minimum(pixels, most) - [0.0, less]}

        network = Network()
        function = network.__call__.get_concrete_function()
        return tf.lite.TFLiteConverter.from_concrete_functions([function], network).convert()

    def write(folder: Path, most: tuple[float, float] = (255.0, 255.0), less: float = 0.0) -> Path:
        outputs = {"label": ("string", (None,)), "probability": ("float32", (None,)),
                   "labels": ("string", (None, 2)), "probabilities": ("float32", (None, 2))}  # fmt: skip
        signatures = {
            name: dataclasses.asdict(Signature({key: ("string", (None,))}, outputs))
            for name, key in (("serve_images", "image_bytes"), ("serving_default", "examples"))
        }
        said = form.Portable(input="two_bytes", task="two_numbers", spec={}, labels=(), top_n=2, signatures=signatures)
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        (folder / FOLDER / NETWORK).write_bytes(convert(most, less))
        (folder / FOLDER / form.FORM).write_text(said.to_json(), encoding="utf-8")
        return folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(inputs.INPUTS, "two_bytes", inputs.Input(build, inputs.INPUTS["image"].stack))
        patch.setitem(answers.ANSWERS, "two_numbers", decode)
        yield write


@pytest.fixture(scope="session")
def write_examples() -> Callable[..., Any]:
    """Return `write_examples(folder, {"test": [(image, label), ...]})`: an artifact as ExampleGen leaves it.

    A record may name its source behind the label.
    """

    def write(folder: Path, splits: Mapping[str, Sequence[tuple[Any, ...]]]) -> Any:
        import json

        import tensorflow as tf
        from tfx.types import standard_artifacts

        for split, records in splits.items():
            file = folder / f"Split-{split}" / "data_tfrecord-00000-of-00001.gz"
            file.parent.mkdir(parents=True)
            with tf.io.TFRecordWriter(str(file), "GZIP") as writer:
                for number, (image, label, *source) in enumerate(records):
                    values = {
                        "image": image,
                        "label": label.encode(),
                        "source": (*source, f"{split}/{label}/{number}.png")[0].encode(),
                        "group": b"writer %d" % (number % 2),
                    }
                    feature = {
                        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
                        for name, value in values.items()
                    }
                    example = tf.train.Example(features=tf.train.Features(feature=feature))
                    writer.write(example.SerializeToString())
        examples = standard_artifacts.Examples()
        examples.uri = str(folder)
        examples.split_names = json.dumps(sorted(splits))
        return examples

    return write


@pytest.fixture(scope="session")
def artifact() -> Callable[..., Any]:
    """Return `artifact("Model", folder, id=3)`: a standard artifact that lies in `folder`."""

    def make(kind: str, folder: Path, number: int = 1) -> Any:
        from tfx.types import standard_artifacts

        folder.mkdir(parents=True, exist_ok=True)
        made = getattr(standard_artifacts, kind)()
        made.uri = str(folder)
        made.id = number
        return made

    return make


@pytest.fixture(scope="session")
def digits_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the sample's digits, for tests that only read them."""
    from tfx_ocr.data.samples import get_sample

    return get_sample("digits")(tmp_path_factory.mktemp("sample") / "digits")


@pytest.fixture(scope="session")
def ports() -> Iterator[Callable[[int], list[int]]]:
    """Return `ports(count)`: port numbers to listen on, which no other process is given while the tests run."""
    with contextlib.ExitStack() as stack:

        def hold(count: int) -> list[int]:
            held = [stack.enter_context(socket.socket()) for _ in range(count)]
            for one in held:
                # the system lets a server that sets this too listen there, and refuses connections until then
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(("127.0.0.1", 0))
            return [one.getsockname()[1] for one in held]

        yield hold


@pytest.fixture(scope="session")
def find_program() -> Callable[[str, str], str]:
    """Return `find_program(name, package)`: the path of a program from one of Debian's packages.

    Without the program, the test fails under CI and skips elsewhere.
    """

    def find(name: str, package: str) -> str:
        servers = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")))
        path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *servers]))
        if path is None:
            missing = f"{name} is missing: install Debian's package {package}, as `make test` does where it may"
            (pytest.fail if "CI" in os.environ else pytest.skip)(missing)
        return path

    return find


@pytest.fixture(scope="session")
def postgresql(find_program: Callable[[str, str], str], ports: Callable[[int], list[int]]) -> Iterator[str]:
    """Return host and port of a PostgreSQL server of Debian's package; root starts it as Debian's user `postgres`."""
    initdb, server = (find_program(name, "postgresql") for name in ("initdb", "postgres"))
    user = None if os.getuid() else "postgres"
    [port] = ports(1)
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:  # pytest's own folder is closed to that user
        if user:
            shutil.chown(folder, user)
        made = [initdb, f"--pgdata={folder}/data", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run([*made, "--username=admin"], check=True, capture_output=True, cwd=folder, user=user)
        Path(folder, "data", "pg_hba.conf").write_text(
            "host all admin 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        settings = [f"--port={port}", "--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--fsync=off"]
        command = [server, "-D", f"{folder}/data", *settings]
        with Path(folder, "log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, user=user)
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)  # ends without waiting for who is connected
            process.wait()


@pytest.fixture
def database(postgresql: str) -> str:
    """Return the address of an empty PostgreSQL database; its user owns nothing else and has the password p@ss/word."""
    import psycopg

    end = time.monotonic() + 60
    while True:
        try:
            admin = psycopg.connect(f"postgresql://admin@{postgresql}/postgres", autocommit=True)
            break
        except psycopg.OperationalError:  # it has only just begun
            assert time.monotonic() < end
            time.sleep(0.1)
    with admin:
        number = admin.execute("SELECT count(*) FROM pg_roles").fetchone()[0]
        admin.execute(f"CREATE ROLE ocr{number} LOGIN PASSWORD 'p@ss/word'")
        admin.execute(f"CREATE DATABASE review{number} OWNER ocr{number}")
    return f"postgresql://ocr{number}:p%40ss%2Fword@{postgresql}/review{number}"


@pytest.fixture(scope="session")
def own_data() -> Any:
    """Return the module `own_data`, which draws small data sets as users have them."""
    return _load("own_data.py")


@pytest.fixture(scope="session")
def hand() -> Any:
    """Return the module `hand` of the benches, which draws digits that few models know."""
    return _load("bench/hand.py")


def _load(path: str) -> Any:
    file = Path(__file__).parent / path
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
