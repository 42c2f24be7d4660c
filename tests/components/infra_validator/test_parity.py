"""Parity of the export whose answers can be read off its pictures with fast forms that misread or doubt."""

import pytest

from tfx_ocr.data import features

pytestmark = pytest.mark.tfx

DIGITS = [b"%dF" % (number % 10) for number in range(40)]  # probability 0.7; every tenth is a 9
READ_AS_8 = (56.0, 255.0)


@pytest.fixture
def found(write_export, write_fast, tmp_path):
    """`found(images, **of_network)`: the parity of a fast form with that network."""
    import tensorflow as tf

    from tfx_ocr.components.infra_validator.parity import parity
    from tfx_ocr.serving.export import Export

    write_export(tmp_path / "model")

    def compared(images=DIGITS, **of_network):
        if of_network:
            write_fast(tmp_path / "model", **of_network)
        records = [
            tf.train.Example(
                features=tf.train.Features(
                    feature={"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))}
                )
            )
            for image in images
        ]
        with Export(tmp_path / "model") as export:
            return parity(export, "test", records, "image", "classification")

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
    assert parity.reason == "0.9000 of its answers are the export's; at least 0.99 are asked for"


def test_one_answer_of_a_hundred_may_differ(found):
    assert found([b"1F"] * 99 + [b"9F"], most=READ_AS_8).carried
    assert not found([b"1F"] * 98 + [b"9F"] * 2, most=READ_AS_8).carried


def test_probabilities_may_lie_apart_by_a_hundredth_in_the_mean(found):
    near = found(less=0.9)
    assert near.carried
    assert (near.mean_distance, near.largest_distance) == pytest.approx((0.009, 0.009), abs=1e-5)
    far = found(less=1.5)
    assert (far.carried, far.same) == (False, 1.0)
    assert far.reason == "its probabilities are 0.0150 from the export's in the mean; at most 0.01 is asked for"


def test_the_largest_distance_is_told_and_not_limited(found):
    parity = found([b"1F"] * 99 + [b"1d"], most=(255.0, 70.0))  # one probability of 1 becomes 0.7
    assert parity.carried
    assert (parity.mean_distance, parity.largest_distance) == pytest.approx((0.003, 0.3), abs=1e-5)


def test_probabilities_that_are_no_number_are_as_far_apart_as_can_be(found):
    parity = found(less=float("nan"))
    assert (parity.carried, parity.mean_distance, parity.largest_distance) == (False, 1.0, 1.0)


def test_an_export_without_a_fast_form_says_why(found, tmp_path):
    assert found().reason == "the export has none"
    folder = tmp_path / "model" / features.FAST
    folder.mkdir(parents=True)
    (folder / features.FAST_REASON).write_text("the network cannot be TFLite: TF Select ops: Einsum\n")
    parity = found()
    assert (parity.carried, parity.reason) == (False, "the network cannot be TFLite: TF Select ops: Einsum")
    assert (parity.same, parity.n) == (None, 0)


def test_one_that_does_not_load_or_answer_is_left_out(found, tmp_path):
    found(less=0.0)
    network = tmp_path / "model" / features.FAST / features.FAST_NETWORK
    network.write_bytes(b"no network")
    parity = found()
    assert not parity.carried
    assert "network.tflite holds no model that can be served" in parity.reason


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            {"carried": True, "same": 0.998, "n": 500, "mean_distance": 0.00124},
            "carried: 0.9980 of 500 answers are the export's, probabilities 0.0012 from its own in the mean",
        ),
        ({"reason": "the export has none"}, "left out: the export has none"),
    ],
    ids=["carried", "left_out"],
)
def test_it_is_told_on_one_line(values, line):
    from tfx_ocr.components.infra_validator.parity import Parity, summary

    assert summary(Parity(**values)) == line
