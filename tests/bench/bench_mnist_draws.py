"""MNIST-PNG in small: 5,000 pictures to learn from, 1,000 to be judged on, balanced, drawn three times.

Each draw goes through the whole pipeline of the recipe, in this process: eval is carved from the 5,000, the 1,000 come
from MNIST's test set and are seen by the Evaluator alone. Writes accuracy and macro F1, the mean of the draws, to
tests/bench/results/mnist_draws.csv. A draw that is done is not done again; one that was killed goes on.

    python tests/bench/bench_mnist_draws.py small_cnn mlp inception_v3
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import shlex
import statistics
import sys
import time

import mnist
import pipelines
import results

NETWORKS = ("small_cnn", "mlp", "inception_v3")
MEASURES = {"accuracy": "accuracy", "macro_f1": "macro F1"}


def main() -> None:
    """Draw, train, judge, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=NETWORKS, help=f"which; default: {' '.join(NETWORKS)}")
    parser.add_argument("--draws", type=int, default=3, help="how many; their seeds are 0, 1, 2 ...")
    parser.add_argument("--train", type=int, default=5000, help="pictures to learn from, eval included")
    parser.add_argument("--test", type=int, default=1000, help="pictures to be judged on")
    parser.add_argument("--overrides", default="", help="values put into the recipe, such as trainer.epochs=5")
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "mnist_draws")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    for network in options.networks:
        found = [once(network, draw, options) for draw in range(options.draws)]
        results.record("mnist_draws", rows(network, found, options), options.results)


def once(network: str, draw: int, options: argparse.Namespace) -> dict[str, float]:
    """Return the metrics of one draw, from its file if it exists."""
    size = f"{options.train}-{options.test}"
    name = f"{network}-{size}-{draw}" + re.sub(r"\W+", "_", f" {options.overrides}".rstrip())
    done = options.work / f"{name}.json"
    if not done.exists():
        data = options.work / f"data-{size}-{draw}"
        each = {"train": options.train // mnist.DIGITS, "test": options.test // mnist.DIGITS}
        data.parent.mkdir(parents=True, exist_ok=True)
        mnist.write_draw(data, draw, each)
        start = time.perf_counter()
        home = options.work / name
        judged = pipelines.train_and_judge("digits", data, home, network=network, overrides=options.overrides)[
            "metrics"
        ]
        judged["seconds"] = time.perf_counter() - start
        partial = done.with_suffix(".partial")
        partial.write_text(json.dumps(judged, indent=1))
        os.replace(partial, done)
    judged = json.loads(done.read_text())
    print(f"{name}: {', '.join(f'{key} {value:.4f}' for key, value in judged.items())}", flush=True)
    return judged


def rows(network: str, found: list[dict[str, float]], options: argparse.Namespace) -> list[results.Row]:
    """Return the mean of the draws, one row per measure."""
    size = f"{options.train:,} / {options.test:,}"
    command = f"python tests/bench/bench_mnist_draws.py {network}"
    for name, default in (("draws", 3), ("train", 5000), ("test", 1000), ("overrides", "")):
        if (value := getattr(options, name)) != default:
            command += f" --{name} {shlex.quote(str(value))}"
    return [
        results.Row(
            measure=f"MNIST-PNG {size}, {network}, from scratch: {words}",
            value=statistics.fmean(each[metric] for each in found),
            unit="fraction",
            n=f"{len(found)} draws",
            spread=results.spread([each[metric] for each in found]),
            command=command,
        )
        for metric, words in MEASURES.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
