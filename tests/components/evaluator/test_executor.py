import hashlib
import json
from types import SimpleNamespace

import pytest

from tfx_ocr.components.artifacts import TRAINER_FILE
from tfx_ocr.components.stop import Stop
from tfx_ocr.serving import versions

pytestmark = pytest.mark.tfx

# 40 examples of four classes; the picture's first letter is what the sound model reads: one "3" looks like a "1"
RECORDS = [(b"%dd" % (number % 4), str(number % 4)) for number in range(39)] + [(b"12", "3")]
LIMITS = {
    "at_least": {"accuracy": 0.9, "macro_f1": 0.9},
    "each_class_at_least": {"recall": 0.8},
    "at_most_worse": {"accuracy": 0.005, "macro_f1": 0.005},
    "slices": ("group",),
    "min_class_examples": 0,  # of the alphabet's ten there are four
}


ELSEWHERE = {"metrics": {}, "n": 4, "split": "test", "examples_digest": "others"}  # how a version was judged


@pytest.fixture(scope="module")
def judge(write_export, write_examples, artifact, tmp_path_factory):
    """Return `judge(misread, serving_dir, records)`, which runs the executor: its evaluation and blessing."""
    from tfx_ocr.components.evaluator.executor import Executor

    def run(misread, serving_dir, records=RECORDS, members=(), **limits):
        folder = tmp_path_factory.mktemp("judge")
        model = artifact("Model", folder / "model", 3)
        write_export(folder / "model" / "Format-Serving", misread)
        if members:
            of_trainer = folder / "model" / "Format-Serving" / TRAINER_FILE
            of_trainer.parent.mkdir(exist_ok=True)
            of_trainer.write_text(json.dumps({"trainer": {"members": [str(member) for member in members]}}))
        made = {
            "evaluation": [artifact("ModelEvaluation", folder / "evaluation")],
            "blessing": [artifact("ModelBlessing", folder / "blessing")],
        }
        gate = {"split": "test", **(LIMITS | limits)}
        recipe = json.dumps({"name": "digits", "task": "classification", "alphabet": "digits", "gate": gate})
        examples = write_examples(folder / "examples", {"train": RECORDS[:4], "test": records})
        Executor().Do(
            {"examples": [examples], "model": [model]}, made, {"recipe": recipe, "serving_dir": str(serving_dir)}
        )
        return folder / "evaluation", made["blessing"][0]

    return run


@pytest.fixture(scope="module")
def sound(judge, tmp_path_factory):
    return judge("", tmp_path_factory.mktemp("nothing_served"))


def hash_shown(image):
    """Return the hash of what a record shows, worked out by itself."""
    return hashlib.sha256(repr([("image", "bytes_list", [image])]).encode()).hexdigest()[:16]


def verdict(folder):
    return json.loads((folder / "gate.json").read_text())


def push(write_export, folder, serving_dir, judged, misread=""):
    known = {name: judged[name] for name in ("split", "n", "metrics", "examples_digest")}
    return versions.publish(write_export(folder / "export", misread), serving_dir, versions.Manifest(**known)).version


def test_verdict_has_the_numbers_worked_out_by_hand(sound):
    judged = verdict(sound[0])
    # 10 of each class; one 3 read as 1: recall of 3 9/10, precision of 1 10/11
    assert judged["n"] == 40
    assert judged["metrics"]["accuracy"] == 39 / 40
    assert judged["metrics"]["macro_recall"] == pytest.approx((1 + 1 + 1 + 0.9) / 4)
    assert judged["metrics"]["macro_precision"] == pytest.approx((1 + 10 / 11 + 1 + 1) / 4)
    assert judged["classes"]["3"]["support"] == 10
    assert ["3", "1", 1] in judged["confusion"]
    assert judged["blessed"] is True


def test_verdict_has_the_hashes_of_the_training_examples(sound):
    hashes = verdict(sound[0])["trained_on"].split()
    assert hashes == sorted({hash_shown(image) for image, _ in RECORDS[:4]})


def test_verdict_has_the_profile_of_training_pictures_and_answers(sound):
    profile = verdict(sound[0])["profile"]
    assert sum(profile["labels"].values()) == sum(profile["confidence"].values()) == 40
    assert profile["labels"]["3"] == 9  # one 3 was read as 1


