from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfx_ocr.components.recipe import Serving, Trainer
from tfx_ocr.components.tasks import get_task
from tfx_ocr.components.tasks.syllables import TASK, graph, learn
from tfx_ocr.data.alphabets import hangul
from tfx_ocr.data.alphabets.inline import Classes

pytestmark = pytest.mark.tfx


def logits(initial: dict[str, float], medial: dict[str, float], final: dict[str, float]) -> np.ndarray:
    """Build [68] logits with the given probabilities of each head, and almost nothing for the rest."""
    found = []
    for jamo, given in ((hangul.INITIALS, initial), (hangul.MEDIALS, medial), (hangul.FINALS, final)):
        assert sum(given.values()) == pytest.approx(1.0)
        found += [math.log(given[one]) if one in given else -100.0 for one in jamo]
    return np.array(found, np.float32)


# 한 0.9 x 0.8 x 0.7; the rest of the mass lies on one other jamo of each head
HAN = logits({"ㅎ": 0.9, "ㄱ": 0.1}, {"ㅏ": 0.8, "ㅓ": 0.2}, {"ㄴ": 0.7, "": 0.3})
GA = logits({"ㄱ": 1.0}, {"ㅏ": 1.0}, {"": 1.0})


@pytest.mark.parametrize(
    ("syllable", "numbers"),
    [("가", [0, 0, 0]), ("각", [0, 0, 1]), ("개", [0, 1, 0]), ("한", [18, 0, 4]), ("힣", [18, 20, 27])],
)
def test_labels_are_the_numbers_of_their_jamo(syllable, numbers):
    encoded = graph.encode({"label": tf.constant([[syllable], ["가"]])}, hangul)
    assert encoded["label_xf"].numpy().tolist() == [numbers, [0, 0, 0]]
    assert encoded["label_xf"].dtype == tf.int64


def test_every_syllable_is_encoded_as_the_alphabet_splits_it():
    encoded = graph.encode({"label": tf.constant(hangul.CLASSES)[:, tf.newaxis]}, hangul)["label_xf"].numpy()
    assert [tuple(row) for row in encoded.tolist()] == [hangul.split(syllable) for syllable in hangul.CLASSES]


def test_head_has_a_logit_a_jamo():
    vector = keras.Input((4,))
    trainer = Trainer(network="any", units=(5,), dropout=(0.3,))
    model = keras.Model(vector, learn.build_head(vector, trainer, hangul))
    assert model.output.shape == (None, 68)
    # 4 x 5 + 5 shared, then 5 x 68 + 68 in three
    assert model.count_params() == 25 + 408
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == [5, 19, 21, 28]


def test_loss_is_minus_the_log_of_the_joint_probability():
    truth = tf.constant([hangul.split("한"), hangul.split("거")], tf.int64)
    loss = float(learn.build_loss()(truth, np.stack([HAN, HAN])))
    assert loss == pytest.approx(-(math.log(0.9 * 0.8 * 0.7) + math.log(0.1 * 0.2 * 0.3)) / 2, abs=1e-5)


def test_accuracy_wants_all_three_jamo():
    (accuracy,) = learn.build_metrics()
    accuracy.update_state(tf.constant([hangul.split(one) for one in ("한", "하", "간", "헌")]), np.stack([HAN] * 4))
    assert (accuracy.name, float(accuracy.result())) == ("accuracy", 0.25)


def test_answers_are_the_best_syllables_by_joint_probability():
    found = graph.decode(tf.constant([HAN, GA]), {}, hangul, Serving(top_n=3))
    texts = [[text.decode() for text in row] for row in found["labels"].numpy()]
    # 0.9 x 0.8 x 0.7; without the final 0.3 for 0.7; with ㅓ 0.2 for 0.8
    assert texts[0] == ["한", "하", "헌"]
    np.testing.assert_allclose(found["probabilities"][0], [0.504, 0.216, 0.126], atol=1e-5)
    assert texts[1][0] == "가"
    assert [text.decode() for text in found["label"].numpy()] == ["한", "가"]
    np.testing.assert_allclose(found["probability"], [0.504, 1.0], atol=1e-5)


