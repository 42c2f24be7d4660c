"""The portable form of an export whose answers can be read off its pictures; its network reads a 9 as 8, to be told."""

import logging
import re
import shutil

import numpy as np
import pytest

pytestmark = pytest.mark.tfx

READ_AS_8 = (56.0, 255.0)


@pytest.fixture(scope="module")
def written(write_export, write_portable, tmp_path_factory):
    return write_portable(write_export(tmp_path_factory.mktemp("export") / "1"), most=READ_AS_8)


@pytest.fixture
def load():
    """Return `load(folder, **flags)`: what the server loads; closed at the end."""
    from tfx_ocr.serving.model_server.flags import Flags
    from tfx_ocr.serving.model_server.loader import open_version

    opened = []

    def loaded(folder, **flags):
        opened.append(open_version(folder, Flags(**flags)))
        return opened[-1]

    yield loaded
    for each in opened:
        each.close()


@pytest.fixture
def portable(load, written):
    return load(written, prefer_tflite_model=True)


def ask(model, images, outputs=("label", "probability"), timeout_s=None):
    found = model.ask("serve_images", {"image_bytes": np.array(images, dtype=object)}, timeout_s, outputs)
    return [value.tolist() for value in found.values()]


def example(image):
    import tensorflow as tf

    feature = {"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))}
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def test_its_network_is_asked_where_it_is_preferred(load, portable, written):
    assert ask(portable, [b"7d", b"92"]) == [[b"7", b"8"], [1.0, 0.5]]
    assert ask(load(written), [b"7d", b"92"]) == [[b"7", b"9"], [1.0, 0.5]]


def test_it_tells_the_signatures_of_the_savedmodel_and_answers_each(load, portable, written):
    whole = load(written)
    assert portable.signatures.keys() == whole.signatures.keys()
    for name, definition in portable.definitions.items():
        assert definition.method_name == whole.definitions[name].method_name
        assert portable.signatures[name].inputs == whole.signatures[name].inputs
        assert type(whole.signatures[name]).read(definition) == portable.signatures[name]
    inputs = {"examples": np.array([example(b"92"), example(b"3d")], dtype=object)}
    assert portable.ask("serving_default", inputs, outputs=["label"])["label"].tolist() == [b"8", b"3"]


@pytest.mark.parametrize("rows", [1, 2, 10, 19], ids=str)
def test_rows_are_answered_in_their_order(load, written, rows):
    model = load(written, prefer_tflite_model=True, num_tflite_pools=3)
    images = [b"%d%c" % (number % 10, 50 + number) for number in range(rows)]
    labels, probabilities = ask(model, images)
    assert labels == [b"8" if number % 10 == 9 else b"%d" % (number % 10) for number in range(rows)]
    assert probabilities == pytest.approx([0.5 + number / 100 for number in range(rows)])


def test_no_rows_are_answered_with_none(portable):
    """TFLite itself spoils its memory on a tensor without rows."""
    assert ask(portable, [], ("label", "probabilities")) == [[], []]
    assert ask(portable, [b"7d"]) == [[b"7"], [1.0]]


def test_outputs_come_as_they_are_asked_for(portable):
    assert ask(portable, [b"72"], ("probabilities", "label")) == [[[0.5, 0.5]], [b"7"]]


def test_requests_of_several_threads_get_their_own_answers(load, written):
    import concurrent.futures

    model = load(written, prefer_tflite_model=True, num_tflite_pools=2)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: ask(model, [b"%dd" % (number % 8)] * (number % 3 + 1))[0], range(64)))
    assert answers == [[b"%d" % (number % 8)] * (number % 3 + 1) for number in range(64)]


def test_a_request_that_cannot_be_read_is_the_callers_error(portable):
    from tfx_ocr.serving.model import RequestError

    with pytest.raises(RequestError) as refused:
        ask(portable, [b"7d", b"7"])  # a byte is missing
    assert refused.value.code == "INVALID_ARGUMENT"
    with pytest.raises(RequestError, match="unknown signature"):
        portable.ask("__saved_model_init_op", {})


def test_who_waits_too_long_for_an_interpreter_is_told(load, written):
    from tfx_ocr.serving.model import RequestError

    model = load(written, prefer_tflite_model=True, num_tflite_pools=1)
    taken = model._network._free.get()
    with pytest.raises(RequestError, match="Timed out waiting for an interpreter"):
        ask(model, [b"7d", b"1d"], timeout_s=0.2)
    model._network._free.put(taken)
    assert ask(model, [b"7d", b"1d"], timeout_s=60.0) == [[b"7", b"1"], [1.0, 1.0]]


