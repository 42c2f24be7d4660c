import flatbuffers
import numpy as np
import pytest
from flatbuffers import flexbuffers

from tfx_ocr.serving.model import RequestError

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="session")
def half_plus_two():
    """Build a TFLite model with the signature `serving_default`: `x` to `y`, x / 2 + 2; `other`: x to `z`, x * 3."""
    import tensorflow as tf

    class Half(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def half(self, x):
            return {"y": x / 2 + 2}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def other(self, x):
            return {"z": x * 3}

    module = Half()
    functions = [module.half.get_concrete_function(), module.other.get_concrete_function()]

    def convert(folder):
        tf.saved_model.save(module, folder, signatures={"serving_default": functions[0], "other": functions[1]})
        return tf.lite.TFLiteConverter.from_saved_model(folder).convert()

    return convert


@pytest.fixture(scope="session")
def content(half_plus_two, tmp_path_factory):
    return half_plus_two(str(tmp_path_factory.mktemp("saved_model")))


def without_signatures(content, metadata=None):
    """Build the graph of `serving_default` alone, its tensors named `x` and `y`; `metadata`: SignatureDefs by name."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    (number,) = (each.subgraphIndex for each in model.signatureDefs if each.signatureKey == b"serving_default")
    graph = model.subgraphs[number]
    model.signatureDefs, model.subgraphs = None, [graph]
    graph.tensors[graph.inputs[0]].name, graph.tensors[graph.outputs[0]].name = b"x", b"y"
    if metadata is not None:
        builder = flexbuffers.Builder()
        with builder.Map():
            for name, signature in metadata.items():
                builder.Key(name)
                builder.String(signature.SerializeToString().decode("latin-1"))
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(builder.Finish(), np.uint8)
        model.buffers.append(buffer)
        entry = schema.MetadataT()
        entry.name, entry.buffer = "signature_defs_metadata", len(model.buffers) - 1
        model.metadata = [*(model.metadata or []), entry]
    writer = flatbuffers.Builder(0)
    writer.Finish(model.Pack(writer), b"TFL3")
    return bytes(writer.Output())


@pytest.fixture
def load(tmp_path):
    from tfx_ocr.serving.runtimes.runtime import Options
    from tfx_ocr.serving.runtimes.tflite import TFLiteModel

    def loaded(content, **options):
        (tmp_path / "model.tflite").write_bytes(content)
        return TFLiteModel(tmp_path, "m", "1", Options(**options))

    return loaded


def ask(model, signature, name, output, values):
    return model.ask(signature, {name: np.asarray(values, np.float32)}, outputs=[output])[output].tolist()


def test_signatures_of_the_model_are_asked(load, content):
    model = load(content)
    assert set(model.definitions) == {"serving_default", "other"}
    assert ask(model, "serving_default", "x", "y", [2.0]) == [3.0]
    assert ask(model, "serving_default", "x", "y", [2.0, 4.0, 6.0]) == [3.0, 4.0, 5.0]
    assert ask(model, "other", "x", "z", [2.0, 4.0]) == [6.0, 12.0]
    info = model.definitions["serving_default"].inputs["x"]
    assert (info.dtype, [each.size for each in info.tensor_shape.dim]) == (1, [-1])


def test_signatures_are_asked_together(load, content):
    x = np.array([2.0, 4.0], np.float32)
    found = load(content).ask_together({"serving_default": ["y"], "other": ["z"]}, {"x": x})
    assert found["serving_default"]["y"].tolist() == [3.0, 4.0]
    assert found["other"]["z"].tolist() == [6.0, 12.0]


def test_tensors_names_stand_for_a_signature_where_there_is_none(load, content):
    model = load(without_signatures(content))
    assert set(model.definitions) == {"serving_default"}
    assert ask(model, "serving_default", "x", "y", [2.0, 4.0]) == [3.0, 4.0]
    assert ask(model, "serving_default", "x", "y", [6.0]) == [5.0]


def test_a_signature_in_the_metadata_names_the_tensors(load, content):
    from tensorflow.core.protobuf import meta_graph_pb2

    signature = meta_graph_pb2.SignatureDef(method_name="tensorflow/serving/predict")
    signature.inputs["question"].name, signature.outputs["answer"].name = "x:0", "y:0"
    model = load(without_signatures(content, {"serving_default": signature}))
    assert ask(model, "serving_default", "question", "answer", [2.0]) == [3.0]


def test_a_value_of_another_type_and_a_file_that_is_no_model_are_refused(load, content):
    model = load(content)
    with pytest.raises(ValueError, match="FLOAT64"):
        model.ask("serving_default", {"x": np.array([2.0])})
    with pytest.raises(ValueError, match=r"model\.tflite holds no model that can be served"):
        load(b"no model at all")


def test_who_waits_too_long_for_an_interpreter_is_told(load, content):
    model = load(content, interpreters=1)
    taken = model._free.get()
    with pytest.raises(RequestError, match="Timed out") as late:
        model.ask("serving_default", {"x": np.ones([1], np.float32)}, 0.01)
    assert late.value.code == "DEADLINE_EXCEEDED"
    model._free.put(taken)
    assert ask(model, "serving_default", "x", "y", [2.0]) == [3.0]
