"""From a network's logits to named outputs, as the exported graph decodes them.

A function takes the logits, what the request held (see `inputs.Parsed`) and the form's `Portable`, and returns an
array per output; texts are bytes in arrays of objects. The graph's own functions are in `components.tasks`; one test
holds both to the same answers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfx_ocr.data import features
from tfx_ocr.data.alphabets.hangul import CLASSES, FINALS, FIRST, INITIALS, MEDIALS, split
from tfx_ocr.data.alphabets.restriction import restrict_labels
from tfx_ocr.data.registry import check_known
from tfx_ocr.serving.portable.form import Outputs, Parsed, Portable
from tfx_ocr.serving.portable.inputs import count_words

BLANK = 0  # of connectionist temporal classification; a character's number is its place in the alphabet plus one
HEADS = {features.INITIAL_OUT: INITIALS, features.MEDIAL_OUT: MEDIALS, features.FINAL_OUT: FINALS}
LONGEST_FIELD = 256  # words
DOUBT = 6.0  # log odds: the most that one word inside a field may count against it
PRESENT = 0.5  # mean probability of its words from which on a field is answered
NEVER = -1e9


def decode_classification(logits: np.ndarray, parsed: Parsed, form: Portable) -> Outputs:
    """Return the best classes of [batch, classes] logits: `label`, `probability`, `labels`, `probabilities`."""
    return _rank(compute_softmax(logits), form.labels, form.top_n)


def decode_syllables(logits: np.ndarray, parsed: Parsed, form: Portable) -> Outputs:
    """Return the best syllables by joint probability of [batch, 68] logits, and the best of each of their jamo.

    They are all 11,172, or the form's labels; jamo are then as likely as the syllables that have them together.
    """
    edges = np.cumsum([len(jamo) for jamo in HEADS.values()])[:-1]
    heads = [_log_softmax(each) for each in np.split(logits, edges, -1)]
    if form.labels:
        joint = _add_places(*heads)
        return decode_whole_syllables(joint[:, [ord(syllable) - FIRST for syllable in form.labels]], parsed, form)
    # the best syllables are of the best jamo: of 5 at each place, not of 11,172
    rows = np.arange(len(logits))[:, None]
    best = [np.sort(np.argsort(-head, 1, kind="stable")[:, : form.top_n], 1) for head in heads]
    joint = _add_places(*(head[rows, places] for head, places in zip(heads, best, strict=True)))
    initial, medial, final = best
    numbers = _add_places(initial * len(MEDIALS) * len(FINALS), medial * len(FINALS), final)
    return _rank(np.exp(joint), CLASSES, form.top_n, numbers) | _find_jamo([np.exp(head) for head in heads])


def decode_whole_syllables(logits: np.ndarray, parsed: Parsed, form: Portable) -> Outputs:
    """Return the best syllables of [batch, classes] logits, and the best of each of their jamo."""
    every = compute_softmax(logits)
    parts = np.array([split(syllable) for syllable in form.labels]).T
    jamo = [every @ np.eye(len(of), dtype=np.float32)[each] for of, each in zip(HEADS.values(), parts, strict=True)]
    return _rank(every, form.labels, form.top_n) | _find_jamo(jamo)


def restrict_form(form: Portable, whitelist: str | Sequence[str]) -> tuple[Portable, list[int] | None]:
    """Return a form of which only some labels are answered, and the logits that it then takes; None for all of them.

    Args:
        form: of classes, syllables or texts.
        whitelist: see `data.alphabets.restriction.list_allowed`.

    Raises:
        ValueError: the whitelist names what is not a label, or the task has no labels.
    """
    if form.task not in ("classification", "sequence", "syllables", "whole_syllables"):
        raise ValueError(f"a whitelist is for models of classes, syllables or texts, not of task {form.task!r}")
    known = form.labels or CLASSES
    labels = restrict_labels(whitelist, known)
    restricted = dataclasses.replace(form, labels=labels)
    if form.task == "syllables":
        return restricted, None
    blanks = [BLANK] if form.task == "sequence" else []
    places = {label: place for place, label in enumerate(known, len(blanks))}
    return restricted, [*blanks, *(places[label] for label in labels)]


def decode_sequence(logits: np.ndarray, parsed: Parsed, form: Portable) -> Outputs:
    """Return the text of [batch, frames, characters + 1] logits: best character per frame, repeats and blanks merged.

    A character's probability is the highest of its frames, its place where they begin and end, as shares of the
    strip's width; a text's probability is the geometric mean of its characters', of an empty text 0.

    Source: Graves et al., "Connectionist Temporal Classification", 2006: best path decoding.
    """
    frames = compute_softmax(logits)
    return build_lines(frames, frames.argmax(-1), form.labels)


def build_lines(frames: np.ndarray, paths: np.ndarray, labels: Sequence[str]) -> Outputs:
    """Build the outputs of lines, as `decode_sequence` returns them, from one path through each line's frames.

    Args:
        frames: [batch, frames, characters + 1] posteriors, the blank first.
        paths: [batch, frames] int, number of the blank or character of each frame.
        labels: the characters.
    """
    sure = np.take_along_axis(frames, paths[..., None], -1)[..., 0]
    letters = _to_bytes(("", *labels))
    means = np.zeros(len(frames), np.float32)
    characters, probabilities, places = [], [], []
    for row, path in enumerate(paths):
        runs = np.array(list_runs(path))
        begins = runs[:, 0]
        is_text = path[begins] != BLANK
        highest = np.maximum.reduceat(sure[row], begins)[is_text]
        if is_text.any():
            means[row] = np.exp(np.log(highest).mean())
        characters.append(letters[path[begins][is_text]])
        probabilities.append(highest)
        places.append(runs[is_text].astype(np.float32) / np.float32(len(path)))
    return {
        features.LABEL_OUT: np.array([b"".join(each) for each in characters], object),
        features.PROBABILITY_OUT: means,
        features.CHARACTERS_OUT: _pad(characters, b""),
        features.CHARACTER_PROBABILITIES_OUT: _pad(probabilities, 0.0),
        features.CHARACTER_PLACES_OUT: _pad(places, 0.0),
    }


def list_runs(path: np.ndarray) -> list[tuple[int, int]]:
    """List where runs of equal numbers begin and end, the end not included."""
    begins = np.flatnonzero(np.diff(path, prepend=-1)).tolist()
    return list(zip(begins, [*begins[1:], len(path)], strict=True))


def decode_detection(logits: np.ndarray, parsed: Parsed, form: Portable) -> Outputs:
    """Return the map of each kind of [batch, height, width, 2 * kinds] logits, and the kinds' names."""
    probabilities = 1 / (1 + np.exp(-logits[..., : len(form.labels)]))
    return {
        features.KINDS_OUT: np.tile(_to_bytes(form.labels), (len(logits), 1)),
        features.MAPS_OUT: np.ascontiguousarray(probabilities.transpose(0, 3, 1, 2)),
    }


