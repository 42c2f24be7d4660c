"""Hangul syllables: one model, drawn from fonts and six people's writing, judged on fonts and writers never seen.

First a network learns from fonts alone: KS X 1001's syllables in printed fonts, all that handwriting fonts have, and
glyphs written anew by their strokes. From there it is trained on the writers' crops, on syllables put together of their
jamo, and on some of the drawn ones. Seven families of fonts are left out of everything but the test, with those that
share their letterforms; so are the writers w03 and w06, whose crops are judged apart, decoded over all 11,172.

All writers wrote the same 82 syllables. `--half` trains on the crops of one half of these, and judges the writers w03
and w06 on the other. `--writer` leaves one of the eight writers out, and judges his crops. These models are thrown
away. Writes tests/bench/results/hangul.csv; rows over halves or writers once all of them are there. A run that was
killed goes on. `--shipped` trains nothing, and judges the model that ships.

    apt-get install fonts-nanum fonts-nanum-extra fonts-unfonts-core fonts-unfonts-extra fonts-baekmuk fonts-alee
    apt-get install fonts-noto-cjk
    python tests/bench/bench_hangul.py
    python tests/bench/bench_hangul.py --half 0
    python tests/bench/bench_hangul.py --writer w01
    python tests/bench/bench_hangul.py --shipped
"""

from __future__ import annotations

import argparse
import functools
import json
import pathlib
import shlex
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pipelines
import results

from tfx_ocr.data.record import Record

Judge = Callable[[pathlib.Path], dict[str, Any]]  # a folder of records to what `tfx-ocr evaluate` finds

FONTS = pathlib.Path("/usr/share/fonts")  # where Debian's packages put them; the rest are the real data's fonts_ko
# Families: by kind, and who is left out. Text with and without serifs, round, display, pen and brush are in the test.
TEST = ("NotoSerifCJK", "gulim", "NanumSquareRoundR", "NanumBarunpenR", "BMDoHyeon", "Sunflower", "UnGungseo")
EVAL = ("hline", "Gugi", "UnTaza", "HakgyoansimSonagi")
HANDS = (
    "CuteFont", "Dongle", "Eunjin", "EunjinNakseo", "Gaegu", "HakgyoansimBombanghak", "HakgyoansimBunpil",
    "HakgyoansimEunhasu", "HakgyoansimGaeulsopung", "HakgyoansimGgooreogi", "HakgyoansimKkokkoma",
    "HakgyoansimMalgeunnal", "HakgyoansimMonggeul", "NanumBrush", "NanumPen", "PoorStory", "SingleDay", "UnPen",
    "UnPenheulim", "UnPilgi", "UnPilgia",
)  # fmt: skip
PRINTED = (
    "BMHannaAir", "BMJua", "Bandal", "Bangwool", "BlackHanSans", "Guseul", "NanumBarunGothic", "NanumGothic",
    "NanumGothicCoding", "NanumMyeongjo", "NotoSansCJK", "UnBatang", "UnDinaru", "UnDotum", "UnGraphic",
    "UnJamoBatang", "UnJamoDotum", "UnJamoNovel", "UnJamoSora", "UnShinmun", "UnVada", "UnYetgul", "batang", "dotum",
)  # fmt: skip
UNSTEADY = ("BMJua", "Bandal", "Guseul", "NanumGothic", "NanumMyeongjo", "UnBatang", "UnDotum", "UnGraphic")


class Drawn(NamedTuple):
    """A set to draw: families of fonts, alphabet, style, pictures at most (0 for all), seed."""

    families: tuple[str, ...]
    syllables: str
    style: str
    most: int = 0
    seed: int = 7


