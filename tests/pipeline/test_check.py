"""A bad recipe or missing data is refused before TFX starts, in one sentence."""

import dataclasses
import subprocess
import sys

import pytest

from tfx_ocr.components.recipe import Gate
from tfx_ocr.pipeline import code_version
from tfx_ocr.pipeline.check import check, check_recipe, refuse_elsewhere
from tfx_ocr.pipeline.code_version import compute_code_version
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.recipes import RECIPES, get_recipe
from tfx_ocr.pipeline.settings import Settings


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_passes(name):
    assert check_recipe(get_recipe(name)) is None


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("trainer.network=resnet", "trainer.network is 'resnet'; known: efficientnet_v2_b0, .*mlp, .*small_cnn"),
        ("trainer.pooling=middle", "trainer.pooling"),
        ("trainer.units=(64,)", "trainer.dropout has 2 values for the 1 hidden layers"),
        (
            "trainer.initial_weights=no.weights.h5",
            "trainer.initial_weights is 'no.weights.h5', which does not exist; give .*digits, hangul",
        ),
        ("trainer.base.weights=no.weights.h5", "trainer.base.weights is 'no.weights.h5', which does not exist"),
        ("examples.readers=('zip',)", "examples.readers is 'zip'; known: .*idx, image_folder"),
        ("alphabet=runes", "alphabet is 'runes'; known: digits"),
        ("gate.at_least.acuracy=0.9", "recipe digits: gate.at_least names the metric 'acuracy'"),
        ("gate.at_least.accuracy=64.1", "recipe digits: gate.at_least.accuracy is 64.1; it is a fraction, from 0 to 1"),
        (
            "gate.metrics=letters",
            "gate.metrics is 'letters'; known: classification, classification_calibrated, fields, shapes, ",
        ),
        ("task=guess", "task is 'guess'; known: classification, detection, sequence"),
        ("trainer.members=('digits',)", "trainer.members is digits: give two or more different models"),
        ("trainer.members=('digits','digits')", "trainer.members is digits, digits: give two or more different"),
        (
            "trainer.members=('digits','no')",
            "trainer.members names 'no', which does not exist; give the folder of a vers",
        ),
        ("examples.synthetic=9", "examples.synthetic adds drawn lines, for task sequence alone; its task is 'classif"),
        ("trainer.augment={'kind':'words'}", "trainer.augment changes words; input 'image' takes changes of images"),
    ],
    ids=lambda value: value.split("=")[0] if "=" in value else "",
)
def test_a_bad_value_names_field_and_choices(override, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        check_recipe(resolve_recipe(Settings(overrides=f'"{override}"')))


STAGE = "{'name':'real','epochs':2}"


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (f"trainer.stages=[{STAGE},{STAGE}]", r"trainer\.stages has 'real' twice: give each stage a name of its own"),
        (
            f"trainer.members=('digits','lines') trainer.stages=[{STAGE}]",
            r"trainer\.stages and trainer\.members: members are not trained, leave one of them out",
        ),
        (
            f"trainer.freeze_epochs=1 trainer.stages=[{STAGE}]",
            r"trainer\.stages and trainer\.freeze_epochs: set it to 0, and begin with a stage whose unfreeze_from is",
        ),
        (
            f"trainer.base.frozen_epochs=1 trainer.stages=[{STAGE}]",
            r"trainer\.stages and trainer\.base\.frozen_epochs: set it to 0",
        ),
        (
            "trainer.stages=[{'name':'a','epochs':1,'augment':{'kind':'words'}}]",
            "trainer.augment changes words; input 'image' takes changes of images",
        ),
    ],
    ids=["twice", "members", "freeze_epochs", "frozen_epochs", "augment"],
)
def test_stages_that_contradict_other_fields_are_refused(overrides, said):
    quoted = " ".join(f'"{override}"' for override in overrides.split())
    with pytest.raises(ValueError, match=said):
        check_recipe(resolve_recipe(Settings(overrides=quoted)))


def test_an_ensemble_is_of_softmaxes_and_leaves_nothing_to_tune():
    with pytest.raises(ValueError, match="an ensemble of task classification, sequence, syllables, whole_syllables; "):
        check_recipe(resolve_recipe(Settings(recipe="invoices", overrides="\"trainer.members=('digits','lines')\"")))
    with pytest.raises(ValueError, match=r"trainer\.members trains nothing, so that a tuner has nothing to search"):
        check_recipe(resolve_recipe(Settings(tune="1", overrides="\"trainer.members=('digits','lines')\"")))


