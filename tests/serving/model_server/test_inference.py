"""MultiInference on a TensorFlow 2 model, whose signatures have an input tensor each."""

import pytest

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def half_plus(tmp_path_factory):
    """Write a model: `regress`: x / 2 + 2, `classify`: x / 2 + 3, both of tf.Examples; `number`: of numbers."""
    import tensorflow as tf

    examples = tf.TensorSpec([None], tf.string, name="inputs")

    def parsed(inputs):
        return tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"]

    class HalfPlus(tf.Module):
        def __init__(self):
            super().__init__()
            self.half = tf.Variable(0.5)

        @tf.function(input_signature=[examples])
        def regress(self, inputs):
            return {"outputs": parsed(inputs) * self.half + 2.0}

        @tf.function(input_signature=[examples])
        def classify(self, inputs):
            return {"scores": parsed(inputs) * self.half + 3.0}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="inputs")])
        def number(self, inputs):
            return {"outputs": inputs * self.half}

    model = HalfPlus()
    folder = tmp_path_factory.mktemp("half_plus") / "1"
    signatures = {name: getattr(model, name) for name in ("regress", "classify", "number")}
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return folder


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "in_batches"])
def servable(half_plus, request):
    from tfx_ocr.serving.model_server.batching import BatchScheduler
    from tfx_ocr.serving.model_server.config import BatchingParameters
    from tfx_ocr.serving.model_server.flags import Flags
    from tfx_ocr.serving.model_server.loader import open_version
    from tfx_ocr.serving.model_server.monitoring import Monitoring
    from tfx_ocr.serving.model_server.servable import Servable

    scheduler = BatchScheduler(BatchingParameters(num_batch_threads=1)) if request.param else None
    servable = Servable("half_plus", 1, open_version(half_plus, Flags()), Monitoring(), scheduler)
    yield servable
    servable.close()
    if scheduler is not None:
        scheduler.close()


def multi_request(*tasks):
    from tensorflow_serving.apis import inference_pb2

    request = inference_pb2.MultiInferenceRequest()
    for signature, method in tasks:
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name, task.model_spec.signature_name = "half_plus", signature
    for value in (2.0, 4.0):
        example = request.input.example_list.examples.add()
        example.features.feature["x"].float_list.value.append(value)
    return request


def test_every_signature_is_fed_the_examples(servable):
    from tfx_ocr.serving.model_server.inference import Inference

    request = multi_request(("regress", "regress"), ("classify", "classify"))
    regress, classify = Inference().multi_inference(servable, request, 20.0).results
    assert [each.value for each in regress.regression_result.regressions] == [3.0, 4.0]
    rows = classify.classification_result.classifications
    assert [[each.score for each in row.classes] for row in rows] == [[4.0], [5.0]]
    assert [each.model_spec.signature_name for each in (regress, classify)] == ["regress", "classify"]


def test_a_signature_that_takes_no_examples_is_refused(servable):
    from tfx_ocr.serving.model_server.errors import ServingError
    from tfx_ocr.serving.model_server.inference import Inference

    request = multi_request(("regress", "regress"), ("number", "regress"))
    with pytest.raises(ServingError, match=r"Expects arg\[0\] to be float but string is provided") as refused:
        Inference().multi_inference(servable, request, 20.0)
    assert refused.value.code.name == "INVALID_ARGUMENT"


@pytest.mark.parametrize(("value", "kind"), [("2.0", "string"), (2, "int32")])
def test_an_input_of_another_type_is_refused_in_words(servable, value, kind):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    from tfx_ocr.serving.model_server.errors import ServingError
    from tfx_ocr.serving.model_server.inference import Inference

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "half_plus", "number"
    request.inputs["inputs"].CopyFrom(tf.make_tensor_proto([value]))
    with pytest.raises(ServingError, match=rf"Expects arg\[0\] to be float but {kind} is provided") as refused:
        Inference().predict(servable, request, 20.0)
    assert refused.value.code.name == "INVALID_ARGUMENT"