# Sets by name: what the first training learns from, what the second one adds to crops, and what is judged.
BASE = {
    "train-printed": Drawn(PRINTED + HANDS, "ks_x_1001", "printed"),
    "train-handwritten": Drawn(HANDS, "all", "handwritten"),
    "train-unsteady": Drawn(UNSTEADY, "ks_x_1001", "handwritten"),
    "train-strokes": Drawn(HANDS + UNSTEADY, "all", "strokes", most=100_000),
    "eval-printed": Drawn(EVAL, "ks_x_1001", "printed"),
    "eval-handwritten": Drawn(EVAL[-1:], "ks_x_1001", "handwritten"),
    "test-printed": Drawn(EVAL, "ks_x_1001", "printed", most=1000, seed=8),  # only that the pipeline has one
}
MIXED = {  # with crops and their jamo: 40 % print, 23 % handwriting fonts, 28 % of strokes, 8 % real
    "train-printed": BASE["train-printed"],
    "train-handwritten": Drawn(HANDS, "all", "handwritten", most=80_000, seed=9),
    "train-strokes": Drawn(HANDS + UNSTEADY, "all", "strokes", most=40_000, seed=10),
    **{name: drawn for name, drawn in BASE.items() if not name.startswith("train")},
}
RECOMBINED = Drawn(HANDS + UNSTEADY, "all", "strokes", most=60_000, seed=9)  # every second of the writers' jamo
JUDGED = {
    f"printed, KS X 1001's 2,350 syllables, {len(TEST)} fonts never trained on": Drawn(TEST, "ks_x_1001", "printed"),
    "printed, all 11,172 syllables, fonts never trained on that have them": Drawn(TEST, "all", "printed", most=20_000),
}
TEST_WRITERS = ("w03", "w06")  # left out of everything but the test
OTHERS = ("w01", "w02", "w04", "w07", "w08", "w10")
HALVES = ("0", "1")
COPIES = 60  # of crops among the drawn ones; augmentation makes each another
AUGMENT = (  # more than the recipe's; ink is fitted again, as that of every picture that is read
    "trainer.augment.refit=true trainer.augment.pad=1 trainer.augment.scale=0.18 trainer.augment.elastic=6 "
    "trainer.augment.wear=0.3"
)
BASE_OVERRIDES = f"trainer.epochs=2 {AUGMENT} trainer.augment.erase=12"
# The last epoch is exported: no handwriting of people is in eval, which tells nothing of it.
OVERRIDES = f"trainer.epochs=4 {AUGMENT} trainer.optimizer.learning_rate=1e-3 trainer.exported=last_epoch"
VERDICT = "verdict.json"  # of a model that is thrown away: its `accuracy` on `n` crops
METRICS = {"accuracy": "top-1", "top_5": "top-5"}
COMMAND = "python tests/bench/bench_hangul.py"


