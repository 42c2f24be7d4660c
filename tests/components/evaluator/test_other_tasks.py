"""The Evaluator on answers without a single class: several outputs per example, of varying length, no label."""

import json

import pytest

pytestmark = pytest.mark.tfx

# words, fields written down; the model takes the first word for the supplier and the last for the total
PAGES = [
    (["ACME", "Total", "9.00"], {"supplier": "Acme", "total": "RM 9.00"}),
    (["Bolt", "5"], {"supplier": "Bolt", "total": ""}),  # annotated: no total on this page
    (["Carl", "GmbH", "Summe", "7,50"], {"supplier": "Carl GmbH", "total": "7,50"}),
    (["?"], {}),
]
# lines; the model reads the picture's bytes as they are
LINES = [(b"S\xe1\xbb\x91 5", "Số 5"), (b"Ha Noi", "Hà Nội"), (b"", "a")]


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    import tensorflow as tf

    class Tagger(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
        def serve_examples(self, examples):
            words = tf.io.parse_example(examples, {"words": tf.io.RaggedFeature(tf.string)})["words"]
            ends = tf.gather(words.flat_values, tf.stack([words.row_starts(), words.row_limits() - 1], 1))
            return {
                "entities": tf.where(words.to_tensor("") == "", "", "supplier"),
                "field_names": tf.tile([["supplier", "total"]], [words.nrows(), 1]),
                "field_values": tf.where(words.row_lengths()[:, tf.newaxis] > 1, ends, ""),
                "field_boxes": tf.zeros([words.nrows(), 2, 4]),
            }

    folder = tmp_path_factory.mktemp("tagger")
    tagger = Tagger()
    tf.saved_model.save(tagger, str(folder), signatures={"serving_default": tagger.serve_examples})
    return folder


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    import tensorflow as tf

    class Reader(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
        def serve_examples(self, examples):
            text = tf.io.parse_example(examples, {"image": tf.io.FixedLenFeature([], tf.string)})["image"]
            characters = tf.strings.unicode_split(text, "UTF-8")
            return {
                "label": text,
                "probability": tf.fill(tf.shape(text), 0.5),
                "characters": characters.to_tensor(""),
                "character_probabilities": tf.cast(characters.to_tensor("") != "", tf.float32),
            }

    folder = tmp_path_factory.mktemp("reader")
    reader = Reader()
    tf.saved_model.save(reader, str(folder), signatures={"serving_default": reader.serve_examples})
    return folder


@pytest.fixture
def judge(artifact, tmp_path):
    """Return `judge(export, task, records, limits)`, which runs the executor and returns the evaluation's folder."""
    import shutil

    from tfx_ocr.components.evaluator.executor import Executor
    from tfx_ocr.data import record_file

    def run(export, task, records, **limits):
        shutil.copytree(export, tmp_path / "model" / "Format-Serving")
        (tmp_path / "examples" / "Split-test").mkdir(parents=True)
        record_file.write(tmp_path / "examples" / "Split-test" / "data_tfrecord-00000-of-00001.gz", records)
        examples = artifact("Examples", tmp_path / "examples")
        examples.split_names = '["test"]'
        made = {
            "evaluation": [artifact("ModelEvaluation", tmp_path / "evaluation")],
            "blessing": [artifact("ModelBlessing", tmp_path / "blessing")],
        }
        recipe = {
            "name": "other",
            "task": task,
            "alphabet": "vietnamese",
            "gate": {"split": "test", "min_examples": 1, **limits},
        }
        inputs = {"examples": [examples], "model": [artifact("Model", tmp_path / "model")]}
        properties = {"recipe": json.dumps(recipe), "serving_dir": str(tmp_path / "served")}
        Executor().Do(inputs, made, properties)
        return tmp_path / "evaluation"

    return run


def read(folder):
    import tensorflow_model_analysis as tfma

    judged = json.loads((folder / "gate.json").read_text())
    answers = [json.loads(line) for file in folder.glob("answers-*.jsonl") for line in file.read_text().splitlines()]
    return judged, sorted(answers, key=lambda answer: answer["source"]), tfma.load_eval_result(str(folder))


def test_pages_are_judged_by_their_fields(tagger, judge):
    from tfx_ocr.data.record import Record

    records = [
        Record(
            features={
                "words": [word.encode() for word in words],
                "boxes": [0.5] * 4 * len(words),
                "field_names": [name.encode() for name in fields],
                "field_values": [value.encode() for value in fields.values()],
            },
            source=f"{number}.xml",
            group=f"supplier {number % 2}",
        )
        for number, (words, fields) in enumerate(PAGES)
    ]
    limits = {"at_least": {"micro_f1_normalised": 0.6}, "each_class_at_least": {"recall": 0.4}, "slices": ["group"]}
    judged, answers, result = read(judge(tagger, "tagging", records, **limits))
    assert [answer["answer"] for answer in answers] == [
        '{"supplier": "ACME", "total": "9.00"}',
        '{"supplier": "Bolt", "total": "5"}',
        '{"supplier": "Carl", "total": "7,50"}',
        "{}",
    ]
    assert answers[3]["reference"] == "{}"
    # exact: ACME, Bolt, 7,50 of 6 answered and 5 written; normalised: 9.00 too
    assert judged["metrics"]["micro_precision"] == 3 / 6
    assert judged["metrics"]["micro_recall"] == 3 / 5
    assert judged["metrics"]["micro_f1_normalised"] == pytest.approx(8 / 11)
    assert judged["classes"]["total"]["support"] == 2
    assert judged["confusion"] == []
    assert judged["blessed"]
    values = result.get_metrics_for_slice((("group", "supplier 1"),))
    assert values["micro_recall"]["doubleValue"] == 1
    assert values["example_count"]["doubleValue"] == 2


def test_lines_are_judged_by_their_characters(reader, judge):
    from tfx_ocr.data.record import Record

    records = [
        Record(features={"image": image, "label": label.encode()}, source=f"{number}.png", group=f"form {number}")
        for number, (image, label) in enumerate(LINES)
    ]
    limits = {"at_most": {"cer": 0.25, "wer": 0.9}, "at_most_worse": {"cer": 0.01}, "slices": ["group", "length"]}
    judged, answers, result = read(judge(reader, "sequence", records, **limits))
    assert [(answer["reference"], answer["answer"]) for answer in answers] == [
        ("Số 5", "Số 5"), ("Hà Nội", "Ha Noi"), ("a", ""),
    ]  # fmt: skip
    assert judged["metrics"]["cer"] == pytest.approx(3 / 11)
    assert judged["metrics"]["wer"] == pytest.approx(3 / 5)
    assert [check["sentence"] for check in judged["checks"]] == [
        "cer 0.273 is above 0.25",
        "wer 0.6 is at most 0.9, which may be chance: its 95 % interval is 0 to 0.982",
        "",
        "",
    ]
    assert judged["classes"] == {}
    values = result.get_metrics_for_slice((("group", "form 1"),))
    assert values["cer"]["doubleValue"] == pytest.approx(2 / 6)
    assert result.get_metrics_for_slice((("length", "2-4"),))["cer"]["doubleValue"] == 0
    assert result.get_metrics_for_slice((("length", "5-9"),))["cer"]["doubleValue"] == pytest.approx(2 / 6)
