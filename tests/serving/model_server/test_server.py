"""A real server process, batching on, asked over gRPC: what TensorFlow Serving's clients rely on."""

import concurrent.futures
import itertools
import shutil
import threading
import time

import numpy as np
import pytest

pytestmark = pytest.mark.tfx

BATCHING = """
max_batch_size { value: 8 }
batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 2 }
num_batch_threads { value: 2 }
"""
CONFIG = """
model_config_list {
  config { name: "half_plus_two" base_path: "%(top)s/half_plus_two" model_platform: "tensorflow" }
  config {
    name: "both" base_path: "%(top)s/both" model_platform: "tensorflow"
    model_version_policy { all {} }
    version_labels { key: "stable" value: 1 }
    version_labels { key: "canary" value: 2 }
  }
  config { name: "picky" base_path: "%(top)s/picky" model_platform: "tensorflow" }
  config { name: "swapped" base_path: "%(top)s/swapped" model_platform: "tensorflow" }
}
"""
SWAPS = 3
REQUESTS = 4000  # across the swaps


@pytest.fixture(scope="module")
def top(tmp_path_factory, write_half_plus, write_picky):
    top = tmp_path_factory.mktemp("models")
    write_half_plus(top / "half_plus_two" / "00000123")
    for version in range(1, SWAPS + 2):
        write_half_plus(top / "pushed" / str(version), add=float(version))
    shutil.copytree(top / "pushed" / "1", top / "swapped" / "1")
    for version in ("1", "2"):
        shutil.copytree(top / "pushed" / version, top / "both" / version)
    write_picky(top / "picky" / "1")
    (top / "models.config").write_text(CONFIG % {"top": top})
    (top / "batching.config").write_text(BATCHING)
    return top


@pytest.fixture(scope="module")
def server(top, start_server):
    return start_server(
        f"--model_config_file={top}/models.config",
        "--enable_batching",
        f"--batching_parameters_file={top}/batching.config",
        "--load_retry_interval_micros=10000",
        "--max_num_load_retries=1",
    ).wait_until_ready()


@pytest.fixture(scope="module")
def channel(server):
    import grpc

    with grpc.insecure_channel(f"localhost:{server.port}") as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel):
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture(scope="module")
def models(channel):
    from tensorflow_serving.apis import model_service_pb2_grpc

    return model_service_pb2_grpc.ModelServiceStub(channel)


def predict_request(values=(2.0,), model="half_plus_two", signature="", name="x", **choice):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    specify(request.model_spec, model, signature, **choice)
    if name:
        request.inputs[name].CopyFrom(tf.make_tensor_proto(np.asarray(values, getattr(values, "dtype", np.float32))))
    return request


def specify(spec, model, signature="", version=None, label=""):
    spec.name, spec.signature_name = model, signature
    if version is not None:
        spec.version.value = version
    if label:
        spec.version_label = label


def example(x):
    import tensorflow as tf

    feature = tf.train.Feature(float_list=tf.train.FloatList(value=x))
    return tf.train.Example(features=tf.train.Features(feature={"x": feature}))


def inference_request(kind, model="half_plus_two", signature="", values=(2.0,)):
    from tensorflow_serving.apis import classification_pb2, regression_pb2

    request = {"classify": classification_pb2.ClassificationRequest, "regress": regression_pb2.RegressionRequest}[
        kind
    ]()
    specify(request.model_spec, model, signature)
    request.input.example_list.examples.extend(example([value]) for value in values)
    return request


def refusal(call, request, timeout=20):
    import grpc

    with pytest.raises(grpc.RpcError) as refused:
        call(request, timeout)
    return refused.value.code().name, refused.value.details()


def spec_of(spec):
    return spec.name, spec.version.value, spec.signature_name


# ----- Predict


@pytest.mark.parametrize(
    ("values", "answer"),
    [([2.0], [3.0]), ([2.0, 3.0, 4.0], [3.0, 3.5, 4.0]), ([[2.0], [4.0]], [3.0, 4.0]), ([[2.0, 4.0]], [3.0, 4.0])],
    ids=["one", "rank_1_where_the_graph_says_2", "as_the_graph_says", "other_width"],
)
def test_predict_answers_in_typed_fields(stub, values, answer):
    response = stub.Predict(predict_request(values), 20)
    assert spec_of(response.model_spec) == ("half_plus_two", 123, "serving_default")
    assert list(response.outputs) == ["y"]
    assert list(response.outputs["y"].float_val) == answer
    assert [dim.size for dim in response.outputs["y"].tensor_shape.dim] == list(np.shape(values))
    assert response.outputs["y"].tensor_content == b""