def test_an_ensembles_members_are_asked_about_the_same_examples(judge, write_export, tmp_path):
    sound, blind = write_export(tmp_path / "sound"), write_export(tmp_path / "blind", "12")
    judged = verdict(judge("", tmp_path / "nothing_served", members=(sound, blind))[0])
    first, second = judged["members"]
    assert (first["member"], first["metrics"], first["worse"]["accuracy"]) == (str(sound), judged["metrics"], [0, 0])
    assert second["metrics"]["accuracy"] == 19 / 40  # 0 and 9 of the ten 3: 1 and 2 are read as 0
    low, high = second["worse"]["accuracy"]
    assert low < -20 / 40 < high < 0  # the ensemble is better by the 20 examples that it reads and the member does not
    assert "members" not in verdict(judge("", tmp_path / "nothing_served")[0])


def test_a_member_that_cannot_answer_stops_the_run(judge, tmp_path):
    with pytest.raises(Stop, match=r"^member \S+gone cannot be compared with \(trainer\.members\): "):
        judge("", tmp_path / "nothing_served", members=(tmp_path / "gone",))


def test_tfma_loads_the_same_numbers_under_plain_names(sound):
    import tensorflow_model_analysis as tfma

    judged = verdict(sound[0])
    found = tfma.load_eval_result(str(sound[0])).get_metrics_for_slice()
    assert {name: found[name]["doubleValue"] for name in judged["metrics"]} == pytest.approx(judged["metrics"])
    assert found["example_count"]["doubleValue"] == 40


def test_tfma_holds_each_class(sound):
    import tensorflow_model_analysis as tfma

    found = {
        metric.key.name: metric.value.array_value
        for sliced in tfma.load_metrics(str(sound[0]))
        if not sliced.slice_key.single_slice_keys
        for metric in sliced.metric_keys_and_values
    }
    assert list(found["class_name"].bytes_values) == [b"0", b"1", b"2", b"3"]
    assert list(found["class_support"].int64_values) == [10, 10, 10, 10]
    assert list(found["class_recall"].float64_values) == pytest.approx([1, 1, 1, 0.9])
    assert list(found["class_precision"].float64_values) == pytest.approx([1, 10 / 11, 1, 1])


def test_tfma_slices_by_the_gates_features(sound):
    import tensorflow_model_analysis as tfma

    result = tfma.load_eval_result(str(sound[0]))
    # every second record is writer 1's, and so is the last, which is wrong
    assert result.get_metrics_for_slice((("group", "writer 0"),))["accuracy"]["doubleValue"] == 1.0
    assert result.get_metrics_for_slice((("group", "writer 1"),))["accuracy"]["doubleValue"] == 19 / 20


def test_every_answer_is_written_with_its_source(sound):
    lines = [json.loads(line) for file in sound[0].glob("answers-*.jsonl") for line in file.read_text().splitlines()]
    assert len(lines) == 40
    (wrong,) = [line for line in lines if line["reference"] != line["answer"]]
    assert len(wrong.pop("record")) == 32
    assert wrong == {
        "source": "test/3/39.png", "group": "writer 1", "reference": "3", "answer": "1",
        "outputs": {"label": "1", "probability": 0.5},
    }  # fmt: skip


def test_blessing_is_what_the_stock_pusher_reads(sound):
    from tfx.components.util import model_utils

    folder, blessing = sound
    assert model_utils.is_model_blessed(blessing)
    assert (folder.parent / "blessing" / "BLESSED").exists()
    assert verdict(folder.parent / "blessing") == verdict(folder)
    assert blessing.get_int_custom_property("current_model_id") == 3
    assert blessing.get_string_custom_property("current_model") == str(folder.parent / "model")