def decode_tagging(logits: np.ndarray, parsed: Parsed, form: Portable) -> Outputs:
    """Return each word's entity and each entity's field of [batch, words, 3 * entities] logits.

    A field is the run of at most `LONGEST_FIELD` words with the highest sum of the log probabilities of its first and
    its last word, less the log odds against each word that is likelier not of the entity. It is answered where the
    mean probability of its words is `PRESENT` or more.
    """
    words, boxes = parsed[features.WORDS_IN], parsed[features.BOXES_IN]
    counts = count_words(words)
    there = np.arange(logits.shape[1]) < counts[:, None]
    tags, firsts, lasts = np.split(logits, 3, -1)
    every = np.where(there[..., None], compute_softmax(tags), np.float32(0))
    names = _to_bytes(form.labels)
    chosen = _find_runs(every, firsts, lasts, there)
    sizes = chosen.sum(1)
    means = np.where(chosen, every, 0).sum(1, dtype=np.float32) / np.maximum(sizes, 1)
    present = means >= PRESENT
    shape = (len(logits), len(names) - 1)
    values, around = np.full(shape, b"", object), np.zeros((*shape, 4), np.float32)
    for row, entity in zip(*np.nonzero(present[:, 1:] & (sizes[:, 1:] > 0)), strict=True):
        inside = np.flatnonzero(chosen[row, :, entity + 1])
        values[row, entity] = b" ".join(words[row, inside])
        around[row, entity] = (*boxes[row, inside, :2].min(0), *boxes[row, inside, 2:].max(0))
    return {
        features.ENTITIES_OUT: names[np.where(there, tags.argmax(-1), 0)],
        features.ENTITY_PROBABILITIES_OUT: every.max(-1),
        features.FIELD_NAMES_OUT: np.tile(names[1:], (len(logits), 1)),
        features.FIELD_VALUES_OUT: values,
        features.FIELD_PROBABILITIES_OUT: np.where(present, means, 0)[:, 1:].astype(np.float32),
        features.FIELD_BOXES_OUT: around,
    }


def build_heat(heat: Any, heads: Sequence[str]) -> dict[str, Any]:
    """Return a network's `heat`, [batch, maps, height, width], as `heat` and NAME_heat, [batch, height, width] each.

    Args:
        heat: an array of NumPy or TensorFlow: of the answer, and then of each head for itself, if there are several.
        heads: their names, in that order.
    """
    parts = {f"{name}_{features.HEAT_OUT}": heat[:, place] for place, name in enumerate(heads, 1)}
    return {features.HEAT_OUT: heat[:, 0], **parts}


