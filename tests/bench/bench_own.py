"""Data of one's own, from a folder to a pushed version with `tfx-ocr new` and `tfx-ocr run` alone.

Each set is drawn by own_data.py: `meters` (200 numbers of MNIST digits), `german` (300 lines), `letters` (20 letters,
20 pictures each), `classes` (three letters, 200 pictures), `receipts` (200 of SROIE) and `cinnamon` (200 lines). The
model is judged on a set of other writers or companies, or of families of fonts that neither it nor the weights that
ship were trained on. With `--from-nothing` the same recipe is trained without initial weights, for as many epochs.
What ships was trained on Cinnamon and SROIE: for those sets `--weights` names a version that was not. Writes to
tests/bench/results/own.csv. A run that was killed goes on with the set that it was at: its minutes are what is
measured, so it begins anew.

`--lines` draws a curve: it trains on the first 50, 100 and so on of a set of lines, and tells how many are needed for
CER 0.10, between the two numbers of lines around it by their logarithm.

    python tests/bench/bench_own.py classes letters meters german
    python tests/bench/bench_own.py letters receipts --from-nothing
    python tests/bench/bench_own.py cinnamon --lines 50 100 200 400 all --weights work/serving/lines/1795811794
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import NamedTuple

import own_data
import results

CLI = pathlib.Path(sys.executable).with_name("tfx-ocr")
KNOWN = ("cinnamon", "receipts")  # to the weights that ship
ALL = 1_000_000  # lines: more than a set has
READ = "cinnamon"  # the set that is read, not drawn, and so has an end
NEEDED_FOR = 0.10  # CER of which the curve tells how many lines it needs
FROM_NOTHING = "trainer.initial_weights= trainer.optimizer.learning_rate=1.5e-3"


class Own(NamedTuple):
    """A set: pictures to train from and to judge by, what they are, and the metric with its name in words."""

    train: int
    test: int
    what: str
    metric: str
    words: str


SETS = {
    "classes": Own(200, 200, "200 pictures of 3 letters, judged in fonts never trained on", "accuracy", "accuracy"),
    "letters": Own(400, 400, "20 letters, 20 pictures each, judged in fonts never trained on", "accuracy", "accuracy"),
    "meters": Own(200, 300, "200 numbers with a point, of MNIST digits, judged on other writers", "cer", "CER"),
    "german": Own(300, 300, "300 drawn German lines, judged in fonts never trained on", "cer", "CER"),
    "receipts": Own(200, 100, "200 receipts with their words, judged on other companies", "micro_f1", "micro F1"),
    "cinnamon": Own(200, 200, "200 lines of Cinnamon, judged on other texts", "cer", "CER"),
}  # fmt: skip


def main() -> None:
    """Draw, run the two commands, judge, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", choices=SETS)
    parser.add_argument("--minutes", type=float, default=10, help="given to `tfx-ocr new`")
    parser.add_argument("--from-nothing", action="store_true", help="without initial weights")
    parser.add_argument("--weights", default="", help="initial weights, in place of those that ship")
    parser.add_argument("--overrides", default="", help="values put into the recipe, such as trainer.epochs=5")
    parser.add_argument(
        "--lines", nargs="+", type=parse_lines, default=[], help="numbers, or all: how many to train on"
    )
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "own")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    options.work = options.work.absolute()  # commands run in folders of it
    for name in options.sets:
        if name in KNOWN and not (options.weights or options.from_nothing):
            parser.error(f"{name}: the weights that ship know it; give --weights or --from-nothing")
        if options.lines and SETS[name].metric != "cer":
            parser.error(f"--lines is for {', '.join(each for each in SETS if SETS[each].metric == 'cer')}, not {name}")
        if ALL in options.lines and name != READ:
            parser.error(f"--lines all is for {READ}: {name} is drawn without an end")
    for name in options.sets:
        if not options.lines:
            results.record("own", measure(name, options), options.results)
            continue
        curve = {}
        for lines in sorted(options.lines):
            rows = measure(name, options, lines)
            results.record("own", rows, options.results)
            curve[count_pictures(options.work / "data" / f"{name}-train-{lines}")] = rows[0].value
        results.record("own", describe_curve(name, curve, options), options.results)


