import re

from tfx_ocr.data.alphabets import entities
from tfx_ocr.data.page import align
from tfx_ocr.data.readers import rvl_invoices, sroie
from tfx_ocr.data.schemas import get_schema_path


def test_nothing_comes_first_and_is_allowed():
    assert entities.CLASSES[0] == ""
    assert len(set(entities.CLASSES)) == len(entities.CLASSES) == 10
    assert [entities.find_problem(label) for label in entities.CLASSES] == [None] * 10
    assert entities.find_problem("Total").startswith(
        "unknown label: 'Total' is not one of supplier, supplier_address, "
    )


def test_the_schema_allows_the_same():
    text = get_schema_path("invoices.pbtxt").read_text()
    assert tuple(re.findall(r'^  value: "(.*)"$', text, re.MULTILINE)) == entities.CLASSES


def test_what_readers_and_the_search_name_is_among_them():
    named = {*sroie.FIELD.values(), *rvl_invoices.FIELD.values(), *align.ORDER, *align.LONG, *align.CUES}
    assert named <= set(entities.CLASSES)
