"""The served model for half an hour: mixed load over gRPC and REST, one request in twenty malformed.

Eight clients ask as fast as they are answered: pictures alone and in batches, serialized records, status and metadata.
A malformed request must be refused with its own code, a sound one answered with the label that it had before the load.
The server's resident memory is taken each second; its slope after the warm-up is a line by least squares. Writes to
tests/bench/results/soak.csv.

    python tests/bench/bench_soak.py --minutes 30
"""

from __future__ import annotations

import argparse
import base64
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import model_server
import results
from model_server import MODEL

CLIENTS = 8
MALFORMED = 0.05  # share of the requests
WARM_UP = 0.2  # share of the time that the slope leaves out, at most
WARM_UP_S = 180.0
SAMPLE_S = 1.0
PREDICT = f"/v1/models/{MODEL}:predict"

Counts = collections.Counter[str]


@dataclasses.dataclass(frozen=True)
class Malformed:
    """A request that must be refused.

    Attributes:
        what: in words.
        code: a gRPC status, or an HTTP one.
        send: gives the code that it met.
    """

    what: str
    code: str
    send: Callable[[], str]


def main() -> None:
    """Serve, load, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    from tfx_ocr.data import pretrained

    with tempfile.TemporaryDirectory() as work:
        pictures = model_server.pictures(pathlib.Path(work, "sample"))
        base = pathlib.Path(work, "models")
        shutil.copytree(pretrained.get_folder("digits"), base / "1")
        with model_server.running(base) as server:
            counts, samples = soak(server, pictures, 60 * options.minutes)
            crashed = server.process.poll() is not None
    print(dict(counts), flush=True)
    results.record("soak", rows(options.minutes, counts, samples, crashed), options.results)


def soak(
    server: model_server.Running, pictures: list[bytes], seconds: float
) -> tuple[Counts, list[tuple[float, float]]]:
    """Load the server for so long.

    Returns:
        Requests by `sound`, `failed`, `malformed` and `wrong code`; and seconds since the begin with the resident
        memory then, in MB, until the end or the server's.
    """
    import httpx

    counts: Counts = collections.Counter()
    lock = threading.Lock()
    samples: list[tuple[float, float]] = []
    wrong: set[str] = set()
    with model_server.predict(server.grpc) as predict:
        labels = [
            predict(model_server.predict_request([picture])).outputs["label"].string_val[0] for picture in pictures
        ]
    begin = time.monotonic()

    def client(number: int) -> None:
        draw = random.Random(number)
        with model_server.predict(server.grpc) as predict, httpx.Client(base_url=server.rest, trust_env=False) as http:
            refused = [*malformed_grpc(predict, pictures[0]), *malformed_rest(http, pictures[0])]
            while time.monotonic() - begin < seconds and server.process.poll() is None:
                if draw.random() < MALFORMED:
                    one = draw.choice(refused)
                    code = one.send()
                    found = {"malformed": 1, "wrong code": int(code != one.code)}
                    if code != one.code:
                        wrong.add(f"{one.what}: {code}, not {one.code}")
                else:
                    found = {"sound": 1, "failed": int(not sound(predict, http, pictures, labels, draw))}
                with lock:
                    counts.update(found)

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, number) for number in range(CLIENTS)]
        while not all(one.done() for one in clients):
            if server.process.poll() is None:
                samples.append((time.monotonic() - begin, resident_mb(server.process.pid)))
            time.sleep(SAMPLE_S)
        for one in clients:
            one.result()
    for line in sorted(wrong):
        print(f"wrong code: {line}")
    return counts, samples


def sound(
    predict: Callable[[Any], Any], http: Any, pictures: Sequence[bytes], labels: Sequence[bytes], draw: random.Random
) -> bool:
    """Send one of the kinds of sound requests; whether it was answered, and rightly."""
    import grpc
    import httpx
    import tensorflow as tf

    chosen = draw.sample(range(len(pictures)), draw.choice((1, 1, 2, 8)))
    images, expected = [pictures[each] for each in chosen], [labels[each] for each in chosen]
    kind = draw.choice(("images", "images", "examples", "columns", "rows", "rows", "status", "metadata"))
    try:
        if kind == "images":
            return list(predict(model_server.predict_request(images)).outputs["label"].string_val) == expected
        if kind == "examples":
            features = [tf.train.Feature(bytes_list=tf.train.BytesList(value=[image])) for image in images]
            examples = [tf.train.Example(features=tf.train.Features(feature={"image": each})) for each in features]
            raw = [each.SerializeToString() for each in examples]
            request = model_server.predict_request(raw, "serving_default", "examples")
            return list(predict(request).outputs["label"].string_val) == expected
        if kind in ("status", "metadata"):
            path = f"/v1/models/{MODEL}" + ("/metadata" if kind == "metadata" else "")
            return bool(http.get(path, timeout=model_server.TIMEOUT_S).status_code == 200)
        encoded = [as_json(image) for image in images]
        question = {"inputs": {"image_bytes": encoded}} if kind == "columns" else {"instances": encoded}
        answer = http.post(PREDICT, json={"signature_name": "serve_images", **question}, timeout=model_server.TIMEOUT_S)
        said = answer.json()
        found = said["outputs"]["label"] if kind == "columns" else [row["label"] for row in said["predictions"]]
        return [label.encode() for label in found] == expected
    except (grpc.RpcError, httpx.HTTPError, KeyError, ValueError):
        return False


def malformed_grpc(predict: Callable[[Any], Any], picture: bytes) -> list[Malformed]:
    """Return requests that must be refused over gRPC, on the caller's connection."""
    import grpc

    def sends(request: Any) -> Callable[[], str]:
        def send() -> str:
            try:
                predict(request)
            except grpc.RpcError as error:
                return str(error.code().name)
            return "OK"

        return send

    def changed(**spec: Any) -> Any:
        request = model_server.predict_request([picture])
        if "version" in spec:
            request.model_spec.version.value = spec.pop("version")
        for name, value in spec.items():
            setattr(request.model_spec, name, value)
        return request

    of = model_server.predict_request
    requests = {
        ("bytes that are not a picture", "INVALID_ARGUMENT"): of([b"no picture"]),
        ("half a picture", "INVALID_ARGUMENT"): of([picture[: len(picture) // 2]]),
        ("no picture among pictures", "INVALID_ARGUMENT"): of([picture, b""]),
        ("numbers in place of bytes", "INVALID_ARGUMENT"): of([1, 2]),
        ("an unknown input", "INVALID_ARGUMENT"): of([picture], name="image"),
        ("an unknown signature", "FAILED_PRECONDITION"): of([picture], "serve_nothing"),
        ("an unknown model", "NOT_FOUND"): changed(name="nothing"),
        ("an unknown version", "NOT_FOUND"): changed(version=99),
        ("an unknown label", "INVALID_ARGUMENT"): changed(version_label="nothing"),
    }
    return [Malformed(f"gRPC, {what}", code, sends(request)) for (what, code), request in requests.items()]


def malformed_rest(http: Any, picture: bytes) -> list[Malformed]:
    """Return requests that must be refused over REST, on the caller's connection."""
    import httpx

    def sends(path: str, body: bytes) -> Callable[[], str]:
        def send() -> str:
            try:
                return str(http.post(path, content=body, timeout=model_server.TIMEOUT_S).status_code)
            except httpx.HTTPError as error:
                return type(error).__name__

        return send

    def body(rows: object, **others: object) -> bytes:
        return json.dumps({"signature_name": "serve_images", "instances": rows, **others}).encode()

    good = [as_json(picture)]
    requests = {
        ("no JSON", "400"): (PREDICT, b"no JSON"),
        ("half a body", "400"): (PREDICT, body(good)[:40]),
        ("bytes that are not a picture", "400"): (PREDICT, body([as_json(b"no picture")])),
        ("no base64", "400"): (PREDICT, body([{"b64": "***"}])),
        ("a number in place of bytes", "400"): (PREDICT, body([1])),
        ("both instances and inputs", "400"): (PREDICT, body(good, inputs=good)),
        ("an unknown signature", "400"): (PREDICT, body(good, signature_name="serve_nothing")),
        ("an unknown model", "404"): ("/v1/models/nothing:predict", body(good)),
        ("an unknown version", "404"): (f"/v1/models/{MODEL}/versions/99:predict", body(good)),
        ("an unknown label", "400"): (f"/v1/models/{MODEL}/labels/nothing:predict", body(good)),
    }
    return [Malformed(f"REST, {what}", code, sends(*request)) for (what, code), request in requests.items()]


def as_json(image: bytes) -> dict[str, str]:
    """Encode bytes as TensorFlow Serving's REST API takes them."""
    return {"b64": base64.b64encode(image).decode("ascii")}


def resident_mb(pid: int) -> float:
    """Return resident memory of a process in MB (10^6 bytes)."""
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def after_warm_up(samples: Sequence[tuple[float, float]], seconds: float) -> list[tuple[float, float]]:
    """Return the samples after a fifth of the time, or after 3 minutes if that is sooner."""
    begin = min(WARM_UP * seconds, WARM_UP_S)
    return [sample for sample in samples if sample[0] >= begin]


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the least-squares line through (x, y).

    Raises:
        ValueError: there are not two different x.
    """
    if len({x for x, _ in samples}) < 2:
        raise ValueError(f"a slope needs samples at two times or more, not {len(samples)}: let it run for longer")
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    along = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / along


def rows(minutes: float, counts: Counts, samples: Sequence[tuple[float, float]], crashed: bool) -> list[results.Row]:
    """Return slope, crashes, and how requests ended."""
    taken = after_warm_up(samples, 60 * minutes)
    over = f"{minutes:g} minutes"
    all_sound, all_malformed = f"{counts['sound']:,} requests", f"{counts['malformed']:,} requests"

    def row(of: str, value: float, unit: str, n: str) -> results.Row:
        return results.Row(
            measure=f"mixed load, {MALFORMED:.0%} malformed: {of}",
            value=value,
            unit=unit,
            n=n,
            command=f"python tests/bench/bench_soak.py --minutes {minutes:g}",
        )

    return [
        row("growth of resident memory after the warm-up", 60 * slope(taken), "MB/min", over),
        row("resident memory at the end", taken[-1][1], "MB", over),
        row("crashes", int(crashed), "crashes", over),
        row("valid requests that failed or were answered wrongly", counts["failed"], "requests", all_sound),
        row("malformed requests answered with a wrong status code", counts["wrong code"], "requests", all_malformed),
    ]


if __name__ == "__main__":
    sys.exit(main())
