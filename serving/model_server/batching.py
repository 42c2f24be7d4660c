"""Merges requests that come together into one run of the session, under TensorFlow Serving's parameters.

Only what can stand in one tensor meets in a batch: the same signature, types and shapes past the first dimension. Where
a merged run fails, its halves run again, down to the request whose fault it is; its neighbours get their answers.
"""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import grpc
import numpy as np

from tfx_ocr.serving.model_server.config import BatchingParameters
from tfx_ocr.serving.model_server.errors import ServingError, from_tensorflow

Inputs = Mapping[str, np.ndarray]
Outputs = Mapping[Any, np.ndarray]
Run = Callable[[Inputs, float | None], Outputs]  # of a model: inputs and a timeout in seconds to outputs


@dataclasses.dataclass(eq=False)
class Task:
    """One request in a queue.

    Attributes:
        run: of its model.
        inputs: each of `rows` rows.
        rows: size of the first dimension.
        deadline: `time.monotonic()` after which the request is given up; None: never.
        future: of its answer.
        on_batch: told the rows of its batch, the rows with padding and the seconds the first of it waited.
    """

    run: Run
    inputs: Inputs
    rows: int
    deadline: float | None
    future: concurrent.futures.Future[Outputs]
    on_batch: Callable[[int, int, float], None]


@dataclasses.dataclass(eq=False)
class _Batch:
    """Tasks of one queue that will run together. `opened`: `time.monotonic()` of the first."""

    opened: float
    tasks: list[Task]
    rows: int


class BatchScheduler:
    """Queues of all models, and the threads that run their batches."""

    def __init__(self, parameters: BatchingParameters):
        self.parameters = parameters
        self._ready = threading.Condition()
        self._queues: collections.OrderedDict[Hashable, collections.deque[_Batch]] = collections.OrderedDict()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True)
            for number in range(parameters.num_batch_threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self,
        run: Run,
        queue: Hashable,
        inputs: Inputs,
        timeout_s: float | None,
        on_batch: Callable[[int, int, float], None],
    ) -> list[concurrent.futures.Future[Outputs]]:
        """Enqueue one request.

        Args:
            run: of its model; requests of one queue are given to that of the first in a batch.
            queue: what shares a queue; types and shapes are added here.
            inputs: arrays of equal first dimensions.
            timeout_s: seconds after which the request is given up; None: never.
            on_batch: told the rows of its batch, the rows with padding and the seconds the first of it waited.

        Returns:
            The answer, as one part; in several where it was split.

        Raises:
            ServingError: it cannot be batched, or the queue is full.
        """
        rows = _rows(inputs)
        most = self.parameters.max_batch_size
        if rows > most and not self.parameters.enable_large_batch_splitting:
            raise ServingError(
                grpc.StatusCode.INVALID_ARGUMENT, f"Task size {rows} is larger than maximum input batch size {most}"
            )
        now = time.monotonic()
        tasks = [
            Task(
                run=run,
                inputs={name: value[begin : begin + most] for name, value in inputs.items()},
                rows=min(most, rows - begin),
                deadline=None if timeout_s is None else now + timeout_s,
                future=concurrent.futures.Future(),
                on_batch=on_batch,
            )
            for begin in range(0, max(rows, 1), most)
        ]
        self._enqueue((queue, self._kind(inputs)), tasks, now)
        return [task.future for task in tasks]

    def close(self) -> None:
        """Run what is enqueued, then end the threads."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()

    def _kind(self, inputs: Inputs) -> Hashable:
        if self.parameters.pad_variable_length_inputs:
            return tuple((name, value.dtype.str, value.ndim) for name, value in sorted(inputs.items()))
        return tuple((name, value.dtype.str, value.shape[1:]) for name, value in sorted(inputs.items()))

    def _enqueue(self, key: Hashable, tasks: list[Task], now: float) -> None:
        most, limit = self.parameters.max_batch_size, self.parameters.max_enqueued_batches
        with self._ready:
            batches = self._queues.get(key, collections.deque())
            if len(tasks) == 1 and batches and batches[-1].rows + tasks[0].rows <= most:
                batches[-1].tasks.append(tasks[0])
                batches[-1].rows += tasks[0].rows
            elif len(batches) + len(tasks) > limit:
                raise ServingError(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    "The batch scheduling queue to which this task was submitted is full",
                )
            else:
                batches.extend(_Batch(opened=now, tasks=[task], rows=task.rows) for task in tasks)
                self._queues[key] = batches
            self._ready.notify()

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            now = time.monotonic()
            awaited = [task for task in batch.tasks if not _is_late(task, now)]
            if awaited:
                rows = sum(task.rows for task in awaited)
                awaited[0].on_batch(rows, _padded(rows, self.parameters), now - batch.opened)
                _run_together(awaited, self.parameters)

    def _next(self) -> _Batch | None:
        """The next batch that may run: full, or its first task has waited enough; None when all is over."""
        with self._ready:
            while True:
                now, soonest = time.monotonic(), None
                for key, batches in self._queues.items():
                    due = batches[0].opened + self.parameters.batch_timeout_micros / 1e6
                    is_full = len(batches) > 1 or batches[0].rows >= self.parameters.max_batch_size
                    if is_full or due <= now or self._closed:
                        batch = batches.popleft()
                        if batches:
                            self._queues.move_to_end(key)  # the others first
                            self._ready.notify()
                        else:
                            del self._queues[key]
                        return batch
                    soonest = due if soonest is None else min(soonest, due)
                if self._closed:
                    return None
                self._ready.wait(None if soonest is None else max(0.0, soonest - now))


def wait(futures: Sequence[concurrent.futures.Future[Outputs]], timeout_s: float | None) -> Outputs:
    """Wait for the parts of an answer and put them together.

    Raises:
        ServingError: it failed, or took longer than `timeout_s`.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    parts = []
    for future in futures:
        try:
            failed = future.exception(None if deadline is None else max(0.0, deadline - time.monotonic()))
        except concurrent.futures.TimeoutError:
            raise ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, "Timed out waiting for the batch") from None
        if isinstance(failed, ServingError):
            raise failed.copy()  # see `_run_together`
        parts.append(future.result())
    return parts[0] if len(parts) == 1 else {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _rows(inputs: Inputs) -> int:
    if not inputs:
        raise ServingError(
            grpc.StatusCode.INVALID_ARGUMENT, "Batching session Run() must have at least one input tensor"
        )
    if any(value.ndim == 0 for value in inputs.values()):
        raise ServingError(
            grpc.StatusCode.INVALID_ARGUMENT,
            "Batching session Run() input tensors must have at least one dimension",
        )
    sizes = {len(value) for value in inputs.values()}
    if len(sizes) > 1:
        raise ServingError(
            grpc.StatusCode.INVALID_ARGUMENT,
            "Batching session Run() input tensors must have equal 0th-dimension size",
        )
    return sizes.pop()


def _is_late(task: Task, now: float) -> bool:
    if task.deadline is None or now < task.deadline:
        return False
    sentence = "Run() timeout exceeded while waiting in batching queue"
    task.future.set_exception(ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, sentence))
    return True