def test_predict_gives_the_outputs_that_are_asked_for(stub):
    request = predict_request(signature="two")
    assert {name: list(y.float_val) for name, y in stub.Predict(request, 20).outputs.items()} == {
        "y": [3.0],
        "twice": [6.0],
    }
    request.output_filter.append("twice")
    response = stub.Predict(request, 20)
    assert (list(response.outputs), response.model_spec.signature_name) == (["twice"], "two")


@pytest.mark.parametrize(
    ("choice", "version", "answer"),
    [({}, 2, 3.0), ({"version": 1}, 1, 2.0), ({"version": 2}, 2, 3.0), ({"label": "stable"}, 1, 2.0)],
    ids=["latest", "one", "two", "label"],
)
def test_predict_asks_a_version(stub, choice, version, answer):
    response = stub.Predict(predict_request(model="both", **choice), 20)
    assert (response.model_spec.version.value, response.outputs["y"].float_val[0]) == (version, answer)


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ({"model": "none"}, "NOT_FOUND", "Servable not found for request: Latest(none)"),
        ({"version": 7}, "NOT_FOUND", "Servable not found for request: Specific(half_plus_two, 7)"),
        ({"model": ""}, "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        ({"model": "both", "label": "old"}, "INVALID_ARGUMENT", "Unrecognized servable version label: old"),
        ({"signature": "none"}, "FAILED_PRECONDITION", 'Serving signature key "none" not found.'),
        ({"name": "z"}, "INVALID_ARGUMENT", "input tensor alias not found in signature: z. Inputs expected to be in"),
        ({"name": ""}, "INVALID_ARGUMENT", "input size does not match signature: 0!=1 len({}) != len({x})."),
        ({"values": np.array([2.0])}, "INVALID_ARGUMENT", "Expects arg[0] to be float but double is provided"),
        ({"values": np.array([b"2"])}, "INVALID_ARGUMENT", "Expects arg[0] to be float but string is provided"),
        ({"values": 2.0}, "INVALID_ARGUMENT", "Batching session Run() input tensors must have at least one dimension"),
        ({"signature": "sum", "values": [[2.0]]}, "FAILED_PRECONDITION", "Batched output tensor has 0 dimensions"),
        ({"values": [0.0] * 9}, "INVALID_ARGUMENT", "Task size 9 is larger than maximum input batch size 8"),
    ],
    ids=lambda each: "-".join(each) if isinstance(each, dict) else "",
)
def test_predict_refuses_with_tensorflow_servings_codes(stub, change, code, sentence):
    found = refusal(stub.Predict, predict_request(**change))
    assert found[0] == code
    assert sentence in found[1]


def test_predict_refuses_outputs_that_are_not_the_signatures(stub):
    request = predict_request()
    request.output_filter.append("z")
    code, sentence = refusal(stub.Predict, request)
    assert (code, "output tensor alias not found in signature: z" in sentence) == ("INVALID_ARGUMENT", True)
    request.output_filter[:] = ["y", "y"]
    assert refusal(stub.Predict, request) == ("INVALID_ARGUMENT", "duplicate output tensor alias: y")


def test_predict_refuses_a_request_without_a_model_or_with_half_a_tensor(stub):
    from tensorflow_serving.apis import predict_pb2

    assert refusal(stub.Predict, predict_pb2.PredictRequest()) == ("INVALID_ARGUMENT", "Missing ModelSpec")
    request = predict_request()
    request.inputs["x"].tensor_content = b"123"
    code, sentence = refusal(stub.Predict, request)
    assert (code, "tensor parsing error: x" in sentence) == ("INVALID_ARGUMENT", True)


# ----- Classify, Regress, MultiInference


def test_classify_and_regress_answer_each_example(stub):
    response = stub.Classify(inference_request("classify", signature="classify_x_to_y", values=(2, 4)), 20)
    assert [[(each.label, each.score) for each in row.classes] for row in response.result.classifications] == [
        [("", 3.0)],
        [("", 4.0)],
    ]
    assert spec_of(response.model_spec) == ("half_plus_two", 123, "classify_x_to_y")
    response = stub.Classify(inference_request("classify", signature="classify_named"), 20)
    assert [(each.label, each.score) for each in response.result.classifications[0].classes] == [("3.0", 3.0)]
    response = stub.Regress(inference_request("regress", signature="regress_x_to_y", values=(2, 4, 6)), 20)
    assert [each.value for each in response.result.regressions] == [3.0, 4.0, 5.0]
    assert spec_of(response.model_spec) == ("half_plus_two", 123, "regress_x_to_y")


