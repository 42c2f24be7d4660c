import ctypes
import threading

import numpy as np
import pytest

from tfx_ocr.serving.client.contract import TIMEOUT_S

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def folder(write_export, tmp_path_factory):
    return write_export(tmp_path_factory.mktemp("export") / "1")


@pytest.fixture(scope="module")
def export(folder):
    from tfx_ocr.serving.runtimes import open_folder

    with open_folder(folder) as opened:
        yield opened


def texts(*values):
    return np.array(values, dtype=object)


def test_export_answers_by_signature(export):
    answers = export.ask("serve_images", {"image_bytes": texts(b"7d", b"32")})
    assert answers["label"].tolist() == [b"7", b"3"]
    assert answers["probability"].tolist() == [1.0, 0.5]
    assert answers["labels"].tolist() == [[b"7", b"?"], [b"3", b"?"]]


def test_export_answers_the_same_to_an_example(export):
    import tensorflow as tf

    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"9d"]))
    example = tf.train.Example(features=tf.train.Features(feature={"image": feature})).SerializeToString()
    assert export.ask("serving_default", {"examples": texts(example)})["label"].tolist() == [b"9"]


def test_export_names_inputs_and_outputs_with_types_and_shapes(export):
    assert set(export.signatures) == {"serve_images", "serving_default"}
    signature = export.signatures["serve_images"]
    assert signature.inputs == {"image_bytes": ("string", (None,))}
    assert signature.outputs["probability"] == ("float32", (None,))
    assert signature.outputs["labels"] == ("string", (None, 2))


def test_export_answers_threads_at_once(export):
    found = {}

    def ask(digit):
        for _ in range(20):
            found[digit] = export.ask("serve_images", {"image_bytes": texts(f"{digit}d".encode())})["label"][0]

    threads = [threading.Thread(target=ask, args=(digit,)) for digit in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {digit: str(digit).encode() for digit in range(8)}


@pytest.mark.parametrize(
    ("signature", "inputs", "sentence"),
    [
        ("classify", {}, "unknown signature; the model has serve_images, serving_default"),
        ("serve_images", {"pixels": texts(b"7d")}, "takes image_bytes, and was given pixels"),
        ("serve_images", {}, "takes image_bytes, and was given nothing"),
        ("serve_images", {"image_bytes": np.ones(1)}, "INVALID_ARGUMENT"),
        ("serving_default", {"examples": texts(b"no example")}, "Could not parse example input, value: 'no example'"),
        ("serving_default", {"examples": texts(b"\x89PNG\r\n")}, r"Could not parse example input, value: '\\x89PNG"),
    ],
    ids=["signature", "input_name", "no_input", "type", "no_example", "a_picture_for_an_example"],
)
def test_export_refuses_in_a_sentence(export, signature, inputs, sentence):
    with pytest.raises(ValueError, match=sentence) as refused:
        export.ask(signature, inputs)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("timeout_s", [None, 0.9 * TIMEOUT_S])  # as our client's limit arrives
def test_export_keeps_nothing_of_a_run_that_fails(timeout_s):
    from tfx_ocr.data import pretrained
    from tfx_ocr.serving.runtimes import open_folder

    with open_folder(
        pretrained.get_folder("digits")
    ) as digits:  # of many functions; a small one's are inlined in any case

        def held_after(failures):
            for _ in range(failures):
                with pytest.raises(ValueError, match="unsupported image format"):
                    digits.ask("serve_images", {"image_bytes": texts(b"no picture")}, timeout_s=timeout_s)
            return held_bytes()

        before = held_after(300)
        assert held_after(1000) - before < 200 * 1000  # one call of a function that fails leaves 700 and more


def held_bytes():
    """Return the bytes of the C library's memory that were taken and not given back."""

    class Information(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )]  # fmt: skip

    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        pytest.skip("this C library does not count its memory")
    library.mallinfo2.restype = Information
    information = library.mallinfo2()
    return information.uordblks + information.hblkhd


def test_export_refuses_a_folder_without_a_model(tmp_path):
    from tfx_ocr.serving.runtimes import open_folder

    with pytest.raises(ValueError, match="holds no model that can be served: "):
        open_folder(tmp_path)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Graph execution error:\n\nno PNG\n\t [[node a]]\n", "no PNG"),
        ("{{function_node __inference_f_1}} {{node f/Assert}} assertion failed: [no PNG] [0]\n\t [[{{node a}}]]",
         "assertion failed: [no PNG] [0]"),
        ("'{{a}}' is not a number", "'{{a}}' is not a number"),
        ("{{node a}}", "ValueError"),
        ("", "ValueError"),
    ],
    ids=["heading", "nodes", "other_braces", "nodes_alone", "nothing"],
)  # fmt: skip
def test_of_tensorflows_errors_the_line_for_people_is_told(said, line):
    from tfx_ocr.serving.runtimes.runtime import get_first_line

    assert get_first_line(ValueError(said)) == line
