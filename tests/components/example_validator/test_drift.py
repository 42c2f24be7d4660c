"""Distances of two small sets whose shares are worked out by hand, and what a run does about them."""

import json
import shutil

import pytest

from tfx_ocr.components.recipe import Drift
from tfx_ocr.components.stop import Stop
from tfx_ocr.data.schemas import get_schema_path
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.serving import versions

pytestmark = pytest.mark.tfx

EVEN = {"train": "0011223344", "eval": "01234", "test": "01234"}  # each share is 0.2
# 0 has 0.5 of train and 1, 2, 3 have 0.2, 0.2, 0.1: 0.3 more for 0, 0.2 less for 4; in eval 4 has 0.4, 0 nothing
SHIFTED = {"train": "0000011223", "eval": "12344", "test": "01234"}
FEW = Drift(at_most={"label": 0.25}, min_examples=5)


@pytest.fixture(scope="module")
def make():
    """Return `make({"train": "0123"})`: statistics by split of records with these labels."""
    import pyarrow as pa
    from tensorflow_data_validation import StatsOptions
    from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory

    def made(splits):
        return {
            split: generate_statistics_in_memory(
                pa.RecordBatch.from_arrays(
                    [
                        pa.array([[b"png %d" % number] for number in range(len(labels))]),
                        pa.array([[label.encode()] for label in labels]),
                        pa.array([[b"%d.png" % number] for number in range(len(labels))]),
                        pa.array([[b""] for _ in labels]),
                    ],
                    ["image", "label", "source", "group"],
                ),
                StatsOptions(),
            )
            for split, labels in splits.items()
        }

    return made


@pytest.fixture(scope="module")
def schema():
    import tensorflow_data_validation as tfdv

    return tfdv.load_schema_text(str(get_schema_path("digits.pbtxt")))


def measure(make, schema, before, after, rule=FEW):
    from tfx_ocr.components.example_validator.drift import measure_distances

    return measure_distances(make(after), make(before), "test", schema, rule)


def test_distances_are_the_largest_difference_of_a_share(make, schema):
    found = measure(make, schema, EVEN, SHIFTED)
    assert [(each.kind, each.split, each.feature, each.measure, round(each.value, 6), each.most) for each in found] == [
        ("drift", "train", "label", "L-infinity", 0.3, "0"),
        ("skew", "train", "label", "L-infinity", 0.3, "0"),
        ("drift", "eval", "label", "L-infinity", 0.2, ""),
        ("drift", "test", "label", "L-infinity", 0.0, ""),
    ]
    assert [each.is_too_far for each in found] == [True, True, False, False]
    assert [(each.n, each.of) for each in found] == [(10, 10), (10, 5), (5, 5), (5, 5)]
    assert found[0].format() == "drift of label in train is 0.3, at most 0.25, most for '0'"
    assert not schema.feature[1].HasField("drift_comparator")  # the reviewed schema stays as it was


def test_few_records_are_measured_and_not_judged(make, schema):
    found = measure(make, schema, EVEN, SHIFTED, Drift(at_most={"label": 0.1}, min_examples=6))
    assert [each.is_too_far for each in found] == [True, False, False, False]


def test_features_that_records_lack_are_left_out(make, schema):
    assert measure(make, schema, EVEN, SHIFTED, Drift(at_most={"entities": 0.1})) == []


def test_labels_of_many_classes_in_another_order_are_no_drift(make, schema):
    """TFDV's Jensen-Shannon divergence of them is 0.66: findings/drift_of_many_labels.sh."""
    labels = 2 * "".join(chr(0xAC00 + place) for place in range(2350))
    [found] = measure(make, schema, {"train": labels}, {"train": labels[::-1]}, Drift(min_examples=1))
    assert found.value < 0.002
    assert not found.is_too_far


def measure_numbers(before, after):
    import pyarrow as pa
    from tensorflow_data_validation.statistics.stats_impl import generate_statistics_in_memory
    from tensorflow_metadata.proto.v0 import schema_pb2

    from tfx_ocr.components.example_validator.drift import measure_distances

    schema = schema_pb2.Schema()
    schema.feature.add(name="boxes", type=schema_pb2.FLOAT)
    here, there = (
        {"train": generate_statistics_in_memory(pa.RecordBatch.from_arrays([pa.array([[x] for x in each])], ["boxes"]))}
        for each in (after, before)
    )
    [found] = measure_distances(here, there, "test", schema, Drift(at_most={"boxes": 0.1}, min_examples=1))
    return found


