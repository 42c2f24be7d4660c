import numpy as np
import pytest

from tfx_ocr.components.recipe import Image

pytestmark = pytest.mark.tfx


@pytest.fixture
def records():
    import tensorflow as tf

    def record(**values):
        feature = {
            name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) for name, value in values.items()
        }
        return tf.train.Example(features=tf.train.Features(feature=feature))

    return [record(image=image, label=b"1", source=b"x", group=b"") for image in (b"1", b"2", b"3")]


class FakeExport:
    """An export with set answers that records its inputs."""

    def __init__(self, **changed):
        from tfx_ocr.serving.signature import Signature

        self.asked = {}
        self.changed = changed
        self.signatures = {
            "serving_default": Signature(inputs={"examples": ("string", (None,))}, outputs={}),
            "serve_images": Signature(inputs={"image_bytes": ("string", (None,))}, outputs={}),
        }

    def ask(self, signature, inputs):
        (questions,) = inputs.values()
        self.asked.setdefault(signature, []).append((list(inputs), list(questions)))
        n = len(questions)
        answers = {
            "label": np.array([b"1", b"2", b"3"][:n], dtype=object),
            "probability": np.array([0.9, 0.8, 0.7][:n], dtype=np.float32),
            "labels": np.array([[b"1", b"7"], [b"2", b"7"], [b"3", b"7"]][:n], dtype=object),
            "probabilities": np.array([[0.9, 0.1], [0.8, 0.1], [0.7, 0.1]][:n], dtype=np.float32),
        }
        changes = self.changed.get(signature, self.changed.get("both"))
        return changes(answers, n) if changes else answers


def trial(export, records, task="classification"):
    from tfx_ocr.components.infra_validator.trial import try_export

    return try_export(export, records, Image(height=8, width=8), task)


def test_an_extra_signature_is_tried_too(records):
    from tfx_ocr.serving.signature import Signature

    export = FakeExport(embed=lambda answers, n: {"embedding": np.ones([n, 8], np.float32)})
    export.signatures["embed"] = Signature(inputs={"image_bytes": ("string", (None,))}, outputs={})
    assert trial(export, records) is None
    assert [len(images) for _, images in export.asked["embed"]] == [3, 1]
    export.changed["embed"] = lambda answers, n: {"embedding": np.full([n, 8], np.nan, np.float32)}
    with pytest.raises(ValueError, match="embed gives embedding that is not a finite number"):
        trial(export, records)


def test_an_extra_signature_of_other_inputs_is_refused(records):
    from tfx_ocr.serving.signature import Signature

    export = FakeExport()
    export.signatures["warp"] = Signature(inputs={"grid": ("float32", (None,))}, outputs={})
    with pytest.raises(ValueError, match="warp takes grid; allowed: image_bytes or examples"):
        trial(export, records)


def test_a_sound_export_passes_and_is_asked_in_a_batch_and_alone(records):
    import tensorflow as tf

    export = FakeExport()
    assert trial(export, records) is None
    assert export.asked["serve_images"] == [
        (["image_bytes"], [b"1", b"2", b"3"]),
        (["image_bytes"], [b"1"]),
    ]
    (name,), questions = export.asked["serving_default"][0]
    assert name == "examples"
    # a client knows neither label nor source
    assert [set(tf.train.Example.FromString(each).features.feature) for each in questions] == [{"image"}] * 3
    assert set(records[0].features.feature) == {"image", "label", "source", "group"}


def with_output(name, value):
    return lambda answers, n: {**answers, name: np.array(value[:n], dtype=answers.get(name, np.array(value)).dtype)}


def halved(answers, n):
    return {**answers, "probability": answers["probability"] / 2, "probabilities": answers["probabilities"] / 2}