def test_refinement_needs_several_heads():
    check_recipe(resolve_recipe(Settings(recipe="hangul", overrides="trainer.refinements=2")))
    for overrides in ("task=whole_syllables alphabet=ks_x_1001 trainer.refinements=2",):
        with pytest.raises(
            ValueError, match=r"trainer\.refinements is for a task of several heads, such as 'syllables'; "
        ):
            check_recipe(resolve_recipe(Settings(recipe="hangul", overrides=overrides)))


@pytest.mark.parametrize("other", ["trainer.exported=best_epoch", "trainer.exported=last_epoch trainer.patience=2"])
def test_weights_are_dropped_in_whole_trainings_alone(other):
    check_recipe(resolve_recipe(Settings(overrides="trainer.drop_weights=0.5 trainer.exported=last_epoch")))
    with pytest.raises(ValueError, match=r"set trainer\.exported to 'last_epoch' and trainer\.patience to 0"):
        check_recipe(resolve_recipe(Settings(overrides=f"trainer.drop_weights=0.5 {other}")))


def test_a_picture_that_has_no_style_is_not_drawn_where_the_style_counts():
    with pytest.raises(ValueError, match=r"augment\.familiar draws some without: leave one"):
        check_recipe(resolve_recipe(Settings(overrides="trainer.adversarial=0.1 trainer.augment.strangers=0.2")))


@pytest.mark.parametrize("field", ["label_smoothing", "centre_loss", "adversarial"])
def test_what_is_added_to_cross_entropy_needs_classes(field):
    with pytest.raises(ValueError, match=rf"trainer\.{field} is for tasks of classes; this is task 'sequence'"):
        check_recipe(resolve_recipe(Settings(recipe="lines", overrides=f"trainer.{field}=0.1")))
    check_recipe(resolve_recipe(Settings(recipe="hangul", overrides=f"trainer.{field}=0.1")))


@pytest.mark.parametrize(
    ("recipe", "override", "said"),
    [
        ("invoices", "serving.restrict_to=total", "is for tasks of classes and of texts; this is task 'tagging'"),
        ("hangul", "serving.restrict_to=가나x", "serving.restrict_to: the whitelist names 'x', which the model never"),
        ("hangul", "serving.restrict_to=가가", "serving.restrict_to allows 1 answer; allow 2 or more"),
        (
            "digits",
            "input.planes=directions input.channels=3",
            "input.planes are of a grey picture: set input.channels",
        ),
        ("digits", "task=whole_syllables", "task 'whole_syllables' needs an alphabet of syllables: unknown label: '0'"),
    ],
)
def test_answers_are_held_to_labels_that_there_are(recipe, override, said):
    with pytest.raises(ValueError, match=said):
        check_recipe(resolve_recipe(Settings(recipe=recipe, overrides=override)))


def test_syllables_are_held_to_the_standards_and_may_be_whole():
    for overrides in ("serving.restrict_to=ks_x_1001", "task=whole_syllables alphabet=ks_x_1001"):
        assert check_recipe(resolve_recipe(Settings(recipe="hangul", overrides=overrides))) is None


def test_buckets_need_a_network_that_tells_its_lines_end():
    mixing = resolve_recipe(Settings(recipe="lines", overrides="trainer.buckets=true", network="line_mixing_small"))
    with pytest.raises(
        ValueError, match=r"trainer\.buckets cuts strips .*'line_mixing_small' has no WRITTEN: leave it"
    ):
        check_recipe(mixing)
    check_recipe(resolve_recipe(Settings(recipe="lines", overrides="trainer.buckets=true")))


def test_a_pooling_needs_a_map_to_pool():
    without = resolve_recipe(Settings(network="mlp", overrides="trainer.pooling=max"))
    with pytest.raises(ValueError, match=r"trainer\.pooling is 'max', and network 'mlp' has no last map to pool"):
        check_recipe(without)
    check_recipe(resolve_recipe(Settings(network="vgg16", overrides="trainer.pooling=weighted")))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("trainer.augment.familiar=01", "trainer.augment.familiar is '01'; it may be empty, or .* 0, 1, 2, 3"),
        ("trainer.augment.foreign=A1B", "trainer.augment.foreign has 1 of the alphabet's classes"),
    ],
)
def test_characters_of_strangers_fit_the_classes(override, said):
    strange = Settings(overrides=f"trainer.augment.strangers=0.1 {override}")
    with pytest.raises(ValueError, match=said):
        check_recipe(resolve_recipe(strange))


