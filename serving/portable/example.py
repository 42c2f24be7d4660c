"""tf.Example without TensorFlow: the message is described here, for `serving_default`."""

from __future__ import annotations

import functools
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FIELD = descriptor_pb2.FieldDescriptorProto


def parse_example(serialized: bytes) -> dict[str, list[Any]]:
    """Return a serialized tf.Example as lists of bytes, float or int by feature.

    Raises:
        ValueError: the bytes are not a tf.Example.

    Source: tensorflow/core/example/feature.proto.
    """
    try:
        features = _get_message().FromString(serialized).features.feature
    except Exception as error:  # DecodeError, whose class is the implementation's
        raise ValueError(f"Could not parse example input: {error}") from None
    return {name: list(getattr(each, each.WhichOneof("kind") or "bytes_list").value) for name, each in features.items()}


@functools.cache
def _get_message() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="tfx_ocr_example.proto", package="portable", syntax="proto3")
    lists = {"BytesList": FIELD.TYPE_BYTES, "FloatList": FIELD.TYPE_FLOAT, "Int64List": FIELD.TYPE_INT64}
    for name, kind in lists.items():
        file.message_type.add(name=name).field.add(name="value", number=1, label=FIELD.LABEL_REPEATED, type=kind)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (field, name) in enumerate(zip(("bytes_list", "float_list", "int64_list"), lists, strict=True), 1):
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
