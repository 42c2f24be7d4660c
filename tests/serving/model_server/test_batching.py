import concurrent.futures
import contextlib
import threading
import time

import numpy as np
import pytest


class Model:
    """y = x / 2 + 2. Fails on a row that is not finite; waits while `gate` is shut. `runs`: rows of each run."""

    def __init__(self):
        self.runs = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, inputs, timeout_s=None):
        assert self.gate.wait(60)
        (value,) = inputs.values()
        self.runs.append(len(value))
        if not np.isfinite(value).all():
            raise ValueError("no number")
        return {"y": value / 2 + 2}


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def start(model):
    from tfx_ocr.serving.model_server.batching import BatchScheduler, wait
    from tfx_ocr.serving.model_server.config import BatchingParameters

    started = []

    class Asker:
        def __init__(self, **parameters):
            self.scheduler = BatchScheduler(BatchingParameters(num_batch_threads=1, **parameters))
            self.batches = []
            started.append(self.scheduler)

        def submit(self, value, timeout_s=None, queue="m"):
            value = np.asarray(value, np.float32)
            on_batch = lambda *batch: self.batches.append(batch[:2])  # noqa: E731
            return self.scheduler.submit(model, queue, {"x": value}, timeout_s, on_batch)

        def ask(self, value, timeout_s=None, **more):
            return wait(self.submit(value, timeout_s, **more), timeout_s)["y"].tolist()

        def occupy(self):
            """Give the one thread a run to wait in, so that what follows is enqueued."""
            model.gate.clear()
            first = self.submit([100.0])
            while self.scheduler._queues:
                time.sleep(0.001)
            return first

    yield Asker
    model.gate.set()
    for scheduler in started:
        scheduler.close()


def answers(futures):
    return [future.result(10)["y"].tolist() for (future,) in futures]


def test_requests_that_wait_run_as_one(start, model):
    asker = start(max_batch_size=8)
    first = asker.occupy()
    futures = [asker.submit([2.0]), asker.submit([4.0, 6.0]), asker.submit([[8.0]])]
    model.gate.set()
    assert answers([first, *futures]) == [[52.0], [3.0], [4.0, 5.0], [[6.0]]]
    assert model.runs == [1, 3, 1]  # [[8.0]] has another shape: it stands in a batch of its own


def test_a_batch_is_padded_to_an_allowed_size(start, model):
    asker = start(max_batch_size=8, allowed_batch_sizes=(2, 8))
    assert asker.ask([2.0]) == [3.0]
    assert asker.ask([2.0, 4.0, 6.0]) == [3.0, 4.0, 5.0]
    assert (model.runs, asker.batches) == ([2, 8], [(1, 2), (3, 8)])


def test_a_bad_neighbour_gets_the_error_alone(start, model):
    asker = start(max_batch_size=8)
    first = asker.occupy()
    futures = [asker.submit([float(number)]) for number in range(7)]
    bad = asker.submit([float("nan")])
    model.gate.set()
    assert answers([first, *futures])[1:] == [[number / 2 + 2] for number in range(7)]
    with pytest.raises(Exception, match="no number") as refused:
        bad[0].result(10)
    assert refused.value.code.name == "INVALID_ARGUMENT"
    assert model.runs == [1, 8, 4, 4, 2, 2, 1, 1]  # halves, down to the one whose fault it is


def test_a_request_that_fails_leaves_no_circle_of_objects(start, count_garbage):
    from tfx_ocr.serving.model_server.errors import ServingError

    asker = start()

    def fail():
        with contextlib.suppress(ServingError):
            asker.ask([float("nan")])

    assert count_garbage(fail) < 20


def test_a_full_queue_refuses_and_takes_again(start, model):
    from tfx_ocr.serving.model_server.errors import ServingError

    asker = start(max_batch_size=2, max_enqueued_batches=2)
    first = asker.occupy()
    futures = [asker.submit([1.0, 1.0]), asker.submit([1.0])]
    futures.append(asker.submit([1.0]))  # the second batch has room for one
    with pytest.raises(ServingError, match="to which this task was submitted is full") as refused:
        asker.submit([1.0])
    assert refused.value.code.name == "RESOURCE_EXHAUSTED"
    other = asker.submit([1.0], queue="another model")
    model.gate.set()
    assert answers([first, *futures, other])[1:] == [[2.5, 2.5], [2.5], [2.5], [2.5]]
    assert asker.ask([1.0]) == [2.5]


