"""Recipes of one's own: a TOML file each, of the same registry, validation and canonical JSON as those that ship."""

import json

import pytest

from tfx_ocr.components.recipe import PARTS, Part
from tfx_ocr.data.alphabets.inline import Characters, Classes
from tfx_ocr.pipeline.check import check, check_recipe
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.recipes import RECIPES, get_recipe
from tfx_ocr.pipeline.recipes.toml_file import build_recipe, check_file_name
from tfx_ocr.pipeline.settings import Settings

LETTERS = """
task = "classification"
classes = ["A", "B", "C"]
[input]
kind = "image"
height = 32
width = 32
[examples]
readers = ["image_folder"]
[trainer]
network = "mlp"
[gate.at_least]
accuracy = 1
"""


@pytest.fixture
def own(tmp_path):
    def write(text=LETTERS, name="letters"):
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return Settings(recipe=name, recipes=str(tmp_path), home=str(tmp_path / "work"))

    return write


def test_a_file_is_a_recipe_of_its_name(own):
    recipe = resolve_recipe(own())
    assert (recipe.name, recipe.alphabet, recipe.sample, recipe.schema) == (
        "letters", Classes(classes=("A", "B", "C")), "", ""
    )  # fmt: skip
    assert isinstance(recipe.gate.at_least["accuracy"], float)
    check_recipe(recipe)


@pytest.mark.parametrize("name", RECIPES)
def test_values_of_a_shipped_recipe_give_its_json(name):
    shipped = get_recipe(name)
    whole = {field: value for step in PARTS for field, value in json.loads(shipped.dump_part(step)).items()}
    rest = {field: getattr(shipped, field) for field in ("sample", "pretrained")}
    values = whole | rest | {"trainers": {}}
    del values["name"], values["tuner"]
    again = build_recipe(values, name, "recipes/copy.toml")
    assert all(again.dump_part(step) == shipped.dump_part(step) for step in PARTS)


def test_every_part_travels_as_json(own):
    recipe = resolve_recipe(own(LETTERS.replace('classes = ["A", "B", "C"]', 'characters = "Ö19"\nlongest = 9')))
    part = Part.from_json(recipe.dump_part("trainer"))
    assert part.alphabet == Characters(characters="Ö19", longest=9) == recipe.alphabet


def test_overrides_reach_a_recipe_of_ones_own(own):
    settings = own()
    changed = resolve_recipe(Settings(**vars(settings) | {"overrides": "trainer.epochs=2 input.height=40"}))
    assert (changed.trainer.epochs, changed.input.height) == (2, 40)


def test_an_alphabet_may_be_named_where_its_values_would_stand(own):
    assert resolve_recipe(own(LETTERS.replace('["A", "B", "C"]', '"digits"'))).alphabet == "digits"


def test_classes_of_words_need_not_state_nothing():
    values = {
        "task": "tagging", "classes": ["total", "issue_date"], "input": {"kind": "words"},
        "examples": {"readers": ["page_xml"]}, "trainer": {"network": "word_attention", "units": [], "dropout": []},
    }  # fmt: skip
    recipe = build_recipe(values, "bills", "recipes/bills.toml")
    assert recipe.alphabet == Classes(classes=("", "total", "issue_date"))
    check_recipe(recipe)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("network", "netwrk", r"letters.toml: no field 'netwrk' in trainer; known: network, pooling, units, .*seed$"),
        ("height = 32", "hight = 32", r"no field 'hight' in input.image; known: height, width, margin"),
        ("readers", "reader", r"no field 'reader' in examples; known: readers, split"),
        ("task", "tsk", r"no field 'tsk' in a recipe; known: name, input, task, alphabet"),
        ("accuracy = 1", 'accuracy = "much"', "gate.at_least.accuracy is 'much': input should be a valid number"),
        ('network = "mlp"', "", "field trainer.network is missing"),
        ('["A", "B", "C"]', '["A", "A"]', "classes holds 'A' twice; name each once"),
        ('task = "class', 'name = "other"\ntask = "class', "name is 'other'; a recipe has the name of its file"),
        ('classes = ["A', 'alphabet = "digits"\nclasses = ["A', "alphabet and classes: give one of them"),
        ("[input]", "[input", "is not TOML in UTF-8"),
    ],
    ids=["trainer", "input", "examples", "top", "type", "missing", "alphabet", "name", "both", "toml"],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence_with_what_is_known(own, old, new, said):
    with pytest.raises(ValueError, match=said):
        resolve_recipe(own(LETTERS.replace(old, new, 1)))


def test_a_file_that_is_no_text_is_refused(own, tmp_path):
    settings = own()
    (tmp_path / "letters.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"letters\.toml is not TOML in UTF-8"):
        resolve_recipe(settings)


def test_the_name_of_a_recipe_that_ships_is_taken(own):
    with pytest.raises(ValueError, match=r"digits.toml: 'digits' is the name of a recipe that ships; rename the file"):
        resolve_recipe(own(name="digits"))


def test_an_unknown_recipe_names_ones_own_too(own):
    settings = own()
    with pytest.raises(ValueError, match="no recipe 'leters'; known: digits, hangul, invoices, letters, lines"):
        get_recipe("leters", settings.recipes)
    with pytest.raises(ValueError, match=r"no recipe '\.\./letters'"):
        get_recipe("../letters", settings.recipes)


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "Zähler", "a b", "x" * 64, "serving"])
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(ValueError, match="no recipe can be called"):
        check_file_name(name)
    assert [check_file_name(good) for good in ("meters", "A-1_b")] == [None, None]


def test_a_copy_never_runs_on_the_sample_of_another(own, tmp_path):
    settings = own()
    with pytest.raises(ValueError, match="recipe letters has no sample: name your data with --data FOLDER"):
        check(resolve_recipe(settings), settings)
    copied = own('sample = "digits"\n' + LETTERS)
    with pytest.raises(ValueError, match="sample is 'digits', the data of another recipe; leave it out"):
        check(resolve_recipe(copied), copied)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"task": "sequence"}, "alphabet has no characters, which task 'sequence' needs"),
        ({"characters": "AB"}, "alphabet has no classes, which task 'classification' needs"),
        ({"task": "syllables"}, "task 'syllables' has labels of its own: name their alphabet"),
    ],
)
def test_an_alphabet_must_have_what_the_task_needs(values, said):
    alphabet = {} if "characters" in values else {"classes": ["A", "B"]}
    base = {
        "task": "classification", "input": {"kind": "image", "height": 32, "width": 32},
        "examples": {"readers": ["idx"]}, "trainer": {"network": "mlp"},
    }  # fmt: skip
    with pytest.raises(ValueError, match=said):
        check_recipe(build_recipe(base | alphabet | values, "x", "x.toml"))


def test_entities_are_at_most_as_many_as_a_label_has_bits():
    values = {
        "task": "tagging", "classes": [f"e{number}" for number in range(63)], "input": {"kind": "words"},
        "examples": {"readers": ["page_xml"]}, "trainer": {"network": "word_attention", "units": [], "dropout": []},
    }  # fmt: skip
    with pytest.raises(ValueError, match="63 entities, where 62 are allowed"):
        check_recipe(build_recipe(values, "x", "x.toml"))
    values["classes"].pop()
    check_recipe(build_recipe(values, "x", "x.toml"))