def nine_last(answers, n):
    labels = {name: answers[name].copy() for name in ("label", "labels")}
    labels["label"][-1] = labels["labels"][-1, 0] = b"9" if n == 3 else labels["label"][-1]
    return answers | labels


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"both": lambda a, n: {"label": a["label"]}}, "serve_images has no output 'probability'; it has label"),
        ({"both": with_output("probability", [0.9, np.nan, 0.7])}, "probability that is not a finite number"),
        ({"both": with_output("probability", [0.9, 1.5, 0.7])}, "probability outside 0 to 1"),
        ({"both": with_output("probability", [0.9, -0.1, 0.7])}, "probability outside 0 to 1"),
        (
            {"both": lambda a, n: {**a, "label": a["label"][:1]}},
            r"answers 3 examples with label of shape \[1\]",
        ),
        (
            {"both": lambda a, n: {**a, "label": np.array(b"1", dtype=object)}},
            r"answers 3 examples with label of shape \[\]",
        ),
        (
            {"serve_images": nine_last},
            "serving_default and serve_images give different label for the same examples",
        ),
        ({"serve_images": halved}, "give different probability for the same"),
        (
            {"serve_images": with_output("more", [1, 2, 3])},
            "has the outputs label, labels, probabilities, probability, and serve_images label, labels, more, prob",
        ),
        (
            {"both": lambda a, n: halved(a, n) if n == 1 else a},
            "serve_images and serve_images in a batch give different probability",
        ),
        ({"both": lambda a, n: {k: a[k] for k in ("label", "probability")}}, "has no output 'labels'"),
        (
            {"both": lambda a, n: {**a, "labels": a["labels"][:, :1]}},
            r"labels of shape \[3, 1\] and probabilities of shape \[3, 2\]; both must be \[batch, top_n\]",
        ),
        (
            {"both": lambda a, n: {**a, "labels": a["labels"][:, ::-1]}},
            "that are not the best first",
        ),
        ({"both": lambda a, n: {**a, "probability": a["probability"] / 2}}, "that are not the best first"),
        (
            {"both": lambda a, n: {**a, "probabilities": a["probabilities"] + np.float32([0, 0.85])}},
            "that are not the best first",
        ),
    ],
    ids=[
        "output",
        "nan",
        "above",
        "below",
        "rows",
        "scalar",
        "labels",
        "probabilities",
        "more_outputs",
        "batch",
        "no_ranking",
        "ranking_shape",
        "ranking_label",
        "ranking_probability",
        "ranking_order",
    ],
)
def test_a_broken_contract_is_said_in_a_sentence(records, changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        trial(FakeExport(**changed), records)


def test_rounding_apart_is_the_same(records):
    assert trial(FakeExport(serve_images=with_output("probability", [0.90001, 0.8, 0.7])), records) is None


def characters(*rows):
    """Build answers with the characters of each text, padded to the longest of the batch."""

    def answer(answers, n):
        longest = max(len(row) for row in rows[:n])
        padded = [[*row, *[b""] * (longest - len(row))] for row in rows[:n]]
        probabilities = [[0.9] * len(row) + [0.0] * (longest - len(row)) for row in rows[:n]]
        return {
            "label": answers["label"],
            "probability": answers["probability"],
            "characters": np.array(padded, dtype=object),
            "character_probabilities": np.array(probabilities, dtype=np.float32),
            "character_places": np.stack([probabilities, probabilities], 2).astype(np.float32),
        }

    return answer


def test_what_is_padded_in_a_batch_may_be_shorter_alone(records):
    def longer(answers, n):
        answers = {**answers, "label": np.array([b"1", b"22", b"3"][:n], dtype=object)}
        return characters([b"1"], [b"2", b"2"], [b"3"])(answers, n)

    assert trial(FakeExport(both=longer), records, task="sequence") is None


def test_what_is_cut_off_alone_must_be_padding(records):
    def cut(answers, n):
        answers = characters([b"1"], [b"2"], [b"3"])(answers, n)
        more = np.array([[b"x"]] * n, dtype=object)
        return {**answers, "more": np.concatenate([more, more], 1) if n > 1 else more}

    with pytest.raises(ValueError, match="give different more for the same examples"):
        trial(FakeExport(both=cut), records, task="sequence")


@pytest.mark.parametrize("name", ["serving_default", "serve_images"])
def test_a_missing_signature_is_named(records, name):
    export = FakeExport()
    del export.signatures[name]
    (there,) = export.signatures
    sentence = f"has the signatures {there}; the contract is serve_images and serving_default"
    with pytest.raises(ValueError, match=sentence):
        trial(export, records)


def test_an_input_that_no_record_has_is_named(records):
    for record in records:
        record.features.feature.pop("image")
    with pytest.raises(ValueError, match="the records lack the feature 'image', which a request needs"):
        trial(FakeExport(), records)
