"""The records that a model is judged on: read back, told apart, and answered by an export."""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tfx_ocr.components.evaluator.metrics import Family
from tfx_ocr.components.evaluator.metrics.pairs import Pair
from tfx_ocr.data import features
from tfx_ocr.data.example import read_features
from tfx_ocr.serving import drift
from tfx_ocr.serving.model import Model

BATCH = 64  # records a question
CLASSES = "classification"  # the task whose labels are classes
SKETCH = 1024  # hashes that a sketch of a split has at most
CONTENT = (features.IMAGE, features.WORDS, features.BOXES)  # what a record shows, whatever it is labelled as


def parse_record(raw: bytes) -> dict[str, list[Any]]:
    """Return a serialized tf.Example as lists of bytes, float or int by name; features without values are left out."""
    return {name: values for name, _, values in _features(raw)}


def digest_record(raw: bytes) -> str:
    """Return 32 hex digits of the SHA-256 over names and values of a record's features.

    The same for the same record, whichever way and in whichever order its features were written; empty ones do not
    count.
    """
    found = hashlib.sha256()
    for feature in sorted(_features(raw)):
        found.update(repr(feature).encode())
    return found.hexdigest()[:32]


def combine_digests(digests: Iterable[str]) -> str:
    """Return 64 hex digits over a split's records' digests, in any order: equal for equal examples."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def hash_content(raw: bytes) -> str:
    """Return 16 hex digits of the SHA-256 over what a record shows: the same under any label, file name and group."""
    shown = sorted(feature for feature in _features(raw) if feature[0] in CONTENT)
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def select_sample(raws: Iterable[bytes]) -> dict[str, bytes]:
    """Return the `SKETCH` records whose hashes of what they show are smallest, by hash: all of a small split.

    Source: Cohen, Kaplan, "Summarizing data using bottom-k sketches", 2007.
    """
    kept: dict[str, bytes] = {}
    for raw in raws:
        kept.setdefault(hash_content(raw), raw)
        if len(kept) == 2 * SKETCH:  # rarely, so that a large split is neither held nor sorted
            kept = dict(heapq.nsmallest(SKETCH, kept.items()))
    return dict(heapq.nsmallest(SKETCH, kept.items()))


def count_seen(raws: Iterable[bytes], sketch: str) -> tuple[int, int]:
    """Return how many records a sketched split has too, and the number of those of which its sketch can tell."""
    known = sketch.split()
    last = known[-1] if len(known) == SKETCH else ""
    told = [each for each in map(hash_content, raws) if not last or each <= last]
    return len([each for each in told if each in set(known)]), len(told)


def build_profile(raws: Iterable[bytes], outputs: Iterable[Mapping[str, Any]], task: str) -> drift.Profile:
    """Build what a server compares its pictures and answers with.

    Args:
        raws: serialized tf.Examples that the model was trained on.
        outputs: label and probability for each example that it was judged by; those without them do not count.
        task: of the recipe.
    """
    pictures = (image for raw in raws for image in parse_record(raw).get(features.IMAGE, ()))
    labelled = (
        (found[features.LABEL_OUT], found[features.PROBABILITY_OUT])
        for found in outputs
        if {features.LABEL_OUT, features.PROBABILITY_OUT} <= found.keys()
    )
    return drift.build_profile(pictures, labelled, whole=task == CLASSES)


def predict_outputs(model: Model, raws: Iterable[bytes]) -> Iterator[dict[str, np.ndarray]]:
    """Ask a model's `serving_default` about records.

    Args:
        model: an open model.
        raws: serialized tf.Examples.

    Yields:
        The outputs for each record, in their order, without the batch's axis.

    Raises:
        ValueError: the model does not answer.
    """
    left = iter(raws)
    while batch := list(itertools.islice(left, BATCH)):
        outputs = model.ask(features.SERVING_DEFAULT, {features.EXAMPLES_IN: np.array(batch, dtype=object)})
        for place in range(len(batch)):
            yield {name: values[place] for name, values in outputs.items()}


def predict_pairs(model: Model, raws: Iterable[bytes], family: Family) -> Iterator[Pair]:
    """Ask a model's `serving_default` about records.

    Args:
        model: an open model.
        raws: serialized tf.Examples.
        family: module of `components.evaluator.metrics`.

    Yields:
        The pair of each record, in their order.

    Raises:
        ValueError: the model does not answer, or not with what the family asks for.
    """
    kept, asked = itertools.tee(raws)
    for raw, outputs in zip(kept, predict_outputs(model, asked), strict=True):
        yield family.make_pair(parse_record(raw), outputs)


def _features(raw: bytes) -> list[tuple[str, str, list[Any]]]:
    """Name, kind and values of each feature that has any."""
    return [feature for feature in read_features(raw) if feature[2]]
