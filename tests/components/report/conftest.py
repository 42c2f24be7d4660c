"""A run as the steps leave it: 10 digits, 200 test answers of which 9 are wrong, refused or pushed as a test wants."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import html.parser
import io
import types

import pytest
from PIL import Image, ImageDraw

from tfx_ocr.components.recipe import Gate, Part, Stage, Trainer
from tfx_ocr.components.report import page
from tfx_ocr.components.report.pictures import make_thumbnail
from tfx_ocr.components.report.run import Produced, Run

DIGITS = [str(digit) for digit in range(10)]
WRONG = {("4", "9"): 3, ("7", "1"): 2, ("9", "4"): 2, ("3", "5"): 1, ("8", "3"): 1}
BEGAN = datetime.datetime(2026, 11, 21, 9, 0, 0)


def png(text: str = "7", size: tuple[int, int] = (28, 28)) -> bytes:
    """Draw a picture with `text` in it."""
    image = Image.new("L", size, 0)
    ImageDraw.Draw(image).text((size[0] // 3, size[1] // 4), text, fill=255)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def gate_json(labels=DIGITS, wrong=WRONG, each=20) -> dict:
    """Build `gate.json` for `each` answers per label; precision, recall and F1 follow from `wrong`."""
    missed, taken = collections.Counter(), collections.Counter()
    for (reference, answer), n in wrong.items():
        missed[reference] += n
        taken[answer] += n
    right = {label: each - missed[label] for label in labels}
    classes = {
        label: {
            "precision": right[label] / (right[label] + taken[label]),
            "recall": right[label] / each,
            "f1": 2 * right[label] / (2 * right[label] + missed[label] + taken[label]),
            "support": each,
        }
        for label in labels
    }
    n = each * len(labels)
    accuracy = 1 - sum(wrong.values()) / n
    macro_f1 = sum(row["f1"] for row in classes.values()) / len(labels)
    return {
        "blessed": True,
        "split": "test",
        "n": n,
        "metrics": {"accuracy": accuracy, "macro_precision": 0.9561, "macro_recall": accuracy, "macro_f1": macro_f1},
        "intervals": {"accuracy": [0.925, 0.98], "macro_f1": [0.9241, 0.9803]},
        "classes": classes,
        "confusion": [[label, label, right[label]] for label in labels] + [[*pair, n] for pair, n in wrong.items()],
        "checks": [
            check("accuracy", "at_least", 0.93, accuracy),
            check("macro_f1", "at_least", 0.93, macro_f1),
            check("recall", "each_class_at_least", 0.8, 0.85, of="4"),
            check("accuracy", "at_most_worse", 0.005, accuracy, served=0.95),
        ],
        "served": {
            "version": 2,
            "metrics": {"accuracy": 0.95, "macro_f1": 0.949},
            "n": n,
            "how": "recorded",
            "reason": "",
        },
        "examples_digest": "0f" * 32,
    }


def check(metric, rule, limit, value, *, of=None, served=None, ok=True, sentence="") -> dict:
    """Return a row of `checks`."""
    return {
        "metric": metric,
        "class": of,
        "rule": rule,
        "limit": limit,
        "value": value,
        "served": served,
        "ok": ok,
        "sentence": sentence,
    }


def produced() -> list[Produced]:
    """Build two steps: one of this run that took 90 s, one reused from the day before."""
    yesterday = BEGAN - datetime.timedelta(days=1)
    return [
        Produced(
            step="ExampleGen",
            name="examples",
            type="Examples",
            id=1,
            uri="ExampleGen/examples/1",
            started=yesterday,
            ended=yesterday + datetime.timedelta(seconds=12.4),
        ),
        Produced(
            step="Trainer",
            name="model",
            type="Model",
            id=7,
            uri="Trainer/model/6",
            started=BEGAN + datetime.timedelta(seconds=30),
            ended=BEGAN + datetime.timedelta(seconds=120),
        ),
        Produced(
            step="Trainer",
            name="model_run",
            type="ModelRun",
            id=8,
            uri="Trainer/model_run/6",
            started=BEGAN + datetime.timedelta(seconds=30),
            ended=BEGAN + datetime.timedelta(seconds=120),
        ),
    ]


def pushed_run() -> Run:
    """Build a run with everything that steps can leave, pushed as version 3."""
    mistakes = [
        {
            "source": f"test/{reference}/{i}.png",
            "reference": reference,
            "hypothesis": answer,
            "badness": 0.99 - 0.03 * i,
        }
        for i, (reference, answer) in enumerate(pair for pair, n in WRONG.items() for _ in range(n))
    ]
    epochs = range(1, 21)
    return Run(
        part=Part(
            name="digits",
            task="classification",
            alphabet="digits",
            trainer=Trainer(network="small_cnn"),
            gate=Gate(
                at_least={"accuracy": 0.93, "macro_f1": 0.93},
                each_class_at_least={"recall": 0.8},
                at_most_worse={"accuracy": 0.005},
            ),
        ),
        made=BEGAN + datetime.timedelta(minutes=4),
        run_id=BEGAN.isoformat(),
        began=BEGAN,
        code_version="0123456789ab",
        stack="TFX 1.16.0",
        gate=gate_json(),
        blessed=True,
        infra_blessed=True,
        portable={
            "carried": True,
            "reason": "",
            "split": "test",
            "n": 200,
            "same": 1.0,
            "mean_distance": 1.24e-6,
            "largest_distance": 8.21e-5,
            "same_at_least": 1.0,
            "mean_distance_at_most": 1e-4,
        },
        pushed=True,
        manifest={"version": 3, "recipe": "digits"},
        history={
            "epoch": [float(epoch) for epoch in epochs],
            "loss": [2.2 / epoch**0.9 for epoch in epochs],
            "accuracy": [1 - 0.8 / epoch for epoch in epochs],
            "val_loss": [1.9 / epoch**0.95 + 0.004 * epoch for epoch in epochs],
            "val_accuracy": [1 - 0.7 / epoch for epoch in epochs],
            "learning_rate": [2e-3 * (21 - epoch) / 20 for epoch in epochs],
            "seconds": [4.5] * 20,
        },
        mistakes=mistakes,
        pictures={mistake["source"]: make_thumbnail(png(mistake["reference"])) for mistake in mistakes},
        counts={
            "train": dict.fromkeys(DIGITS, 144),
            "eval": dict.fromkeys(DIGITS, 16),
            "test": dict.fromkeys(DIGITS, 20),
        },
        summary={"reader": "image_folder", "records": 1803},
        rejected=[
            {"source": "train/x/1.png", "reason": "label 'x' is not in the alphabet digits"},
            {"source": "train/3/17.png", "reason": "not an image: empty file"},
            {"source": "train/5/2.png", "reason": "not an image: a text"},
        ],
        anomalies=[],
        duplicates={
            "same_split": 1,
            "across_splits": 1,
            "contradicting": 0,
            "shown": [
                {"splits": ["train", "train"], "labels": ["1", "1"], "sources": ["train/1/4.png", "train/1/9.png"]},
                {"splits": ["train", "test"], "labels": ["1", "1"], "sources": ["train/1/4.png", "test/1/2.png"]},
            ],
        },
        produced=produced(),
    )


@pytest.fixture
def run() -> Run:
    """See `pushed_run`."""
    return pushed_run()


@pytest.fixture
def refused_run() -> Run:
    """Build the same run, refused by three checks."""
    whole = pushed_run()
    gate = gate_json()
    gate["blessed"] = False
    gate["checks"] = [
        check("accuracy", "at_least", 0.97, 0.955, ok=False, sentence="accuracy 0.955 is below 0.97"),
        check("macro_f1", "at_least", 0.93, 0.955),
        check(
            "recall",
            "each_class_at_least",
            0.9,
            0.85,
            of="4",
            ok=False,
            sentence="recall 0.85 of class '4' (20 examples) is below 0.9",
        ),
        check(
            "accuracy",
            "at_most_worse",
            0.005,
            0.955,
            served=0.983,
            ok=False,
            sentence="accuracy 0.955 is 0.028 worse than version 2's 0.983 (at most 0.005)",
        ),
    ]
    return dataclasses.replace(whole, gate=gate, blessed=False, pushed=False, manifest=None)


class Page(html.parser.HTMLParser):
    """What a reader finds on a page.

    Attributes:
        tables: caption to rows of cell texts, heads and feet included.
        images: `src` and `alt` of each.
        tags: every (tag, attributes) in order.
        texts: section id to its text.
    """

    def __init__(self, text: str):
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.images: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {}
        self._section = self._caption = ""
        self._into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag == "section":
            self._section = attributes["id"]
        elif tag == "img":
            self.images.append((attributes["src"], attributes["alt"]))
        elif tag == "caption":
            self._into = []
        elif tag == "tr":
            self.tables[self._caption].append([])
        elif tag in ("td", "th"):
            self._into = []

    def handle_endtag(self, tag):
        if tag == "caption":
            self._caption = "".join(self._into).strip()
            self.tables[self._caption], self._into = [], None
        elif tag in ("td", "th"):
            self.tables[self._caption][-1].append(" ".join("".join(self._into).split()))
            self._into = None

    def handle_data(self, data):
        self.texts[self._section] = self.texts.get(self._section, "") + data
        if self._into is not None:
            self._into.append(data)


@pytest.fixture
def read():
    """Return `read(run)`, which renders and parses a run as a reader sees it."""
    return lambda run: Page(page.render(run)[0])


@pytest.fixture
def read_html():
    """Return the same for the page's text."""
    return Page


@pytest.fixture
def make():
    """Return the builders of runs, for tests that need others."""
    return types.SimpleNamespace(gate_json=gate_json, check=check, png=png, digits=DIGITS)


@pytest.fixture
def staged(run: Run) -> Run:
    """Return the run as if it had been trained in two of three stages, of five and fifteen epochs."""
    stages = tuple(Stage(name=name, epochs=epochs) for name, epochs in (("drawn", 5), ("real", 15), ("late", 1)))
    trainer = dataclasses.replace(run.part.trainer, stages=stages)
    history = {**run.history, "stage": [1.0] * 5 + [2.0] * 15, "records": [24_000.0] * 5 + [1440.0] * 15}
    return dataclasses.replace(run, part=dataclasses.replace(run.part, trainer=trainer), history=history)
