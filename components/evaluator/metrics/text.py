"""Error rates of characters, words, tone marks and digits, exact lines, and more of (text, answer) pairs.

Both texts are NFC, white space collapsed, case kept. Edits are Levenshtein's, each insertion, deletion and substitution
1, a character being a code point of NFC. A rate is all edits over all characters (or words) of the references, not the
mean of the lines' rates, and can exceed 1. What is answered to an empty reference counts as insertions; where every
reference is empty there is nothing to divide by, and the rate is the number of insertions.

Source of the rates: Rice, Jenkins and Nartker, "The fourth annual test of OCR accuracy", 1995. Characters are hits
where an optimal alignment pairs equal ones: precision is hits over characters answered, recall hits over characters of
the references. Of several optimal alignments rapidfuzz's is taken, as jiwer does.

Two kinds of edits are also counted alone: `tone_mark_errors` are substitutions of nothing but a tone mark, over the
characters of the references, and so a part of `cer`; `digit_errors` are edits with a digit on either side, over the
digits of the references.

`kalapa_score` is the mean over lines of 1 where a line is equal, else max(0, 1 - 1.5^d / n) of d edits and n characters
of the reference. Source: the Kalapa Vietnamese handwriting recognition challenge, 2023, which ranks by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from tfx_ocr.components.evaluator.metrics import pairs as of_pairs
from tfx_ocr.components.evaluator.metrics.bootstrap import Averages
from tfx_ocr.components.evaluator.metrics.pairs import Outputs, Pair, Pairs, Record, compute_rates
from tfx_ocr.data import features
from tfx_ocr.data.edits import count_kinds, list_edits
from tfx_ocr.data.normalization import keep_digits, normalize_text

SHARES = ("exact_lines", "kalapa_score", "character_precision", "character_recall", "character_f1")
ERRORS = ("cer", "wer", "tone_mark_errors", "digit_errors")
NAMES = (*ERRORS, *SHARES)
CLASS_NAMES = ()
LOWER_IS_BETTER = frozenset(ERRORS)
BASE = 1.5  # of the Kalapa score: what one more edit costs, as a factor


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
        edits, length, answered, hits, tones, at_digits, digits, word_edits, words, exact, score = (counts @ of_pair).T
        characters = compute_rates(hits, length, answered)
        return {
            "cer": edits / np.maximum(length, 1),
            "wer": word_edits / np.maximum(words, 1),
            "tone_mark_errors": tones / np.maximum(length, 1),
            "digit_errors": at_digits / np.maximum(digits, 1),
            "exact_lines": exact / counts.sum(1),
            "kalapa_score": score / counts.sum(1),
            **{f"character_{name}": of for name, of in characters.items()},
        }

    return averages


def measure_classes(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Return nothing: texts are not classes."""
    return {}


def count_confusions(pairs: Pairs) -> Mapping[Pair, int]:
    """Return nothing: texts are not classes."""
    return {}


def compute_kalapa_score(edits: int, length: int) -> float:
    """Return the Kalapa score of one line, from 0 to 1.

    >>> compute_kalapa_score(0, 10), compute_kalapa_score(2, 10), compute_kalapa_score(6, 10)
    (1.0, 0.775, 0.0)
    """
    if not edits:
        return 1.0
    # the power of an edit of every character has long exceeded any length, and a float's range at 1,751
    return max(0.0, 1.0 - BASE ** min(edits, 1000) / length) if length else 0.0


def _counts(reference: str, answer: str) -> tuple[float, ...]:
    """Count one pair, in the order in which `measure` adds the counts up."""
    edits = list_edits(reference, answer)
    missed = sum(bool(written) for written, _ in edits)
    words = reference.split()
    return (
        *(len(edits), len(reference), len(answer), len(reference) - missed, *count_kinds(edits)),
        *(len(keep_digits(reference)), Levenshtein.distance(words, answer.split()), len(words)),
        *(int(reference == answer), compute_kalapa_score(len(edits), len(reference))),
    )
