import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
from tensorflow_metadata.proto.v0 import anomalies_pb2

from tfx_ocr.components.example_validator.executor import list_findings
from tfx_ocr.data.schemas import get_schema_path

pytestmark = pytest.mark.tfx

SCHEMA = tfdv.load_schema_text(str(get_schema_path("digits.pbtxt")))
GOOD = {
    "image": [[b"\x89PNG %d" % k] for k in range(20)],
    "label": [[b"%d" % (k % 10)] for k in range(20)],
    "source": [[b"%d.png" % k] for k in range(20)],
    "group": [[b""]] * 20,
}


def found_in(**changes):
    columns = {name: values for name, values in {**GOOD, **changes}.items() if values is not None}
    batch = pa.RecordBatch.from_arrays([pa.array(values) for values in columns.values()], list(columns))
    statistics = generate_statistics_in_memory(batch, tfdv.StatsOptions(schema=SCHEMA))
    return list_findings("eval", tfdv.validate_statistics(statistics, SCHEMA))


def but_last(name, value):
    return {name: [*GOOD[name][:-1], value]}


def test_good_records_are_as_the_schema_says():
    assert found_in() == []


@pytest.mark.parametrize(
    ("changes", "feature", "what"),
    [
        (but_last("label", [b"x"]), "label", "Examples contain values missing from the schema: x"),
        (but_last("label", None), "label", "present in fewer examples than expected"),
        (but_last("label", []), "label", "value lengths vary"),
        (but_last("label", [b"1", b"2"]), "label", "value lengths vary"),
        ({"label": [[7]] * 20}, "label", "Expected data of type: BYTES but got INT"),
        ({"label": None}, "label", "Column is completely missing"),
        ({"image": None}, "image", "Column is completely missing"),
        (but_last("image", []), "image", "value lengths vary"),
        ({"source": None}, "source", "Column is completely missing"),
        ({"height": [[28]] * 20}, "height", "column in data but not in schema"),
    ],
    ids=["unknown", "absent", "empty", "two", "number", "no_label", "no_image", "empty_image", "no_source", "more"],
)
def test_every_departure_is_one_sentence(changes, feature, what):
    (sentence,) = found_in(**changes)
    assert sentence.startswith(f"in eval, feature '{feature}' is not as the reviewed schema says: ")
    assert what in sentence
    assert sentence.endswith("; mend the data, or review a change of the schema in data/schemas")


def test_every_finding_is_told():
    assert len(found_in(**but_last("label", [b"x"]), source=None)) == 2


def test_what_is_wrong_with_a_whole_split_is_told():
    anomalies = anomalies_pb2.Anomalies()
    anomalies.dataset_anomaly_info.description = "Number of examples is too low."
    (sentence,) = list_findings("test", anomalies)
    assert sentence.startswith(
        "in test, the whole split is not as the reviewed schema says: Number of examples is too low;"
    )
