"""Recipes that are not digits: one run each in this process over a little of their sample, and what it leaves behind.

The command line, the cache and a second run are `test_whole_circle`'s: they are the same for every recipe.
"""

import dataclasses
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from tfx_ocr.pipeline.settings import Settings

pytestmark = pytest.mark.e2e

STEPS = [
    *("ExampleGen", "ImportSchemaGen", "StatisticsGen", "ExampleValidator", "Transform"),
    *("Trainer", "Evaluator", "InfraValidator", "Pusher", "Report"),
]
COMMON = ("verdict", "metrics", "curves", "slices", "portable", "data", "lineage")  # sections of every report


def few_syllables(patch: pytest.MonkeyPatch) -> None:
    """Write 24 syllables in two fonts for training, and one font for each other split."""
    from tfx_ocr.data.samples import hangul

    patch.setattr(hangul, "SYLLABLES", hangul.SYLLABLES[:24])
    splits = {"train": (("CuteFont", "Dongle"), {"printed": 1, "handwritten": 1}), "eval": (("Gugi",), {"printed": 1})}
    patch.setattr(hangul, "SPLITS", {**splits, "test": (("Gaegu",), {"printed": 1})})


def few_lines(patch: pytest.MonkeyPatch) -> None:
    """Write 48 lines for training, 8 and 16 for the other splits."""
    from tfx_ocr.data.samples import lines

    splits = {"train": (("Itim", "Mali"), 48), "eval": (("Grandstander",), 8), "test": (("PatrickHand",), 16)}
    patch.setattr(lines, "SPLITS", splits)


