"""What the runtimes of this process share: options, the checks of a request, and errors in one sentence."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np

from tfx_ocr.serving.model import Closing, RequestError
from tfx_ocr.serving.signature import Signature

if TYPE_CHECKING:
    from tfx_ocr.serving.portable.beam import Decoding

NODES = re.compile(r"\{\{(function_)?node [^{}]*\}\} ?")  # of a graph, in an error's text
CODES = {code.value[0]: code for code in grpc.StatusCode}  # TensorFlow's have the same numbers


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """How a model in a folder is run.

    Attributes:
        tags: of the SavedModel's graph.
        interpreters: of TFLite: rows that run at once.
        intra_op_threads: of one operation; 0: the runtime's choice.
        inter_op_threads: for operations that run at once; 0: the runtime's choice.
        whitelist: labels that alone are answered, by the portable form: see `data.alphabets.restriction`; "" for all.
        own_process: run the portable form in a process of its own, so that its Python does not hold this one's up.
        decoding: how the portable form decodes lines; None for the best path, as the exported graph does.
    """

    tags: tuple[str, ...] = ("serve",)
    interpreters: int = os.cpu_count() or 1
    intra_op_threads: int = 0
    inter_op_threads: int = 0
    whitelist: str | Sequence[str] = ""
    own_process: bool = False
    decoding: Decoding | None = None


class Runtime(Closing):
    """A model in this process: see `Model`. A runtime defines `run`, `close`, and `run_together` where one run can do.

    Attributes:
        path: of its folder.
        name: of the model.
        version: of the model.
        signatures: those that Predict asks, without TensorFlow's own `__saved_model_init_op`.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        version: str,
        signatures: Mapping[str, Signature],
        definitions: Mapping[str, Any] | None = None,
    ):
        self.path, self.name, self.version = path, name, version
        self.signatures = signatures
        if definitions is not None:
            self.definitions = definitions
        known = {**(definitions or {}), **signatures}
        self._inputs = {signature: frozenset(each.inputs) for signature, each in known.items()}
        self._outputs = {signature: tuple(each.outputs) for signature, each in known.items()}

    @functools.cached_property
    def definitions(self) -> Mapping[str, Any]:
        """SignatureDefs by name, as a server tells them: of a SavedModel its own, those of Classify and Regress too."""
        return {name: signature.build_definition(name) for name, signature in self.signatures.items()}

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], outputs: Sequence[str], timeout_s: float | None
    ) -> list[np.ndarray]:
        """Return the arrays of `outputs`, in their order; `ask` has checked the names."""
        raise NotImplementedError

    def run_together(
        self, outputs: Mapping[str, Sequence[str]], inputs: Mapping[str, np.ndarray], timeout_s: float | None
    ) -> list[list[np.ndarray]]:
        """Return what `run` does for each signature of `outputs`, in their order."""
        return [self.run(signature, inputs, names, timeout_s) for signature, names in outputs.items()]

    def ask(
        self,
        signature: str,
        inputs: Mapping[str, Any],
        timeout_s: float | None = None,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """See `Model`."""
        names = self._outputs.get(signature, ()) if outputs is None else outputs
        return self.ask_together({signature: names}, inputs, timeout_s)[signature]

    def ask_together(
        self, outputs: Mapping[str, Sequence[str]], inputs: Mapping[str, np.ndarray], timeout_s: float | None = None
    ) -> dict[str, dict[str, np.ndarray]]:
        """Ask several signatures with the same inputs, in one run where the runtime can.

        Args:
            outputs: signature to the names of its outputs to return.
            inputs: as `ask` takes them.
            timeout_s: as `ask` takes it.

        Returns:
            What `ask` returns, by signature.

        Raises:
            RequestError: as `ask` does.
        """
        try:
            for signature, names in outputs.items():
                self._check(signature, inputs, names)
            values = self.run_together(outputs, inputs, timeout_s)
        except Exception as error:  # whatever it is, it is this request's
            raise self._explain(" and ".join(outputs), error) from error
        return {
            signature: dict(zip(names, arrays, strict=True))
            for (signature, names), arrays in zip(outputs.items(), values, strict=True)
        }

    def _check(self, signature: str, inputs: Mapping[str, Any], outputs: Sequence[str]) -> None:
        if signature not in self._inputs:
            raise ValueError(f"unknown signature; the model has {', '.join(sorted(self.signatures))}")
        if inputs.keys() != self._inputs[signature]:
            raise ValueError(
                f"it takes {', '.join(sorted(self._inputs[signature]))}, "
                f"and was given {', '.join(sorted(inputs)) or 'nothing'}"
            )
        if unknown := sorted(set(outputs).difference(self._outputs[signature])):
            raise ValueError(f"unknown output {unknown[0]}; it gives {', '.join(sorted(self._outputs[signature]))}")

    def _explain(self, signature: str, error: Exception) -> RequestError:
        if isinstance(error, RequestError):
            return error
        return RequestError(f"{signature} of {self.path}", find_code(error).name, get_first_line(error))


def find_code(error: Exception) -> grpc.StatusCode:
    """Return the code of an error of TensorFlow's; of another, whether Python found the request's contents wrong."""
    code = getattr(error, "error_code", None)
    if code is None and isinstance(error, ValueError | TypeError):
        return grpc.StatusCode.INVALID_ARGUMENT
    return CODES.get(code or -1, grpc.StatusCode.INTERNAL)


def get_first_line(error: Exception) -> str:
    """Return what went wrong, without TensorFlow's heading, its account of where, and the nodes of the graph."""
    text = NODES.sub("", str(getattr(error, "message", "")) or str(error))
    lines = (line for line in text.strip().splitlines() if line.strip() and line.strip() != "Graph execution error:")
    return next(lines, type(error).__name__)
