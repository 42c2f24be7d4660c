"""An export's graph without what no program needs: inferred shapes, equal nodes, long names inside functions."""

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
# Attributes that TensorFlow infers anew when it loads a function, or that only say where a node came from, which other
# node's device it shares, or in which order calls were to be put while the graph was built.
INFERRED = (
    "_class", "_collective_manager_ids", "_construction_context", "_has_manual_control_dependencies", "_input_shapes",
    "_output_shapes", "_read_only_resource_inputs", "_user_specified_name",
)  # fmt: skip


def cut_graph(path: str) -> None:
    """Write an export's `saved_model.pb` again: no inferred attributes, equal nodes once, short names in functions.

    Names outside functions stay, and those of functions that objects have: signatures and variables are found by them.
    The fingerprint beside it becomes that of what is written.

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
            _skip_reshapes(function)
            _merge_equal(function)
            _shorten_names(function)
        _shorten_functions(meta_graph)
    with tf.io.gfile.GFile(file, "wb") as written:
        written.write(saved.SerializeToString(deterministic=True))
    write_fingerprint(path)


def _remove_attributes(holders: Iterable[Any]) -> None:
    for holder in holders:
        for name in INFERRED:
            holder.attr.pop(name, None)


def _skip_reshapes(function: Any) -> None:
    """Let what is reshaped twice in a row be reshaped once."""
    inputs = {node.name: node.input[0] for node in function.node_def if node.op == "Reshape"}
    for node in function.node_def:
        while node.op == "Reshape" and (inner := node.input[0].partition(":")[0]) in inputs:
            node.input[0] = inputs[inner]
    read = {reference.lstrip("^").partition(":")[0] for node in function.node_def for reference in node.input}
    read.update(reference.partition(":")[0] for reference in [*function.ret.values(), *function.control_ret.values()])
    nodes = [node for node in function.node_def if node.op != "Reshape" or node.name in read]
    del function.node_def[:]
    function.node_def.extend(nodes)


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


def _shorten_functions(meta_graph: Any) -> None:
    """Give functions that only other functions call short names, and their arguments and outputs too."""
    graph = meta_graph.graph_def
    kept = set(meta_graph.object_graph_def.concrete_functions)
    kept.update(name for node in graph.node for attribute in node.attr.values() for name in _list_called(attribute))
    inner = [function for function in graph.library.function if function.signature.name not in kept]
    new = {function.signature.name: f"f{number}" for number, function in enumerate(inner)}
    for function in inner:
        function.signature.name = new[function.signature.name]
        _shorten_arguments(function)
    for function in graph.library.function:
        for node in function.node_def:
            for attribute in node.attr.values():
                for called in (attribute.func, *attribute.list.func):
                    if called.name in new:
                        called.name = new[called.name]


def _shorten_arguments(function: Any) -> None:
    """Number a function's arguments and outputs, which its callers know by their places; no node's name has a digit."""
    signature = function.signature
    _rename(function, {argument.name: f"a{number}" for number, argument in enumerate(signature.input_arg)})
    outputs = [function.ret[argument.name] for argument in signature.output_arg]
    controls = [function.control_ret[name] for name in signature.control_output]
    for letter, arguments in (("a", signature.input_arg), ("o", signature.output_arg)):
        for number, argument in enumerate(arguments):
            argument.name = f"{letter}{number}"
    signature.control_output[:] = [f"c{number}" for number in range(len(controls))]
    for references, letter, found in ((function.ret, "o", outputs), (function.control_ret, "c", controls)):
        references.clear()
        references.update({f"{letter}{number}": reference for number, reference in enumerate(found)})
    for number in [number for number, attributes in function.arg_attr.items() if not attributes.attr]:
        del function.arg_attr[number]


def _list_called(attribute: Any) -> list[str]:
    return [called.name for called in (attribute.func, *attribute.list.func) if called.name]


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