def test_deadlines_are_kept_in_the_queue_and_while_it_runs(start, model):
    from tfx_ocr.serving.model_server.errors import ServingError

    asker = start()
    first = asker.occupy()
    with pytest.raises(ServingError) as late:  # while the gate is shut
        asker.ask([1.0], timeout_s=0.05)
    assert late.value.code.name == "DEADLINE_EXCEEDED"
    expired, patient = asker.submit([2.0], timeout_s=0.01), asker.submit([2.0])
    time.sleep(0.02)
    model.gate.set()
    assert answers([first, patient])[1:] == [[3.0]]
    with pytest.raises(ServingError, match="while waiting in batching queue"):
        expired[0].result(10)
    assert model.runs == [1, 1]  # abandoned requests are not run


def test_a_batch_waits_for_its_timeout_or_until_it_is_full(start, model):
    patient = start(max_batch_size=2, batch_timeout_micros=600_000_000)
    assert patient.ask([1.0, 2.0], timeout_s=60) == [2.5, 3.0]  # full: the ten minutes are not waited for
    begin = time.monotonic()
    assert start(max_batch_size=2, batch_timeout_micros=300_000).ask([1.0]) == [2.5]
    assert time.monotonic() - begin > 0.29


def test_a_large_request_is_refused_or_split(start, model):
    from tfx_ocr.serving.model_server.errors import ServingError

    with pytest.raises(ServingError, match="Task size 3 is larger than maximum input batch size 2"):
        start(max_batch_size=2).ask([1.0, 2.0, 3.0])
    asker = start(max_batch_size=2, enable_large_batch_splitting=True)
    assert asker.ask([2.0, 4.0, 6.0, 8.0, 10.0]) == [3.0, 4.0, 5.0, 6.0, 7.0]
    assert sorted(model.runs) == [1, 2, 2]


def test_lengths_are_padded_with_zeros_where_that_is_asked_for(start, model):
    asker = start(pad_variable_length_inputs=True)
    first = asker.occupy()
    futures = [asker.submit([[2.0]]), asker.submit([[4.0, 6.0]])]
    model.gate.set()
    assert answers([first, *futures])[1:] == [[[3.0, 2.0]], [[4.0, 5.0]]]
    assert model.runs == [1, 2]


def test_an_output_that_is_not_by_rows_is_refused(start):
    from tfx_ocr.serving.model_server.batching import BatchScheduler, wait
    from tfx_ocr.serving.model_server.config import BatchingParameters
    from tfx_ocr.serving.model_server.errors import ServingError

    scheduler = BatchScheduler(BatchingParameters())
    x = np.ones([2], np.float32)

    def ask(run):
        return wait(scheduler.submit(run, "m", {"x": x}, None, lambda *_: None), 10)

    with pytest.raises(ServingError, match="Batched output tensor has 0 dimensions"):
        ask(lambda inputs, timeout_s: {"y": np.float32(1)})
    with pytest.raises(ServingError, match="0th dimension does not equal"):
        ask(lambda inputs, timeout_s: {"y": np.ones([3])})
    scheduler.close()


@pytest.mark.parametrize(
    ("feeds", "sentence"),
    [
        ({}, "must have at least one input tensor"),
        ({"x": np.float32(1)}, "must have at least one dimension"),
        ({"x": np.ones([2]), "z": np.ones([3])}, "must have equal 0th-dimension size"),
    ],
)
def test_what_has_no_rows_is_refused(start, feeds, sentence):
    from tfx_ocr.serving.model_server.errors import ServingError

    with pytest.raises(ServingError, match=sentence):
        start().scheduler.submit(None, "m", {k: np.asarray(v) for k, v in feeds.items()}, None, lambda *_: None)


def test_many_threads_get_their_own_answers(start):
    asker = start(max_batch_size=16, allowed_batch_sizes=(4, 16))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda number: asker.ask([float(number)] * (number % 3 + 1)), range(600)))
    assert got == [[number / 2 + 2] * (number % 3 + 1) for number in range(600)]
