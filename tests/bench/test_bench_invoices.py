from __future__ import annotations

import pytest

from tfx_ocr.components.example_gen.splits import Divider
from tfx_ocr.pipeline.recipes import get_recipe


def test_fold_0_is_the_recipes_own_split_and_every_supplier_is_a_test_supplier_once():
    import bench_invoices

    rule, groups = get_recipe("invoices").examples.split, [f"supplier {number}" for number in range(300)]
    own = Divider(rule, ())
    folds = [[bench_invoices.split_of(group, rule, fold) for group in groups] for fold in range(bench_invoices.FOLDS)]
    assert folds[0] == [own.choose_split("", group) for group in groups]
    assert [sides.count("test") for sides in zip(*folds, strict=True)] == [1] * 300
    assert all(0.05 < sides.count("eval") / 300 < 0.15 for sides in folds)


def of(**fields: tuple[float, float, int]) -> dict:
    names = ("precision_normalised", "recall_normalised", "support")
    return {"classes": {field: dict(zip(names, values, strict=True)) for field, values in fields.items()}}


def test_verdicts_are_pooled_by_their_counts():
    import bench_invoices

    # 2 of 4 answers right where 5 were wanted, and 3 of 3 where 4 were; the supplier was not asked for
    verdicts = [of(date=(0.5, 0.4, 5), supplier=(0.0, 0.0, 0)), of(total=(1.0, 0.75, 4))]
    assert bench_invoices.micro_f1(verdicts, "_normalised") == pytest.approx(2 * 5 / (9 + 7))
    with pytest.raises(ValueError, match="never right"):
        bench_invoices.micro_f1([of(date=(0.0, 0.0, 5))], "_normalised")
