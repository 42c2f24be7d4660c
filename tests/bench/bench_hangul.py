"""Hangul syllables: one model, drawn from fonts and six people's writing, judged on fonts and writers never seen.

Draws KS X 1001's syllables from printed fonts and all that handwriting fonts have, adds the writers' crops, and sends
it all through the recipe's pipeline in this process. Seven families of fonts are left out of everything but the test,
with those that share their letterforms; so are the writers w03 and w06, whose crops are judged apart, decoded over all
11,172. Writes tests/bench/results/hangul.csv. A run that was killed goes on.

    apt-get install fonts-nanum fonts-nanum-extra fonts-unfonts-core fonts-unfonts-extra fonts-baekmuk fonts-alee
    apt-get install fonts-noto-cjk
    python tests/bench/bench_hangul.py
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Iterator

import pipelines
import results

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
# Sets: their families, alphabet, style, pictures of a syllable and font.
DRAWN = {
    "train-printed": (PRINTED + HANDS, "ks_x_1001", "printed", 1),
    "train-handwritten": (HANDS, "all", "handwritten", 1),
    "train-unsteady": (UNSTEADY, "ks_x_1001", "handwritten", 1),
    "eval-printed": (EVAL, "ks_x_1001", "printed", 1),
    "eval-handwritten": (EVAL[-1:], "ks_x_1001", "handwritten", 1),
    "test-printed": (TEST, "ks_x_1001", "printed", 1),
}
WRITERS = ("w03", "w06")  # left out of everything but the test
COPIES = 12  # of the other writers' few crops among the drawn ones; augmentation makes each another


def main() -> None:
    """Draw, train, judge, write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=pathlib.Path, default=FONTS, help=f"folder of Debian's fonts; default: {FONTS}")
    parser.add_argument(
        "--overrides", default="trainer.epochs=2", help="values put into the recipe, such as trainer.epochs=5"
    )
    parser.add_argument("--work", type=pathlib.Path, default=results.ROOT / "work" / "bench" / "hangul")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS, help="folder of the CSV files")
    options = parser.parse_args()
    draw(options.work / "data", options.fonts)
    copy_writers(options.work / "data" / "train-writers.tfrecord", others=True, copies=COPIES)
    copy_writers(options.work / "writers" / "test-writers.tfrecord", others=False, copies=1)
    printed = pipelines.train_and_judge(
        "hangul", options.work / "data", options.work / "run", overrides=options.overrides
    )
    written = pipelines.judge("hangul", options.work / "writers", options.work / "run")
    results.record("hangul", rows(printed, written), options.results)


def draw(out: pathlib.Path, fonts_folder: pathlib.Path) -> None:
    """Draw the sets, but for what is there."""
    from tfx_ocr.data.synthetic import fonts, hangul

    named = {*TEST, *EVAL, *HANDS, *PRINTED}
    found = {}
    for folder in (fonts_folder, pipelines.data_folder("fonts_ko")):
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in fonts.ENDINGS and fonts.get_family(path) in named:
                found.setdefault(path.stem, path)
    for name, (families, syllables, style, each) in DRAWN.items():
        files = fonts.choose_fonts(sorted(found.values(), key=lambda path: path.name), families, ())
        hangul.write(
            out, files, hangul.SYLLABLES[syllables], each=each, seed=7, style=style, name=name, workers=2,
            image_size=80, size=66,
        )  # fmt: skip


def copy_writers(target: pathlib.Path, *, others: bool, copies: int) -> None:
    """Write real crops to a TFRecord: those of `WRITERS`, or all others. Doubtful ones are left out."""
    from tfx_ocr.data import record_file
    from tfx_ocr.data.readers import labelled_csv
    from tfx_ocr.data.record import Record

    root = pipelines.data_folder("hangul_syllables")

    def records() -> Iterator[Record]:
        for _ in range(copies):
            for shard in labelled_csv.list_shards(root):
                for record in labelled_csv.read(root, shard):
                    if isinstance(record, Record) and (record.group not in WRITERS) == others:
                        yield record

    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        record_file.write(target, records())


def rows(printed: dict, written: dict) -> list[results.Row]:
    """Return two of the fonts, two of the writers."""
    of = {
        f"printed, KS X 1001's 2,350 syllables, {len(TEST)} fonts never trained on": printed,
        "handwritten, decoded over 11,172, two new writers, syllables that training writers wrote": written,
    }
    return [
        pipelines.row(f"Hangul {what}: {words}", verdict, metric, "pictures", "python tests/bench/bench_hangul.py")
        for what, verdict in of.items()
        for metric, words in {"accuracy": "top-1", "top_5": "top-5"}.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