def test_a_worse_model_is_refused_with_its_numbers(sound, judge, write_export, tmp_path):
    """Its numbers in the manifest say that it is worse, and its answers that this is not chance."""
    version = push(write_export, tmp_path, tmp_path / "served", verdict(sound[0]))
    folder, blessing = judge("2", tmp_path / "served", at_least={}, each_class_at_least={})
    judged = verdict(folder)
    # all ten 2 are answered 0: F1 of 0, 1, 2, 3 is 20/30, 20/21, 0, 18/19, and was 1, 20/21, 1, 18/19
    assert judged["metrics"]["accuracy"] == 29 / 40
    assert judged["served"] == {
        "version": version, "metrics": verdict(sound[0])["metrics"], "n": 40, "how": "evaluated",
    }  # fmt: skip
    accuracy, macro_f1 = (check for check in judged["checks"] if check["rule"] == "at_most_worse")
    assert accuracy["sentence"].startswith(
        f"accuracy 0.725 is 0.25 worse than version {version}'s 0.975 (at most 0.005; 95 % interval 0.1"
    )
    assert macro_f1["sentence"].startswith(
        f"macro_f1 0.642 is 0.333 worse than version {version}'s 0.975 (at most 0.005; "
    )
    assert 0.1 < accuracy["interval"][0] < 0.25 < accuracy["interval"][1] < 0.41  # 10 of 40: 0.25 -+ 1.96 * 0.068
    assert blessing.get_int_custom_property("blessed") == 0
    assert (folder.parent / "blessing" / "NOT_BLESSED").exists()


def test_a_model_that_is_not_worse_by_its_numbers_is_not_compared_further(sound, judge, write_export, tmp_path):
    version = push(write_export, tmp_path, tmp_path / "served", verdict(sound[0]))
    (versions.get_folder(tmp_path / "served", version) / "saved_model.pb").write_bytes(
        b"no model"
    )  # it is never loaded
    judged = verdict(judge("", tmp_path / "served")[0])
    assert judged["blessed"]
    assert judged["served"]["how"] == "recorded"
    assert [check["interval"] for check in judged["checks"] if check["rule"] == "at_most_worse"] == [None, None]


def test_a_model_that_is_worse_by_what_may_be_chance_is_blessed_and_says_so(judge, write_export, tmp_path):
    """Two of 41 are "5": the served version reads both, the model neither, but 41 are few."""
    records = [*RECORDS[:39], (b"52", "5"), (b"5d", "5")]
    version = push(write_export, tmp_path, tmp_path / "served", ELSEWHERE)
    lenient = {"at_least": {}, "each_class_at_least": {}, "at_most_worse": {"accuracy": 0.005}}
    folder, blessing = judge("5", tmp_path / "served", records=records, **lenient)
    (check,) = (check for check in verdict(folder)["checks"] if check["rule"] == "at_most_worse")
    low, high = check["interval"]
    assert low == 0 < 2 / 41 < high
    assert check["sentence"] == (
        f"accuracy 0.951 is 0.049 worse than version {version}'s 1 (at most 0.005; "
        f"95 % interval 0 to {high:.3f}, which may be chance)"
    )
    assert blessing.get_int_custom_property("blessed") == 1


@pytest.fixture
def served(write_export, write_examples, tmp_path):
    """Build a served version that reads "2" as "0", with three records of which it gets two, and their folder."""
    known = ELSEWHERE | {"metrics": {"accuracy": 0.25}, "examples_digest": "these"}
    version = push(write_export, tmp_path, tmp_path / "served", known, misread="2")
    write_examples(tmp_path / "examples", {"test": [(b"1d", "1"), (b"2d", "2"), (b"3d", "3")]})
    return version


@pytest.fixture
def ask(served, artifact, tmp_path):
    """Return `ask(answers)`: calls `ask_baseline` where the judged model gave these answers."""
    from tfx_ocr.components import reading
    from tfx_ocr.components.evaluator import baseline, records
    from tfx_ocr.components.evaluator.metrics import classification

    examples = artifact("Examples", tmp_path / "examples")
    examples.split_names = '["test"]'

    def asked(answers):
        raws = list(reading.read_split([examples], "test"))
        mine = dict(zip(map(records.digest_record, raws), answers, strict=True))
        return baseline.ask_baseline(str(tmp_path / "served"), raws, classification, mine)

    return asked


def recorded(tmp_path, digest):
    from tfx_ocr.components.evaluator import baseline
    from tfx_ocr.components.evaluator.metrics import classification

    names = SimpleNamespace(NAMES=("accuracy",)) if digest == "these" else classification
    return baseline.read_baseline(str(tmp_path / "served"), digest, names)


def test_numbers_on_the_same_examples_are_taken_from_the_manifest(served, tmp_path):
    found = recorded(tmp_path, "these")
    assert (found.version, found.how, found.n, found.metrics["accuracy"]) == (served, "recorded", 4, 0.25)


def test_numbers_on_other_examples_are_not(served, tmp_path):
    assert recorded(tmp_path, "others") is None


