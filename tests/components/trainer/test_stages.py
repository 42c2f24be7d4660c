"""Records of a stage: which, how often, in turn, and the error for a stage without records."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfx_ocr.components.recipe import ImageAugmentation, Part, Stage, Trainer
from tfx_ocr.components.trainer.stages import choose_records, find_beginning, replace_augment

SOURCES = ["a/1", "synthetic/1", "synthetic/2", "b/1", "synthetic/3", "synthetic/4", "synthetic/5", "a/2"]
DRAWN = [1, 2, 4, 5, 6]


def choose(sources):
    return choose_records(Stage(name="some", epochs=1, sources=sources), SOURCES, seed=7)


@pytest.mark.parametrize(
    ("source", "expected"),
    [("synthetic/a/1", "synthetic/a/"), ("synthetic/b/1", "synthetic/"), ("a/1", "")],
    ids=["longest", "shorter", "any"],
)
def test_the_longest_beginning_counts(source, expected):
    assert find_beginning(source, ["", "synthetic/a/", "synthetic/"]) == expected
    assert find_beginning("a/1", ["synthetic/"]) is None


def test_without_sources_every_record_comes_once():
    assert choose({}) is None


def test_some_sources_alone():
    choice = choose({"synthetic/": 1.0})
    assert choice.count_copies(0).tolist() == choice.count_copies(5).tolist() == [0, 1, 1, 0, 1, 1, 1, 0]
    assert choice.records == 5


def test_all_but_some():
    assert choose({"": 1.0, "synthetic/": 0.0}).count_copies(0).tolist() == [1, 0, 0, 1, 0, 0, 0, 1]


def test_records_that_come_less_than_once_take_turns():
    choice = choose({"": 2.0, "synthetic/": 0.4})  # two of the five drawn ones
    epochs = [choice.count_copies(epoch) for epoch in range(5)]
    for copies in epochs:
        assert copies[[0, 3, 7]].tolist() == [2, 2, 2]
        assert copies[DRAWN].sum() == 2
    assert choice.records == 8
    assert sum(epochs)[DRAWN].tolist() == [2, 2, 2, 2, 2]  # ten in five epochs
    assert sum(epochs[:3])[DRAWN].max() == 2  # six: one of them twice


def test_records_that_come_more_than_once_take_turns_in_the_rest():
    choice = choose({"synthetic/": 1.6})  # eight of five: three of them twice
    epochs = [choice.count_copies(epoch)[DRAWN] for epoch in range(5)]
    assert [sorted(copies.tolist()) for copies in epochs] == [[1, 1, 2, 2, 2]] * 5
    assert sum(epochs).tolist() == [8] * 5


def test_a_small_share_of_few_is_one_record():
    assert choose({"synthetic/": 0.01}).records == 1


def test_the_order_of_turns_follows_from_the_seed():
    stage = Stage(name="some", epochs=1, sources={"": 0.25})
    sources = [str(number) for number in range(40)]
    one, same, other = (choose_records(stage, sources, seed).count_copies(0) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, same)
    assert one.sum() == other.sum() == 10
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ({"": 1.0, "drawn/": 1.0}, "no records of source 'drawn/': the sources of train begin with 'a/', 'b/', 'synt"),
        ({"": 0.0}, "stage 'some' of trainer.stages has no records: its sources leave all of them out"),
    ],
    ids=["misspelt", "all_left_out"],
)
def test_a_stage_without_records_is_one_sentence(sources, said):
    with pytest.raises(ValueError, match=said):
        choose(sources)


def test_a_beginning_that_is_left_out_need_not_be_there():
    assert choose({"": 1.0, "drawn/": 0.0}).records == 8


def test_a_stage_has_changes_of_its_own_or_those_of_the_trainer():
    own, common = ImageAugmentation(pad=3), ImageAugmentation(pad=1)
    stages = (Stage(name="drawn", epochs=1, augment=own), Stage(name="real", epochs=1))
    part = Part(name="some", trainer=Trainer(network="any", augment=common, stages=stages))
    assert [replace_augment(part, stage).trainer.augment for stage in (0, 1)] == [own, common]
    plain = dataclasses.replace(part, trainer=dataclasses.replace(part.trainer, stages=()))
    assert replace_augment(plain, 0) is plain
    assert part.trainer.list_augmentations() == [common, own]
