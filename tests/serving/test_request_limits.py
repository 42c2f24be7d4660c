"""The documented table of request limits holds the values of the code."""

import re
from pathlib import Path

import pytest

from tfx_ocr.data import features
from tfx_ocr.serving import tensors, versions
from tfx_ocr.serving.model_server import flags, grpc_server, large_bodies, main, rest

PAGE = (Path(__file__).resolve().parents[2] / "docs/operations.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", PAGE.partition("### Request limits")[2], re.MULTILINE))


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("pixels of a picture", f"{features.MOST_PIXELS:,}"),
        ("words of a page", f"{features.MOST_WORDS:,}"),
        ("values that a tensor's last one stands for", f"{tensors.MAX_FILLED >> 20} MiB"),
        ("number of a version", str(versions.LARGEST)),
        ("body over REST, also when unpacked", f"{rest.MAX_BODY_BYTES >> 20} MiB"),
        ("bodies over REST together", f"{rest.MAX_HELD_BYTES >> 20} MiB"),
        (f"bodies of more than {rest.LARGE_BODY_BYTES >> 20} MiB worked on at once", "1"),
        (
            "values or bytes of a body that this process reads; another process reads larger ones, one at a time",
            f"{large_bodies.MANY_VALUES:,} or {large_bodies.MANY_BYTES >> 20} MiB",
        ),
        ("seconds without a byte of a request", str(rest.PATIENCE_S)),
        (
            "milliseconds of an answer over REST",
            f"`--rest_api_timeout_in_ms`, {flags.Flags(model_base_path='/m').rest_api_timeout_in_ms}",
        ),
        ("message over gRPC", f"{(grpc_server.MAX_MESSAGE + 1) >> 30} GiB, gRPC's own"),
        ("seconds of a stop for what was begun", f"{main.DRAIN_S:g}"),
    ],
)
def test_the_documented_limit_is_that_of_the_code(limit, value):
    assert ROWS[limit] == value