def build_explanation(pixels: np.ndarray, found: Mapping[str, np.ndarray], outputs: Outputs, form: Portable) -> Outputs:
    """Return `label`, `heat` and `picture`, and the heat of each head of an answer that has several.

    Args:
        pixels: pictures as the network takes them.
        found: its `heat`.
        outputs: the pictures' answers.
        form: of the export.
    """
    low, high = form.spec["scaled"]
    return {
        features.LABEL_OUT: outputs[features.LABEL_OUT],
        features.PICTURE_OUT: np.rint((pixels - low) * (255.0 / (high - low))).astype(np.uint8),
        **build_heat(found[features.HEAT_OUT], tuple(HEADS) if form.task == "syllables" else ()),
    }


def _find_runs(every: np.ndarray, firsts: np.ndarray, lasts: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return each entity's best run of words: [batch, words, entities] probabilities and logits to bool."""
    absent = np.float32(NEVER) * ~there[..., None]
    begin, end = (_log_softmax(each + absent, 1) for each in (firsts, lasts))
    against = np.clip(np.log(every + np.float32(1e-6)) - np.log(np.float32(1 + 1e-6) - every), -DOUBT, 0)
    upto = np.cumsum(against, 1, dtype=np.float32)
    end = end + upto
    padded = np.pad(end, [(0, 0), (0, LONGEST_FIELD - 1), (0, 0)], constant_values=2 * NEVER)
    best_end = np.lib.stride_tricks.sliding_window_view(padded, LONGEST_FIELD, 1).max(-1)
    first = (begin - (upto - against) + best_end).argmax(1)[:, None]
    place = np.arange(every.shape[1])[:, None]
    in_reach = (place >= first) & (place < first + LONGEST_FIELD)
    last = np.where(in_reach, end, np.float32(2 * NEVER)).argmax(1)[:, None]
    return (place >= first) & (place <= last) & there[..., None]


def _add_places(initial: np.ndarray, medial: np.ndarray, final: np.ndarray) -> np.ndarray:
    """Return the sum of each of three, [rows, i], [rows, m] and [rows, f], with each: [rows, i * m * f]."""
    return (initial[:, :, None, None] + medial[:, None, :, None] + final[:, None, None, :]).reshape(len(initial), -1)


def _rank(probabilities: np.ndarray, labels: Sequence[str], most: int, numbers: np.ndarray | None = None) -> Outputs:
    """Return the `most` best labels of each row, the best first; of equal ones the one that stands first.

    `numbers` are those of the labels that the probabilities are of, [rows, n]; None for all labels in their order.
    """
    count, rows = min(most, probabilities.shape[1]), np.arange(len(probabilities))[:, None]
    if count < probabilities.shape[1]:
        best = np.argpartition(-probabilities, count - 1, 1)[:, :count]
        best.sort(1)
    else:
        best = np.broadcast_to(np.arange(count), (len(rows), count))
    best = best[rows, np.argsort(-probabilities[rows, best], 1, kind="stable")]
    ranked = probabilities[rows, best]
    chosen = best if numbers is None else numbers[rows, best]
    texts = _to_bytes([labels[int(number)] for number in chosen.flat]).reshape(best.shape)  # some of 11,172
    return {
        features.LABEL_OUT: texts[:, 0],
        features.PROBABILITY_OUT: ranked[:, 0],
        features.LABELS_OUT: texts,
        features.PROBABILITIES_OUT: ranked,
    }


def _find_jamo(jamo: Sequence[np.ndarray]) -> Outputs:
    """Return the best jamo of each place, and its probability."""
    outputs: Outputs = {}
    for (name, letters), of_place in zip(HEADS.items(), jamo, strict=True):
        outputs[name] = _to_bytes([letters[place] for place in of_place.argmax(-1)])
        outputs[f"{name}_probability"] = of_place.max(-1)
    return outputs


def _to_bytes(texts: Sequence[str]) -> np.ndarray:
    found = np.empty(len(texts), object)
    found[:] = [text.encode() for text in texts]
    return found


def _pad(rows: Sequence[np.ndarray], filler: object) -> np.ndarray:
    """Stack arrays of one type that differ in length; there is at least one."""
    found = np.full((len(rows), max(map(len, rows)), *rows[0].shape[1:]), filler, rows[0].dtype)
    for row, values in zip(found, rows, strict=True):
        row[: len(values)] = values
    return found


def _log_softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    shifted = logits - logits.max(axis, keepdims=True)
    found: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))
    return found


def compute_softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities from logits, classes last."""
    found: np.ndarray = np.exp(_log_softmax(logits))
    return found


ANSWERS = {
    "classification": decode_classification,
    "detection": decode_detection,
    "sequence": decode_sequence,
    "syllables": decode_syllables,
    "tagging": decode_tagging,
    "whole_syllables": decode_whole_syllables,
}


def get_answer(task: str) -> Callable[[np.ndarray, Parsed, Portable], Outputs]:
    """Return how a task's logits are decoded.

    Raises:
        ValueError: unknown task; the known ones are named.
    """
    check_known(task, ANSWERS, f"no portable answer {task!r}")
    return ANSWERS[task]