def test_a_context_stands_for_features_that_examples_lack(stub):
    import tensorflow as tf

    request = inference_request("regress", signature="regress_x_to_y")
    request.input.example_list_with_context.context.CopyFrom(example([8.0]))
    request.input.example_list_with_context.examples.extend([tf.train.Example(), example([4.0])])
    assert [each.value for each in stub.Regress(request, 20).result.regressions] == [6.0, 4.0]


@pytest.mark.parametrize(
    ("kind", "signature", "code", "sentence"),
    [
        ("classify", "none", "INVALID_ARGUMENT", "No signature was found with the name: none"),
        ("regress", "none", "INVALID_ARGUMENT", "No signature was found with the name: none"),
        ("classify", "", "FAILED_PRECONDITION", "No classification inputs found in SignatureDef"),
        ("regress", "two", "INVALID_ARGUMENT", "Expected one output Tensor."),
        ("regress", "regress_x2_to_y", "INVALID_ARGUMENT", "Expects arg[0] to be float but string is provided"),
        ("classify", "regress_x_to_y", "FAILED_PRECONDITION", "to contain at least one of"),
    ],
)
def test_classify_and_regress_refuse_signatures_that_are_not_theirs(stub, kind, signature, code, sentence):
    found = refusal(
        {"classify": stub.Classify, "regress": stub.Regress}[kind], inference_request(kind, "half_plus_two", signature)
    )
    assert found[0] == code
    assert sentence in found[1]


def test_no_example_and_a_wrong_example_are_refused(stub):
    empty = inference_request("classify", signature="classify_x_to_y", values=())
    assert refusal(stub.Classify, empty) == ("INVALID_ARGUMENT", "Input is empty.")
    wrong = inference_request("classify", signature="classify_x_to_y")
    wrong.input.example_list.examples[0].CopyFrom(example([1.0, 2.0]))
    code, sentence = refusal(stub.Classify, wrong)
    assert (code, "Key: x" in sentence) == ("INVALID_ARGUMENT", True)


def multi_request(*tasks):
    from tensorflow_serving.apis import inference_pb2

    request = inference_pb2.MultiInferenceRequest()
    for model, signature, method in tasks:
        specify(request.tasks.add(method_name=f"tensorflow/serving/{method}").model_spec, model, signature)
    request.input.example_list.examples.append(example([2.0]))
    return request


def test_multi_inference_answers_every_task(stub):
    model = "half_plus_two"
    request = multi_request((model, "regress_x_to_y", "regress"), (model, "classify_x_to_y", "classify"))
    regress, classify = stub.MultiInference(request, 20).results
    assert regress.regression_result.regressions[0].value == 3.0
    assert classify.classification_result.classifications[0].classes[0].score == 3.0
    assert spec_of(regress.model_spec) == (model, 123, "regress_x_to_y")
    assert spec_of(classify.model_spec) == (model, 123, "classify_x_to_y")


@pytest.mark.parametrize(
    ("tasks", "code", "sentence"),
    [
        ([], "INVALID_ARGUMENT", "Inference request tasks is empty."),
        ([("", "a", "regress")], "INVALID_ARGUMENT", "Found ModelSpec with an empty model name."),
        ([("a", "a", "regress"), ("b", "a", "regress")], "INVALID_ARGUMENT", "must access the same model name"),
        ([("none", "a", "regress")], "NOT_FOUND", "Servable not found for request: Latest(none)"),
        ([("both", "none", "regress")], "INVALID_ARGUMENT", "Requested signature not found in model graph: none"),
        ([("both", "two", "predict")], "UNIMPLEMENTED", "Unsupported signature method_name"),
        (
            [("both", "regress_x_to_y", "regress"), ("both", "regress_x_to_y", "regress")],
            "INVALID_ARGUMENT",
            "Duplicate evaluation of signature: regress_x_to_y",
        ),
        (
            [("both", "regress_x_to_y", "regress"), ("both", "regress_x2_to_y", "regress")],
            "INVALID_ARGUMENT",
            "to be float but string is provided",
        ),
    ],
    ids=["none", "no_name", "two_models", "model", "signature", "method", "twice", "no_examples"],
)
def test_multi_inference_refuses(stub, tasks, code, sentence):
    found = refusal(stub.MultiInference, multi_request(*tasks))
    assert found[0] == code
    assert sentence in found[1]


