"""Ways to decode lines: the shipped model's best path, beams, and beams with a language model of characters.

The language model is of texts as the drawn training lines have them, addresses mostly, so it knows no form of Kalapa
and no line of Cinnamon. Kalapa's forms 217 to 229, which chose the weights' epoch, show which way pays; its test forms
and Cinnamon's test lines are then judged once each. The time is that of one line after another in this process. Writes
to tests/bench/results/lines.csv. With `--ship`, the language model that ships is written anew: the same without the
n-grams that came seldom.

    python tests/bench/bench_decoding.py
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import bench_latency
import bench_lines
import numpy as np
import pipelines
import results

COMMAND = "python tests/bench/bench_decoding.py"
TEXTS, ORDER = 60_000, 5  # drawn texts that the language model is of, and characters of its longest grams
BEAMS = 8
SHIPPED = "vietnamese"  # the language model
TIMED = 100  # lines
PLACES = {
    "Kalapa, forms 217 to 229": "chosen",
    "Kalapa lines never trained on": "kalapa",
    "Cinnamon lines never trained on": "cinnamon",
}


def main() -> None:
    """Learn the language model, judge each way, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "lines")
    parser.add_argument("--ship", action="store_true", help="write the language model that ships, and judge nothing")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    if options.ship:
        return ship(learn(options.work / "vi.json.gz"))
    for name in bench_lines.SETS:
        bench_lines.copy(name, options.work / "data", options.work / name, bench_lines.COPIES)
    (options.work / "chosen").mkdir(exist_ok=True)
    chosen = options.work / "chosen" / "eval-kalapa.tfrecord"
    if not chosen.exists():
        chosen.hardlink_to(options.work / "data" / chosen.name)
    ways = list_ways(learn(options.work / "vi.json.gz"))
    for way, decoding in ways.items():
        found = {
            place: pipelines.judge_shipped("lines", options.work / folder, decoding) for place, folder in PLACES.items()
        }
        took = measure(bench_latency.read_pictures("lines", TIMED), decoding)
        results.record("lines", rows(way, found, took), options.results)


def learn(path: pathlib.Path) -> pathlib.Path:
    """Write the language model of `TEXTS` drawn texts, unless it is there."""
    from tfx_ocr.data.synthetic import vietnamese_texts
    from tfx_ocr.serving.portable.language_model import count_grams, write_language_model

    if not path.exists():
        texts, rng = vietnamese_texts.load_folder(pipelines.data_folder("text_vi")), np.random.default_rng(7)
        lines = (texts.draw_line(rng, commas=bool(number % 2)) for number in range(TEXTS))
        write_language_model(count_grams(lines, ORDER), path)
    return path


def ship(path: pathlib.Path) -> None:
    """Write the language model that ships from the whole one in `path`."""
    from tfx_ocr.data import pretrained
    from tfx_ocr.serving.portable.language_model import prune_grams, read_language_model, write_language_model

    write_language_model(prune_grams(read_language_model(path)), pretrained.FOLDER / "lines" / f"{SHIPPED}.json.xz")


def list_ways(language_model: pathlib.Path) -> dict[str, Any]:
    """Return decodings by what they are called; None is the best path."""
    from tfx_ocr.serving import Decoding

    return {
        "best path": None,
        f"{BEAMS} beams": Decoding(beams=BEAMS),
        f"{BEAMS} beams, {ORDER}-grams of drawn texts": Decoding(beams=BEAMS, language_model=str(language_model)),
        f"{BEAMS} beams, the language model that ships": Decoding(beams=BEAMS, language_model=SHIPPED),
    }


def measure(pictures: Sequence[bytes], decoding: Any) -> float:
    """Return the milliseconds of a line, one after another."""
    from tfx_ocr.data import pretrained
    from tfx_ocr.serving import load_model

    with load_model(pretrained.get_folder("lines"), decoding=decoding) as model:
        return bench_latency.measure(model.predict, pictures, 1)


def rows(way: str, found: Mapping[str, dict[str, Any]], took_ms: float) -> list[results.Row]:
    """Return a row per set and measure, and the time."""
    measured = [
        pipelines.row(f"{place}, {way}: {words}", verdict, metric, "lines", COMMAND)
        for place, verdict in found.items()
        for metric, words in (("cer", "CER"), ("exact_lines", "exact lines"))
    ]
    time_of = results.Row(
        measure=f"decoding by {way}: time per line", value=took_ms, unit="ms", n=f"{TIMED} lines", command=COMMAND
    )
    return [*measured, time_of]


if __name__ == "__main__":
    sys.exit(main())
