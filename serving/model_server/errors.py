"""What a request is refused with: a gRPC code and a sentence; REST has an HTTP status for it and the same sentence."""

from __future__ import annotations

import grpc

from tfx_ocr.serving.codes import HTTP_STATUSES
from tfx_ocr.serving.model import RequestError
from tfx_ocr.serving.runtimes.runtime import find_code, get_first_line


class ServingError(Exception):
    """A request that is refused or has failed.

    Attributes:
        code: TensorFlow's error code of the same number.
        message: what a client reads.
        http_status: of the answer over REST; the code's own where none is given.
    """

    def __init__(self, code: grpc.StatusCode, message: str, http_status: int | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status or HTTP_STATUSES[code.name]

    def copy(self) -> ServingError:
        """Return one that says the same and holds no traceback."""
        return ServingError(self.code, self.message, self.http_status)


class InvalidArgumentError(ServingError):
    """A request whose contents are wrong, whatever the state of the server."""

    def __init__(self, message: str):
        super().__init__(grpc.StatusCode.INVALID_ARGUMENT, message)


def from_tensorflow(error: Exception) -> ServingError:
    """Convert the error of a session's run, with its code; one without a code is INTERNAL.

    Args:
        error: the `RequestError` of a runtime or of another server's client, a `tf.errors.OpError`, or what Python
            raises before a run begins.
    """
    if isinstance(error, RequestError):
        # over REST, a status may have no code: see `RequestError`
        code = grpc.StatusCode.__members__.get(error.code, grpc.StatusCode.UNKNOWN)
        said = f"The model server does not answer: {error.message}" if error.again else error.message
        return ServingError(code, said)
    return ServingError(find_code(error), get_first_line(error))
