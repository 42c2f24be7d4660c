from __future__ import annotations

import dataclasses
import json

import keras
import numpy as np
import pytest

from tfx_ocr.pipeline.recipes import get_recipe

pytestmark = pytest.mark.tfx


def test_the_mean_is_that_of_each_weight_of_all_versions(monkeypatch):
    import ship

    def build(part):
        network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        kernel, bias = {"one": ([[1.0], [4.0]], [0.0]), "two": ([[2.0], [0.0]], [3.0])}[part.trainer.initial_weights]
        network.set_weights([np.array(kernel), np.array(bias)])
        return network, []

    monkeypatch.setattr(ship.model, "build", build)
    network, part = ship.build_mean(get_recipe("digits"), ["one", "two"])
    kernel, bias = network.get_weights()
    assert (kernel.tolist(), bias.tolist()) == ([[1.5], [2.0]], [1.5])
    assert part.name == "digits"


def test_the_calibration_of_one_version_is_kept_and_of_several_left_out(tmp_path):
    import ship

    from tfx_ocr.components.artifacts import CALIBRATION_FILE

    found = {"temperature": 1.3, "n": 7, "wrong": 2, "before": 0.2, "after": 0.1}
    path = tmp_path / "one" / CALIBRATION_FILE
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(found))
    assert dataclasses.asdict(ship.read_calibration([str(tmp_path / "one")])) == found
    assert ship.read_calibration([str(tmp_path / "one"), str(tmp_path / "two")]) is None
    assert ship.read_calibration([str(tmp_path / "two")]) is None


def test_sizes_answers_and_times_of_both_exports_are_compared(monkeypatch, tmp_path):
    import ship

    from tfx_ocr.data import features
    from tfx_ocr.data.record import Record

    for name, times in (("old", 4), ("new", 1)):
        portable = ((file, 2000) for file in ship.FORMS["portable form"])
        for file, size in (("saved_model.pb", 1000), ("manifest.json", 500), *portable):
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x" * size * times)
        for file in ship.FORMS["weights of the SavedModel"]:
            path = tmp_path / name / file
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x" * 3000 * times)
    accuracy = {tmp_path / "old": 0.75, tmp_path / "new": 0.5}
    records = [
        Record(features={features.IMAGE: b"picture"}, source="it", split=each) for each in ("test", "eval", "eval")
    ]
    asked = []

    def evaluate(settings, judged, folder, split):
        assert (settings.recipe, judged, split) == ("digits", tmp_path, "eval")
        return {"metrics": {"accuracy": accuracy[folder], "loss": 1.0}, "intervals": {"accuracy": (0.1, 0.9)}, "n": 2}

    def measure_times(folders, form, pictures):
        asked.append((form, pictures))
        return [(3.0, 0.002) for _ in folders]

    monkeypatch.setattr(ship, "evaluate", evaluate)
    monkeypatch.setattr(ship, "measure_times", measure_times)
    monkeypatch.setattr(ship, "divide_records", lambda recipe, data: ((record.split, record) for record in records))
    rows = {row.measure: row for row in ship.compare("digits", tmp_path / "old", tmp_path / "new", tmp_path, "it")}
    values = {name: row.value for name, row in rows.items()}
    assert values["digits as it ships, before: all files"] == pytest.approx(4 * 11_500 / 1e6)
    assert values["digits as it ships, now: all files"] == pytest.approx(11_500 / 1e6)
    assert values["digits as it ships, now: weights of the SavedModel"] == pytest.approx(0.006)
    assert values["digits as it ships, before: accuracy on records that chose the weights"] == 0.75
    assert values["digits as it ships, now: accuracy on records that chose the weights"] == 0.5
    assert values["digits as it ships, now: SavedModel, processor time of a picture alone"] == pytest.approx(2)
    assert asked == [(ship.PORTABLE, [b"picture"] * 2), (ship.SAVED_MODEL, [b"picture"] * 2)]
    assert len(rows) == 2 * (4 + 1 + 4)


def test_times_are_of_the_fastest_round_of_each_export(monkeypatch):
    import contextlib

    import ship

    clock = [0.0]
    costs = {"old": iter([(9.0, 3.0), (2.0, 5.0)]), "new": iter([(1.0, 4.0), (7.0, 6.0)])}

    @contextlib.contextmanager
    def open_folder(folder, forms):
        loading, each = next(costs[folder])
        spent = iter([loading, each, each])

        class Opened:
            def ask(self, signature, inputs):
                clock[0] += next(spent)

        yield Opened()

    monkeypatch.setattr(ship, "open_folder", open_folder)
    monkeypatch.setattr(ship.time, "process_time", lambda: clock[0])
    monkeypatch.setattr(ship, "ROUNDS", 2)
    assert ship.measure_times(["old", "new"], "saved_model.pb", [b"one", b"two"]) == [(2.0, 3.0), (1.0, 4.0)]