def few_pages(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Write the first 24 pages of each set."""
    from tfx_ocr.data.samples import invoices

    folder.mkdir()
    for name in invoices.SETS:
        with (
            zipfile.ZipFile(invoices.HERE / f"{name}.zip") as whole,
            zipfile.ZipFile(folder / f"{name}.zip", "w") as cut,
        ):
            inside = [PurePosixPath(path) for path in whole.namelist()]
            keys = sorted({path.stem for path in inside if path.parts[1:]})[:24]
            for path in inside:
                if not path.parts[1:] or path.stem in keys:
                    cut.writestr(str(path), whole.read(str(path)))
    shutil.copy(invoices.HERE / invoices.LICENCES, folder)
    patch.setattr(invoices, "HERE", folder)


def few_drawn_pages(patch: pytest.MonkeyPatch) -> None:
    """Draw 8 small pages for training, 2 and 4 for the other splits."""
    from tfx_ocr.data.samples import pages
    from tfx_ocr.data.synthetic import pages as drawn

    patch.setattr(pages, "COUNTS", {"train": 8, "eval": 2, "test": 4})
    patch.setattr(drawn, "LONGEST", (400, 500))


@dataclasses.dataclass(frozen=True)
class Case:
    """A recipe, how its sample is cut, what is put into it, and what must come of it.

    Attributes:
        cut: changes what the sample writes.
        overrides: into the recipe; the gate is one that every model passes, or none.
        status: of the run.
        sections: of the report, between those that all have.
    """

    cut: Callable[..., None]
    overrides: str
    status: str
    sections: tuple[str, ...]


CASES = {
    "hangul": Case(
        cut=lambda patch, _: few_syllables(patch),
        overrides="trainer.epochs=1 trainer.batch_size=32 gate.at_least.accuracy=0",
        status="pushed",
        sections=("mistakes", "maps", "syllables", "classes", "calibration"),
    ),
    "lines": Case(
        cut=lambda patch, _: few_lines(patch),
        # from nothing: the weights that ship make no mistake on so few lines
        overrides="trainer.initial_weights= trainer.epochs=1 trainer.batch_size=24 gate.at_most.cer=0",
        status="refused",
        sections=("readings", "characters", "calibration"),
    ),
    "invoices": Case(
        cut=few_pages,
        # enough to find something: else every number is 0 and proves little
        overrides="trainer.epochs=20 trainer.batch_size=4 trainer.optimizer.ema=0 trainer.optimizer.schedule=constant "
        "trainer.optimizer.learning_rate=0.003 gate.at_least.micro_f1=0",
        status="pushed",
        sections=("fields", "worst_pages"),
    ),
    "pages": Case(
        cut=lambda patch, _: few_drawn_pages(patch),
        overrides="input.side=160 trainer.epochs=1 trainer.optimizer.ema=0 gate.at_least.h_mean=0 gate.min_examples=4",
        status="pushed",
        sections=("shapes",),
    ),
}


@dataclasses.dataclass(frozen=True)
class Done:
    """A run that is over: its settings, its case, and what `last_run` kept of it."""

    here: Settings
    case: Case
    last: dict

    def one(self, pattern: str) -> Path:
        """Return the one file below the pipeline's root."""
        [path] = Path(self.here.root).glob(pattern)
        return path

    @property
    def gate(self) -> dict:
        return json.loads(self.one("Evaluator/evaluation/*/gate.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=sorted(CASES))
def done(request, tmp_path_factory):
    from tfx_ocr.data.samples import get_sample
    from tfx_ocr.pipeline import last_run
    from tfx_ocr.pipeline.check import check
    from tfx_ocr.pipeline.graph import build
    from tfx_ocr.pipeline.local_runner import Runner
    from tfx_ocr.pipeline.overrides import resolve_recipe

    case, folder = CASES[request.param], tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        case.cut(patch, folder / "cut")
        data = get_sample(request.param)(folder / "data")
    settings = Settings(
        recipe=request.param, home=str(folder / "work"), input=str(data), overrides=case.overrides, trace="1"
    )
    recipe = resolve_recipe(settings)
    settings = check(recipe, settings)
    if case.status == "pushed":
        Runner(settings).run(build(recipe, settings))
    else:
        with pytest.raises(SystemExit) as left:
            Runner(settings).run(build(recipe, settings))
        assert left.value.code == last_run.EXIT[case.status]
    return Done(settings, case, last_run.read(settings))


def test_every_step_runs(done):
    assert sorted(step["name"] for step in done.last["steps"] if step["executed"]) == sorted(STEPS)
    assert done.last["status"] == done.case.status


def test_the_verdict_follows_the_numbers(done):
    gate = done.gate
    assert gate["recipe"] == done.here.recipe
    limits = [check for check in gate["checks"] if check["rule"] in ("at_least", "at_most")]
    assert limits
    for check in limits:
        value = gate["metrics"][check["metric"]]
        above, below = value >= check["limit"], value <= check["limit"]
        assert check["ok"] == (above if check["rule"] == "at_least" else below)
    assert gate["blessed"] == all(check["ok"] for check in gate["checks"]) == (done.case.status == "pushed")
    for name, value in gate["metrics"].items():
        low, high = gate["intervals"][name]
        assert low <= value <= high, name


def test_the_export_answers_real_examples(done):
    assert done.one("InfraValidator/blessing/*/INFRA_BLESSED")


def test_what_is_served(done):
    from tfx_ocr.serving import versions

    there = versions.list_versions(done.here.serving_dir)
    if done.case.status == "refused":
        assert there == []
        return
    assert [str(number) for number in there] == [done.last["version"]]
    manifest = versions.read_manifest(versions.get_folder(done.here.serving_dir, there[0]))
    assert manifest.recipe == done.here.recipe
    assert manifest.metrics == done.gate["metrics"]


def test_the_portable_form_is_compared_and_goes_along_where_it_agrees(done):
    from tfx_ocr.serving import versions
    from tfx_ocr.serving.runtimes import PORTABLE

    told = json.loads(done.one("InfraValidator/blessing/*/portable.json").read_text(encoding="utf-8"))
    assert (told["split"], told["n"]) == ("test", done.gate["n"])  # every network of a recipe can be converted
    assert told["carried"] == (told["same"] >= told["same_at_least"] and not told["reason"])
    for number in versions.list_versions(done.here.serving_dir):
        assert (versions.get_folder(done.here.serving_dir, number) / PORTABLE).is_file() == told["carried"]


def test_the_report_has_a_section_for_each_part_of_an_answer(done):
    from tfx_ocr.pipeline.overrides import resolve_recipe

    facts = json.loads(done.one("Report/report/*/report.json").read_text(encoding="utf-8"))
    assert list(facts) == [*COMMON[:2], *done.case.sections, *COMMON[2:]]
    without = [] if resolve_recipe(done.here).gate.slices else ["slices"]
    assert [name for name, section in facts.items() if "missing" in section] == without
    assert facts["verdict"]["state"] == done.case.status
    assert facts["verdict"]["n"] == done.gate["n"] == sum(1 for line in _answers(done))


def test_the_worst_cases_are_pictures_where_the_records_have_some(done):
    from tfx_ocr.pipeline.overrides import resolve_recipe

    page = done.one("Report/report/*/index.html").read_text(encoding="utf-8")
    assert ("data:image/png;base64," in page) == (resolve_recipe(done.here).input.kind != "words")


def test_evaluate_gives_exactly_the_gates_numbers(done):
    from tfx_ocr.pipeline.evaluation import evaluate

    given = done.one("Trainer/model/*/Format-Serving") if done.case.status == "refused" else None
    found = json.loads(json.dumps(evaluate(done.here, Path(done.here.input), given)))  # lists, as in gate.json
    gate = done.gate
    for name in ("split", "n", "metrics", "intervals", "classes", "confusion", "blessed", "examples_digest"):
        assert found[name] == gate[name], name


def _answers(done):
    for path in Path(done.here.root).glob("Evaluator/evaluation/*/answers-*.jsonl"):
        yield from path.read_text(encoding="utf-8").splitlines()