def test_each_head_answers_for_itself_and_a_final_may_be_none():
    found = graph.decode(tf.constant([HAN, GA]), {}, hangul, Serving())
    heads = {name: [text.decode() for text in found[name].numpy()] for name in ("initial", "medial", "final")}
    assert heads == {"initial": ["ㅎ", "ㄱ"], "medial": ["ㅏ", "ㅏ"], "final": ["ㄴ", ""]}
    for name, expected in (("initial", 0.9), ("medial", 0.8), ("final", 0.7)):
        np.testing.assert_allclose(found[f"{name}_probability"], [expected, 1.0], atol=1e-5)


def test_the_best_of_11172_are_exact():
    values = np.random.default_rng(3).normal(0, 2, (5, 68)).astype(np.float32)
    found = graph.decode(tf.constant(values), {}, hangul, Serving(top_n=40))
    for row in range(5):
        heads = np.split(values[row].astype(np.float64), [19, 40])
        each = [np.exp(head) / np.exp(head).sum() for head in heads]
        joint = {
            hangul.join(i, m, f): each[0][i] * each[1][m] * each[2][f]
            for i in range(19) for m in range(21) for f in range(28)
        }  # fmt: skip
        best = sorted(joint, key=joint.__getitem__, reverse=True)[:40]
        assert [text.decode() for text in found["labels"].numpy()[row]] == best
        np.testing.assert_allclose(found["probabilities"][row], [joint[one] for one in best], rtol=1e-4)


def test_more_than_there_are_is_all_there_are():
    found = graph.decode(tf.constant([HAN]), {}, hangul, Serving(top_n=20_000))
    assert found["labels"].shape == (1, 11_172)
    assert float(tf.reduce_sum(found["probabilities"])) == pytest.approx(1.0, abs=1e-4)


def test_some_syllables_alone_share_the_probability():
    given = Classes(classes=("한", "헌", "가"))
    found = graph.decode(tf.constant([HAN]), {}, given, Serving(top_n=5))
    # 0.504, 0.126 and 0.1 x 0.8 x 0.3 = 0.024: together 0.654
    assert [text.decode() for text in found["labels"].numpy()[0]] == ["한", "헌", "가"]
    np.testing.assert_allclose(found["probabilities"][0], [504 / 654, 126 / 654, 24 / 654], rtol=1e-4)
    assert found["medial"].numpy()[0].decode() == "ㅏ"
    assert float(found["medial_probability"][0]) == pytest.approx(528 / 654, rel=1e-4)


def test_whole_syllables_have_the_outputs_of_three_heads():
    task, given = get_task("whole_syllables"), Classes(classes=("가", "간", "난"))
    assert task.outputs == TASK.outputs
    assert task.load_graph().encode is get_task("classification").load_graph().encode
    found = task.load_graph().decode(tf.math.log([[0.4, 0.35, 0.25]]), {}, given, Serving(top_n=2))
    assert set(found) == set(task.outputs)
    assert task.find_problem({name: value.numpy() for name, value in found.items()}) is None
    assert [text.decode() for text in found["labels"].numpy()[0]] == ["가", "간"]
    assert [found[name].numpy()[0].decode() for name in ("initial", "medial", "final")] == ["ㄱ", "ㅏ", "ㄴ"]
    parts = [float(found[f"{name}_probability"][0]) for name in ("initial", "medial", "final")]
    np.testing.assert_allclose(parts, [0.75, 1.0, 0.6], rtol=1e-5)


@pytest.fixture
def good():
    found = graph.decode(tf.constant([HAN, GA]), {}, hangul, Serving(top_n=3))
    return {name: value.numpy() for name, value in found.items()}


def test_nothing_is_wrong_with_its_own_answers(good):
    assert TASK.find_problem(good) is None


@pytest.mark.parametrize("name", ["initial", "final", "final_probability", "labels", "probability"])
def test_a_missing_answer_is_named(good, name):
    del good[name]
    assert TASK.find_problem(good).startswith(f"has no output {name!r}; it has ")


def test_answers_out_of_order_are_wrong(good):
    good["probabilities"] = good["probabilities"][:, ::-1]
    assert TASK.find_problem(good) == "answers with labels and probabilities that are not the best first"