def test_strangers_are_for_classes_or_lines_of_text():
    lines = resolve_recipe(Settings(recipe="lines", overrides="trainer.augment.strangers=0.1 trainer.augment.cut=0.1"))
    check_recipe(lines)
    classes = dataclasses.replace(lines, task="classification", alphabet="digits")
    with pytest.raises(ValueError, match=r"or input 'line_image' and one of texts; this is task 'classification' of"):
        check_recipe(classes)


@pytest.mark.parametrize("field", ["foreign", "familiar"])
def test_strangers_among_lines_take_no_characters(field):
    strange = Settings(recipe="lines", overrides=f"trainer.augment.strangers=0.1 trainer.augment.{field}=A")
    with pytest.raises(ValueError, match="foreign and familiar are for classes; for texts leave them empty"):
        check_recipe(resolve_recipe(strange))


@pytest.mark.parametrize("field", ["cut", "neighbors"])
def test_only_lines_are_cut_and_have_neighbors(field):
    with pytest.raises(ValueError, match=rf"digits: trainer.augment.{field} needs input 'line_image': set it to 0"):
        check_recipe(resolve_recipe(Settings(overrides=f"trainer.augment.{field}=0.1")))


def test_data_that_is_not_there_or_not_known_is_refused(tmp_path):
    recipe = get_recipe("digits")
    with pytest.raises(ValueError, match=r"no data at .*nowhere"):
        check(recipe, Settings(input=str(tmp_path / "nowhere")))
    (tmp_path / "notes.txt").write_text("not data")
    with pytest.raises(ValueError, match="is a file: give the folder"):
        check(recipe, Settings(input=str(tmp_path / "notes.txt")))
    with pytest.raises(ValueError, match=str(tmp_path)):
        check(recipe, Settings(input=str(tmp_path)))


def test_without_data_the_sample_is_written_once(tmp_path):
    it, settings = get_recipe("digits"), Settings(home=str(tmp_path))
    first = check(it, settings)
    before = {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "samples").rglob("*.png"))}
    assert check(it, settings) == first
    assert {path: path.stat().st_mtime_ns for path in sorted((tmp_path / "samples").rglob("*.png"))} == before
    assert len(before) == 1797
    assert dataclasses.replace(first, input="") == settings


def test_a_gate_of_a_recipe_of_ones_own_is_refused_with_its_file(tmp_path):
    (tmp_path / "mine.toml").touch()
    recipe = dataclasses.replace(get_recipe("digits"), name="mine", sample="", gate=Gate(at_least={"accuracy": 64.1}))
    with pytest.raises(
        ValueError, match=r"mine\.toml: gate\.at_least\.accuracy is 64\.1; it is a fraction, from 0 to 1"
    ):
        check_recipe(recipe, str(tmp_path))


def test_data_that_is_not_there_is_refused_and_a_sample_named_where_there_is_one(tmp_path):
    recipe, settings = get_recipe("digits"), Settings(input=str(tmp_path / "gone"))
    with pytest.raises(ValueError, match=r"gone: give a folder that is there, or none for the sample$"):
        check(recipe, settings)
    with pytest.raises(ValueError, match=r"gone: give a folder that is there$"):
        check(dataclasses.replace(recipe, name="mine", sample=""), settings)


