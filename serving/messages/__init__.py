"""TensorFlow Serving's protobuf messages, without TensorFlow: `messages.PredictRequest` and the like.

`serving.protoset` describes them, with TensorFlow's own that they hold and the services. They live in a pool of their
own, so that a process may import TensorFlow's too; between the two, messages go as bytes.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import enum_type_wrapper

PROTOSET = Path(__file__).with_name(
    "serving.protoset"
)  # a FileDescriptorSet, written by tests/serving/messages/take.py
PACKAGE = "tensorflow.serving"
SERVICES = ("PredictionService", "ModelService")
ENUM = "DataType"  # the only one outside a message


class Method(NamedTuple):
    """A method of a service: its path on a channel, and the messages that it takes and returns."""

    path: str
    request: Any
    response: Any


@functools.cache
def load_pool() -> descriptor_pool.DescriptorPool:
    """Return the pool that holds the messages and services."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(PROTOSET.read_bytes()).file:
        pool.Add(file)
    return pool


@functools.cache
def list_methods() -> dict[str, Method]:
    """Return the methods of both services by name."""
    services = [load_pool().FindServiceByName(f"{PACKAGE}.{name}") for name in SERVICES]
    get_class = message_factory.GetMessageClass
    return {
        method.name: Method(
            f"/{service.full_name}/{method.name}", get_class(method.input_type), get_class(method.output_type)
        )
        for service in services
        for method in service.methods
    }


def __getattr__(name: str) -> Any:
    """Return the message class or enum of this name, of TensorFlow Serving or else of TensorFlow."""
    if name == ENUM:
        found: Any = enum_type_wrapper.EnumTypeWrapper(load_pool().FindEnumTypeByName(f"tensorflow.{ENUM}"))
    elif name[:1].isupper():
        found = _find_class(name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def _find_class(name: str) -> Any:
    for package in (PACKAGE, "tensorflow", "google.protobuf"):
        try:
            return message_factory.GetMessageClass(load_pool().FindMessageTypeByName(f"{package}.{name}"))
        except KeyError:
            continue
    raise AttributeError(f"module {__name__!r} has no message {name!r}")
