"""Lines of Vietnamese handwriting: one model of real and drawn lines, judged on Kalapa's and on Cinnamon's.

Kalapa's forms from 258 on are the test, those from 217 to 229 choose the epoch: neighbouring forms are one hand, so
whole ranges are kept apart. Cinnamon's writers are not known; lines of one text stay together. To the others come
lines drawn from fonts, without the three families that the recipe's sample is judged on. Writes
tests/bench/results/lines.csv: error rates are total edits over total length. A run that was killed goes on. With
`--sets kalapa` it trains weights that never saw Cinnamon, for bench_own.py, and writes no results. With `--shipped` it
trains nothing, and judges the model that ships.

    python tests/bench/bench_lines.py
    python tests/bench/bench_lines.py --shipped
"""

from __future__ import annotations

import argparse
import pathlib
import shlex
import sys
from typing import Any

import pipelines
import results

SETS = ("kalapa", "cinnamon")
DRAWN = 20_000  # lines
COPIES = 6  # of a real line among the drawn ones; augmentation makes each another
LEFT_OUT = ("Grandstander", "PatrickHand", "Sriracha")  # families of the sample's eval and test
FROM_SCRATCH = "trainer.initial_weights= trainer.optimizer.learning_rate=1.5e-3 trainer.epochs=3"
MEASURES = {"cer": "CER", "wer": "WER", "exact_lines": "exact lines", "kalapa_score": "score of the Kalapa challenge"}


def main() -> None:
    """Gather, train, judge, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS, help="of real lines; default: both")
    parser.add_argument("--shipped", action="store_true", help="judge the model that ships, without training")
    parser.add_argument("--drawn", type=int, default=DRAWN, help=f"lines drawn from fonts; default: {DRAWN}")
    parser.add_argument("--copies", type=int, default=COPIES, help=f"of each real line; default: {COPIES}")
    parser.add_argument("--overrides", default=FROM_SCRATCH, help="values put into the recipe")
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "lines")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    data = options.work / "data"
    for name in options.sets:
        copy(name, data, options.work / name, options.copies)
    if options.shipped:
        found = {name: pipelines.judge_shipped("lines", options.work / name) for name in options.sets}
    else:
        draw(data, options.drawn)
        pipelines.train_and_judge("lines", data, options.work / "run", overrides=options.overrides)
        found = {name: pipelines.judge("lines", options.work / name, options.work / "run") for name in options.sets}
    if tuple(options.sets) == SETS:
        command = shlex.join(["python", "tests/bench/bench_lines.py", *sys.argv[1:]])
        results.record("lines", rows(found, command), options.results)


def draw(out: pathlib.Path, count: int) -> None:
    """Draw lines in the manner of both sets, but for what is there."""
    from tfx_ocr.data.synthetic import fonts, vietnamese

    files = fonts.choose_fonts(fonts.list_fonts([pipelines.data_folder("fonts_vi")]), (), LEFT_OUT)
    texts = pipelines.data_folder("text_vi")
    vietnamese.write(out, files, count, seed=7, styles=("form", "sheet"), texts=texts, name="train-drawn", workers=2)


def copy(name: str, out: pathlib.Path, judged: pathlib.Path, copies: int) -> None:
    """Write a real set as TFRecords: train, `copies` times over, and eval to `out`, test to both folders."""
    from tfx_ocr.components.example_gen.splits import Divider
    from tfx_ocr.components.recipe import Split
    from tfx_ocr.data import record_file
    from tfx_ocr.data.readers import get_reader
    from tfx_ocr.data.record import Record

    rules = {
        "kalapa": Split(by="group", eval_groups=("217..229",), test_groups=("258..277",)),
        "cinnamon": Split(by="group", eval=0.1, test=0.2),
    }
    root, read = pipelines.data_folder(name), get_reader(name)
    divider = Divider(rules[name], ())
    records = [
        record for shard in read.list_shards(root) for record in read.read(root, shard) if isinstance(record, Record)
    ]
    for split, folder, times in (
        ("train", out, copies), ("eval", out, 1), ("test", out, 1), ("test", judged, 1)
    ):  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{split}-{name}.tfrecord"
        if not path.exists():
            mine = [record for record in records if divider.choose_split(record.split, record.group) == split]
            record_file.write(path, mine * times)


def rows(found: dict[str, dict[str, Any]], command: str) -> list[results.Row]:
    """Return a row per set and measure."""
    return [
        pipelines.row(f"{name.title()} lines never trained on: {words}", verdict, metric, "lines", command)
        for name, verdict in found.items()
        for metric, words in MEASURES.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
