import json

import numpy as np
import pytest

from tfx_ocr.components.evaluator.metrics import bootstrap, get_metrics, shapes
from tfx_ocr.data import features
from tfx_ocr.data.page import overlaps


def box(left, top, right, bottom):
    return [left, top, right, top, right, bottom, left, bottom]


def page(*found, size=(100, 100)):
    return json.dumps({"size": list(size), "shapes": [[kind, *numbers] for kind, *numbers in found]})


LINE, LOW, WORD = ("line", *box(0, 0, 10, 4)), ("line", *box(0, 50, 10, 54)), ("word", *box(0, 0, 4, 4))


def test_overlap_is_area_shared_over_area_of_both():
    assert overlaps.match([box(0, 0, 10, 4)], [box(5, 0, 15, 4)]) == [pytest.approx(20 / 60)]
    diamond = [10, 0, 20, 10, 10, 20, 0, 10]  # 200 of the square's 400
    assert overlaps.match([box(0, 0, 20, 20)], [diamond]) == [pytest.approx(0.5)]
    assert overlaps.match([box(0, 0, 1, 1)], [box(5, 5, 6, 6)]) == []


def test_each_shape_is_matched_once_the_best_first():
    found = overlaps.match([box(0, 0, 10, 4)], [box(0, 0, 8, 4), box(0, 0, 10, 4)])
    assert found == [pytest.approx(1.0)]


def test_rates_are_those_worked_out_by_hand():
    # of three shapes one is found, one is found with an overlap of 1/3, one is missed; a fourth is found in vain
    answer = page(LINE, ("line", *box(5, 50, 15, 54)), ("line", *box(80, 80, 90, 84)))
    found = bootstrap.compute_metrics(get_metrics("shapes"), [(page(LINE, LOW, WORD), answer)])
    assert found == {
        "precision": pytest.approx(1 / 3),
        "recall": pytest.approx(1 / 3),
        "h_mean": pytest.approx(1 / 3),
        "mean_iou": pytest.approx((1 + 1 / 3) / 3),
    }


def test_pages_count_by_their_shapes():
    pairs = [(page(LINE, LOW), page(LINE, LOW)), (page(LINE), page())]
    found = bootstrap.compute_metrics(get_metrics("shapes"), pairs)
    assert (found["precision"], found["recall"]) == (1, pytest.approx(2 / 3))


def test_a_page_without_shapes_and_answers_is_no_error():
    assert bootstrap.compute_metrics(get_metrics("shapes"), [(page(), page())])["h_mean"] == 0
    assert shapes.measure_classes([(page(), page())]) == {}


def test_each_kind_has_rates_and_its_support():
    found = shapes.measure_classes([(page(LINE, WORD), page(LINE))] * 2)
    assert {kind: (values["recall"], values["support"]) for kind, values in found.items()} == {
        "line": (1, 2),
        "word": (0, 2),
    }


def make_outputs(*kinds_found):
    maps = np.zeros((3, 40, 40), np.float32)
    for kind in kinds_found:
        maps[kind, 10:14, 5:30] = 1
    return {features.MAPS_OUT: maps, features.KINDS_OUT: np.array([b"line", b"word", b"digit"], object)}


def test_kinds_that_a_record_does_not_say_are_left_out_of_the_answer():
    record = {
        features.PAGE_SIZE: [160.0, 120.0],
        features.SHAPES: [b"line"],
        features.POLYGONS: [float(number) for number in box(20, 40, 120, 56)],
    }
    reference, answer = shapes.make_pair(record, make_outputs(0, 1))
    assert json.loads(reference) == {"size": [160, 120], "shapes": [["line", *box(20, 40, 120, 56)]]}
    assert [shape[0] for shape in json.loads(answer)["shapes"]] == ["line"]


def test_an_empty_page_has_a_pair_too():
    reference, answer = shapes.make_pair({features.PAGE_SIZE: [160.0, 120.0]}, make_outputs())
    assert json.loads(reference) == json.loads(answer) == {"size": [160, 120], "shapes": []}