def _run_together(tasks: list[Task], parameters: BatchingParameters) -> None:
    """Answer every task; where they fail together, each half again.

    A future is given an error that was never raised. One that was raised holds its traceback, the traceback this
    frame, and the frame the future: such a circle stays in memory until Python looks for circles, in a process of many
    objects after some tens of thousands of them.
    """
    try:
        answers = _merged(tasks, parameters)
    except ServingError as error:
        if len(tasks) == 1:
            tasks[0].future.set_exception(error.copy())
            return
        half = len(tasks) // 2
        _run_together(tasks[:half], parameters)
        _run_together(tasks[half:], parameters)
        return
    for task, answer in zip(tasks, answers, strict=True):
        task.future.set_result(answer)


def _merged(tasks: list[Task], parameters: BatchingParameters) -> list[Outputs]:
    rows = sum(task.rows for task in tasks)
    padded = _padded(rows, parameters)
    deadlines = [task.deadline for task in tasks if task.deadline is not None]
    timeout_s = max(deadlines) - time.monotonic() if len(deadlines) == len(tasks) else None
    try:
        inputs = {name: _merge([task.inputs[name] for task in tasks], padded - rows) for name in tasks[0].inputs}
        outputs = tasks[0].run(inputs, timeout_s)
    except Exception as error:  # whatever it is, it is this batch's, and the thread goes on
        raise from_tensorflow(error) from error
    for value in outputs.values():
        if value.ndim == 0:
            raise ServingError(grpc.StatusCode.FAILED_PRECONDITION, "Batched output tensor has 0 dimensions")
        if len(value) != padded:
            raise ServingError(
                grpc.StatusCode.FAILED_PRECONDITION,
                "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the input "
                "tensors",
            )
    ends = np.cumsum([task.rows for task in tasks]).tolist()
    return [
        {name: value[end - task.rows : end] for name, value in outputs.items()}
        for task, end in zip(tasks, ends, strict=True)
    ]


def _padded(rows: int, parameters: BatchingParameters) -> int:
    """The smallest allowed batch size that holds `rows`."""
    return next((size for size in parameters.allowed_batch_sizes if size >= rows > 0), rows)


def _merge(values: list[np.ndarray], padding: int) -> np.ndarray:
    """Put rows under each other, filled up with zeros to the longest, and with `padding` copies of the first row."""
    if len(values) == 1 and not padding:
        return values[0]
    longest = np.max([value.shape for value in values], axis=0)[1:].tolist()
    if any(value.shape[1:] != tuple(longest) for value in values):
        values = [_lengthened(value, longest) for value in values]
    merged = np.concatenate(values)
    return np.concatenate([merged, np.repeat(merged[:1], padding, axis=0)]) if padding else merged


def _lengthened(value: np.ndarray, lengths: list[int]) -> np.ndarray:
    widths = [(0, 0), *((0, length - size) for length, size in zip(lengths, value.shape[1:], strict=True))]
    return np.pad(value, widths, constant_values=b"" if value.dtype.kind == "O" else 0)
