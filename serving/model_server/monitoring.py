"""What Prometheus reads: TensorFlow Serving's metrics under its names, and how the model's answers are spread.

The text is printed here: prometheus_client adds `_total` to a counter's name and writes bounds as `10.0`, where
TensorFlow Serving's own page, and the dashboards made for it, have neither.
"""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from tfx_ocr.serving.drift import Profile, Window

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

OK = "OK"
OTHER = "other"  # stands for models that are not served, and for labels past a limit below
MAX_LABELS = 256  # predicted labels that are counted apart, for each model
MAX_LABEL_LENGTH = 16  # a longer one is a text that was read, not the name of a class
THREAD_POOL = "batch_threads"  # TensorFlow Serving's default thread_pool_name
RUNTIME = "TF1"  # its name for a session's run
MICROSECONDS = 1e6  # in a second

CONFIDENCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)


def build_buckets(scale: float, growth: float, count: int) -> tuple[float, ...]:
    """Return upper bounds `scale * growth**i` of `count` buckets, as `monitoring::Buckets::Exponential`.

    What is larger than the last counts into +Inf.
    """
    return tuple(scale * growth**i for i in range(count))


LATENCIES = build_buckets(10, 1.8, 33)  # microseconds, to about 20 minutes
QUEUEING = build_buckets(100, 1.2, 52)  # microseconds, to about 1 second
GRAPH_RUNS = build_buckets(1000, 2, 20)  # microseconds, to about 9 minutes
SIZES = build_buckets(1, 2, 14)  # rows


class Counter:
    """A number for each set of label values, which only grows. May be used from several threads."""

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()):
        self._name, self._about, self._labels = name, about, labels
        self._values: dict[tuple[str, ...], float] = {}
        self._lock = threading.Lock()

    def add(self, amount: float, *values: str) -> None:
        """Add to the number of these label values."""
        with self._lock:
            self._values[values] = self._values.get(values, 0) + amount

    def read(self) -> dict[tuple[str, ...], float]:
        """Return the numbers by their label values."""
        with self._lock:
            return dict(self._values)

    def format_lines(self) -> Iterator[str]:
        """Yield the lines that Prometheus reads."""
        yield from _heading(self._name, self._about, "counter")
        for each, value in sorted(self.read().items()):
            yield f"{self._name}{_braces(self._labels, each)} {_number(value)}"


class Histogram:
    """Counts of values up to each bound, for each set of label values. May be used from several threads.

    A value that is a bound counts into that bound's bucket, as Prometheus defines `le`; TensorFlow Serving puts it into
    the next.
    """

    def __init__(self, name: str, about: str, bounds: Sequence[float], labels: Sequence[str] = ()):
        self._name, self._about, self._bounds, self._labels = name, about, bounds, labels
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}
        self._lock = threading.Lock()

    def observe(self, value: float, *values: str) -> None:
        """Count a value under these label values."""
        bucket = bisect.bisect_left(self._bounds, value)
        with self._lock:
            counts = self._counts.get(values)
            if counts is None:
                counts = self._counts[values] = [0] * (len(self._bounds) + 1)
            counts[bucket] += 1
            self._sums[values] = self._sums.get(values, 0.0) + value

    def format_lines(self) -> Iterator[str]:
        """Yield the lines that Prometheus reads."""
        yield from _heading(self._name, self._about, "histogram")
        with self._lock:
            series = [(values, list(counts), self._sums[values]) for values, counts in sorted(self._counts.items())]
        bounds = [*(f"{bound:g}" for bound in self._bounds), "+Inf"]
        for values, counts, total in series:
            for bound, count in zip(bounds, itertools.accumulate(counts), strict=True):
                yield f"{self._name}_bucket{_braces((*self._labels, 'le'), (*values, bound))} {count}"
            braces = _braces(self._labels, values)
            yield f"{self._name}_sum{braces} {_number(total)}"
            yield f"{self._name}_count{braces} {sum(counts)}"


