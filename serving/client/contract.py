"""What both clients have in common: which model they ask, how often they try, what they return."""

from __future__ import annotations

import abc
import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from tfx_ocr.serving.client.retries import Backoff, retry
from tfx_ocr.serving.model import Closing, RequestError
from tfx_ocr.serving.signature import Signature

TIMEOUT_S = 10.0  # of a request, all its attempts together

Answer = TypeVar("Answer")


@dataclasses.dataclass(frozen=True)
class VersionState:
    """One version of a model, as its server has it.

    Attributes:
        version: number of its folder.
        state: `START`, `LOADING`, `AVAILABLE`, `UNLOADING` or `END`.
        error: why it could not be loaded; "" when nothing is wrong.
    """

    version: int
    state: str
    error: str = ""


@dataclasses.dataclass(frozen=True)
class Target:
    """Which model of which server is asked, and how often.

    Attributes:
        server: address, without a slash at its end.
        name: of the model.
        version: number; None for the newest.
        label: of a version, such as `stable`; "" for none.
        timeout_s: of a request with all its attempts.
        backoff: between them.
    """

    server: str
    name: str
    version: int | None = None
    label: str = ""
    timeout_s: float = TIMEOUT_S
    backoff: Backoff = Backoff()  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        if self.version is not None and self.label:
            raise ValueError(f"version {self.version} and label {self.label!r}: give one of the two")
        object.__setattr__(self, "server", self.server.rstrip("/"))

    def send(self, once: Callable[[float], Answer], timeout_s: float | None) -> Answer:
        """Call `once(seconds that are left)` until it answers; see `retries.retry`."""
        return retry(once, self.timeout_s if timeout_s is None else timeout_s, self.backoff)


class Client(Closing, abc.ABC):
    """One model of a server: a `Model` that also tells the state of its versions.

    Every request may be sent again: a model holds no state, so asking twice changes nothing and answers the same
    (Predict is idempotent). That is done, with growing pauses, only where it can help: the connection was refused or
    lost, the server is stopping or not available (UNAVAILABLE, 503) or its queue is full (RESOURCE_EXHAUSTED, 429).
    Any other refusal is final, and so is the end of `timeout_s`, which counts from the first attempt. Threads may share
    a client.

    Args:
        server, model, options: see `connect`. Nothing is sent yet.

    Raises:
        ValueError: both a version and a label are given, or the address is wrong.
    """

    def __init__(self, server: str, model: str, **options: Any):
        self.target = Target(server, model, **options)
        self.name = model
        self.version = self.target.label if self.target.version is None else str(self.target.version)

    @functools.cached_property
    def signatures(self) -> Mapping[str, Signature]:
        """Inputs and outputs of each signature of the version that answers, by name; the server is asked once.

        Raises:
            RequestError: the server does not answer, or the model or version is unknown.
        """
        return self._get_signatures()

    @abc.abstractmethod
    def ask(
        self,
        signature: str,
        inputs: Mapping[str, Any],
        timeout_s: float | None = None,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """Ask a signature one batch.

        Args:
            signature: its name.
            inputs: for each of its inputs an array, or a list; encoded pictures and other texts as bytes.
            timeout_s: for this request, in place of the client's.
            outputs: names of the outputs to return; None for all.

        Returns:
            For each of its outputs an array; texts as bytes in arrays of objects. Over REST, which does not say what
            type a number is, floats are float64 and integers int64.

        Raises:
            RequestError: the request failed or was refused.
        """

    @abc.abstractmethod
    def get_status(self) -> list[VersionState]:
        """Return every version that the server knows of, or the one requested, newest first.

        Raises:
            RequestError: the server does not answer, or the model or version is unknown.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Close the connections."""

    @abc.abstractmethod
    def _get_signatures(self) -> Mapping[str, Signature]: ...

    def _build_error(self, code: str, message: str, *, again: bool = False) -> RequestError:
        return RequestError(self.target.server, code, message, again=again)
