"""The one way to ask a model, wherever it runs: in this process or behind a server."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

from tfx_ocr.serving.signature import Signature

if TYPE_CHECKING:
    import numpy as np


class RequestError(ValueError):
    """A request that a model does not answer. As text: one sentence that says where, why and the code.

    Attributes:
        where: the model's folder, or the server's address.
        code: name of a gRPC status, such as `INVALID_ARGUMENT`, over REST too; `HTTP 418` for a status without one.
        message: why, as the model or its server says it.
        again: whether the same request may succeed in a moment.
    """

    def __init__(self, where: str, code: str, message: str, *, again: bool = False):
        super().__init__(f"{where}: {' '.join(message.split()) or 'no reason given'} ({code})")
        self.where = where
        self.code = code
        self.message = message
        self.again = again

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(type(self), again=self.again), (self.where, self.code, self.message)


class Closing:
    """What is closed at the end of a `with` block."""

    def close(self) -> None:
        """Release its memory, threads and connections."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Model(Protocol):
    """One version of a model that answers requests. Threads may share it.

    Attributes:
        name: what it is served as, or the name of its folder.
        version: the version's number, `pretrained`, a label, or "" for a server's newest.
    """

    name: str
    version: str

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """Inputs and outputs of each signature, by its name. A server is asked for them once.

        Raises:
            RequestError: the server does not answer.
        """

    def ask(
        self,
        signature: str,
        inputs: Mapping[str, Any],
        timeout_s: float | None = None,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """Ask one batch.

        Args:
            signature: name in `signatures`.
            inputs: an array for each of the signature's inputs; texts and encoded pictures as bytes.
            timeout_s: seconds after which the request is given up; None for the model's own limit, if it has one.
            outputs: names of the outputs to return; None for all.

        Returns:
            An array for each output; texts as bytes in arrays of objects.

        Raises:
            RequestError: the signature is unknown, the inputs are not its own, or the model fails on them.
        """

    def close(self) -> None:
        """Release its memory, threads and connections."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
