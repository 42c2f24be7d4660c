"""Answers held to some labels, by hand. Those of whole alphabets are held against the graph's: see `test_tasks`."""

from __future__ import annotations

import numpy as np
import pytest

from tfx_ocr.data.alphabets import hangul
from tfx_ocr.serving.portable.answers import get_answer, restrict_form
from tfx_ocr.serving.portable.form import Portable


def answer(task, labels, whitelist, probabilities):
    """Answer to logits that are the logarithms of these, of a form that is held to the whitelist."""
    form = Portable(input="image", task=task, spec={}, labels=labels, top_n=3)
    form, columns = restrict_form(form, whitelist)
    logits = np.log(np.maximum(np.array(probabilities, np.float32), 1e-30))
    return get_answer(task)(logits if columns is None else logits[..., columns], {}, form)


def read(texts):
    return [text.decode() for text in texts]


def test_classes_share_what_the_others_had():
    found = answer("classification", ("0", "1", "2"), "20", [[0.2, 0.5, 0.3]])
    assert read(found["labels"][0]) == ["2", "0"]
    np.testing.assert_allclose(found["probabilities"], [[0.6, 0.4]], rtol=1e-5)  # of 0.5


def test_frames_of_a_line_are_held_to_the_characters_and_the_blank():
    frames = [[[0.1, 0.6, 0.3, 0.0], [0.7, 0.3, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]]]
    found = answer("sequence", ("o", "0", "1"), "01", frames)
    assert read(found["label"]) == ["01"]
    # 0.3 of 0.4, nothing, 0.4 of 0.8: their geometric mean
    assert found["probability"][0] == pytest.approx((0.75 * 0.5) ** 0.5, rel=1e-5)


def test_syllables_are_held_to_some_and_their_jamo_follow():
    heads = [np.zeros(len(jamo)) for jamo in (hangul.INITIALS, hangul.MEDIALS, hangul.FINALS)]
    heads[0][[0, 2]] = 0.9, 0.1  # ㄱ, ㄴ
    heads[1][[0, 4]] = 0.8, 0.2  # ㅏ, ㅓ
    heads[2][[0, 4]] = 0.7, 0.3  # none, ㄴ
    found = answer("syllables", (), "너난간", [np.concatenate(heads)])
    # 너 0.1 x 0.2 x 0.7 = 0.014, 난 0.1 x 0.8 x 0.3 = 0.024, 간 0.9 x 0.8 x 0.3 = 0.216: together 0.254
    assert read(found["labels"][0]) == ["간", "난", "너"]
    np.testing.assert_allclose(found["probabilities"], [[216 / 254, 24 / 254, 14 / 254]], rtol=1e-4)
    assert [found[name][0].decode() for name in ("initial", "medial", "final")] == ["ㄱ", "ㅏ", "ㄴ"]
    np.testing.assert_allclose(found["medial_probability"], [240 / 254], rtol=1e-4)


@pytest.mark.parametrize("top_n", [1, 5, 23, 11_172])
@pytest.mark.parametrize("levels", [3, 1000])  # few levels: many syllables are equally likely
def test_the_best_syllables_are_those_of_all_there_are(top_n, levels):
    logits = np.random.default_rng(7).integers(0, levels, (4, 68)).astype(np.float32) * (4.0 / levels)
    form = Portable(input="image", task="syllables", spec={}, labels=(), top_n=top_n)
    found = get_answer("syllables")(logits, {}, form)
    initial, medial, final = np.split(logits.astype(float), [19, 40], -1)
    joint = np.exp(initial[:, :, None, None] + medial[:, None, :, None] + final[:, None, None, :]).reshape(4, -1)
    order = np.argsort(-joint, 1, kind="stable")[:, :top_n]
    expected = np.take_along_axis(joint / joint.sum(1, keepdims=True), order, 1)
    np.testing.assert_allclose(found["probabilities"], expected, rtol=1e-4)
    named = np.array([[hangul.CLASSES.index(text) for text in read(row)] for row in found["labels"]])
    likely = np.take_along_axis(joint, named, 1)
    np.testing.assert_allclose(likely, np.take_along_axis(joint, order, 1), rtol=1e-5)  # as near as float32 is
    assert all(len(set(row)) == top_n for row in named.tolist())


def test_whole_syllables_answer_with_the_jamo_that_they_share():
    form = Portable(input="image", task="whole_syllables", spec={}, labels=("가", "간", "난"), top_n=2)
    found = get_answer("whole_syllables")(np.log([[0.4, 0.35, 0.25]]), {}, form)
    assert read(found["labels"][0]) == ["가", "간"]
    assert [found[name][0].decode() for name in ("initial", "medial", "final")] == ["ㄱ", "ㅏ", "ㄴ"]
    parts = [found[f"{name}_probability"][0] for name in ("initial", "medial", "final")]
    np.testing.assert_allclose(parts, [0.75, 1.0, 0.6], rtol=1e-5)


def test_answers_without_labels_cannot_be_held_to_some():
    with pytest.raises(ValueError, match="classes, syllables or texts, not of task 'tagging'"):
        answer("tagging", ("", "total"), "total", [[0.5, 0.5]])