class Gauge:
    """Numbers that are read when Prometheus asks, for each set of label values."""

    def __init__(
        self, name: str, about: str, labels: Sequence[str], read: Callable[[], Mapping[tuple[str, ...], float]]
    ):
        self._name, self._about, self._labels, self.read = name, about, labels, read

    def format_lines(self) -> Iterator[str]:
        """Yield the lines that Prometheus reads."""
        yield from _heading(self._name, self._about, "gauge")
        for values, value in sorted(self.read().items()):
            yield f"{self._name}{_braces(self._labels, values)} {_number(value)}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Summary:
    """How a model does, in numbers.

    Attributes:
        requests: that ended.
        errors: those of them that failed.
        drift: of its pictures and answers, by measure; see `serving.drift`.
    """

    requests: int
    errors: int
    drift: Mapping[str, float]


class Monitoring:
    """Everything that is counted in one server. Every method may be called from several threads.

    Attributes:
        review: items that wait for review and that are done; whoever opens a review queue sets its `read`.
        jobs: files that are being read; the REST API sets its `read`.
    """

    def __init__(self) -> None:
        serving, core, saved_model = ":tensorflow:serving:", ":tensorflow:core:", ":tensorflow:cc:saved_model:"
        batching = f"{serving}batching_session:"
        self._requests = Counter(f"{serving}request_count", "Requests.", ("model_name", "status"))
        self._request_latency = Histogram(
            f"{serving}request_latency", "Microseconds of a request.", LATENCIES, ("model_name", "API", "entrypoint")
        )
        self._runtime_latency = Histogram(
            f"{serving}runtime_latency", "Microseconds of a run.", LATENCIES, ("model_name", "API", "runtime")
        )
        self._graph_runs = Counter(f"{core}graph_runs", "Runs of graphs.")
        self._graph_run_time = Counter(f"{core}graph_run_time_usecs", "Microseconds of all runs of graphs.")
        self._graph_run_times = Histogram(
            f"{core}graph_run_time_usecs_histogram", "Microseconds of a run of a graph.", GRAPH_RUNS
        )
        self._queueing = Histogram(
            f"{batching}queuing_latency", "Microseconds in a batch's queue.", QUEUEING, ("thread_pool_name",)
        )
        self._batches = Counter(f"{batching}wrapped_run_count", "Runs of batches.")
        self._batch_rows = Histogram(f"{batching}input_batch_size", "Rows asked for in a batch.", SIZES)
        self._run_rows = Histogram(f"{batching}processed_batch_size", "Rows run in a batch, with padding.", SIZES)
        self._padding = Histogram(
            f"{batching}padding_size", "Rows of padding in a batch.", SIZES, ("execution_batch_size",)
        )
        self._loads = Counter(f"{saved_model}load_attempt_count", "Loads of versions.", ("model_path", "status"))
        self._load_latency = Counter(f"{saved_model}load_latency", "Microseconds of a load.", ("model_path",))
        self._answers = Counter("tfx_ocr_answers_total", "Answers by predicted label.", ("model_name", "label"))
        self._confidence = Histogram(
            "tfx_ocr_confidence", "Probability of the predicted label.", CONFIDENCES, ("model_name",)
        )
        self._drift = Gauge(
            "tfx_ocr_drift", "Divergence from what the model learnt from.", ("model_name", "measure"), self._read_drift
        )
        self.review = Gauge(
            "tfx_ocr_review_items", "Items of the review queue.", ("state",), lambda: {("waiting",): 0, ("done",): 0}
        )
        self.jobs = Gauge("tfx_ocr_read_jobs", "Files that are being read as jobs.", (), lambda: {(): 0})
        self._metrics: list[Counter | Histogram | Gauge] = [
            each for each in vars(self).values() if hasattr(each, "format_lines")
        ]
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        self._models = {""}
        self._labels: dict[str, set[str]] = {}
        self._windows: dict[str, tuple[int, Window]] = {}

    def count_request(self, api: str, entrypoint: str, model: str, status: str, seconds: float) -> None:
        """Count a request that has ended.

        Args:
            api: "Predict", "Classify" ... over gRPC, "predict", "classify" ... over REST, as TensorFlow Serving has it;
                "" for requests without inference.
            entrypoint: "GRPC" or "REST".
            model: name that the request gives; one that was never served counts as "other".
            status: name of the gRPC code; only "OK" counts into the latency.
            seconds: from its arrival to the answer.
        """
        if status == OK:
            self._models.add(model)
        elif model not in self._models:  # a client may make up any number of names of any length
            model = OTHER
        self._requests.add(1, model, status)
        if status == OK:
            self._request_latency.observe(seconds * MICROSECONDS, model, api, entrypoint)

    def observe_run(self, model: str, seconds: float, api: str = "Predict") -> None:
        """Count a run that took `seconds`, with its time in the queue."""
        micros = seconds * MICROSECONDS
        self._runtime_latency.observe(micros, model, api, RUNTIME)
        self._graph_runs.add(1)
        self._graph_run_time.add(round(micros))
        self._graph_run_times.observe(micros)

    def observe_batch(self, size: int, padded: int, queue_seconds: float) -> None:
        """Count a batch of `size` rows that ran as `padded`, and whose first request waited `queue_seconds`.

        TensorFlow Serving's metrics of batches do not tell models apart, and so neither do these.
        """
        self._batches.add(1)
        self._batch_rows.observe(size)
        self._run_rows.observe(padded)
        self._padding.observe(padded - size, str(padded))
        self._queueing.observe(queue_seconds * MICROSECONDS, THREAD_POOL)

    def add_model(self, name: str) -> None:
        """Count the requests of a model under its own name from now on."""
        self._models.add(name)

    def count_load(self, model: str, seconds: float) -> None:
        """Count a version that was loaded.

        Args:
            model: the version's folder, as `model_path` has it.
            seconds: that it took.
        """
        self._loads.add(1, model, "success")
        self._load_latency.add(round(seconds * MICROSECONDS), model)

    def count_failed_load(self, model: str) -> None:
        """Count a version, by its folder, that could not be loaded."""
        self._loads.add(1, model, "fail")

    def count_answers(self, model: str, labels: Sequence[str], probabilities: Sequence[float]) -> None:
        """Count the labels that a model answered with, and their probabilities, 0 to 1.

        The first `MAX_LABELS` labels of a model are counted apart, all others and long ones as "other", so that a
        reader of free text neither fills the memory nor shows in its metrics what it read.
        """
        known = self._labels.setdefault(model, set())
        for label in labels:
            if label not in known:
                if len(label) > MAX_LABEL_LENGTH or len(known) >= MAX_LABELS:
                    label = OTHER
                else:
                    known.add(label)
            self._answers.add(1, model, label)
        for probability in probabilities:
            if math.isfinite(probability):  # one NaN would make the sum NaN for good
                self._confidence.observe(float(probability), model)

    def set_profile(self, model: str, version: int, profile: Profile) -> None:
        """Hold a version's pictures and answers against its profile from now on, in place of an earlier version's."""
        self._windows[model] = version, Window(profile)

    def observe_drift(
        self, model: str, version: int, pictures: Sequence[bytes], labels: Sequence[str], probabilities: Sequence[float]
    ) -> None:
        """Take a request in.

        Args:
            model: that answered.
            version: likewise; of one that `set_profile` has not named nothing is taken.
            pictures: encoded.
            labels: answers.
            probabilities: of the answers, 0 to 1.
        """
        known, window = self._windows.get(model, (None, None))
        if window and known == version:
            window.add(pictures, labels, probabilities)

    def summarize(self, model: str) -> Summary:
        """Return how a model does."""
        counts = {status: count for (name, status), count in self._requests.read().items() if name == model}
        drift = {measure: value for (name, measure), value in self._read_drift().items() if name == model}
        requests, answered = int(sum(counts.values())), int(counts.get(OK, 0))
        return Summary(requests=requests, errors=requests - answered, drift=drift)

    def _read_drift(self) -> dict[tuple[str, ...], float]:
        windows = list(self._windows.items())
        return {(name, each): value for name, (_, window) in windows for each, value in window.measure().items()}

    def format_page(self) -> str:
        """Return every metric in Prometheus' text format, those without values by their type alone."""
        own = "\n".join(line for metric in self._metrics for line in metric.format_lines())
        return f"{own}\n{generate_latest(self._process).decode()}"


def _heading(name: str, about: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _braces(names: Sequence[str], values: Sequence[str]) -> str:
    escaped = (value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for value in values)
    return "{" + ",".join(f'{name}="{value}"' for name, value in zip(names, escaped, strict=True)) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
