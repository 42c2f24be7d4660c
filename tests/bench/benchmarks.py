"""Write docs/benchmarks.md, its plots and the README's table from tests/bench/results/*.csv and tests/bench/peers.csv.

python tests/bench/benchmarks.py            rewrites the files that are out of date
python tests/bench/benchmarks.py --check    changes nothing; exit status 1 if a file is out of date
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import pathlib
import sys
from collections.abc import Mapping, Sequence

import plots
import results

PEERS = results.ROOT / "tests" / "bench" / "peers.csv"
PEER_COLUMNS = ("data", "system", "version", "setting", "n", "measure", "value", "seconds")
README = results.ROOT / "README.md"
DOCS = results.ROOT / "docs"
BEGIN, END = "<!-- numbers -->", "<!-- /numbers -->"

Rows = Mapping[str, Sequence[Mapping[str, str]]]  # CSV name without its ending -> rows


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """The same measures of this project and of other systems.

    Attributes:
        data: as `data` in peers.csv.
        part: CSV that holds our rows.
        ours: measure as in peers.csv -> our row's `measure`.
        note: what differs between the two.
    """

    data: str
    part: str
    ours: Mapping[str, str]
    note: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """A section of the page: heading, text, the CSVs it shows, and its comparisons and plot, if any."""

    title: str
    text: str
    parts: tuple[str, ...]
    compare: tuple[Comparison, ...] = ()
    plot: tuple[str, str] | None = None  # file in docs/images, alternative text


@dataclasses.dataclass(frozen=True, kw_only=True)
class Headline:
    """A row of the README's table.

    Attributes:
        data: what is read or done, as the reader sees it.
        measure: name of the number, with its unit.
        part: CSV that holds it.
        row: its `measure` there.
        spec: format of the value, such as `.3f`.
        peers: systems shown beside it: (`data`, `measure`, `system`, `setting`) of peers.csv.
        against: other rows of the same CSV shown beside it, by name.
    """

    data: str
    measure: str
    part: str
    row: str
    spec: str
    peers: tuple[tuple[str, str, str, str], ...] = ()
    against: tuple[tuple[str, str], ...] = ()


RVL = (
    "RVL-CDIP invoices, words given, no letterhead in two splits: micro F1 of date, number and total "
    "(lower case, letters and digits; totals by digits)"
)
PRINTED = "Hangul printed, KS X 1001's 2,350 syllables, 7 fonts never trained on: top-1"
WRITTEN = "Hangul handwritten, decoded over 11,172, two new writers, syllables that training writers wrote: top-1"
SMALL = "small CNN as shipped, one encoded picture a request, 16 clients: "
INCEPTION = "InceptionV3 75 x 75, random weights, one encoded picture a request, "
IN_PROCESS, OVER_GRPC = "requests straight on the session in process", "requests over gRPC, batching on"
WAYS = {
    "direct calls, no server": IN_PROCESS,
    "gRPC, batching": OVER_GRPC,
    "gRPC, batching, portable form": f"{OVER_GRPC}, portable form",
}

MNIST = Comparison(
    data="MNIST, test pictures",
    part="mnist",
    ours={"accuracy": "MNIST 60,000 / 10,000, small_cnn, from scratch: accuracy"},
    note="The other systems read 500 of the 10,000 test pictures, 50 of each digit.",
)
KALAPA, CINNAMON = (
    Comparison(
        data=f"{name} lines",
        part="lines",
        ours={word: f"{name} lines never trained on: {word}" for word in ("CER", "WER", "exact lines")},
        note=f"The other systems read {count} lines of the set. `tfx-ocr` was trained on other lines of it; they, as "
        "far as is known, were not.",
    )
    for name, count in (("Kalapa", 300), ("Cinnamon", 200))
)
HANGUL = (
    Comparison(
        data="Hangul, printed, 2,350 syllables",
        part="hangul",
        ours={"top-1": PRINTED},
        note="Not the same fonts: `tfx-ocr` is tested on seven families that it was not trained on, Tesseract on 300 "
        "syllables in each of two fonts. Tesseract knows 1,076 of the 2,350 syllables.",
    ),
    Comparison(
        data="Hangul, handwritten",
        part="hangul",
        ours={"top-1": WRITTEN},
        note="All eight writers of the data wrote the same 82 syllables, so this number is about new writers, not new "
        "syllables. Syllables that no training writer wrote, in the handwriting of new writers, reach a top-1 accuracy "
        "of about 0.85 (measured elsewhere).",
    ),
)
FIELDS = (
    Comparison(
        data="SROIE receipts",
        part="invoices",
        ours={"micro F1": "SROIE, words given, no company in two splits: micro F1 of the four fields, exact"},
        note="Exact match in upper case with single spaces.",
    ),
    Comparison(
        data="RVL-CDIP invoices",
        part="invoices",
        ours={"micro F1": RVL},
        note="Normalisation: lower case, letters and digits only; totals: digits only. The same published predictions "
        "score 0.436 to 0.605 by the choice of normalisation alone, so F1 values under another one are not comparable.",
    ),
)

INTRODUCTION = """\
# Benchmarks