def parse_lines(text: str) -> int:
    """Return a number of lines of the command line; `ALL` for `all`.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    if text == "all":
        return ALL
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is neither all nor a number above 0")
    return int(text)


def count_pictures(folder: pathlib.Path) -> int:
    """Return how many pictures a set has."""
    return sum(1 for path in folder.iterdir() if path.suffix in (".png", ".jpg"))


def find_needed(curve: Mapping[int, float]) -> float | None:
    """Return how many lines a CER of `NEEDED_FOR` needs, between the two numbers around it by their logarithm.

    Args:
        curve: number of lines to CER.

    Returns:
        The number; the smallest where that has it already; None where the largest has not.
    """
    counts = sorted(curve)
    reached = next((place for place, count in enumerate(counts) if curve[count] <= NEEDED_FOR), None)
    if not reached:
        return None if reached is None else float(counts[0])
    few, many = counts[reached - 1], counts[reached]
    share = (curve[few] - NEEDED_FOR) / (curve[few] - curve[many])
    return float(few * (many / few) ** share)


def describe_curve(name: str, curve: Mapping[int, float], options: argparse.Namespace) -> list[results.Row]:
    """Return how many lines are needed as a row; without any where the curve does not come there."""
    needed = find_needed(curve)
    said = f"{name}: lines of a new domain needed for CER {NEEDED_FOR:.2f}"
    if needed is None:
        print(f"{said}: more than {max(curve)}", flush=True)
        return []
    print(f"{said}: {needed:.0f}", flush=True)
    trained = ", ".join(map(str, sorted(curve)))
    return [
        results.Row(
            measure=f"{said}, from {describe_start(options)}",
            value=needed,
            unit="lines",
            n=f"trainings on {trained}",
            command=describe_command(name, options, *sorted(options.lines)),
        )
    ]


def describe_start(options: argparse.Namespace) -> str:
    """Return what the trainings begin with."""
    return "nothing" if options.from_nothing else "other weights" if options.weights else "what ships"


def describe_command(name: str, options: argparse.Namespace, *lines: int) -> str:
    """Return how to measure it again."""
    command = f"python tests/bench/bench_own.py {name}"
    command += f" --lines {' '.join('all' if each == ALL else str(each) for each in lines)}" if lines else ""
    command += " --from-nothing" if options.from_nothing else ""
    command += f" --minutes {options.minutes:g}" if options.minutes != 10 else ""
    return command + (f" --overrides {shlex.quote(options.overrides)}" if options.overrides else "")


def measure(name: str, options: argparse.Namespace, lines: int = 0) -> list[results.Row]:
    """Return the metric on the set that is judged by, minutes to the pushed version, and commands.

    What was measured of this commit by the same command is not measured again.

    Args:
        name: of the set.
        options: of the command line.
        lines: that are trained on; 0 for as many as the set says.
    """
    own = SETS[name]
    command = describe_command(name, options, *([lines] if lines else []))
    data, judged = (
        own_data.write(name, options.work / "data", count, split)
        for split, count in (("train", lines or own.train), ("test", own.test))
    )
    start = "nothing" if options.from_nothing else options.weights or "what ships"
    home = options.work / f"{f'{lines} ' if lines else ''}{name} from {pathlib.Path(start).name}"
    key = {"commit": results.commit(), "command": command, "weights": options.weights}
    kept = home.with_name(f"{home.name}.json")
    measured = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if measured.get("of") == key:
        return [results.Row(**row) for row in measured["rows"]]
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    overrides = [*shlex.split(FROM_NOTHING)] if options.from_nothing else []
    overrides += [f"trainer.initial_weights={options.weights}"] if options.weights else []
    overrides += shlex.split(options.overrides)
    sets = [word for override in overrides for word in ("--set", override)]
    began = time.perf_counter()
    run(home, "new", name, "--data", data, "--minutes", options.minutes)
    pushed = run(home, "run", name, "--data", data, *sets, may_fail=True)
    minutes = (time.perf_counter() - began) / 60
    [exported] = home.glob(f"work/{name}/pipeline/Trainer/model/*/Format-Serving")
    run(
        home,
        "evaluate",
        name,
        "--data",
        judged,
        "--split",
        "all",
        "--model",
        exported,
        "--json",
        "judged.json",
        may_fail=True,
    )
    verdict = json.loads((home / "judged.json").read_text(encoding="utf-8"))
    what = own.what.replace(str(own.train), f"{count_pictures(data):,}", 1) if lines else own.what
    of = f"{what}, from {describe_start(options)}"
    print(f"{of}: {own.words} {verdict['metrics'][own.metric]:.4f}, {minutes:.1f} minutes", flush=True)
    rows = [
        results.Row(
            measure=f"{of}: {own.words}",
            value=verdict["metrics"][own.metric],
            unit="fraction",
            n=f"{verdict['n']} records",
            spread=tuple(verdict["intervals"][own.metric]),
            command=command,
        ),
        results.Row(measure=f"{of}: to a pushed version", value=minutes, unit="minutes", n="1 run", command=command),
        results.Row(measure=f"{of}: pushed", value=pushed, unit="versions", n="2 commands, 0 edits", command=command),
    ]
    kept.write_text(json.dumps({"of": key, "rows": [dataclasses.asdict(row) for row in rows]}), encoding="utf-8")
    return rows


def run(home: pathlib.Path, *words: object, may_fail: bool = False) -> bool:
    """Run a command of `tfx-ocr` in a folder; return whether it ended with 0.

    Raises:
        RuntimeError: it ended otherwise, and `may_fail` only says that a gate may refuse (1).
    """
    command = [str(CLI), *map(str, words)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TFX_OCR_")}
    done = subprocess.run(
        command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode > may_fail:
        raise RuntimeError(f"{shlex.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main())
