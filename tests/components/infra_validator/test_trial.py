import numpy as np
import pytest

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def records():
    import tensorflow as tf

    def record(**values):
        feature = {
            name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) for name, value in values.items()
        }
        return tf.train.Example(features=tf.train.Features(feature=feature))

    return [record(image=image, label=b"1", source=b"x", group=b"") for image in (b"1", b"2", b"3")]


class FakeExport:
    """Answers as told, and keeps what it was asked."""

    def __init__(self, **changed):
        from tfx_ocr.serving.export import Signature

        self.asked = {}
        self.changed = changed
        self.signatures = {
            "serving_default": Signature(inputs={"examples": ("string", (None,))}, outputs={}),
            "serve_images": Signature(inputs={"image_bytes": ("string", (None,))}, outputs={}),
        }

    def answer(self, signature, inputs):
        (questions,) = inputs.values()
        self.asked.setdefault(signature, []).append((list(inputs), list(questions)))
        n = len(questions)
        answers = {
            "label": np.array([b"1", b"2", b"3"][:n], dtype=object),
            "probability": np.array([0.9, 0.8, 0.7][:n], dtype=np.float32),
        }
        changes = self.changed.get(signature, self.changed.get("both"))
        return changes(answers, n) if changes else answers


def trial(export, records):
    from tfx_ocr.components.infra_validator.trial import try_export

    return try_export(export, records)


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


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"both": lambda a, n: {"label": a["label"]}}, "serve_images has no output 'probability'; it has label"),
        ({"both": with_output("probability", [0.9, np.nan, 0.7])}, "probability that is not a finite number"),
        ({"both": with_output("probability", [0.9, 1.5, 0.7])}, "probability outside 0 to 1"),
        ({"both": with_output("probability", [0.9, -0.1, 0.7])}, "probability outside 0 to 1"),
        (
            {"both": lambda a, n: {**a, "label": a["label"][:1]}},
            r"answers 3 questions with label of shape \[1\]",
        ),
        (
            {"both": lambda a, n: {**a, "label": np.array(b"1", dtype=object)}},
            r"answers 3 questions with label of shape \[\]",
        ),
        (
            {"serve_images": with_output("label", [b"1", b"2", b"9"])},
            "serving_default and serve_images give different label for the same questions",
        ),
        ({"serve_images": with_output("probability", [0.9, 0.8, 0.6])}, "give different probability for the same"),
        (
            {"serve_images": with_output("more", [1, 2, 3])},
            "serving_default has the outputs label, probability, and serve_images label, more, probability",
        ),
        (
            {"both": lambda a, n: {**a, "probability": a["probability"] / n}},
            "serve_images and serve_images in a batch give different probability",
        ),
    ],
    ids=["output", "nan", "above", "below", "rows", "scalar", "labels", "probabilities", "more_outputs", "batch"],
)
def test_a_broken_contract_is_said_in_a_sentence(records, changed, sentence):
    with pytest.raises(ValueError, match=sentence):
        trial(FakeExport(**changed), records)


def test_rounding_apart_is_the_same(records):
    trial(FakeExport(serve_images=with_output("probability", [0.90001, 0.8, 0.7])), records)


@pytest.mark.parametrize("name", ["serving_default", "serve_images"])
def test_a_missing_signature_is_named(records, name):
    export = FakeExport()
    del export.signatures[name]
    with pytest.raises(ValueError, match=f"no signature '{name}'"):
        trial(export, records)


def test_an_input_that_no_record_has_is_named(records):
    from tfx_ocr.serving.export import Signature

    export = FakeExport()
    export.signatures["serve_words"] = Signature(inputs={"words_bytes": ("string", (None,))}, outputs={})
    with pytest.raises(ValueError, match="serve_words asks for 'words_bytes', and the records have no feature 'words'"):
        trial(export, records)
