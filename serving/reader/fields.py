"""Fields of a page that was read: which of its words are the supplier, the date, the total."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tfx_ocr.data import features
from tfx_ocr.data.page.fields import Field
from tfx_ocr.data.page.page import Region, Word
from tfx_ocr.data.values import parse_field
from tfx_ocr.serving.model import Model
from tfx_ocr.serving.prediction import build_prediction


def find_fields(regions: tuple[Region, ...], model: Model) -> tuple[tuple[Region, ...], tuple[Field, ...]]:
    """Find fields among a page's words.

    The model is asked about the words as they were read and in capitals, and each field is the likelier of the two:
    receipts are transcribed in capitals, whatever is printed on them. Words count as high as their line.

    Args:
        regions: in reading order, upright.
        model: of the recipe `invoices`, or one with the same signature.

    Returns:
        The regions, each word with its entity, and the fields in the model's order. Of more than `MOST_WORDS` words the
        first are looked at.

    Raises:
        RequestError: the model fails.
    """
    placed = [
        (word, (word.box.left, (line.box or word.box).top, word.box.right, (line.box or word.box).bottom))
        for region in regions
        for line in region.lines
        for word in line.words
        if word.box
    ][: features.MOST_WORDS]
    if not placed:
        return regions, ()
    texts = [word.text for word, _ in placed]
    asked = [texts, [text.upper() for text in texts]]
    outputs = model.ask(
        features.SERVE_WORDS,
        {
            features.WORDS_IN: np.array([[text.encode() for text in each] for each in asked], object),
            features.BOXES_IN: np.array([[box for _, box in placed]] * 2, np.float32),
        },
    )
    likelier = outputs[features.ENTITY_PROBABILITIES_OUT].argmax(0)
    entities = {
        id(word): outputs[features.ENTITIES_OUT][which, number].decode()
        for number, ((word, _), which) in enumerate(zip(placed, likelier, strict=True))
    }
    found: dict[str, Field] = {}
    for row, those in enumerate(asked):
        answers = {name: values[row] for name, values in outputs.items()}
        for field in build_prediction(b"", answers, 1).fields:
            if field.name not in found or field.confidence > found[field.name].confidence:
                found[field.name] = _restore(field, those, texts)
    names = (name.decode() for name in outputs[features.FIELD_NAMES_OUT][0])
    return _tag(regions, entities), tuple(found[name] for name in names if name in found)


def _restore(field: Field, asked: Sequence[str], texts: Sequence[str]) -> Field:
    """Return a field of the words that were asked about with their texts as they stand on the page."""
    parts = field.text.split(" ")
    ends = ((begin, begin + len(parts)) for begin in range(len(asked) - len(parts) + 1))
    text = next(" ".join(texts[begin:end]) for begin, end in ends if list(asked[begin:end]) == parts)
    return field._replace(text=text, **parse_field(field.name, text)._asdict())


def _tag(regions: tuple[Region, ...], entities: dict[int, str]) -> tuple[Region, ...]:
    def tag(word: Word) -> Word:
        return dataclasses.replace(word, entity=entities.get(id(word), ""))

    return tuple(
        dataclasses.replace(
            region,
            lines=tuple(dataclasses.replace(line, words=tuple(map(tag, line.words))) for line in region.lines),
        )
        for region in regions
    )
