from __future__ import annotations

import csv
import sys

import pytest


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Return the bench with a pipeline that only counts; `bench(*arguments)` gives the networks and seeds it ran."""
    import bench_mnist_draws

    trained = []

    def train_and_judge(recipe, data, home, *, network, overrides):
        trained.append(home.name)
        return {"metrics": {"accuracy": 0.98 + len(trained) / 100, "macro_f1": 0.97}}

    monkeypatch.setattr(bench_mnist_draws.pipelines, "train_and_judge", train_and_judge)
    monkeypatch.setattr(bench_mnist_draws.mnist, "write_draw", lambda *_: None)

    def run(*arguments):
        trained.clear()
        folders = ["--work", str(tmp_path / "work"), "--results", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", ["bench", *arguments, *folders])
        bench_mnist_draws.main()
        return list(trained)

    return run


def test_draws_are_averaged_a_network(bench, tmp_path):
    bench("mlp", "--draws", "2")
    with (tmp_path / "mnist_draws.csv").open() as file:
        accuracy, macro_f1 = csv.DictReader(file)
    assert accuracy["measure"] == "MNIST-PNG 5,000 / 1,000, mlp, from scratch: accuracy"
    assert (accuracy["value"], accuracy["spread"], accuracy["n"]) == ("0.995", "0.99 to 1", "2 draws")  # 0.99, 1.0
    assert (macro_f1["value"], macro_f1["spread"]) == ("0.97", "0.97 to 0.97")
    assert accuracy["command"] == "python tests/bench/bench_mnist_draws.py mlp --draws 2"
    assert str(tmp_path) not in (tmp_path / "mnist_draws.csv").read_text()


def test_a_draw_that_is_done_is_not_done_again(bench):
    assert bench("mlp", "--draws", "2") == ["mlp-5000-1000-0", "mlp-5000-1000-1"]
    assert bench("mlp", "small_cnn", "--draws", "3") == [
        "mlp-5000-1000-2",
        "small_cnn-5000-1000-0",
        "small_cnn-5000-1000-1",
        "small_cnn-5000-1000-2",
    ]


def test_a_draw_of_another_size_or_recipe_is_another_draw(bench):
    assert bench("mlp", "--draws", "1") == ["mlp-5000-1000-0"]
    assert bench("mlp", "--draws", "1", "--train", "100") == ["mlp-100-1000-0"]
    assert bench("mlp", "--draws", "1", "--overrides", "trainer.epochs=5") == ["mlp-5000-1000-0_trainer_epochs_5"]
