"""The schema that follows from a recipe's task and alphabet, where it names no reviewed one."""

from __future__ import annotations

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tfx_ocr.components.recipe import Part
from tfx_ocr.components.tasks import get_task
from tfx_ocr.data import features
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.schemas import OF_PAGES, OF_PICTURES, OF_WORDS, get_schema_path

DOMAIN = "label"  # of the classes


def build_schema(part: Part) -> schema_pb2.Schema:
    """Return the schema of the records of `part.task`, whose labels or entities are the classes of `part.alphabet`.

    A text, and a syllable of thousands, is of no domain: ExampleGen holds each label to the alphabet.
    """
    task, schema = get_task(part.task), schema_pb2.Schema()
    of_records = {features.WORDS: OF_WORDS, features.PAGE_SIZE: OF_PAGES}
    name = next((name for feature, name in of_records.items() if feature in task.records), OF_PICTURES)
    text_format.Parse(get_schema_path(name).read_text(encoding="utf-8"), schema)
    if task.labels == "CLASSES":
        del schema.string_domain[:]
        schema.string_domain.add(name=DOMAIN, value=get_alphabet(part.alphabet).CLASSES)
    for feature in schema.feature:
        if feature.domain or (task.labels == "CLASSES" and feature.name == features.LABEL):
            feature.domain = DOMAIN
    return schema