def test_a_deadline_that_passed_while_pictures_were_read_ends_the_request(portable):
    from tfx_ocr.serving.model import RequestError

    with pytest.raises(RequestError, match="Timed out before the network ran") as late:
        ask(portable, [b"7d"], timeout_s=0.0)
    assert late.value.code == "DEADLINE_EXCEEDED"


def test_an_export_without_one_is_served_from_its_savedmodel_and_a_line_says_so(load, write_export, tmp_path, caplog):
    write_export(tmp_path / "1")
    with caplog.at_level(logging.INFO, "tfx_ocr.serving.model_server"):
        assert ask(load(tmp_path / "1", prefer_tflite_model=True), [b"9d"]) == [[b"9"], [1.0]]
    assert [each.message for each in caplog.records] == [
        f"{tmp_path / '1'} has no portable form: its SavedModel is served"
    ]


@pytest.mark.parametrize("content", [b"", b"no model"], ids=["empty", "other"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("network.tflite", r"network\.tflite is not a network that LiteRT runs"),
        ("portable.json", r"portable\.json cannot be read"),
    ],
)
def test_a_damaged_one_is_not_served(load, written, tmp_path, name, sentence, content):
    from tfx_ocr.serving.model_server.errors import ServingError

    folder = shutil.copytree(written, tmp_path / "1")
    (folder / "assets.extra/portable" / name).write_bytes(content)
    with pytest.raises(ServingError, match=sentence):
        load(folder, prefer_tflite_model=True)


def test_the_fast_form_of_an_older_push_is_ignored(load, write_export, tmp_path):
    folder = write_export(tmp_path / "1")
    (folder / "assets.extra/fast").mkdir(parents=True)
    (folder / "assets.extra/fast/network.tflite").write_bytes(b"of an older release")
    assert ask(load(folder, prefer_tflite_model=True), [b"9d"]) == [[b"9"], [1.0]]


def test_requests_that_come_together_meet_in_one_run(load, written):
    """Through the server's batches, where a bad picture costs its neighbours nothing."""
    import concurrent.futures

    from tfx_ocr.serving.model_server.batching import BatchScheduler
    from tfx_ocr.serving.model_server.config import BatchingParameters
    from tfx_ocr.serving.model_server.errors import ServingError
    from tfx_ocr.serving.model_server.monitoring import Monitoring
    from tfx_ocr.serving.model_server.servable import Servable

    scheduler = BatchScheduler(BatchingParameters(max_batch_size=4, batch_timeout_micros=200_000, num_batch_threads=1))
    servable = Servable("m", 1, load(written, prefer_tflite_model=True), Monitoring(), scheduler)

    def ask(image):
        inputs = {"image_bytes": np.array([image], dtype=object)}
        found = servable.ask({"serve_images": ["label", "probability"]}, inputs)["serve_images"]
        return [value.tolist() for value in found.values()]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, image) for image in (b"7d", b"9d", b"5", b"12")]
        found = [each.exception() or each.result() for each in asked]
    scheduler.close()
    assert [found[0], found[1], found[3]] == [[[b"7"], [1.0]], [[b"8"], [1.0]], [[b"1"], [0.5]]]
    assert isinstance(found[2], ServingError)
    assert found[2].code.name == "INVALID_ARGUMENT"


@pytest.mark.parametrize("picture", [np.array(b"x", dtype=object), np.array([[b"x"]], dtype=object)])
def test_an_input_of_other_dimensions_is_refused_in_words(portable, picture):
    from tfx_ocr.serving.model import RequestError

    said = rf"image_bytes has {picture.ndim} dimensions, where it must have 1 \(INVALID_ARGUMENT\)"
    with pytest.raises(RequestError, match=said):
        portable.ask("serve_images", {"image_bytes": picture})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"bytes_list": [b"7d", b"1d"]}, "the record's feature 'image' holds 2 of bytes, where it has one of bytes"),
        ({"int64_list": [7]}, "the record's feature 'image' holds 1 of int, where it has one of bytes"),
        ({"float_list": []}, "the record has no feature 'image'"),
    ],
    ids=["two", "a_number", "none"],
)
def test_an_example_without_one_picture_is_refused_in_words(portable, values, said):
    import tensorflow as tf

    from tfx_ocr.serving.model import RequestError

    example = tf.train.Example()
    for kind, each in values.items():
        getattr(example.features.feature["image"], kind).value.extend(each)
    with pytest.raises(RequestError, match=f"{re.escape(said)} .INVALID_ARGUMENT"):
        portable.ask("serving_default", {"examples": np.array([example.SerializeToString()], dtype=object)})
