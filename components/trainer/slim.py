"""An export's graph without what no program reads: inferred shapes, equal nodes, long names inside functions."""

from __future__ import annotations

import itertools
import os
import string
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry
from tensorflow.python.saved_model.fingerprinting_utils import write_fingerprint

FILE = "saved_model.pb"
LETTERS = string.ascii_letters
# Attributes that TensorFlow infers anew when it loads a function, or that only say where a node came from or which
# other node's device it shares.
INFERRED = (
    "_class", "_construction_context", "_has_manual_control_dependencies", "_input_shapes", "_output_shapes",
    "_user_specified_name",
)  # fmt: skip


def cut_graph(path: str) -> None:
    """Write an export's `saved_model.pb` again: no inferred attributes, equal nodes once, short names inside functions.

    Names outside functions, and functions' own, stay: signatures and variables are found by them. The fingerprint
    beside it becomes that of what is written.

    Args:
        path: folder of the export.
    """
    file = os.path.join(path, FILE)
    with tf.io.gfile.GFile(file, "rb") as read:
        saved = saved_model_pb2.SavedModel.FromString(read.read())
    for meta_graph in saved.meta_graphs:
        graph = meta_graph.graph_def
        meta_graph.meta_info_def.ClearField("stripped_op_list")  # which tells an older TensorFlow what it lacks
        _remove_attributes(graph.node)
        for function in graph.library.function:
            _remove_attributes([*function.node_def, function, *function.arg_attr.values()])
            _merge_equal(function)
            _shorten_names(function)
    with tf.io.gfile.GFile(file, "wb") as written:
        written.write(saved.SerializeToString(deterministic=True))
    write_fingerprint(path)


def _remove_attributes(holders: Iterable[Any]) -> None:
    for holder in holders:
        for name in INFERRED:
            holder.attr.pop(name, None)


def _merge_equal(function: Any) -> None:
    """Merge nodes of the same operation and inputs into one, until no two are equal."""
    while True:
        first: dict[bytes, str] = {}
        same: dict[str, str] = {}
        for node in function.node_def:
            operation = op_def_registry.get(node.op)
            if operation is None or operation.is_stateful:  # None is a call of a function
                continue
            nameless = type(node)(op=node.op, input=node.input, attr=node.attr, device=node.device)
            kept = first.setdefault(nameless.SerializeToString(deterministic=True), node.name)
            if kept != node.name:
                same[node.name] = kept
        if not same:
            return
        nodes = [node for node in function.node_def if node.name not in same]
        del function.node_def[:]
        function.node_def.extend(nodes)
        _rename(function, same)


def _shorten_names(function: Any) -> None:
    """Give the nodes of a function short names; those of its arguments stay."""
    taken = {argument.name for argument in function.signature.input_arg}
    names = ("".join(letters) for length in itertools.count(1) for letters in itertools.product(LETTERS, repeat=length))
    free = (name for name in names if name not in taken)
    _rename(function, {node.name: next(free) for node in function.node_def})


def _rename(function: Any, new: Mapping[str, str]) -> None:
    """Replace names of a function's nodes, wherever it refers to them."""

    def replace(reference: str) -> str:  # `name`, `^name` of a control input, or `name:output:0`
        mark = "^" if reference.startswith("^") else ""
        name, colon, rest = reference[len(mark) :].partition(":")
        return f"{mark}{new.get(name, name)}{colon}{rest}"

    for node in function.node_def:
        node.name = new.get(node.name, node.name)
        node.input[:] = map(replace, node.input)
    for references in (function.ret, function.control_ret):
        for key, reference in list(references.items()):
            references[key] = replace(reference)