# ----- metadata, status, health


def test_metadata_holds_the_signatures(stub):
    from tensorflow_serving.apis import get_model_metadata_pb2

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    assert refusal(stub.GetModelMetadata, request) == ("INVALID_ARGUMENT", "Missing ModelSpec")
    request.model_spec.name = "half_plus_two"
    response = stub.GetModelMetadata(request, 20)
    assert (response.model_spec.name, response.model_spec.version.value) == ("half_plus_two", 123)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    found = signatures.signature_def["serving_default"]
    assert (found.inputs["x"].name, found.method_name) == ("x:0", "tensorflow/serving/predict")
    request.metadata_field.append("weights")
    assert refusal(stub.GetModelMetadata, request) == (
        "INVALID_ARGUMENT",
        "Metadata field weights is not supported",
    )
    del request.metadata_field[:]
    assert "at least one metadata_field" in refusal(stub.GetModelMetadata, request)[1]


def status_request(model, **choice):
    from tensorflow_serving.apis import get_model_status_pb2

    request = get_model_status_pb2.GetModelStatusRequest()
    specify(request.model_spec, model, **choice)
    return request


def statuses(models, model, **choice):
    from tfx_ocr.serving import messages

    found = models.GetModelStatus(status_request(model, **choice), 20).model_version_status
    return {
        each.version: (messages.ModelVersionStatus.State.Name(each.state), each.status.error_code) for each in found
    }


def test_status_gives_the_states_of_versions(models):
    assert statuses(models, "both") == {1: ("AVAILABLE", 0), 2: ("AVAILABLE", 0)}
    assert statuses(models, "both", label="canary") == {2: ("AVAILABLE", 0)}
    assert refusal(models.GetModelStatus, status_request("both", version=7)) == (
        "NOT_FOUND",
        "Could not find version 7 of model both",
    )
    assert refusal(models.GetModelStatus, status_request("none")) == (
        "NOT_FOUND",
        "Could not find any versions of model none",
    )


@pytest.mark.parametrize("service", ["", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"])
def test_health_is_serving(channel, service):
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    request = health_pb2.HealthCheckRequest(service=service)
    assert (
        health_pb2_grpc.HealthStub(channel).Check(request, timeout=20).status == health_pb2.HealthCheckResponse.SERVING
    )


# ----- batches


def test_requests_that_come_together_are_merged_and_a_bad_one_spoils_no_other(stub):
    def ask(number):
        bad = number % 8 == 7
        request = predict_request(np.array([b"bad" if bad else b"%d" % number], object), "picky", name="text")
        return refusal(stub.Predict, request) if bad else stub.Predict(request, 20).outputs

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, range(160)))
    for number, answer in enumerate(found):
        if number % 8 == 7:
            assert (answer[0], "bad" in answer[1]) == ("INVALID_ARGUMENT", True)
        else:
            assert (answer["number"].float_val[0], answer["length"].int_val[0]) == (number, len(str(number)))
    assert max(answer["rows"].int_val[0] for answer in found if not isinstance(answer, tuple)) > 1


def test_a_deadline_ends_a_run_and_a_full_queue_refuses(stub):
    # both threads busy, then the queue's two batches of 8 rows: of 40 rows at once, some must be refused
    def ask(number):
        request = predict_request(np.array([10_000_000], np.int32), "picky", "slow", name="rounds")
        return refusal(stub.Predict, request, timeout=2)[0]

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        found = set(pool.map(ask, range(40)))
    assert found == {"DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"}
    assert stub.Predict(predict_request(), 20).outputs["y"].float_val[0] == 3.0


# ----- versions


def test_versions_are_swapped_under_load_and_no_request_fails(stub, models, top):
    numbers, gone, wrong = itertools.count(), set(), []

    def ask():
        newest = 0
        while (number := next(numbers)) < REQUESTS or len(gone) < SWAPS:
            value = float(number % 100)
            gone_before = set(gone)
            response = stub.Predict(predict_request([value], "swapped"), 20)
            version = response.model_spec.version.value
            if response.outputs["y"].float_val[0] != value / 2 + version or version in gone_before or version < newest:
                wrong.append((number, version, gone_before, newest))
            newest = version

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(ask) for _ in range(8)]
        for version in range(2, SWAPS + 2):
            time.sleep(0.3)
            (top / "pushed" / str(version)).rename(top / "swapped" / str(version))
            while statuses(models, "swapped").get(version - 1) != ("END", 0):
                time.sleep(0.02)
            gone.add(version - 1)
        for client in clients:
            client.result(120)
    assert next(numbers) >= REQUESTS
    assert wrong == []
    assert statuses(models, "swapped") == {1: ("END", 0), 2: ("END", 0), 3: ("END", 0), 4: ("AVAILABLE", 0)}


