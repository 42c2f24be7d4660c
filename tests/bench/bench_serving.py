"""The served model: requests a second against the session in process, TFLite against it, versions swapped under load.

Rates: 16 clients, one encoded picture a request, over gRPC to the embedded server with batching as compose.yaml has it,
and the same calls by 16 threads straight on the session of the same export in this process; in turns, so that both meet
the same machine. Of the small CNN that ships, and of InceptionV3 75 x 75 with random weights (time does not depend on
them). Fast runtime: one client, one picture at a time, over gRPC to two servers of that InceptionV3 without batching,
one of them asked for TFLite (`--prefer_tflite_model`), in turns; and what a run of the model took there, as the server
tells Prometheus. Swaps: new versions land while the clients ask; counts what fails and what a version answers that the
server had called unloaded before it was asked. Writes to tests/bench/results/serving.csv.

    python tests/bench/bench_serving.py
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
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

import model_server
import results
from model_server import CLIENTS

REQUESTS = 2000  # of a rate
SWAP_REQUESTS = 10_000
SWAPS = 3
WARM_UP = 200  # requests
TURNS = 10  # that one client's requests to two servers are divided into
RUN = "{} run"  # its milliseconds, among rates
MONITORED = f"--monitoring_config_file={results.ROOT / 'serving' / 'docker' / 'monitoring.config'}"
NETWORKS = {"small_cnn": "small CNN as shipped", "inception_v3": "InceptionV3 75 x 75, random weights"}

Rates = dict[str, float]  # way to requests a second; `RUN` of a way to its milliseconds
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
            measured = rates(base, pictures, options.requests, options.repeats)
            print(f"{words}: {measured}", flush=True)
            results.record("serving", rate_rows(words, measured, options.requests, command), options.results)
        alone = fast_rates(pathlib.Path(work, "inception_v3"), pictures, options.requests, options.repeats)
        print(f"fast runtime: {alone}", flush=True)
        rows = fast_rows(NETWORKS["inception_v3"], alone, options.requests, command)
        results.record("serving", rows, options.results)
        asked = options.requests * SWAP_REQUESTS // REQUESTS
        found = swap(pathlib.Path(work, "small_cnn"), pictures, asked)
        print(f"swaps: {found}", flush=True)
        results.record("serving", swap_rows(*found, command), options.results)


def rates(base: pathlib.Path, pictures: list[bytes], requests: int, repeats: int) -> list[Rates]:
    """Measure both ways, in turns."""
    import numpy as np

    from tfx_ocr.serving.runtimes import open_folder

    asked = [model_server.predict_request([picture]) for picture in pictures]
    arrays = [{"image_bytes": np.array([picture], dtype=object)} for picture in pictures]
    measured = []
    with open_folder(base / "1") as export, model_server.running(base) as server:
        session = contextlib.nullcontext(functools.partial(export.answer, "serve_images"))
        ways: dict[str, tuple[Way, Sequence[object]]] = {
            "in process": (lambda: session, arrays),
            "gRPC": (lambda: model_server.predict(server.grpc), asked),
        }
        for way, questions in ways.values():
            rate(way, questions, min(requests, WARM_UP))
        for _ in range(repeats):
            measured.append({name: rate(way, questions, requests) for name, (way, questions) in ways.items()})
    return measured


def fast_rates(base: pathlib.Path, pictures: list[bytes], requests: int, repeats: int) -> list[Rates]:
    """Measure one client, on a server of the SavedModel and on one of its fast form.

    Both are started for each repeat, for a server's pace hangs on where its memory and threads came to lie, and asked
    in short turns, for the machine's own changes from one second to the next. Beside the rates, `RUN`: what a run of
    the model took, as the server tells Prometheus (`runtime_latency`), without gRPC and the client.

    Raises:
        RuntimeError: the version has no fast form.
    """
    from tfx_ocr.data import features

    if not (base / "1" / features.FAST / features.FAST_NETWORK).is_file():
        raise RuntimeError(f"{base / '1'} has no fast form to measure")
    asked = [model_server.predict_request([picture]) for picture in pictures]
    flags = {"SavedModel": (), "TFLite": ("--prefer_tflite_model",)}
    measured = []
    for _ in range(repeats):
        with contextlib.ExitStack() as stack:
            servers = {
                name: stack.enter_context(model_server.running(base, (MONITORED, *own))) for name, own in flags.items()
            }
            measured.append(_in_turns(servers, asked, requests))
    return measured


def _in_turns(servers: dict[str, model_server.Running], asked: Sequence[object], requests: int) -> Rates:
    with contextlib.ExitStack() as stack:
        ways = {
            name: functools.partial(contextlib.nullcontext, stack.enter_context(model_server.predict(server.grpc)))
            for name, server in servers.items()
        }
        for way in ways.values():
            rate(way, asked, min(requests, WARM_UP), clients=1)
        begun = {name: model_server.runtime(server.rest) for name, server in servers.items()}
        each = -(-requests // TURNS)
        turns = [{name: rate(way, asked, each, clients=1) for name, way in ways.items()} for _ in range(TURNS)]
    rates = {name: statistics.harmonic_mean([turn[name] for turn in turns]) for name in servers}
    for name, server in servers.items():
        runs, seconds = (now - then for now, then in zip(model_server.runtime(server.rest), begun[name], strict=True))
        rates[RUN.format(name)] = 1e3 * seconds / runs
    return rates


def rate(way: Way, questions: Sequence[object], requests: int, clients: int = CLIENTS) -> float:
    """Return requests per second of all clients together, connecting included."""
    numbers = itertools.count()

    def ask(_: int) -> None:
        with way() as answer:
            while (number := next(numbers)) < requests:
                answer(questions[number % len(questions)])

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        begin = time.perf_counter()
        list(pool.map(ask, range(clients)))
        return requests / (time.perf_counter() - begin)


def rate_rows(words: str, measured: list[Rates], requests: int, command: str) -> list[results.Row]:
    """Return each way's rate and the ratio of the two, as means of the repeats."""
    of = {
        "requests straight on the session in process": ([one["in process"] for one in measured], "requests/s"),
        "requests over gRPC, batching on": ([one["gRPC"] for one in measured], "requests/s"),
        "over gRPC against in process": ([one["gRPC"] / one["in process"] for one in measured], "x"),
    }
    return _rows(f"{words}, one encoded picture a request, {CLIENTS} clients", of, requests, command)