def main() -> None:
    """Draw, train, judge, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=pathlib.Path, default=FONTS, help=f"folder of Debian's fonts; default: {FONTS}")
    parser.add_argument("--half", choices=HALVES, help="of the syllables, the only one whose crops are trained on")
    parser.add_argument("--writer", choices=sorted(TEST_WRITERS + OTHERS), help="the only one left out of training")
    parser.add_argument("--shipped", action="store_true", help="judge the model that ships, without training")
    parser.add_argument("--base-overrides", default=BASE_OVERRIDES, help="values put into the first training")
    parser.add_argument("--overrides", default=OVERRIDES, help="values put into the second training")
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "hangul")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    files, base = list_fonts(options.fonts), options.work / "base"
    if options.shipped:
        judged = options.work / "shipped"
        write_crops(judged / "test-crops.tfrecord", divide(None, None)["test"], copies=1)
        judge = functools.partial(pipelines.judge_shipped, "hangul")
        results.record("hangul", judge_all(options.work, files, judged, judge, f"{COMMAND} --shipped"), options.results)
        return
    draw(base / "data", files, BASE)
    pipelines.train_and_judge("hangul", base / "data", base / "run", overrides=options.base_overrides)
    crops = divide(options.half, options.writer)
    name = f"half-{options.half}" if options.half else options.writer or "all"
    mixed, home = options.work / "mixed", options.work / name
    draw(mixed, files, MIXED)
    train(home, files, mixed, crops["train"], pipelines.model("hangul", base / "run"), options.overrides)
    write_crops(home / "judged" / "test-crops.tfrecord", crops["test"], copies=1)
    judge = functools.partial(pipelines.judge, "hangul", home=home / "run")
    if name != "all":
        written = judge(home / "judged")
        kept = {"accuracy": written["metrics"]["accuracy"], "n": written["n"]}
        (home / VERDICT).write_text(json.dumps(kept), encoding="utf-8")
        results.record("hangul", summarize(options.work), options.results)
        return
    results.record("hangul", judge_all(options.work, files, home / "judged", judge, COMMAND), options.results)


def judge_all(
    work: pathlib.Path, files: list[pathlib.Path], crops: pathlib.Path, judge: Judge, command: str
) -> list[results.Row]:
    """Return rows of what a model finds of the crops in a folder, and of printed syllables, which are drawn."""
    of = {"handwritten, decoded over 11,172, two new writers, syllables that training writers wrote": judge(crops)}
    for number, (what, drawn) in enumerate(JUDGED.items()):
        draw(work / f"judged-{number}", files, {"test-printed": drawn})
        of[what] = judge(work / f"judged-{number}")
    return [
        pipelines.row(f"Hangul {what}: {words}", verdict, metric, "pictures", command)
        for what, verdict in of.items()
        for metric, words in METRICS.items()
    ]


def list_fonts(folder: pathlib.Path) -> list[pathlib.Path]:
    """Return a file per family of Debian's fonts and of the real data's `fonts_ko`."""
    from tfx_ocr.data.synthetic import fonts

    named, found = {*TEST, *EVAL, *HANDS, *PRINTED}, {}
    for each in (folder, pipelines.data_folder("fonts_ko")):
        for path in sorted(each.rglob("*")):
            if path.suffix.lower() in fonts.ENDINGS and fonts.get_family(path) in named:
                found.setdefault(path.stem, path)
    return sorted(found.values(), key=lambda path: path.name)


def draw(
    out: pathlib.Path, files: list[pathlib.Path], sets: dict[str, Drawn], of_writing: pathlib.Path | None = None
) -> None:
    """Draw sets, but for what is there."""
    from tfx_ocr.data.synthetic import fonts, hangul

    for name, (families, syllables, style, most, seed) in sets.items():
        hangul.write(
            out, fonts.choose_fonts(files, families, ()), hangul.SYLLABLES[syllables], each=1, seed=seed, style=style,
            name=name, workers=2, most=most, of_writing=of_writing, image_size=80, size=66,
        )  # fmt: skip


def divide(half: str | None, writer: str | None) -> dict[str, list[Record]]:
    """Return the crops to train on and to judge. Doubtful ones are in neither.

    Args:
        half: of the syllables that are trained on; the other is judged.
        writer: the only one who is judged; None for `TEST_WRITERS`.
    """
    from tfx_ocr.data import features
    from tfx_ocr.data.readers import labelled_csv

    root = pipelines.data_folder("hangul_syllables")
    crops = [
        record
        for shard in labelled_csv.list_shards(root)
        for record in labelled_csv.read(root, shard)
        if isinstance(record, Record)
    ]
    labels = sorted({record.get_bytes(features.LABEL) for record in crops})
    learnt = set(labels if half is None else labels[int(half) :: len(HALVES)])
    judged = (writer,) if writer else TEST_WRITERS
    return {
        "train": [each for each in crops if each.group not in judged and each.get_bytes(features.LABEL) in learnt],
        "test": [
            each
            for each in crops
            if each.group in judged and (half is None or each.get_bytes(features.LABEL) not in learnt)
        ],
    }


def write_crops(target: pathlib.Path, crops: list[Record], copies: int) -> None:
    """Write crops to a TFRecord, unless it is there."""
    from tfx_ocr.data import record_file

    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        record_file.write(target, crops * copies)


def train(
    home: pathlib.Path,
    files: list[pathlib.Path],
    mixed: pathlib.Path,
    crops: list[Record],
    base: pathlib.Path,
    overrides: str,
) -> None:
    """Train on crops, on syllables of their jamo, and on drawn ones."""
    write_crops(home / "writing" / "train-crops.tfrecord", crops, copies=1)
    write_crops(home / "data" / "train-crops.tfrecord", crops, copies=COPIES)
    draw(home / "data", files, {"train-recombined": RECOMBINED}, of_writing=home / "writing")
    for path in mixed.iterdir():
        if not (home / "data" / path.name).exists():
            (home / "data" / path.name).hardlink_to(path)
    pipelines.train_and_judge(
        "hangul", home / "data", home / "run", overrides=f"trainer.initial_weights={shlex.quote(str(base))} {overrides}"
    )


def summarize(work: pathlib.Path) -> list[results.Row]:
    """Return rows over all halves, and over all writers, where each of them was judged."""
    of = {
        "handwritten, decoded over 11,172, two new writers, syllables that no training writer wrote": (
            [f"half-{half}" for half in HALVES],
            "--half 0",
        ),
        "handwritten, decoded over 11,172, each of eight writers left out in turn": (
            sorted(TEST_WRITERS + OTHERS),
            "--writer w01",
        ),
    }
    rows = []
    for what, (names, arguments) in of.items():
        paths = [work / name / VERDICT for name in names]
        if all(path.exists() for path in paths):
            verdicts = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
            n = sum(each["n"] for each in verdicts)
            accuracy = sum(each["n"] * each["accuracy"] for each in verdicts) / n
            drawn = np.random.default_rng(7).binomial(n, accuracy, 10_000) / n
            rows.append(
                results.Row(
                    measure=f"Hangul {what}: top-1",
                    value=accuracy,
                    unit="fraction",
                    n=f"{n:,} pictures",
                    spread=(float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))),
                    command=f"{COMMAND} {arguments}, and the others",
                )
            )
    return rows


if __name__ == "__main__":
    sys.exit(main())