def test_a_bad_version_is_told_and_the_good_one_answers_on(stub, models, top):
    (top / "swapped" / "9").mkdir()
    end = time.monotonic() + 30
    while statuses(models, "swapped").get(9, ("", 0))[0] != "END":
        assert time.monotonic() < end
        time.sleep(0.05)
    status = models.GetModelStatus(status_request("swapped", version=9), 20).model_version_status[0].status
    assert (status.error_code != 0, "holds no model that can be served" in status.error_message) == (True, True)
    assert stub.Predict(predict_request(model="swapped"), 20).model_spec.version.value == 4


def test_a_reload_serves_other_models(stub, models, top):
    from google.protobuf import text_format
    from tensorflow_serving.apis import model_management_pb2
    from tensorflow_serving.config import model_server_config_pb2

    def reload(text):
        config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
        return models.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest(config=config), 60)

    now = CONFIG % {"top": top}
    other = f'config {{ name: "other" base_path: "{top}/both" model_platform: "tensorflow" }}'
    assert reload(now.replace("model_config_list {", f"model_config_list {{ {other}")).status.error_code == 0
    assert stub.Predict(predict_request(model="other"), 20).model_spec.version.value == 2
    assert reload(now).status.error_code == 0
    assert refusal(stub.Predict, predict_request(model="other"))[0] == "NOT_FOUND"
    outside = other.replace(f"{top}/both", f"{top.parent}/both")
    code, sentence = refusal(
        lambda text, _: reload(text), now.replace("model_config_list {", f"model_config_list {{ {outside}")
    )
    assert code == "PERMISSION_DENIED"
    assert f"{top.parent}/both is outside the folders that may be loaded from: {top} " in sentence
    empty = model_management_pb2.ReloadConfigRequest()
    assert "Only ModelConfigList is currently supported" in refusal(models.HandleReloadConfigRequest, empty)[1]


# ----- the end


ROUNDS = 600_000  # seconds on any machine


def test_a_server_that_ends_answers_what_was_begun_and_refuses_the_rest(server, stub, channel):
    import grpc

    from tfx_ocr.serving.client import Backoff, RequestError, connect

    begun, quick, ours = [], [], []
    end = time.monotonic() + 60

    def ask_slowly():
        rounds = predict_request(np.array([ROUNDS], np.int32), "picky", "slow", name="rounds")
        begun.append(stub.Predict(rounds, 60).outputs["done"].int_val[0])

    def ask_until_refused():
        while time.monotonic() < end:
            try:
                assert stub.Predict(predict_request(), 20).outputs["y"].float_val[0] == 3.0
            except grpc.RpcError as error:
                if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED:  # the queue is short
                    quick.append((error.code().name, error.details()))
                    break

    def ask_until_given_up():
        with connect(f"localhost:{server.port}", "half_plus_two", backoff=Backoff(first_s=0.05)) as client:
            while time.monotonic() < end:
                try:
                    assert client.ask("serving_default", {"x": np.array([2.0], np.float32)})["y"].tolist() == [3.0]
                except RequestError as error:
                    if error.code != "RESOURCE_EXHAUSTED":
                        ours.append(error.code)
                        break

    asking = [threading.Thread(target=ask_slowly)]
    asking += [threading.Thread(target=ask_until_refused) for _ in range(20)]
    asking += [threading.Thread(target=ask_until_given_up) for _ in range(4)]
    for thread in asking:
        thread.start()
    time.sleep(1.0)
    assert not begun + quick + ours
    assert server.stop() == 0
    for thread in asking:
        thread.join(60)
    assert begun == [ROUNDS]
    assert quick == [("UNAVAILABLE", "The server is stopping")] * 20
    assert ours == ["UNAVAILABLE"] * 4
    with pytest.raises(grpc.RpcError) as refused:
        stub.Predict(predict_request(), 20)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
    assert server.log.read_text().splitlines()[-1].endswith("Stopped")
