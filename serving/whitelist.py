"""A model whose answers are held to some of its labels, where only its best answers are known: behind a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfx_ocr.data import features
from tfx_ocr.data.alphabets.restriction import list_allowed
from tfx_ocr.serving.model import Closing, Model
from tfx_ocr.serving.signature import Signature

KEPT = (features.LABEL_OUT, features.PROBABILITY_OUT, features.LABELS_OUT, features.PROBABILITIES_OUT)


class RestrictedModel(Closing):
    """Leaves out of another model's best answers those that a whitelist does not allow: see `Model`.

    The rest share what the left out had. What lies behind the best answers counts as allowed, so that a probability is
    rather too low than too high; it is exact where the model answers with all of its classes.
    """

    def __init__(self, model: Model, whitelist: str | Sequence[str]):
        """Take an open model.

        Args:
            model: of classes or of syllables.
            whitelist: see `data.alphabets.restriction.list_allowed`.
        """
        self._model = model
        self._allowed = np.array([label.encode() for label in list_allowed(whitelist)], object)
        self.name, self.version = model.name, model.version

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """See `Model`."""
        return self._model.signatures

    def ask(
        self,
        signature: str,
        inputs: Mapping[str, Any],
        timeout_s: float | None = None,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, np.ndarray]:
        """See `Model`: of the outputs `label`, `probability`, `labels` and `probabilities`.

        An answer of which nothing is allowed has the label "".

        Raises:
            ValueError: the model does not answer with its best classes.
        """
        found = self._model.ask(signature, inputs, timeout_s)
        if features.LABELS_OUT not in found:
            raise ValueError(
                f"a whitelist needs a model of classes or syllables, or its portable form in this process; "
                f"{self.name} {self.version} answers {', '.join(sorted(found))}"
            )
        restricted = restrict_outputs(found, self._allowed)
        return {name: restricted[name] for name in outputs or KEPT}

    def close(self) -> None:
        """See `Model`."""
        self._model.close()


def restrict_outputs(outputs: Mapping[str, np.ndarray], allowed: np.ndarray) -> dict[str, np.ndarray]:
    """Return the best answers that are allowed, the best first, then "" of probability 0 as often as one was left out.

    Args:
        outputs: with `labels` [batch, n] bytes and `probabilities` [batch, n] float.
        allowed: bytes.
    """
    labels, probabilities = outputs[features.LABELS_OUT], outputs[features.PROBABILITIES_OUT]
    kept = np.isin(labels, allowed)
    rest = 1.0 - np.where(kept, 0.0, probabilities).sum(1, keepdims=True)
    order = np.argsort(~kept, 1, kind="stable")
    labels = np.take_along_axis(np.where(kept, labels, b""), order, 1)
    shares = np.where(kept, probabilities, 0.0) / np.maximum(rest, np.finfo(np.float32).tiny)
    probabilities = np.take_along_axis(np.minimum(shares, 1.0).astype(probabilities.dtype), order, 1)
    return dict(zip(KEPT, (labels[:, 0], probabilities[:, 0], labels, probabilities), strict=True))