def test_checking_imports_no_tensorflow():
    code = (
        "import sys; from tfx_ocr.pipeline.check import check_recipe; from tfx_ocr.pipeline.recipes import get_recipe;"
        "check_recipe(get_recipe('digits')); sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_recipe_may_be_judged_by_another_family():
    recipe = get_recipe("digits")
    classes = Gate(metrics="text", at_least={"exact_lines": 0.9}, each_class_at_least={"recall": 0.8})
    with pytest.raises(ValueError, match="recall"):  # texts have no classes
        check_recipe(dataclasses.replace(recipe, gate=classes))
    check_recipe(dataclasses.replace(recipe, gate=dataclasses.replace(classes, each_class_at_least={})))


@pytest.mark.parametrize(
    ("recipe", "old", "new"),
    [
        ("digits", "image.height=80", "input.height=80"),
        ("lines", "image.width=320", "input.width=320"),
        ("invoices", "words.max_characters=9", "input.max_characters=9"),
    ],
)
def test_the_input_is_set_by_its_old_names_too(recipe, old, new):
    changed = resolve_recipe(Settings(recipe=recipe, overrides=old))
    assert changed == resolve_recipe(Settings(recipe=recipe, overrides=new))
    assert changed.input != get_recipe(recipe).input


class TestCodeOfOnesOwn:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "odd_net.py").write_text('import odd_part\nGIVES = "vector"\ndef build(spec, base): ...\n')
        (tmp_path / "odd_part.py").write_text("x = 1\n")
        (tmp_path / "odd_lines.py").write_text('GIVES = "sequence"\n')
        (tmp_path / "odd_cut.py").write_text("GIVES = (\n")

    def check(self, override):
        recipe = resolve_recipe(Settings(overrides=override))
        check_recipe(recipe)
        return recipe

    def test_a_network_may_be_a_module(self):
        recipe = self.check("trainer.network=odd_net trainer.augment.function=odd_part:f")
        assert (recipe.trainer.network, recipe.trainer.augment.function) == ("odd_net", "odd_part:f")

    @pytest.mark.parametrize(
        ("override", "said"),
        [
            ("trainer.network=odd_lines", "network 'odd_lines' gives a sequence, task 'classification' needs a vector"),
            ("trainer.network=odd_part", "odd_part does not say its GIVES"),
            ("trainer.network=odd_cut", r"trainer.network: 'odd_cut' cannot be imported: .*odd_cut.py, line 1\)"),
            ("trainer.network=odd_nett", "trainer.network is 'odd_nett'; known: .*, of a module in the current folder"),
            ("trainer.augment.function=odd:f", "trainer.augment.function is 'odd:f'; known: module:function, of"),
        ],
        ids=["misfit", "constant", "syntax", "missing", "function"],
    )
    def test_what_does_not_fit_is_refused(self, override, said):
        with pytest.raises(ValueError, match=said):
            self.check(override)

    def test_its_sources_are_part_of_the_code_version(self, tmp_path):
        recipe = resolve_recipe(Settings(overrides="trainer.network=odd_net"))
        before = {step: compute_code_version(step, recipe) for step in ("trainer", "transform")}
        (tmp_path / "odd_part.py").write_text("x = 2\n")
        code_version._read_references.cache_clear()
        after = {step: compute_code_version(step, recipe) for step in ("trainer", "transform")}
        assert {step for step in before if before[step] != after[step]} == {"trainer"}


@pytest.mark.parametrize(
    ("recipe", "override", "settings", "said"),
    [
        ("invoices", "", {}, "input 'words' is trained by `tfx-ocr run` alone; elsewhere trains image and line_image"),
        ("digits", "", {"tune": "1"}, "a tuner is for `tfx-ocr run`; elsewhere trains with trainer.units as it is"),
        (
            "digits",
            "\"trainer.members=('digits','lines')\"",
            {},
            "trainer.members trains nothing, so that a pack has nothing",
        ),
        (
            "digits",
            "trainer.augment.function=mine:blur",
            {},
            "trainer.augment.function is 'mine:blur', which TensorFlow",
        ),
        ("digits", "trainer.base.weights=/b.weights.h5", {}, "trainer.base.weights is '/b.weights.h5', a file that"),
        (
            "digits",
            "",
            {"input": "s3://data"},
            "setting input is 's3://data': a pack is made of folders of this machine",
        ),
    ],
    ids=["words", "tuner", "members", "function", "base", "address"],
)
def test_what_only_a_run_can_train_is_not_packed(recipe, override, settings, said):
    settings = Settings(recipe=recipe, overrides=override, **settings)
    with pytest.raises(ValueError, match=said):
        refuse_elsewhere(resolve_recipe(settings), settings)


def test_lines_with_every_change_of_theirs_are_packed():
    settings = Settings(recipe="lines", overrides="trainer.augment.strangers=0.1 trainer.augment.cut=0.2")
    assert refuse_elsewhere(resolve_recipe(settings), settings) is None
