"""What a version answers: Predict, Classify, Regress and MultiInference, as TensorFlow Serving answers them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import grpc
import numpy as np

from tfx_ocr.data import features
from tfx_ocr.serving import messages, tensors
from tfx_ocr.serving.model_server.errors import ServingError
from tfx_ocr.serving.model_server.servable import Servable
from tfx_ocr.serving.signature import PREDICT

# Names of methods, and of the tensors of Classify and Regress.
CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"
INPUTS, CLASSES, SCORES, OUTPUTS = "inputs", "classes", "scores", "outputs"

INVALID, FAILED = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION


class Inference:
    """Answers requests on a version that the caller retains.

    Attributes:
        check_method_names: refuse a signature whose method name is another's (`--enable_signature_method_name_check`).
        as_content: answer Predict with `tensor_content` (`--enable_serialization_as_tensor_content`).
    """

    def __init__(self, check_method_names: bool = False, as_content: bool = False):
        self.check_method_names = check_method_names
        self.as_content = as_content

    def predict(
        self, servable: Servable, request: messages.PredictRequest, timeout_s: float | None = None
    ) -> messages.PredictResponse:
        """Run a signature on tensors.

        Raises:
            ServingError: the signature is unknown, the inputs or outputs are not its own, or the model fails.
        """
        name = request.model_spec.signature_name or features.SERVING_DEFAULT
        if name not in servable.definitions:
            raise ServingError(FAILED, f'Serving signature key "{name}" not found.')
        signature = servable.definitions[name]
        if self.check_method_names and signature.method_name not in (PREDICT, CLASSIFY, REGRESS):
            raise ServingError(
                grpc.StatusCode.INTERNAL,
                f"Expected prediction signature method_name to be one of {{{PREDICT}, {CLASSIFY}, {REGRESS}}}. "
                f"Was: {signature.method_name}",
            )
        inputs = _read_inputs(signature, request.inputs)
        outputs = servable.ask({name: _list_outputs(signature, request.output_filter)}, inputs, timeout_s)[name]
        response = messages.PredictResponse(model_spec=_spec(servable, name))
        for alias, value in outputs.items():
            try:
                response.outputs[alias].CopyFrom(tensors.to_proto(value, self.as_content))
            except TypeError as error:
                raise ServingError(grpc.StatusCode.UNIMPLEMENTED, f"output {alias}: {error}") from None
        return response

    def classify(
        self, servable: Servable, request: messages.ClassificationRequest, timeout_s: float | None = None
    ) -> messages.ClassificationResponse:
        """Run a classify signature on tf.Examples.

        Raises:
            ServingError: as `predict`; the signature is not of its kind, or the request holds no examples.
        """
        name, signature = _named(servable, request.model_spec)
        names = self._check_classify(signature)
        examples = _examples(request.input)
        outputs = servable.ask({name: names}, {INPUTS: examples}, timeout_s, "Classify")[name]
        response = messages.ClassificationResponse(model_spec=_spec(servable, name))
        _classifications(outputs, len(examples), response.result)
        return response

    def regress(
        self, servable: Servable, request: messages.RegressionRequest, timeout_s: float | None = None
    ) -> messages.RegressionResponse:
        """Run a regress signature on tf.Examples.

        Raises:
            ServingError: as `classify`.
        """
        name, signature = _named(servable, request.model_spec)
        names = self._check_regress(signature)
        examples = _examples(request.input)
        outputs = servable.ask({name: names}, {INPUTS: examples}, timeout_s, "Regress")[name]
        response = messages.RegressionResponse(model_spec=_spec(servable, name))
        _regressions(outputs, len(examples), response.result)
        return response

    def multi_inference(
        self, servable: Servable, request: messages.MultiInferenceRequest, timeout_s: float | None = None
    ) -> messages.MultiInferenceResponse:
        """Run classify and regress signatures on the same tf.Examples, in one run.

        Signatures may read one tensor, or one each, as those of a TensorFlow 2 model do: all are fed the same.

        Raises:
            ServingError: as `classify`; a signature stands twice.
        """
        outputs: dict[str, list[str]] = {}
        for task in request.tasks:
            name = task.model_spec.signature_name or features.SERVING_DEFAULT
            if name in outputs:
                raise ServingError(INVALID, f"Duplicate evaluation of signature: {name}")
            if name not in servable.definitions:
                raise ServingError(INVALID, f"Requested signature not found in model graph: {name}")
            if task.method_name not in (CLASSIFY, REGRESS):
                raise ServingError(
                    grpc.StatusCode.UNIMPLEMENTED, f"Unsupported signature method_name: {task.method_name}"
                )
            check = self._check_classify if task.method_name == CLASSIFY else self._check_regress
            outputs[name] = check(servable.definitions[name])
        examples = _examples(request.input)
        found = servable.ask(outputs, {INPUTS: examples}, timeout_s, "MultiInference")
        response = messages.MultiInferenceResponse()
        for task, name in zip(request.tasks, outputs, strict=True):
            result = response.results.add(model_spec=_spec(servable, name))
            if task.method_name == CLASSIFY:
                _classifications(found[name], len(examples), result.classification_result)
            else:
                _regressions(found[name], len(examples), result.regression_result)
        return response

    def _check_classify(self, signature: Any) -> list[str]:
        """Return the names of the outputs to ask for."""
        self._check_method(signature, CLASSIFY, "classification")
        if len(signature.inputs) != 1:
            raise ServingError(INVALID, "Expected one input Tensor.")
        if len(signature.outputs) not in (1, 2):
            raise ServingError(INVALID, f"Expected one or two output Tensors, found {len(signature.outputs)}")
        if INPUTS not in signature.inputs:
            raise ServingError(FAILED, f"No classification inputs found in SignatureDef: {_shown(signature)}")
        found = [name for name in (CLASSES, SCORES) if name in signature.outputs]
        if not found:
            raise ServingError(
                FAILED,
                f'Expected classification signature outputs to contain at least one of "{CLASSES}" or "{SCORES}". '
                f"Signature was: {_shown(signature)}",
            )
        return found

    def _check_regress(self, signature: Any) -> list[str]:
        """Return the names of the outputs to ask for."""
        self._check_method(signature, REGRESS, "regression")
        if len(signature.inputs) != 1:
            raise ServingError(INVALID, "Expected one input Tensor.")
        if len(signature.outputs) != 1:
            raise ServingError(INVALID, "Expected one output Tensor.")
        if INPUTS not in signature.inputs:
            raise ServingError(FAILED, f"No regression inputs found in SignatureDef: {_shown(signature)}")
        if OUTPUTS not in signature.outputs:
            raise ServingError(FAILED, f"No regression outputs found in SignatureDef: {_shown(signature)}")
        return [OUTPUTS]

    def _check_method(self, signature: Any, method: str, kind: str) -> None:
        if self.check_method_names and signature.method_name != method:
            raise ServingError(
                INVALID,
                f"Expected {kind} signature method_name to be {method}. Was: {signature.method_name}",
            )


def _named(servable: Servable, spec: messages.ModelSpec) -> tuple[str, Any]:
    name = spec.signature_name or features.SERVING_DEFAULT
    if name not in servable.definitions:
        raise ServingError(INVALID, f"No signature was found with the name: {name}")
    return name, servable.definitions[name]


def _spec(servable: Servable, signature: str) -> messages.ModelSpec:
    spec = messages.ModelSpec(name=servable.name, signature_name=signature)
    spec.version.value = servable.version
    return spec


def _read_inputs(signature: Any, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Read a request's inputs; one that the signature has a default for may be left out."""
    defaults = getattr(signature, "defaults", {})
    given, wanted = set(inputs), set(signature.inputs)
    missing = wanted - given - set(defaults)
    if len(given) > len(wanted) or (missing and len(given) < len(wanted)):
        raise ServingError(
            INVALID,
            f"input size does not match signature: {len(given)}!={len(wanted)} len({{{_set(given)}}}) != "
            f"len({{{_set(wanted)}}}). Sent extra: {{{_set(given - wanted)}}}. "
            f"Missing but required: {{{_set(missing)}}}.",
        )
    if given - wanted:
        raise ServingError(
            INVALID,
            f"input tensor alias not found in signature: {min(given - wanted)}. "
            f"Inputs expected to be in the set {{{_set(wanted)}}}.",
        )
    try:
        found = {
            alias: tensors.to_array(inputs[alias] if alias in given else defaults[alias], alias)
            for alias in signature.inputs
        }
    except ValueError as error:
        raise ServingError(INVALID, str(error)) from None
    for place, alias in enumerate(sorted(signature.inputs)):
        if alias in given and signature.inputs[alias].dtype != inputs[alias].dtype:
            wanted, sent = (
                messages.DataType.Name(each.dtype).removeprefix("DT_").lower()
                for each in (signature.inputs[alias], inputs[alias])
            )
            raise ServingError(
                INVALID, f"Expects arg[{place}] to be {wanted} but {sent} is provided"
            )  # TensorFlow's words
    return found


