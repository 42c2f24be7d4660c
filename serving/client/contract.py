"""What both clients take and give, and what they raise."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.signature import Signature

__all__ = ["TIMEOUT_S", "Client", "RequestError", "VersionState", "choose_version"]

TIMEOUT_S = 10.0  # of a request, all its attempts together


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


class Client(Protocol):
    """One model of a server.

    Every request may be sent again: a model holds no state, so asking twice changes nothing and answers the same
    (Predict is idempotent). That is done, with growing pauses, only where it can help: the connection was refused or
    lost, the server is not available (UNAVAILABLE, 503) or its queue is full (RESOURCE_EXHAUSTED, 429). Any other
    refusal is final, and so is the end of `timeout_s`, which counts from the first attempt. May be used by several
    threads.
    """

    def ask(self, signature: str, inputs: Mapping[str, Any], timeout_s: float | None = None) -> dict[str, np.ndarray]:
        """Ask a signature one batch.

        Args:
            signature: its name.
            inputs: for each of its inputs an array, or a list; encoded pictures and other texts as bytes.
            timeout_s: for this request, in place of the client's.

        Returns:
            For each of its outputs an array; texts as bytes in arrays of objects. Over REST, which does not say what
            type a number is, floats are float64 and integers int64.

        Raises:
            RequestError: there is no answer.
        """

    def status(self) -> list[VersionState]:
        """Every version that the server knows of, or the one asked for, newest first.

        Raises:
            RequestError: there is no answer, or no such model or version.
        """

    def metadata(self) -> dict[str, Signature]:
        """The signatures of the version that answers, by name.

        Raises:
            RequestError: there is no answer, or no such model or version.
        """

    def close(self) -> None:
        """Close the connections."""

    def __enter__(self) -> Client: ...

    def __exit__(self, *_: object) -> None: ...


def choose_version(version: int | None, label: str) -> tuple[int | None, str]:
    """The two, of which only one may be given.

    Raises:
        ValueError: both are.
    """
    if version is not None and label:
        raise ValueError(f"version {version} and label {label!r}: give one of the two")
    return version, label
