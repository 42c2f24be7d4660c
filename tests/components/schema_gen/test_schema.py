"""The schema that follows from a recipe's values."""

import dataclasses

import pytest

from tfx_ocr.components.recipe import Part
from tfx_ocr.data.alphabets.inline import Characters, Classes
from tfx_ocr.pipeline.recipes import get_recipe

pytestmark = pytest.mark.tfx


def derive(name, **changes):
    from tfx_ocr.components.schema_gen.schema import build_schema

    recipe = dataclasses.replace(get_recipe(name), schema="", **changes)
    schema = build_schema(Part.from_json(recipe.dump_part("schema")))
    return {domain.name: list(domain.value) for domain in schema.string_domain}, {
        feature.name: feature.domain for feature in schema.feature
    }


def test_classes_are_the_domain_of_the_label():
    domains, features = derive("digits", alphabet=Classes(classes=("A", "B")))
    assert domains == {"label": ["A", "B"]}
    assert features == {"image": "", "label": "label", "source": "", "group": "", "style": ""}


@pytest.mark.parametrize(
    ("name", "changes"),
    [("lines", {"alphabet": Characters(characters="01")}), ("hangul", {})],
    ids=["text", "syllable"],
)
def test_texts_and_syllables_are_of_no_domain(name, changes):
    assert derive(name, **changes) == ({}, {"image": "", "label": "", "source": "", "group": "", "style": ""})


def test_entities_are_the_domain_of_words_and_fields():
    domains, features = derive("invoices", alphabet=Classes(classes=("", "total")))
    assert domains == {"label": ["", "total"]}
    assert {name for name, domain in features.items() if domain == "label"} == {"entities", "field_names"}


def test_the_executor_writes_it(artifact, tmp_path):
    from tfx.utils import io_utils

    from tfx_ocr.components.schema_gen.executor import Executor

    recipe = dataclasses.replace(get_recipe("digits"), schema="", alphabet=Classes(classes=("A", "B")))
    given = {"schema_file": "", "recipe": recipe.dump_part("schema")}
    Executor().Do({}, {"schema": [artifact("Schema", tmp_path / "schema")]}, given)
    written = io_utils.SchemaReader().read(str(tmp_path / "schema" / "schema.pbtxt"))
    assert list(written.string_domain[0].value) == ["A", "B"]