def test_numbers_by_other_metrics_are_not(served, tmp_path):
    from tfx_ocr.components.evaluator import baseline
    from tfx_ocr.components.evaluator.metrics import text

    assert baseline.read_baseline(str(tmp_path / "served"), "these", text) is None


def test_a_version_without_a_manifest_has_no_recorded_numbers_and_is_asked(served, ask, tmp_path):
    (tmp_path / "served" / str(served) / "manifest.json").unlink()
    assert recorded(tmp_path, "these") is None
    found = ask("123")
    assert (found.version, found.how, found.n) == (served, "evaluated", 3)
    assert found.metrics["accuracy"] == pytest.approx(2 / 3)


def test_both_models_answers_to_a_record_are_put_together(ask):
    assert ask("129").triples == {("1", "1", "1"): 1, ("2", "2", "0"): 1, ("3", "9", "3"): 1}


def test_a_version_that_cannot_be_loaded_stops_the_run_and_says_what_to_do(served, ask, tmp_path):
    folder = tmp_path / "served" / str(served)
    (folder / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(Stop) as stopped:
        ask("123")
    assert str(stopped.value).startswith(
        f"version {served}, which is served now, cannot be compared with: {folder} holds"
    )
    assert str(stopped.value).endswith(
        f"mend or remove {folder} and run again, or leave gate.at_most_worse empty for one run"
    )


def test_where_nothing_is_served_there_is_nothing_to_compare_with(tmp_path):
    from tfx_ocr.components.evaluator import baseline
    from tfx_ocr.components.evaluator.metrics import classification

    assert baseline.read_baseline(str(tmp_path), "any", classification) is None
    assert baseline.ask_baseline(str(tmp_path), [], classification, {}) is None


def test_a_split_that_is_not_there_stops_the_run(artifact, write_examples, tmp_path):
    from tfx_ocr.components.evaluator.executor import Executor

    examples = write_examples(tmp_path / "examples", {"train": RECORDS[:2], "eval": RECORDS[:2]})
    made = {name: [artifact(kind, tmp_path / name)] for name, kind in
            (("evaluation", "ModelEvaluation"), ("blessing", "ModelBlessing"))}  # fmt: skip
    recipe = json.dumps({"name": "digits", "task": "classification", "gate": {"split": "test"}})
    inputs = {"examples": [examples], "model": [artifact("Model", tmp_path / "model")]}
    with pytest.raises(Stop, match=r"no test split to judge by .*; they have train, eval"):
        Executor().Do(inputs, made, {"recipe": recipe, "serving_dir": ""})


def test_an_empty_split_stops_the_run(judge, tmp_path):
    with pytest.raises(Stop, match="the test split holds no examples"):
        judge("", tmp_path, records=[])


def test_eval_config_asks_the_answering_signature():
    from tfx_ocr.components.evaluator.executor import build_eval_config

    config = build_eval_config("classification", ("group",))
    (spec,) = config.model_specs
    assert (spec.signature_name, spec.label_key, spec.prediction_key) == ("serving_default", "", "")
    assert [list(each.feature_keys) for each in config.slicing_specs] == [[], ["group"]]


def test_corrections_are_judged_apart_from_the_other_examples(judge, write_export, tmp_path):
    """Of 40 examples and 2 corrections, both of which the model reads and the served version does not."""
    records = [*RECORDS, (b"5d", "5", "corrections/ann/1"), (b"5d", "5", "corrections/ann/2")]
    rule = {"corrections_at_most_worse": {"accuracy": 0.0}, "at_most_worse": {"accuracy": 0.005}}
    published = write_export(tmp_path / "export", "5")
    versions.publish(published, tmp_path / "served", versions.Manifest(**ELSEWHERE))
    judged = verdict(judge("", tmp_path / "served", records, **rule)[0])
    assert judged["n"] == judged["served"]["n"] == 40
    assert judged["metrics"]["accuracy"] == judged["served"]["metrics"]["accuracy"] == 39 / 40
    assert judged["corrections"]["n"] == 2
    assert (judged["corrections"]["metrics"]["accuracy"], judged["corrections"]["served"]["accuracy"]) == (1.0, 0.0)
    assert judged["blessed"]
    together = verdict(judge("", tmp_path / "served", records)[0])
    assert (together["n"], together["corrections"]) == (42, None)
