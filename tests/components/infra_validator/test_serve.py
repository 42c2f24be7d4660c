import logging

import pytest

from tfx_ocr.components.recipe import Image, Words

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def exports(write_export, tmp_path_factory):
    """Build a correct export, and one that answers "0" instead of "7": (folder, folder)."""
    top = tmp_path_factory.mktemp("exports")
    return write_export(top / "sound"), write_export(top / "misreading", misread="7")


@pytest.fixture
def records():
    import tensorflow as tf

    def record(image):
        feature = {"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))}
        return tf.train.Example(features=tf.train.Features(feature=feature))

    return [record(image) for image in (b"7d", b"12", b"3Z\xff\x00")]


@pytest.fixture
def load():
    from tfx_ocr.serving.runtimes import open_folder

    return open_folder


PICTURE = Image(height=8, width=8)


def try_served(export, records, spec=PICTURE):
    from tfx_ocr.components.infra_validator.serve import try_served

    return try_served(export, records, spec)


def test_a_sound_export_passes_and_says_nothing(exports, records, load, capfd, caplog):
    with load(exports[0]) as export, caplog.at_level(logging.WARNING):
        capfd.readouterr()  # what TensorFlow remarks on the first export of a process
        caplog.clear()
        assert try_served(export, records) is None
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


def test_both_ways_and_both_signatures_are_asked_together_and_alone(exports, records, load, monkeypatch):
    from tfx_ocr.serving.client.grpc import GrpcClient
    from tfx_ocr.serving.client.rest import RestClient

    asked = []
    for way in (GrpcClient, RestClient):

        def ask(self, signature, inputs, way=way, real=way.ask):
            asked.append((way.__name__, signature, len(next(iter(inputs.values())))))
            return real(self, signature, inputs)

        monkeypatch.setattr(way, "ask", ask)
    with load(exports[0]) as export:
        try_served(export, records)
    names = ("GrpcClient", "RestClient")
    assert asked == [
        (name, signature, count)
        for count in (3, 1)
        for signature in ("serve_images", "serving_default")
        for name in names
    ]


def test_what_is_served_must_answer_as_the_export_does(exports, records, load):
    sound, misreading = exports
    with load(sound) as export:
        export.path = str(misreading)
        with pytest.raises(ValueError, match=r"serve_images and serve_images over gRPC give different labels? for the"):
            try_served(export, records)
        try_served(export, records[1:])  # no 7 among them


def test_what_differs_over_rest_alone_is_named(exports, records, load, monkeypatch):
    from tfx_ocr.serving.client import rest

    real = rest.RestClient.ask
    halved = {"probability": 0.5}
    monkeypatch.setattr(
        rest.RestClient,
        "ask",
        lambda *asked: {
            name: value * halved[name] if name in halved else value for name, value in real(*asked).items()
        },
    )
    with load(exports[0]) as export, pytest.raises(ValueError, match="serve_images over REST give different probab"):
        try_served(export, records)


def test_a_question_that_the_server_refuses_is_told_with_its_reason(exports, records, load, monkeypatch):
    from tfx_ocr.serving.model_server import handlers
    from tfx_ocr.serving.model_server.errors import InvalidArgumentError

    def refuse(*_):
        raise InvalidArgumentError("not today")

    monkeypatch.setattr(handlers.Handlers, "predict", refuse)
    with load(exports[0]) as export:
        sentence = r"serve_images over gRPC gives no answer: .*not today \(INVALID_ARGUMENT\)"
        with pytest.raises(ValueError, match=sentence):
            try_served(export, records)


def test_what_the_server_does_not_load_is_told_with_its_reason(exports, records, load, tmp_path):
    with load(exports[0]) as export:
        export.path = str(tmp_path)
        with pytest.raises(
            ValueError, match=r"is not loaded by the embedded server: .*holds no model that can be served"
        ):
            try_served(export, records)


def test_words_and_their_boxes_are_asked_and_answered_likewise(load, tmp_path, monkeypatch):
    """Two pages, of two words and of one: the second is padded together with the first, and not alone."""
    import tensorflow as tf

    from tfx_ocr.serving.client.rest import RestClient

    class Pages(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string), tf.TensorSpec([None, None, 4])])
        def serve_words(self, words, boxes):
            return {"label": words, "probability": boxes[..., 2] / 3.0, "length": tf.strings.length(words)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
        def serve_examples(self, examples):
            ragged = {
                name: tf.io.RaggedFeature(kind, row_splits_dtype=tf.int32)
                for name, kind in (("words", tf.string), ("boxes", tf.float32))
            }
            parsed = tf.io.parse_example(examples, ragged)
            words = parsed["words"].to_tensor("")
            count = tf.shape(words)[1]
            boxes = tf.reshape(parsed["boxes"].to_tensor(shape=[None, None]), [tf.shape(words)[0], count, 4])
            return self.serve_words(words, boxes)

    def page(words, boxes):
        feature = {
            "words": tf.train.Feature(bytes_list=tf.train.BytesList(value=words)),
            "boxes": tf.train.Feature(float_list=tf.train.FloatList(value=boxes)),
        }
        return tf.train.Example(features=tf.train.Features(feature=feature))

    pages = Pages()
    signatures = {"serving_default": pages.serve_examples, "serve_words": pages.serve_words}
    tf.saved_model.save(pages, str(tmp_path), signatures=signatures)
    records = [page([b"Summe", "9 €".encode()], [0, 0, 7.1, 2, 8, 0, 9.3, 2]), page([b"x"], [0, 0, 1, 2])]
    answered, real = [], RestClient.ask

    def ask(*asked):
        answered.append(real(*asked))
        return answered[-1]

    monkeypatch.setattr(RestClient, "ask", ask)
    with load(tmp_path) as export:
        try_served(export, records, Words())
    assert [each["length"].tolist() for each in answered] == [[[5, 5], [1, 0]]] * 2 + [[[5, 5]]] * 2


def test_nothing_is_served_any_more_afterwards(exports):
    import threading

    from tfx_ocr.components.infra_validator.serve import serve_export
    from tfx_ocr.serving.client import Backoff, RequestError, connect

    with serve_export(exports[0]) as clients:
        assert [state.state for state in clients["REST"].get_status()] == ["AVAILABLE"]
        address = clients["REST"].target.server
    with connect(address, "trial", backoff=Backoff(attempts=1)) as client, pytest.raises(RequestError):
        client.get_status()
    assert not [thread.name for thread in threading.enumerate() if thread.name == "rest"]