def _list_outputs(signature: Any, output_filter: Sequence[str]) -> list[str]:
    """List the outputs to return: those of the filter, or all."""
    for position, alias in enumerate(output_filter):
        if alias not in signature.outputs:
            raise ServingError(
                INVALID,
                f"output tensor alias not found in signature: {alias} Outputs expected to be in the set "
                f"{{{_set(signature.outputs)}}}.",
            )
        if alias in output_filter[:position]:
            raise ServingError(INVALID, f"duplicate output tensor alias: {alias}")
    return list(output_filter) or sorted(signature.outputs)


def _examples(given: messages.Input) -> np.ndarray:
    """Serialized tf.Examples; a context goes before each, so that the example's own features win."""
    kind = given.WhichOneof("kind")
    examples = [] if kind is None else [each.SerializeToString() for each in getattr(given, kind).examples]
    if not examples:
        raise ServingError(INVALID, "Input is empty.")
    if kind == "example_list_with_context":
        context = given.example_list_with_context.context.SerializeToString()
        examples = [context + each for each in examples]
    return np.array(examples, dtype=object)


def _classifications(outputs: Mapping[str, np.ndarray], count: int, result: messages.ClassificationResult) -> None:
    columns: dict[str, np.ndarray] = {}
    for output, dtype, kind in ((CLASSES, np.dtype(object), "DT_STRING"), (SCORES, np.dtype(np.float32), "DT_FLOAT")):
        if output not in outputs:
            continue
        value = columns[output] = outputs[output]
        if value.ndim != 2:
            raise ServingError(INVALID, f"Expected Tensor shape: [batch_size num_classes] but got {_shape(value)}")
        if value.dtype != dtype:
            raise ServingError(INVALID, f"Expected {output} Tensor of {kind}. Got: {_dtype(value)}")
        if len(value) != count:
            raise ServingError(INVALID, f"Expected {output} output batch size of {count}. Got: {len(value)}")
    widths = {value.shape[1] for value in columns.values()}
    if len(widths) > 1:
        sizes = " vs. ".join(str(value.shape[1]) for value in columns.values())
        raise ServingError(INVALID, f"Tensors class and score should match in dim_size(1). Got {sizes}")
    labels, scores = columns.get(CLASSES), columns.get(SCORES)
    for row in range(count):
        classes = result.classifications.add().classes
        for column in range(next(iter(widths))):
            added = classes.add()
            if labels is not None:
                added.label = labels[row, column].decode("utf-8", "replace")
            if scores is not None:
                added.score = scores[row, column]


def _regressions(outputs: Mapping[str, np.ndarray], count: int, result: messages.RegressionResult) -> None:
    value = outputs[OUTPUTS]
    if value.ndim != 1 and value.shape[1:] != (1,):
        raise ServingError(
            INVALID,
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {_shape(value)}",
        )
    if len(value) != count:
        raise ServingError(INVALID, f"Input batch size did not match output batch size: {count} vs. {len(value)}")
    if value.dtype != np.float32:
        raise ServingError(INVALID, f"Expected output Tensor of DT_FLOAT.  Got: {_dtype(value)}")
    for each in value.ravel().tolist():
        result.regressions.add(value=each)


def _set(names: Iterable[str]) -> str:
    return ",".join(sorted(names))


def _shape(value: np.ndarray) -> str:
    return f"[{','.join(map(str, value.shape))}]"


def _dtype(value: np.ndarray) -> str:
    return "DT_STRING" if value.dtype.kind == "O" else f"DT_{value.dtype.name.upper()}"


def _shown(signature: Any) -> str:
    return " ".join(str(signature).split())
