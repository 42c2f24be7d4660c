"""The likeliest text of a line by prefix beam search, with or without a language model, in place of the best path.

Words that hold digits stay as the best path reads them, since no language model knows a house number or an amount.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable

import numpy as np

from tfx_ocr.data.pretrained import find_language_model
from tfx_ocr.serving.portable.answers import BLANK, build_lines, compute_softmax, list_runs
from tfx_ocr.serving.portable.form import Outputs, Parsed, Portable
from tfx_ocr.serving.portable.language_model import LanguageModel, read_language_model

BEAMS = 8  # where only a language model is given
LEAST = 1e-3  # posterior below which a character of a frame is left out of account
NEVER = -math.inf


@dataclasses.dataclass(frozen=True, kw_only=True)
class Decoding:
    """How lines are decoded.

    Attributes:
        beams: prefixes that are kept after each frame; 1 or more.
        language_model: file that `tfx-ocr language-model` wrote, or the name of one that ships; "" for none.
        weight: of the language model's log probability of each character; 0 leaves it out of account.
        bonus: what each character adds, since a language model makes every longer text less likely.
    """

    beams: int = BEAMS
    language_model: str = ""
    weight: float = 0.3
    bonus: float = 0.6

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        if self.beams < 1:
            raise ValueError(f"beams is {self.beams}; it must be 1 or more")
        if self.weight < 0:
            raise ValueError(f"weight is {self.weight}; it must be 0 or more")


def create_decoder(decoding: Decoding) -> Callable[[np.ndarray, Parsed, Portable], Outputs]:
    """Return a function that decodes logits as `answers.decode_sequence` does, with the same outputs.

    Raises:
        ValueError: the language model's file is not one.
        OSError: it cannot be read.
    """
    model = None
    if decoding.language_model:
        shipped = find_language_model(decoding.language_model)
        model = read_language_model(shipped or decoding.language_model)
    return functools.partial(_decode, decoding, model)


def _decode(
    decoding: Decoding, model: LanguageModel | None, logits: np.ndarray, parsed: Parsed, form: Portable
) -> Outputs:
    frames = compute_softmax(logits)
    weight, bonus = (decoding.weight, decoding.bonus) if model else (0.0, 0.0)
    paths = []
    for row in frames:
        path = row.argmax(-1)
        best = tuple(number for number, _ in itertools.groupby(path.tolist()) if number != BLANK)
        if best:  # of a picture without ink every text is equally likely, and long ones have more paths
            kept = keep_digits(row, form.labels)
            text = search(kept, form.labels, decoding.beams, model, weight, bonus)
            path = path if text == best else align(kept, text)
        paths.append(path)
    return build_lines(frames, np.array(paths, np.int64).reshape(frames.shape[:2]), form.labels)


def keep_digits(frames: np.ndarray, labels: tuple[str, ...]) -> np.ndarray:
    """Return posteriors of one line that leave no choice where the best path reads a word that holds digits.

    Such a word is kept with the spaces around it, or up to the line's end, so that nothing joins it; elsewhere no digit
    is possible.

    Args:
        frames: [frames, characters + 1] posteriors, the blank first.
        labels: the characters.
    """
    best = frames.argmax(-1)
    digits = np.array([False, *(label.isdecimal() for label in labels)])
    spaces = np.array([False, *(label.isspace() for label in labels)])
    found = np.where(digits, 0.0, frames)
    edges = [0, *(place for begin, end in list_runs(best) if spaces[best[begin]] for place in (begin, end)), len(best)]
    words = list(zip(edges[::2], edges[1::2], strict=True))
    for number, (begin, end) in enumerate(words):
        if digits[best[begin:end]].any():
            begin = words[number - 1][1] if number else 0
            end = words[number + 1][0] if number + 1 < len(words) else len(best)
            found[begin:end] = 0.0
            found[np.arange(begin, end), best[begin:end]] = 1.0
    return found


def search(
    frames: np.ndarray,
    labels: tuple[str, ...],
    beams: int,
    model: LanguageModel | None = None,
    weight: float = 0.0,
    bonus: float = 0.0,
) -> tuple[int, ...]:
    """Return the characters' numbers of the likeliest text: the sum over its alignments, with the language model.

    A prefix is as likely as all alignments to it, times p(characters)^weight and e^bonus for each character.

    Args:
        frames: [frames, characters + 1] posteriors, the blank first; a frame may leave no choice.
        labels: the characters.
        beams: prefixes that are kept after each frame.
        model: the language model; None for none.
        weight: see `Decoding`.
        bonus: likewise.

    Source: Hannun et al., "First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional Recurrent
    DNNs", 2014.
    """
    # of each prefix: log probabilities of alignments that end in a blank, in its last character, and of all; its text
    kept: dict[tuple[int, ...], tuple[float, float, float]] = {(): (0.0, NEVER, 0.0)}
    texts: dict[tuple[int, ...], str] = {(): ""}
    for frame in frames:
        possible = np.flatnonzero(frame > LEAST).tolist()
        chances = np.log(frame[possible]).tolist()
        if possible == [BLANK]:  # prefixes stay as they are, and as likely as each other
            kept = {prefix: (whole + chances[0], NEVER, whole + chances[0]) for prefix, (_, _, whole) in kept.items()}
            continue
        likely = list(zip(possible, chances, strict=True))
        found: dict[tuple[int, ...], tuple[float, float]] = {}
        for prefix, (in_blank, in_last, whole) in kept.items():
            last = prefix[-1] if prefix else BLANK
            for number, chance in likely:
                if number == BLANK:
                    _count(found, prefix, whole + chance, NEVER)
                    continue
                if number == last:
                    _count(found, prefix, NEVER, in_last + chance)
                behind = in_blank if number == last else whole
                if behind == NEVER:
                    continue
                longer = (*prefix, number)
                if longer not in texts:
                    texts[longer] = texts[prefix] + labels[number - 1]
                if model:
                    chance += weight * model.measure(texts[prefix], labels[number - 1]) + bonus
                _count(found, longer, NEVER, behind + chance)
        wholes = {prefix: _add(*ends) for prefix, ends in found.items()}
        best = sorted(found, key=lambda prefix: (-wholes[prefix], prefix))[:beams]
        kept = {prefix: (*found[prefix], wholes[prefix]) for prefix in best}
        texts = {prefix: texts[prefix] for prefix in best}
    return next(iter(kept))


def align(frames: np.ndarray, text: tuple[int, ...]) -> np.ndarray:
    """Return the number of each frame, blank or character, on the likeliest alignment of a text that has one, [frames].

    Args:
        frames: [frames, characters + 1] posteriors, the blank first.
        text: numbers of its characters.
    """
    places = np.array([BLANK, *(number for character in text for number in (character, BLANK))])
    with np.errstate(divide="ignore"):
        chances = np.log(frames[:, places])
    # from a character to the next without a blank between, where they differ
    skips = np.zeros(len(places), bool)
    skips[2:] = (places[2:] != BLANK) & (places[2:] != places[:-2])
    scores = np.full(len(places), NEVER)
    scores[:2] = chances[0, :2]
    steps = np.zeros((len(frames), len(places)), np.int64)
    for frame in range(1, len(frames)):
        from_before = np.concatenate([[NEVER], scores[:-1]])
        from_skip = np.where(skips, np.concatenate([[NEVER, NEVER], scores])[: len(places)], NEVER)
        ways = np.stack([scores, from_before, from_skip])
        steps[frame] = ways.argmax(0)
        scores = ways.max(0) + chances[frame]
    place = len(places) - 1 if len(places) == 1 or scores[-1] > scores[-2] else len(places) - 2
    path = []
    for frame in range(len(frames) - 1, -1, -1):
        path.append(int(places[place]))
        place -= int(steps[frame, place])
    return np.array(path[::-1])


def _count(
    found: dict[tuple[int, ...], tuple[float, float]], prefix: tuple[int, ...], blank: float, last: float
) -> None:
    known = found.get(prefix)
    found[prefix] = (blank, last) if known is None else (_add(known[0], blank), _add(known[1], last))


def _add(one: float, other: float) -> float:
    """Return the logarithm of the sum of two numbers by their logarithms."""
    if one < other:
        one, other = other, one
    return one if other == NEVER else one + math.log1p(math.exp(other - one))
