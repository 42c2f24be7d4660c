"""Parity of the export whose answers can be read off its pictures with portable forms that misread or doubt."""

import numpy as np
import pytest

from tfx_ocr.components.recipe import Image
from tfx_ocr.serving.portable import FOLDER
from tfx_ocr.serving.portable.form import REASON
from tfx_ocr.serving.runtimes import PORTABLE

pytestmark = pytest.mark.tfx

DIGITS = [b"%dF" % (number % 10) for number in range(40)]  # probability 0.7; every tenth is a 9
READ_AS_8 = (56.0, 255.0)


@pytest.fixture
def found(write_export, write_portable, tmp_path):
    """Return `found(images, **of_network)`: the parity of a portable form with that network."""
    import tensorflow as tf

    from tfx_ocr.components.infra_validator.parity import measure_parity
    from tfx_ocr.serving.runtimes import open_folder

    write_export(tmp_path / "model")

    def compared(images=DIGITS, weights="float32", **of_network):
        if of_network:
            write_portable(tmp_path / "model", **of_network)
        records = [
            tf.train.Example(
                features=tf.train.Features(
                    feature={"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))}
                )
            )
            for image in images
        ]
        with open_folder(tmp_path / "model") as export:
            return measure_parity(export, "test", records, Image(height=8, width=8), "classification", weights)

    return compared


def test_equal_answers_are_carried(found):
    parity = found(less=0.0)
    assert (parity.carried, parity.reason, parity.split, parity.n) == (True, "", "test", 40)
    assert parity.same == 1.0
    assert parity.mean_distance == pytest.approx(0.0, abs=1e-6)


def test_answers_that_differ_too_often_are_not(found):
    parity = found(most=READ_AS_8)  # the four nines are read as eights
    assert parity.same == 0.9
    assert not parity.carried
    assert parity.reason == "90 % of its answers are the SavedModel's; at least 100 % is required"


def test_no_answer_of_a_thousand_may_differ(found):
    parity = found([b"1F"] * 999 + [b"9F"], most=READ_AS_8)
    assert (parity.carried, parity.same) == (False, 0.999)


def test_probabilities_may_lie_apart_by_a_ten_thousandth_in_the_mean(found):
    near = found(less=0.009)
    assert near.carried
    assert (near.mean_distance, near.largest_distance) == pytest.approx((0.00009, 0.00009), abs=1e-6)
    far = found(less=0.015)
    assert (far.carried, far.same) == (False, 1.0)
    assert far.reason == "its probabilities are 0.00015 from the SavedModel's in the mean; at most 0.0001 is allowed"


def test_probabilities_of_float16_weights_may_lie_apart_by_a_thousandth(found):
    assert found(weights="float16", less=0.015).carried
    assert found(weights="float16", less=0.12).reason.endswith("at most 0.001 is allowed")


def test_the_largest_distance_is_told_and_not_limited(found):
    parity = found([b"1F"] * 99 + [b"1G"], most=(255.0, 70.5))  # one probability of 0.71 becomes 0.705
    assert parity.carried
    assert (parity.mean_distance, parity.largest_distance) == pytest.approx((0.00005, 0.005), abs=1e-6)


def test_probabilities_that_are_no_number_are_as_far_apart_as_can_be(found):
    parity = found(less=float("nan"))
    assert (parity.carried, parity.mean_distance, parity.largest_distance) == (False, 1.0, 1.0)


def test_an_export_without_a_portable_form_says_why(found, tmp_path):
    assert found().reason == "the export lacks one"
    folder = tmp_path / "model" / FOLDER
    folder.mkdir(parents=True)
    (folder / REASON).write_text("the network cannot be converted: TF Select ops: Einsum\n")
    parity = found()
    assert (parity.carried, parity.reason) == (False, "the network cannot be converted: TF Select ops: Einsum")
    assert (parity.same, parity.n) == (None, 0)


def test_without_records_there_is_nothing_to_go_by(found):
    parity = found([], less=0.0)
    assert (parity.carried, parity.reason) == (False, "the test split holds no records to compare it on")


def test_one_that_does_not_load_or_answer_is_left_out(found, tmp_path):
    found(less=0.0)
    network = tmp_path / "model" / PORTABLE
    network.write_bytes(b"no network")
    parity = found()
    assert not parity.carried
    assert "network.tflite is not a network that LiteRT runs" in parity.reason


def agreement(read, sure, whole_read, whole_sure):
    from tfx_ocr.components.infra_validator import parity

    texts = [np.array(each, dtype=object) for each in (read, whole_read)]
    return parity.compare_answers(texts[0], np.array(sure), texts[1], np.array(whole_sure))


@pytest.mark.parametrize(
    ("read", "sure", "expected"),
    [
        ([b"Acme", b"", b"9.00", b""], [0.9, 0.0, 0.5, 0.0], (1.0, 0.0, 0.0)),
        ([b"Acme", b"", b"7.00", b""], [0.8, 0.0, 0.2, 0.0], (0.5, 0.1, 0.1)),
        ([b"Acme", b"1", b"", b""], [0.7, 0.4, 0.0, 0.0], (1 / 3, 0.2, 0.2)),
        ([b"Acme", b"", b"9.00", b""], [0.7, 0.0, 0.4, 0.0], (1.0, 0.15, 0.2)),
        ([b"Acme", b"", b"9.00", b""], [0.9, 0.0, float("nan"), 0.0], (1.0, 0.5, 1.0)),
        ([b"", b"", b"", b""], [0.0, 0.0, 0.0, 0.0], (0.0, 0.0, 0.0)),
    ],
    ids=["equal", "one_differs", "one_more_and_one_less", "less_sure", "no_number", "nothing"],
)
def test_a_page_counts_by_the_fields_that_either_found(read, sure, expected):
    page = [b"Acme", b"", b"9.00", b""], [0.9, 0.0, 0.5, 0.0]
    assert agreement(read, sure, *page) == pytest.approx(expected)


def test_a_line_counts_by_its_characters_however_it_is_padded():
    whole = [b"a", b"b", b"c", b"", b""], [0.9, 0.8, 0.7, 0.0, 0.0]
    assert agreement([b"a", b"b", b"c"], [0.9, 0.8, 0.7], *whole) == (1.0, 0.0, 0.0)
    # one character more in its middle: the two after it are aligned with their own
    assert agreement([b"a", b"x", b"b", b"c"], [0.9, 0.5, 0.8, 0.6], *whole) == pytest.approx((0.75, 0.1 / 3, 0.1))


def test_nothing_read_by_both_is_agreed():
    assert agreement(b"", 0.4, b"", 0.9) == (1.0, 0.0, 0.0)
    assert agreement([], [], [b"", b""], [0.0, 0.0]) == (1.0, 0.0, 0.0)
    assert agreement(b"", 0.4, b"1", 0.9) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            {"carried": True, "same": 0.998, "n": 500, "split": "test", "mean_distance": 0.00124},
            "carried: on 500 records of test 99.8 % of its answers are the SavedModel's, their probabilities 0.0012 "
            "apart in the mean",
        ),
        (
            {"carried": True, "same": 1.0, "n": 39, "split": "test", "mean_distance": 0.0},
            "carried: on 39 records of test all of its answers are the SavedModel's, their probabilities 0 "
            "apart in the mean",
        ),
        ({"reason": "the export lacks one"}, "left out: the export lacks one"),
    ],
    ids=["carried", "all", "left_out"],
)
def test_it_is_told_on_one_line(values, line):
    from tfx_ocr.components.infra_validator.parity import Parity, summarize

    assert summarize(Parity(**values)) == line
