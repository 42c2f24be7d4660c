import concurrent.futures
import threading
import time

import numpy as np
import pytest

pytestmark = pytest.mark.tfx


@pytest.fixture
def folder(write_half_plus, tmp_path):
    return write_half_plus(tmp_path / "m" / "1")


@pytest.fixture
def load():
    from tfx_ocr.serving.model_server.flags import Flags
    from tfx_ocr.serving.model_server.inference import Inference
    from tfx_ocr.serving.model_server.loader import Loader
    from tfx_ocr.serving.model_server.monitoring import Monitoring

    def loaded(folder, **flags):
        loader = Loader(flags=Flags(**flags), inference=Inference(), monitoring=Monitoring())
        servable = loader("m", 1, folder)
        return servable, loader.monitoring

    return loaded


@pytest.fixture
def predict_log():
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    def made(values=(2.0,), dtype=None):
        log = prediction_log_pb2.PredictionLog()
        log.predict_log.request.model_spec.name = "m"
        log.predict_log.request.inputs["x"].CopyFrom(tf.make_tensor_proto(values, dtype or tf.float32))
        return log

    return made


def runs(monitoring):
    """Return how many runs were counted."""
    lines = monitoring.format_page().splitlines()
    return sum(int(line.split()[-1]) for line in lines if line.startswith(":tensorflow:core:graph_runs{"))


def refusal(load, folder):
    from tfx_ocr.serving.model_server.errors import ServingError

    with pytest.raises(ServingError) as refused:
        load(folder)
    return refused.value.code.name, refused.value.message


def test_requests_of_every_kind_warm_a_version_up(load, folder, warmup_file, predict_log):
    from tensorflow_serving.apis import prediction_log_pb2

    logs = [predict_log(), *(prediction_log_pb2.PredictionLog() for _ in range(3))]
    classify, regress = logs[1].classify_log.request, logs[2].regress_log.request
    classify.model_spec.signature_name, regress.model_spec.signature_name = "classify_x_to_y", "regress_x_to_y"
    both = logs[3].multi_inference_log.request
    both.tasks.add(method_name="tensorflow/serving/regress").model_spec.signature_name = "regress_x_to_y"
    for each in (classify, regress, both):
        example = each.input.example_list.examples.add()
        example.features.feature["x"].float_list.value.append(2.0)
    warmup_file(folder, *logs)
    assert runs(load(folder)[1]) == 4
    assert runs(load(folder, num_request_iterations_for_warmup=3)[1]) == 12
    assert runs(load(folder, enable_model_warmup=False)[1]) == 0


def test_a_version_without_requests_is_loaded(load, folder):
    servable, monitoring = load(folder)
    assert (servable.version, runs(monitoring)) == (1, 0)
    assert set(servable.definitions) >= {"serving_default", "classify_x_to_y", "regress_x_to_y"}


def test_a_request_that_fails_fails_the_load(load, folder, warmup_file, predict_log):
    import tensorflow as tf

    warmup_file(folder, predict_log(), predict_log([2], tf.int32))
    assert refusal(load, folder) == ("INVALID_ARGUMENT", "Expects arg[0] to be float but int32 is provided")


def test_a_request_of_no_kind_fails_the_load(load, folder, warmup_file):
    from tensorflow_serving.apis import prediction_log_pb2

    warmup_file(folder, prediction_log_pb2.PredictionLog())
    assert refusal(load, folder) == ("UNIMPLEMENTED", "Unsupported log_type for warmup: None")


def test_what_is_no_request_fails_the_load(load, folder, warmup_file):
    file = warmup_file(folder, b"\xff\xff")
    assert refusal(load, folder) == ("INVALID_ARGUMENT", f"Failed to parse warmup record 1 from {file}")


def test_what_is_no_tfrecord_fails_the_load(load, folder, warmup_file):
    warmup_file(folder).write_text("not TFRecords")
    code, sentence = refusal(load, folder)
    assert (code, "Please verify your warmup data is in TFRecord format" in sentence) == ("DATA_LOSS", True)


def test_too_many_requests_fail_the_load(load, folder, warmup_file, predict_log):
    warmup_file(folder, *[predict_log()] * 1001)
    code, sentence = refusal(load, folder)
    assert (code, "exceeds the maximum (1000)" in sentence) == ("INVALID_ARGUMENT", True)


def test_a_folder_without_a_model_is_refused_and_counted(load, tmp_path):
    code, sentence = refusal(load, tmp_path)
    assert (code != "OK", "holds no model that can be served" in sentence) == (True, True)


def test_a_deadline_ends_its_own_run_and_no_other(load, write_picky, tmp_path):
    from tfx_ocr.serving.model_server.errors import ServingError

    servable, _ = load(write_picky(tmp_path / "picky" / "1"))

    def ask(rounds, timeout_s):
        return servable.ask({"slow": ["done"]}, {"rounds": np.array([rounds], np.int32)}, timeout_s)["slow"][
            "done"
        ].tolist()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        patient = [pool.submit(ask, 20_000, timeout_s) for timeout_s in (None, 60.0)]
        begin = time.monotonic()
        with pytest.raises(ServingError) as late:
            ask(10_000_000, 0.1)
        assert (late.value.code.name, time.monotonic() - begin < 10) == ("DEADLINE_EXCEEDED", True)
        assert [each.result(60) for each in patient] == [[20_000], [20_000]]


def test_once_a_run_was_given_up_at_a_long_limit_tensorflow_ends_the_others(load, write_picky, tmp_path, monkeypatch):
    from tfx_ocr.serving.model_server.errors import ServingError
    from tfx_ocr.serving.runtimes import saved_model

    monkeypatch.setattr(saved_model, "LONG_S", 0.1)
    calls, real = [], saved_model.SavedModel._call_session

    def note(model, feeds, fetches, timeout_s=None):
        calls.append(timeout_s)
        return real(model, feeds, fetches, timeout_s)

    monkeypatch.setattr(saved_model.SavedModel, "_call_session", note)
    servable, _ = load(write_picky(tmp_path / "picky" / "1"))
    calls.clear()

    def ask(rounds, timeout_s):
        found = servable.ask({"slow": ["done"]}, {"rounds": np.array([rounds], np.int32)}, timeout_s)
        return found["slow"]["done"].tolist()

    assert [ask(100, 60.0), ask(100, 0.05)] == [[100], [100]]
    with pytest.raises(ServingError) as late:
        ask(300_000, 0.1)
    assert (late.value.code.name, ask(100, 60.0)) == ("DEADLINE_EXCEEDED", [100])
    assert calls == [None, 0.05, None, 60.0]


def test_a_closed_version_waits_for_its_users(load, folder):
    servable, _ = load(folder)
    servable.retain()
    closing = threading.Thread(target=servable.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    servable.release()
    closing.join(10)
    assert not closing.is_alive()
