"""tf.Example without TensorFlow: the message is described here."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SHOWN = 64  # bytes that an error quotes
FIELD = descriptor_pb2.FieldDescriptorProto
LISTS = {"bytes_list": "BytesList", "float_list": "FloatList", "int64_list": "Int64List"}


def read_features(serialized: bytes) -> Iterator[tuple[str, str, list[Any]]]:
    """Yield the name, kind (`bytes_list`, `float_list`, `int64_list`) and values of each feature of a tf.Example.

    Raises:
        ValueError: the bytes are not a tf.Example.
    """
    try:
        features = _get_message().FromString(serialized).features.feature
    except Exception:  # DecodeError, whose class is the implementation's
        begins = serialized[:SHOWN].decode("utf-8", "backslashreplace")
        raise ValueError(f"Could not parse example input, value: '{begins}'") from None  # TensorFlow Serving's words
    for name, feature in features.items():
        kind = feature.WhichOneof("kind") or next(iter(LISTS))
        yield name, kind, list(getattr(feature, kind).value)


def parse_example(serialized: bytes) -> dict[str, list[Any]]:
    """Return a serialized tf.Example as lists of bytes, float or int by feature.

    Raises:
        ValueError: the bytes are not a tf.Example.
    """
    return {name: values for name, _, values in read_features(serialized)}


def serialize_example(features: Mapping[str, Sequence[Any]]) -> bytes:
    """Return a tf.Example of lists of bytes, float or int by feature; an empty list is one of bytes."""
    example = _get_message()()
    for name, values in features.items():
        first = values[0] if len(values) else b""
        kind = "bytes_list" if isinstance(first, bytes) else "int64_list" if isinstance(first, int) else "float_list"
        getattr(example.features.feature[name], kind).value.extend(values)
    serialized: bytes = example.SerializeToString(deterministic=True)
    return serialized


@functools.cache
def _get_message() -> Any:
    """Build the class of the message.

    Source: tensorflow/core/example/feature.proto.
    """
    file = descriptor_pb2.FileDescriptorProto(name="tfx_ocr_example.proto", package="portable", syntax="proto3")
    types = (FIELD.TYPE_BYTES, FIELD.TYPE_FLOAT, FIELD.TYPE_INT64)
    for name, kind in zip(LISTS.values(), types, strict=True):
        file.message_type.add(name=name).field.add(name="value", number=1, label=FIELD.LABEL_REPEATED, type=kind)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (field, name) in enumerate(LISTS.items(), 1):
        _add(feature, field, number, f".portable.{name}").oneof_index = 0
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=FIELD.LABEL_OPTIONAL, type=FIELD.TYPE_STRING)
    _add(entry, "value", 2, ".portable.Feature")
    _add(features, "feature", 1, ".portable.Features.FeatureEntry").label = FIELD.LABEL_REPEATED
    _add(file.message_type.add(name="Example"), "features", 1, ".portable.Features")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("portable.Example"))


def _add(message: Any, name: str, number: int, kind: str) -> Any:
    return message.field.add(
        name=name, number=number, label=FIELD.LABEL_OPTIONAL, type=FIELD.TYPE_MESSAGE, type_name=kind
    )
