"""The served model: requests a second of both forms against the session in process, versions swapped under load.

Starts: from the start of a server process of the shipped small CNN to its first answer, of both forms; seconds, and
seconds of processor time.

Rates: 16 clients, one encoded picture a request, over gRPC to two embedded servers with batching as compose.yaml has
it, one of them with `--prefer_tflite_model`, and the same calls by 16 threads straight on the SavedModel's session in
this process; in turns, so that all meet the same machine. Of the small CNN that ships, and of InceptionV3 75 x 75
with random weights (time does not depend on them). Swaps: new versions land while the clients ask; counts what fails
and what a version answers that the server had called unloaded before it was asked. Writes to
tests/bench/results/serving.csv.

    python tests/bench/bench_serving.py
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import dataclasses
import functools
import itertools
import pathlib
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import bench_soak
import model_server
import results
from model_server import CLIENTS

REQUESTS = 2000  # of a rate
SWAP_REQUESTS = 10_000
SWAPS = 3
WARM_UP = 200  # requests
IN_PROCESS = "requests straight on the session in process"
OVER_GRPC, PORTABLE_GRPC = "requests over gRPC, batching on", "requests over gRPC, batching on, portable form"
NETWORKS = {"small_cnn": "small CNN as shipped", "inception_v3": "InceptionV3 75 x 75, random weights"}

Rates = dict[str, float]  # way to requests a second
Way = Callable[[], contextlib.AbstractContextManager[Callable[[Any], object]]]  # a client: what it asks with


def main() -> None:
    """Serve, ask, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--requests", type=int, default=REQUESTS, help="of each rate; the swaps take five times as many"
    )
    parser.add_argument("--repeats", type=int, default=3, help="of each rate")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    command = "python tests/bench/bench_serving.py"
    if (options.requests, options.repeats) != (REQUESTS, 3):
        command += f" --requests {options.requests} --repeats {options.repeats}"
    from tfx_ocr.data import pretrained

    with tempfile.TemporaryDirectory() as work:
        pictures = model_server.pictures(pathlib.Path(work, "sample"))
        for network, words in NETWORKS.items():
            base = pathlib.Path(work, network)
            if network == "small_cnn":
                shutil.copytree(pretrained.get_folder("digits"), base / "1")
            else:
                random_export(network, base / "1")
            if network == "small_cnn":
                begun = [starts(base, pictures[0]) for _ in range(options.repeats)]
                print(f"starts: {begun}", flush=True)
                results.record("serving", start_rows(words, begun, command), options.results)
            measured = rates(base, pictures, options.requests, options.repeats)
            print(f"{words}: {measured}", flush=True)
            results.record("serving", rate_rows(words, measured, options.requests, command), options.results)
        asked = options.requests * SWAP_REQUESTS // REQUESTS
        base = pathlib.Path(work, "small_cnn")
        pushes = [functools.partial(push, base, version) for version in range(2, SWAPS + 2)]
        found = swap(base, pictures, asked, pushes)
        print(f"swaps: {found}", flush=True)
        results.record("serving", swap_rows(f"{SWAPS} versions swapped in", found, command), options.results)


def starts(base: pathlib.Path, picture: bytes) -> dict[str, float]:
    """Start a server of each form and ask it once.

    Returns:
        Seconds to the first answer, and of processor time until then, by form.
    """
    found = {}
    request = model_server.predict_request([picture])
    for form, flags in (("SavedModel", ()), ("portable form", ("--prefer_tflite_model",))):
        begin = time.perf_counter()
        with model_server.running(base, flags) as server, model_server.predict(server.grpc) as predict:
            predict(request)
            found[f"start to first answer, {form}"] = time.perf_counter() - begin
            found[f"processor time of start and first answer, {form}"] = model_server.get_cpu_s(server.process)
    return found


def start_rows(words: str, begun: list[dict[str, float]], command: str) -> list[results.Row]:
    """Return each measure as the mean of the repeats."""
    of = {name: [each[name] for each in begun] for name in begun[0]}
    return [
        results.Row(
            measure=f"{words}: {name}",
            value=statistics.fmean(values),
            unit="s",
            n=f"{len(values)} starts",
            spread=results.spread(values),
            command=command,
        )
        for name, values in of.items()
    ]


def rates(base: pathlib.Path, pictures: list[bytes], requests: int, repeats: int) -> list[Rates]:
    """Measure the session and both servers, in turns.

    Raises:
        RuntimeError: the version has no portable form.
    """
    import numpy as np

    from tfx_ocr.serving.runtimes import PORTABLE, open_folder

    if not (base / "1" / PORTABLE).is_file():
        raise RuntimeError(f"{base / '1'} has no portable form to measure")
    asked = [model_server.predict_request([picture]) for picture in pictures]
    arrays = [{"image_bytes": np.array([picture], dtype=object)} for picture in pictures]
    measured = []
    with (
        open_folder(base / "1") as export,
        model_server.running(base) as whole,
        model_server.running(base, (*model_server.BATCHING, "--prefer_tflite_model")) as portable,
    ):
        session = contextlib.nullcontext(functools.partial(export.ask, "serve_images"))
        ways: dict[str, tuple[Way, Sequence[object]]] = {
            IN_PROCESS: (lambda: session, arrays),
            OVER_GRPC: (lambda: model_server.predict(whole.grpc), asked),
            PORTABLE_GRPC: (lambda: model_server.predict(portable.grpc), asked),
        }
        for way, questions in ways.values():
            rate(way, questions, min(requests, WARM_UP))
        for _ in range(repeats):
            measured.append({name: rate(way, questions, requests) for name, (way, questions) in ways.items()})
    return measured