def test_numbers_are_compared_by_jensen_shannon():
    alike, unlike = (measure_numbers((0.0, 1.0), after) for after in ((0.0, 1.0), (100.0, 101.0)))
    assert (alike.measure, alike.value) == ("Jensen-Shannon", pytest.approx(0.0, abs=1e-9))
    assert unlike.value == pytest.approx(1.0)  # nothing in common


def test_one_number_far_off_is_no_other_distribution():
    numbers = [float(x) for x in range(1000)]
    assert measure_numbers(numbers, [*numbers, 1e6]).value < 0.15
    assert measure_numbers(numbers, [x + 300.0 for x in numbers]).value > 0.2


@pytest.fixture
def validate(make, artifact, tmp_path):
    """Run the executor on labels by split, beside a served version of `EVEN` data; return what it wrote."""
    from tfx.types import artifact_utils

    from tfx_ocr.components.example_validator.executor import Executor

    def write(name, splits):
        statistics = artifact("ExampleStatistics", tmp_path / name)
        statistics.split_names = artifact_utils.encode_split_names(list(splits))
        for split, made in make(splits).items():
            folder = tmp_path / name / f"Split-{split}"
            folder.mkdir(parents=True)
            (folder / "FeatureStats.pb").write_bytes(made.SerializeToString())
        return statistics

    served = write("served_statistics", EVEN)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/saved_model.pb").write_text("a model")
    manifest = versions.Manifest(split="test", statistics=served.uri)
    version = versions.publish(tmp_path / "model", tmp_path / "served", manifest).version
    schema = artifact("Schema", tmp_path / "schema")
    (tmp_path / "schema/schema.pbtxt").write_text(get_schema_path("digits.pbtxt").read_text())

    def run(splits, accepted="", serving="served", **rule):
        recipe = {"name": "digits", "drift": {"at_most": {"label": 0.25}, "min_examples": 5, **rule}}
        anomalies = artifact("ExampleAnomalies", tmp_path / "anomalies")
        Executor().Do(
            {"statistics": [write(f"statistics{len(list(tmp_path.iterdir()))}", splits)], "schema": [schema]},
            {"anomalies": [anomalies]},
            {"recipe": json.dumps(recipe), "serving_dir": str(tmp_path / serving), "accepted": accepted},
        )
        file = tmp_path / "anomalies/drift.json"
        return json.loads(file.read_text()) if file.exists() else None

    run.version = version
    return run


def test_drift_is_told_and_written_and_the_run_goes_on(validate, capsys):
    found = validate(SHIFTED)
    assert (found["version"], found["accepted"], len(found["distances"])) == (validate.version, {}, 4)
    said = capsys.readouterr().out
    assert f"the data is unlike that of version {validate.version}, which is served: drift of label in train is" in said


def test_drift_stops_the_run_where_the_recipe_says_so_until_it_is_accepted(validate, capsys):
    with pytest.raises(Stop) as stopped:
        validate(SHIFTED, stops=True)
    assert str(stopped.value) == (
        f"the data is unlike that of version {validate.version}, which is served: "
        "drift of label in train is 0.3, at most 0.25, most for '0'; "
        "skew of label in train is 0.3, at most 0.25, most for '0'; "
        '`tfx-ocr run digits --accept-data "REASON"` trains on it all the same, '
        "and drift.at_most in the recipe allows more"
    )
    accepted = {"by": "anna", "why": "new forms"}
    assert validate(SHIFTED, json.dumps(accepted), stops=True)["accepted"] == accepted
    assert "accepted by anna: new forms" in capsys.readouterr().out


def test_alike_data_and_a_first_run_say_nothing(validate, capsys):
    assert validate(EVEN, stops=True)["distances"][0]["value"] == pytest.approx(0.0)
    assert capsys.readouterr().out == ""


def test_nothing_is_measured_before_a_version_is_served(validate):
    assert validate(SHIFTED, serving="nothing", stops=True) is None


def test_statistics_that_are_gone_are_told(validate, tmp_path, capsys):
    shutil.rmtree(tmp_path / "served_statistics")
    assert validate(SHIFTED, stops=True) is None
    assert f"drift is not measured: the statistics of version {validate.version} are gone: " in capsys.readouterr().out


def test_recipes_have_the_part_that_the_executor_reads():
    from tfx_ocr.components.recipe import Part

    assert Part.from_json(get_recipe("digits").dump_part("example_validator")).drift == Drift()