<!-- Generated by tests/bench/benchmarks.py from tests/bench/results/*.csv and tests/bench/peers.csv: do not edit. -->

Every number of `tfx-ocr` comes from the command in its row, run at the commit in its row, and is stored in
`tests/bench/results/`. *Spread* is the lowest and the highest of repeated measurements or, for a single test set, the
95 % bootstrap interval. Fractions lie between 0 and 1.

Tables titled *compared with other systems* also hold numbers that were **measured elsewhere**: in November 2026, on two
cores with other load (times are right within a factor of two), with the versions in the table. If several settings of a
system were tried, the best one on the test sample is shown, which favours that system. Whether a system was trained on
the test data is unknown."""

SUBJECTS = (
    Subject(
        title="Handwritten digits",
        text="Accuracy on MNIST: all of it, small draws of it, and the shipped model on pictures that do not look like "
        "MNIST. Networks are trained from scratch, without downloaded weights. Model card: "
        "[digits](../data/pretrained/digits/CARD.md).",
        parts=("mnist", "mnist_draws", "any_picture"),
        compare=(MNIST,),
        plot=("digits.svg", "Errors on MNIST against seconds per picture, for tfx-ocr and other systems"),
    ),
    Subject(
        title="Hangul syllables",
        text="One network reads all 11,172 syllables, printed and handwritten. Fonts and writers of the test are in no "
        "training set. Model card: [hangul](../data/pretrained/hangul/CARD.md).",
        parts=("hangul",),
        compare=HANGUL,
    ),
    Subject(
        title="Lines of Vietnamese handwriting",
        text="Character error rate (CER), word error rate (WER) and the share of lines without any error. CER and WER "
        "are all edits divided by all characters or words of the references, after Unicode NFC, with white space "
        "collapsed and case kept. Model card: [lines](../data/pretrained/lines/CARD.md).",
        parts=("lines",),
        compare=(KALAPA, CINNAMON),
        plot=("lines.svg", "Character error rate on two sets of Vietnamese handwriting, tfx-ocr and other systems"),
    ),
    Subject(
        title="Lines of print",
        text="Lines cut out of receipts by the boxes of SROIE, of companies whose receipts were in no training, and "
        "drawn lines in font families that were in none: clean, as receipts and fax machines leave them, and small. "
        "SROIE is transcribed in capitals and compared in capitals. The other systems read some of the same lines in "
        "the same run. Model card: [print](../data/pretrained/print/CARD.md).",
        parts=("print",),
    ),
    Subject(
        title="Pages of print",
        text="Whole receipts of SROIE, of companies whose receipts were in no training, compared in capitals, and "
        "pages of text in columns and of tables drawn in font families that were in none. Error rates are of a whole "
        "page, in reading order; without order, a word may stand anywhere. The other systems read the same pages in "
        "the same run.",
        parts=("pages",),
    ),
    Subject(
        title="Fields of receipts and invoices",
        text="The words of a page and their boxes are given, and the model finds the fields; or the picture alone of a "
        "receipt, whose lines are found and read first. Model card: [invoices](../data/pretrained/invoices/CARD.md).",
        parts=("invoices", "receipts"),
        compare=FIELDS,
    ),
    Subject(
        title="Asking",
        text="`tfx-ocr predict` as a whole process, from its start to its end, and what must be installed for it. Then "
        "the time per picture of loaded models: `predict` of the portable form, which of lines also looks for what "
        "speaks against an answer, and the SavedModel of an earlier build, asked by TensorFlow itself.",
        parts=("predict", "latency"),
    ),
    Subject(
        title="Model server",
        text="Throughput of the embedded server, version changes under load, half an hour of mixed load, and what is "
        "left of pushes and runs that were killed. *In process* means calls of the SavedModel's session without a "
        "server.",
        parts=("serving", "soak", "trust"),
        plot=("serving.svg", "Requests per second: direct calls, gRPC with batching"),
    ),
    Subject(
        title="The page",
        text="`tfx-ocr serve digits` and Debian's Chromium on the same machine.",
        parts=("page",),
    ),
    Subject(
        title="Pipeline",
        text="Images per second from files to transformed examples, against a pipeline that writes float tensors; and "
        "the cost of a second run of an unchanged pipeline; records per second of a training, by TensorFlow and "
        "elsewhere.",
        parts=("ingest_transform", "second_run", "elsewhere"),
    ),
    Subject(
        title="Data of one's own",
        text="From a folder to a pushed version with `tfx-ocr new` and `tfx-ocr run` alone, starting from weights that "
        "ship or from nothing, then judged on other pictures: of other writers, or in families of fonts that neither "
        "the model nor those weights were trained on. What ships was trained on Cinnamon: its 200 lines start from "
        "weights of Kalapa's lines and drawn ones instead, `bench_lines.py --sets kalapa --drawn 12000`, trained for "
        "five epochs, then for eight with `trainer.augment.cut=0.1`. No version of these is pushed, since the gate "
        "wants a model that is no worse than what ships. Then, how soon wrong data or a wrong recipe is refused.",
        parts=("own", "refusals"),
    ),
    Subject(
        title="Review and retrain",
        text="100 pictures of a drawn hand that the model that ships misreads are corrected in the review queue, "
        "`tfx-ocr retrain` learns from them beside the sample, and the version that it pushes reads other pictures of "
        "that hand and the old test split. Of Kalapa's forms 258 to 277, 100 lines of every second form are corrected, "
        "and those of the others judged; of three settings that were tried, the best is shown, which favours it. Then, "
        "what is left of reviews whose process was killed. Last, what `tfx-ocr suspects` finds among Kalapa's lines by "
        "three folds that begin with weights which never saw Kalapa: one person looked at each picture. The rule that "
        "ranks the lines was chosen after a look at one fold, which favours it.",
        parts=("circle", "suspects"),
    ),
    Subject(
        title="Two forms, one answer; pictures that are odd, or not to be read",
        text="The SavedModel and the portable form of each shipped model on its test split; files of every kind, "
        "answered by both forms alike or refused by both; one that is broken among 10,000; and how well "
        "1 - probability tells pictures that a model does not read from those that it does: AUROC, 0.5 for not at all.",
        parts=("forms", "odd_pictures", "broken", "strangers"),
    ),
    Subject(
        title="Pages of other tools",
        text="PAGE XML, ALTO and hOCR as other tools write them: what is in a file is among the words of its page, or "
        "is counted as left out with the reason.",
        parts=("makers",),
    ),
    Subject(
        title="Damaged inputs",
        text="Each parser of what others send on inputs that are damaged by chance or guided by the code that they "
        "reach. An input fails that raises an error other than its refusal, takes 5 s of processor time, or lets the "
        "process grow by 1 GB. Several parsers are tried at once, so the minutes by the clock are more than those of "
        "processor time.",
        parts=("fuzz",),
    ),
    Subject(
        title="What ships, smaller",
        text="The models that ship were exported anew: weights in 8 bits with a scale for each output channel "
        "([decision 23](decisions/0023-eight-bits.md)), and a graph without what no program reads. Before and now, on "
        "the same records, which are not of the tests. All files are what a push holds: the SavedModel, the portable "
        "form, and notes about both.",
        parts=("size",),
    ),
    Subject(title="The project itself", text="Tests and structure.", parts=("tests", "house")),
)

HEADLINES = (
    Headline(
        data="handwritten digits, MNIST",
        measure="accuracy",
        part=MNIST.part,
        row=MNIST.ours["accuracy"],
        spec=".4f",
        peers=(
            (MNIST.data, "accuracy", "RapidOCR", "decoding limited to digits"),
            (MNIST.data, "accuracy", "Tesseract", "eng, best of 24 settings"),
        ),
    ),
    Headline(
        data="printed Hangul, 2,350 syllables, unseen fonts",
        measure="accuracy",
        part="hangul",
        row=PRINTED,
        spec=".3f",
        peers=((HANGUL[0].data, "top-1", "Tesseract", "kor, psm 10; NanumGothic"),),
    ),
    Headline(
        data="Vietnamese handwriting, Kalapa lines",
        measure="character error rate",
        part="lines",
        row=KALAPA.ours["CER"],
        spec=".3f",
        peers=(
            (KALAPA.data, "CER", "RapidOCR", "as shipped"),
            (KALAPA.data, "CER", "Tesseract", "vie, psm 7"),
        ),
    ),
    Headline(
        data="fields of RVL-CDIP invoices (lower case, letters and digits; totals by digits)",
        measure="micro F1",
        part="invoices",
        row=RVL,
        spec=".3f",
        peers=(
            (FIELDS[1].data, "micro F1", "DeepCPCFG", "published predictions"),
            (
                FIELDS[1].data,
                "micro F1",
                "regular expressions",
                "words given; total only from a total, due or balance line",
            ),
        ),
    ),
    Headline(
        data="500 Vietnamese lines by the command line, two cores",
        measure="seconds, start included",
        part="predict",
        row="predict 500 lines: wall",
        spec=".1f",
        against=(
            ("RapidOCR 3.10.0", "500 lines by RapidOCR 3.10.0: wall"),
            ("Tesseract 5.3.0", "500 lines by Tesseract 5.3.0: wall"),
        ),
    ),
)


def load_results(folder: pathlib.Path = results.RESULTS) -> dict[str, list[dict[str, str]]]:
    """Return the rows of every CSV in `folder`, by its name without the ending."""
    return {path.stem: results.read(path) for path in sorted(folder.glob("*.csv"))}


def load_peers(path: pathlib.Path = PEERS) -> list[dict[str, str]]:
    """Return what other systems reach on the same data, measured elsewhere.

    Raises:
        ValueError: the file has other columns.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != PEER_COLUMNS:
            raise ValueError(f"{path.name} has the columns {reader.fieldnames}; expected: {', '.join(PEER_COLUMNS)}")
        return list(reader)


def find_row(rows: Rows, part: str, measure: str) -> Mapping[str, str]:
    """Return the row of `part`.csv that holds `measure`.

    Raises:
        ValueError: the CSV has no such row.
    """
    for row in rows.get(part, ()):
        if row["measure"] == measure:
            return row
    raise ValueError(f"{part}.csv has no row {measure!r}; known: {[row['measure'] for row in rows.get(part, ())]}")


def build_page(rows: Rows, peers: Sequence[Mapping[str, str]], subjects: Sequence[Subject] = SUBJECTS) -> str:
    """Return docs/benchmarks.md: a section for each subject; CSVs that no subject names come last."""
    shown = {part for subject in subjects for part in subject.parts}
    rest = tuple(part for part in rows if part not in shown)
    if rest:
        subjects = (*subjects, Subject(title="Other measurements", text="Not sorted into a section yet.", parts=rest))
    lines = INTRODUCTION.splitlines()
    for subject in subjects:
        if subject.parts and not any(rows.get(part) for part in subject.parts):
            continue  # not measured yet
        lines += ["", f"## {subject.title}", "", subject.text]
        if subject.plot:
            lines += ["", f"![{subject.plot[1]}](images/{subject.plot[0]})"]
        lines += ["", *_measured([row for part in subject.parts for row in rows.get(part, ())])]
        for comparison in subject.compare:
            lines += ["", f"### {comparison.data}: compared with other systems", "", comparison.note, ""]
            lines += _compared(comparison, rows, peers)
    return "\n".join(lines) + "\n"


def _measured(rows: Sequence[Mapping[str, str]]) -> list[str]:
    machines = sorted({row["hardware"] for row in rows})
    several = len(machines) > 1
    head = ["measure", "value", "spread", "over", *(["machine"] if several else []), "commit", "command"]
    lines = [] if several or not machines else [f"Measured on {machines[0]}.", ""]
    lines += _table(
        head,
        [
            [
                row["measure"],
                f"**{row['value']}**" + ("" if row["unit"] == "fraction" else f" {row['unit']}"),
                row["spread"],
                row["n"],
                *([row["hardware"]] if several else []),
                row["commit"],
                f"`{row['command']}`",
            ]
            for row in rows
        ],
    )
    return lines


def _compared(comparison: Comparison, rows: Rows, peers: Sequence[Mapping[str, str]]) -> list[str]:
    ours = {name: find_row(rows, comparison.part, measure) for name, measure in comparison.ours.items()}
    body = [["**tfx-ocr**", "", next(iter(ours.values()))["n"], *(f"**{row['value']}**" for row in ours.values()), ""]]
    others: dict[tuple[str, str], dict[str, Mapping[str, str]]] = {}
    for peer in peers:
        if peer["data"] == comparison.data:
            others.setdefault((peer["system"], peer["setting"]), {})[peer["measure"]] = peer
    for (system, setting), found in others.items():
        first = next(iter(found.values()))
        values = [found[name]["value"] if name in found else "" for name in ours]
        body.append([f"{system} {first['version']}".strip(), setting, first["n"], *values, first["seconds"]])
    return _table(["system", "setting", "over", *ours, "seconds per item"], body)


def build_table(rows: Rows, peers: Sequence[Mapping[str, str]], headlines: Sequence[Headline] = HEADLINES) -> str:
    """Return the README's table.

    Raises:
        ValueError: a row or a peer that it names is not there.
    """
    body = []
    for headline in headlines:
        value = float(find_row(rows, headline.part, headline.row)["value"])
        others = []
        for data, measure, system, setting in headline.peers:
            key = {"data": data, "measure": measure, "system": system, "setting": setting}
            peer = next((peer for peer in peers if key.items() <= peer.items()), None)
            if peer is None:
                raise ValueError(f"peers.csv has no row {key}")
            others.append(f"{system} {peer['version']}".strip() + f": {peer['value']}")
        for name, measure in headline.against:
            others.append(f"{name}: {float(find_row(rows, headline.part, measure)['value']):{headline.spec}}")
        body.append([headline.data, headline.measure, f"**{value:{headline.spec}}**", ", ".join(others)])
    return "\n".join(_table(["task", "measure", "tfx-ocr", "others"], body))


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    rows = [head, ["---"] * len(head), *body]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def replace_table(text: str, table: str) -> str:
    """Return `text` with `table` between the markers.

    Raises:
        ValueError: the markers are missing, repeated or in the wrong order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in before + after:
        raise ValueError(f"README.md must have the markers {BEGIN} and {END}, once each and in this order")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def draw_plots(rows: Rows, peers: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the SVG of each plot by its file name."""

    def value(part: str, measure: str) -> float:
        return float(find_row(rows, part, measure)["value"])

    def get_peers(data: str, measure: str) -> list[Mapping[str, str]]:
        return [peer for peer in peers if (peer["data"], peer["measure"]) == (data, measure)]

    names = {"decoding limited to digits": "RapidOCR, digits only", "as shipped": "RapidOCR, as shipped"}
    digits = [
        plots.Point(
            name="tfx-ocr",
            x=1 / value("serving", SMALL + IN_PROCESS),
            y=1 - value(MNIST.part, MNIST.ours["accuracy"]),
            ours=True,
        ),
        *(
            plots.Point(
                name=names.get(peer["setting"], peer["system"]), x=float(peer["seconds"]), y=1 - float(peer["value"])
            )
            for peer in get_peers(MNIST.data, "accuracy")
        ),
    ]
    lines = [
        (
            f"{comparison.data}",
            [
                plots.Bar(name="tfx-ocr", value=value("lines", comparison.ours["CER"]), ours=True),
                *(
                    plots.Bar(name=f"{peer['system']} {peer['version']}", value=float(peer["value"]))
                    for peer in get_peers(comparison.data, "CER")
                ),
            ],
        )
        for comparison in (KALAPA, CINNAMON)
    ]
    serving = [
        (
            heading,
            [
                plots.Bar(name=name, value=value("serving", f"{before}{measure}"), ours=measure != IN_PROCESS)
                for name, measure in WAYS.items()
                if any(row["measure"] == f"{before}{measure}" for row in rows["serving"])
            ],
        )
        for heading, before in (
            ("small CNN (digits as shipped), 16 clients", SMALL),
            ("InceptionV3, 16 clients", f"{INCEPTION}16 clients: "),
        )
    ]
    return {
        "digits.svg": plots.draw_scatter(
            "MNIST: errors against time (lower left is better)",
            "tfx-ocr: 16 concurrent calls on two cores, time divided by their number. Others: one picture at a time.",
            ("seconds per picture", "share of wrong answers"),
            digits,
        ),
        "lines.svg": plots.draw_bars(
            "Vietnamese handwriting: character error rate (shorter is better)",
            "Others: as shipped, measured elsewhere on 300 and 200 lines of the same sets.",
            lines,
            ".3f",
        ),
        "serving.svg": plots.draw_bars(
            "Requests per second on two cores (longer is better)", "One encoded picture per request.", serving, ",.0f"
        ),
    }


def build_files(rows: Rows, peers: Sequence[Mapping[str, str]]) -> dict[pathlib.Path, str]:
    """Return the text of every file that this script writes."""
    readme = README.read_text(encoding="utf-8")
    return {
        DOCS / "benchmarks.md": build_page(rows, peers),
        README: replace_table(readme, build_table(rows, peers)),
        **{DOCS / "images" / name: text for name, text in draw_plots(rows, peers).items()},
    }


def main() -> int:
    """Rewrite or check the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit status 1 if a file is out of date")
    options = parser.parse_args()
    files = build_files(load_results(), load_peers())
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        name = path.relative_to(results.ROOT)
        if options.check:
            print(f"{name} does not match tests/bench/results: run python tests/bench/benchmarks.py")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
            print(f"wrote {name}")
    return int(options.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