def rate(way: Way, questions: Sequence[object], requests: int) -> float:
    """Return requests per second of all clients together, connecting included."""
    numbers = itertools.count()

    def ask(_: int) -> None:
        with way() as answer:
            while (number := next(numbers)) < requests:
                answer(questions[number % len(questions)])

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        begin = time.perf_counter()
        list(pool.map(ask, range(CLIENTS)))
        return requests / (time.perf_counter() - begin)


def rate_rows(words: str, measured: list[Rates], requests: int, command: str) -> list[results.Row]:
    """Return each way's rate and the ratios to the session's, as means of the repeats."""
    of = {name: ([one[name] for one in measured], "requests/s") for name in (IN_PROCESS, OVER_GRPC, PORTABLE_GRPC)}
    for name, words_of in ((OVER_GRPC, "over gRPC"), (PORTABLE_GRPC, "portable form over gRPC")):
        of[f"{words_of} against in process"] = ([one[name] / one[IN_PROCESS] for one in measured], "x")
    return [
        results.Row(
            measure=f"{words}, one encoded picture a request, {CLIENTS} clients: {what}",
            value=statistics.fmean(values),
            unit=unit,
            n=f"{len(values)} x {requests:,} requests",
            spread=results.spread(values),
            command=command,
        )
        for what, (values, unit) in of.items()
    ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Swapped:
    """What came of requests while versions changed.

    Attributes:
        sent: requests.
        failed: of them, those that were refused.
        late: of them, those that a version answered that was unloaded before they were sent.
        memory: resident memory of the server after each change, in MB.
    """

    sent: int
    failed: int
    late: int
    memory: Sequence[float]


def swap(base: pathlib.Path, pictures: list[bytes], requests: int, changes: Sequence[Callable[[], object]]) -> Swapped:
    """Change the served version, an equal share of the requests apart, while 16 clients ask on until the last is done.

    Args:
        base: folder of the versions.
        pictures: to ask for.
        requests: to send at least.
        changes: each makes a newer version, and is done when the one before is unloaded.
    """
    import grpc

    from tfx_ocr.serving import versions
    from tfx_ocr.serving.client import connect

    asked = [model_server.predict_request([picture]) for picture in pictures]
    numbers, done = itertools.count(), threading.Event()
    gone: set[int] = set()
    failed: list[str] = []
    late: list[int] = []
    memory: list[float] = []
    reached = [0]  # number of the last request

    def ask() -> int:
        own = 0
        with model_server.predict(server.grpc) as predict:
            while (number := next(numbers)) < requests or not done.is_set():
                own, reached[0], before = own + 1, number, frozenset(gone)
                try:
                    version = predict(asked[number % len(asked)]).model_spec.version.value
                except grpc.RpcError as error:
                    failed.append(f"{error.code().name}: {error.details()}")
                    continue
                if version in before:
                    late.append(version)
        return own

    with (
        model_server.running(base) as server,
        connect(server.rest, model_server.MODEL) as client,
        concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool,
    ):
        clients = [pool.submit(ask) for _ in range(CLIENTS)]
        try:
            for number, change in enumerate(changes, 1):
                while reached[0] < requests * number // (len(changes) + 1):
                    time.sleep(0.01)
                old = versions.find_newest(base)
                change()
                while {each.version: each.state for each in client.get_status()}[old] != "END":
                    time.sleep(0.02)
                gone.add(old)
                memory.append(bench_soak.resident_mb(server.process.pid))
        finally:
            done.set()
        sent = sum(one.result() for one in clients)
    for reason in sorted(set(failed)):
        print(f"failed: {reason}")
    return Swapped(sent=sent, failed=len(failed), late=len(late), memory=memory)


def push(base: pathlib.Path, version: int) -> None:
    """Publish the previous version under a new number, by one rename: the server ignores names that are not numbers."""
    staging = base / f".staging-{version}"
    shutil.copytree(base / str(version - 1), staging)
    staging.rename(base / str(version))


def swap_rows(changed: str, found: Swapped, command: str) -> list[results.Row]:
    """Return the two rows that must be 0; `changed` says what was done to how many versions."""
    over = f"{found.sent:,} requests"
    what = f"{changed} under load, {CLIENTS} clients over gRPC"
    return [
        results.Row(measure=f"{what}: {of}", value=value, unit="requests", n=over, command=command)
        for of, value in (("failed", found.failed), ("answered by an unloaded version", found.late))
    ]


def random_export(network: str, path: pathlib.Path) -> None:
    """Export the digits recipe with random weights."""
    import keras
    import tensorflow as tf
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    from tfx_ocr.components.recipe import Part
    from tfx_ocr.components.trainer import model as models
    from tfx_ocr.components.trainer.export import export
    from tfx_ocr.components.transform.preprocessing import preprocessing_fn
    from tfx_ocr.pipeline.recipes import get_recipe

    keras.utils.set_random_seed(0)
    recipe = get_recipe("digits").choose_network(network)
    config: dict[str, Any] = {"recipe": recipe.dump_part("transform")}
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in ("image", "label")}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    blank = tf.io.encode_png(tf.zeros([8, 8, 1], tf.uint8)).numpy()
    with tempfile.TemporaryDirectory() as work:
        graph = pathlib.Path(work, "graph")
        with tft_beam.Context(temp_dir=str(pathlib.Path(work, "temp"))):
            data = ([{"image": [blank], "label": [b"0"]}], metadata)
            _, transform_fn = data | tft_beam.AnalyzeAndTransformDataset(lambda each: preprocessing_fn(each, config))
            transform_fn | tft_beam.WriteTransformFn(str(graph))
        part = Part.from_json(recipe.dump_part("trainer"))
        model, _ = models.build(part)
        export(model, tft.TFTransformOutput(str(graph)), part, str(path))


if __name__ == "__main__":
    sys.exit(main())
