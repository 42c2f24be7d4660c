"""Character and word error rate, exact lines, and precision, recall and F1 of characters, of (text, answer) pairs.

Both texts are NFC, white space collapsed, case kept. Edits are Levenshtein's, each insertion, deletion and substitution
1, a character being a code point of NFC. A rate is all edits over all characters (or words) of the references, not the
mean of the lines' rates, and can exceed 1. What is answered to an empty reference counts as insertions; where every
reference is empty there is nothing to divide by, and the rate is the number of insertions.

Source of the rates: Rice, Jenkins and Nartker, "The fourth annual test of OCR accuracy", 1995. Characters are hits
where an optimal alignment pairs equal ones: precision is hits over characters answered, recall hits over characters of
the references. Of several optimal alignments rapidfuzz's is taken, as jiwer does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from tfx_ocr.components.evaluator.metrics import pairs as of_pairs
from tfx_ocr.components.evaluator.metrics.bootstrap import Averages
from tfx_ocr.components.evaluator.metrics.pairs import Outputs, Pair, Pairs, Record, compute_rates
from tfx_ocr.data import features
from tfx_ocr.data.normalization import normalize_text

NAMES = ("cer", "wer", "exact_lines", "character_precision", "character_recall", "character_f1")
CLASS_NAMES = ()
LOWER_IS_BETTER = frozenset(("cer", "wer"))


def make_pair(record: Record, outputs: Outputs) -> Pair:
    """Return the record's `label` and the model's."""
    return of_pairs.get_text(record, features.LABEL), of_pairs.get_text(outputs, features.LABEL_OUT)


def measure(pairs: Sequence[Pair]) -> Averages:
    """Prepare error rates and shares for any count of the pairs.

    Args:
        pairs: a text each, and what was answered.

    Returns:
        [tests, pairs] counts to [tests] values under each of `NAMES`.
    """
    of_pair = np.array([_counts(normalize_text(reference), normalize_text(answer)) for reference, answer in pairs])

    def averages(counts: np.ndarray) -> dict[str, np.ndarray]:
        edits, length, answered, hits, word_edits, words, exact = (counts @ of_pair).T
        characters = compute_rates(hits, length, answered)
        return {
            "cer": edits / np.maximum(length, 1),
            "wer": word_edits / np.maximum(words, 1),
            "exact_lines": exact / counts.sum(1),
            **{f"character_{name}": of for name, of in characters.items()},
        }

    return averages


def measure_classes(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Return nothing: texts are not classes."""
    return {}


def count_confusions(pairs: Pairs) -> Mapping[Pair, int]:
    """Return nothing: texts are not classes."""
    return {}


def _counts(reference: str, answer: str) -> tuple[int, int, int, int, int, int, int]:
    """Edits, characters of the reference, of the answer, hits; word edits, words of the reference; 1 where equal."""
    operations = Levenshtein.editops(reference, answer)
    missed = sum(operation.tag != "insert" for operation in operations)
    words = reference.split()
    return (
        *(len(operations), len(reference), len(answer), len(reference) - missed),
        *(Levenshtein.distance(words, answer.split()), len(words), int(reference == answer)),
    )
