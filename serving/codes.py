"""gRPC's status codes in HTTP, as TensorFlow Serving's REST API has them: one table for the server and its clients."""

# Several codes share a status; the first of them is what a client reads it as.
HTTP_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
CODES = {status: code for code, status in reversed(HTTP_STATUSES.items())}
CODES |= {412: "FAILED_PRECONDITION"}  # of other versions of TensorFlow Serving