def fast_rows(words: str, measured: list[Rates], requests: int, command: str) -> list[results.Row]:
    """Return the same for one client and the two servers."""
    of = {
        "requests over gRPC, SavedModel": ([one["SavedModel"] for one in measured], "requests/s"),
        "requests over gRPC, TFLite": ([one["TFLite"] for one in measured], "requests/s"),
        "TFLite against SavedModel": ([one["TFLite"] / one["SavedModel"] for one in measured], "x"),
    }
    runs = {name: [one[RUN.format(name)] for one in measured] for name in ("SavedModel", "TFLite")}
    of |= {f"a run as the server times it, {name}": (values, "ms") for name, values in runs.items()}
    quicker = [whole / fast for whole, fast in zip(runs["SavedModel"], runs["TFLite"], strict=True)]
    of["a run as the server times it, TFLite against SavedModel"] = (quicker, "x")
    return _rows(f"{words}, one encoded picture a request, one client", of, requests, command)


def _rows(who: str, of: dict[str, tuple[list[float], str]], requests: int, command: str) -> list[results.Row]:
    return [
        results.Row(
            measure=f"{who}: {what}",
            value=statistics.fmean(values),
            unit=unit,
            n=f"{len(values)} x {requests:,} requests",
            spread=results.spread(values),
            command=command,
        )
        for what, (values, unit) in of.items()
    ]


def swap(base: pathlib.Path, pictures: list[bytes], requests: int) -> tuple[int, int, int]:
    """Push `SWAPS` versions, a share of the requests apart, while 16 clients ask on until the last old one is unloaded.

    Returns:
        Requests sent, failed, and answered by a version that was unloaded before they were sent.
    """
    import grpc

    from tfx_ocr.serving.client import connect

    asked = [model_server.predict_request([picture]) for picture in pictures]
    numbers, done = itertools.count(), threading.Event()
    gone: set[int] = set()
    failed: list[str] = []
    late: list[int] = []
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
            for version in range(2, SWAPS + 2):
                while reached[0] < requests * (version - 1) // (SWAPS + 1):
                    time.sleep(0.01)
                push(base, version)
                while {each.version: each.state for each in client.get_status()}[version - 1] != "END":
                    time.sleep(0.02)
                gone.add(version - 1)
        finally:
            done.set()
        sent = sum(one.result() for one in clients)
    for reason in sorted(set(failed)):
        print(f"failed: {reason}")
    return sent, len(failed), len(late)


def push(base: pathlib.Path, version: int) -> None:
    """Publish the previous version under a new number, by one rename: the server ignores names that are not numbers."""
    staging = base / f".staging-{version}"
    shutil.copytree(base / str(version - 1), staging)
    staging.rename(base / str(version))


def swap_rows(sent: int, failed: int, late: int, command: str) -> list[results.Row]:
    """Return the two rows that must be 0."""
    over = f"{sent:,} requests"
    what = f"{SWAPS} versions swapped in under load, {CLIENTS} clients over gRPC"
    return [
        results.Row(measure=f"{what}: {of}", value=value, unit="requests", n=over, command=command)
        for of, value in (("failed", failed), ("answered by an unloaded version", late))
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
