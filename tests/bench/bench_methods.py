"""The table of methods: each network, pooling, loss, optimizer and way to learn against the recipe `hangul`.

Runs `tfx-ocr compare hangul` over what bench_hangul.py drew, about 60,000 samples a variant: one epoch of each N-th
record, so that the paired intervals tell which method is better than chance explains. Writes how much better each is to
tests/bench/results/methods.csv. A variant that is done is not done again; a run that was killed goes on.

    python tests/bench/bench_hangul.py       # draws the data
    python tests/bench/bench_methods.py melnyk weighted adabound
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import results

# By name, the values that are replaced; the base is residual_cnn with AdamW, mixed pooling and three heads.
METHODS = {
    "average": "trainer.pooling=average",
    "max": "trainer.pooling=max",
    "weighted": "trainer.pooling=weighted",
    "weighted_output": "trainer.pooling=weighted_output",
    "label_smoothing": "trainer.label_smoothing=0.1",
    "centre_loss": "trainer.centre_loss=0.01",
    "directions": "input.planes=directions",
    "whole_syllables": "task=whole_syllables",  # of 11,172: train has more than KS X 1001's
    "adversarial": "trainer.adversarial=0.1",
    "refinements": "trainer.refinements=2",
    "refit": "trainer.augment.refit=true",
    "wear": "trainer.augment.wear=0.3",
    "drop_weights": "trainer.drop_weights=0.5 trainer.exported=last_epoch",
    "adabound": "trainer.optimizer.name=adabound trainer.optimizer.learning_rate=1e-3",
    "adam": "trainer.optimizer.name=adam",
    "sgd": "trainer.optimizer.name=sgd trainer.optimizer.learning_rate=0.1",
    "small_cnn": "trainer.network=small_cnn",
    "mobilenet_v3_small": "trainer.network=mobilenet_v3_small",
    "melnyk": "trainer.network=melnyk",
    "vgg16": "trainer.network=vgg16",
    "efficientnet_v2_b0": "trainer.network=efficientnet_v2_b0",
}
WORK = results.ROOT / "work" / "bench"


def main() -> None:
    """Compare and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", nargs="*", default=[*METHODS], help=f"which; default: {' '.join(METHODS)}")
    parser.add_argument("--data", type=pathlib.Path, default=WORK / "hangul/base/data", help="of bench_hangul.py")
    parser.add_argument("--every", type=int, default=4, help="of so many records of train one is trained on")
    parser.add_argument("--overrides", default="", help="values of all variants, such as trainer.seed=8")
    parser.add_argument("--work", type=pathlib.Path, default=WORK / "methods")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    if unknown := sorted({*options.methods} - {*METHODS}):
        parser.error(f"no method {unknown[0]!r}; known: {', '.join(METHODS)}")
    results.record("methods", rows(compare(options), options), options.results)


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Return the table that `tfx-ocr compare` leaves."""
    both = ["trainer.epochs=1", f"trainer.every={options.every}", *shlex.split(options.overrides)]
    command = [str(pathlib.Path(sys.executable).with_name("tfx-ocr")), "compare", "hangul", "--data", str(options.data)]
    command += [word for method in options.methods for word in ("--set", METHODS[method])]
    command += [word for override in both for word in ("--set-both", override)]
    subprocess.run(command, env={**os.environ, "TFX_OCR_HOME": str(options.work)}, check=True)
    table: dict[str, Any] = json.loads((options.work / "hangul/compare/comparison.json").read_text(encoding="utf-8"))
    return table


def rows(table: Mapping[str, Any], options: argparse.Namespace) -> list[results.Row]:
    """Return what the base reaches, and by how much each method is better, with its paired interval."""
    metric, (base, *others) = table["metric"], table["rows"]
    names = {values: name for name, values in METHODS.items()}
    command = "python tests/bench/bench_methods.py"
    if options.every != 4:
        command += f" --every {options.every}"
    if options.overrides:
        command += f" --overrides {shlex.quote(options.overrides)}"
    described = [(f"Hangul, base: {metric}", base["metrics"][metric], base["intervals"][metric], "")]
    for row in others:
        name = names[row["name"]]
        described.append(
            (
                f"Hangul, {name} against the base: gain in {metric}",
                row["gains"][metric],
                row["gain_intervals"][metric],
                name,
            )
        )
    return [
        results.Row(
            measure=measure,
            value=value,
            unit="fraction",
            n=f"{table['n']:,} test records",
            spread=tuple(spread),
            command=f"{command} {name}".rstrip(),
        )
        for measure, value, spread, name in described
    ]


if __name__ == "__main__":
    sys.exit(main())
