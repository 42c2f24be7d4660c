import math
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tfx_ocr.serving.model_server.monitoring import (
    CONFIDENCES,
    MAX_LABELS,
    Histogram,
    Monitoring,
    build_buckets,
)

REQUESTS = ":tensorflow:serving:request_count"
LATENCY = ":tensorflow:serving:request_latency"
BATCHING = ":tensorflow:serving:batching_session"


def families(monitoring: Monitoring) -> dict:
    return {family.name: family for family in text_string_to_metric_families(monitoring.format_page())}


def samples(monitoring: Monitoring, name: str) -> dict:
    """Return values by the labels of every sample of this name, to which the parser adds `_total` for a counter."""
    found = {}
    for family in families(monitoring).values():
        for sample in family.samples:
            if sample.name in (name, f"{name}_total"):
                found[tuple(sample.labels.values())] = sample.value
    return found


def test_every_metric_is_there_before_anything_happened():
    kinds = {name: family.type for name, family in families(Monitoring()).items()}
    assert {name: kind for name, kind in kinds.items() if name.startswith((":", "tfx"))} == {
        ":tensorflow:serving:request_count": "counter",
        ":tensorflow:serving:request_latency": "histogram",
        ":tensorflow:serving:runtime_latency": "histogram",
        ":tensorflow:core:graph_runs": "counter",
        ":tensorflow:core:graph_run_time_usecs": "counter",
        ":tensorflow:core:graph_run_time_usecs_histogram": "histogram",
        ":tensorflow:serving:batching_session:queuing_latency": "histogram",
        ":tensorflow:serving:batching_session:wrapped_run_count": "counter",
        ":tensorflow:serving:batching_session:input_batch_size": "histogram",
        ":tensorflow:serving:batching_session:processed_batch_size": "histogram",
        ":tensorflow:serving:batching_session:padding_size": "histogram",
        ":tensorflow:cc:saved_model:load_attempt_count": "counter",
        ":tensorflow:cc:saved_model:load_latency": "counter",
        "tfx_ocr_answers": "counter",
        "tfx_ocr_confidence": "histogram",
        "tfx_ocr_drift": "gauge",
        "tfx_ocr_review_items": "gauge",
        "tfx_ocr_read_jobs": "gauge",
    }
    assert kinds["process_resident_memory_bytes"] == "gauge"


def test_bounds_are_those_of_tensorflow_serving():
    assert build_buckets(1, 2, 14) == (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
    monitoring = Monitoring()
    monitoring.count_request("Predict", "GRPC", "digits", "OK", 0.0)
    bounds = [le for *_, le in samples(monitoring, f"{LATENCY}_bucket")]
    # 10 * 1.8**i to six digits, as the C++ page prints them
    assert bounds[:6] == ["10", "18", "32.4", "58.32", "104.976", "188.957"]
    assert (bounds[19], bounds[20], bounds[32], bounds[33]) == ("708235", "1.27482e+06", "1.47476e+09", "+Inf")
    assert len(bounds) == 34


def test_a_request_counts_and_only_an_answer_has_a_latency():
    monitoring = Monitoring()
    monitoring.count_request("Predict", "GRPC", "digits", "OK", 0.000_025)  # 25 microseconds: past 18, up to 32.4
    monitoring.count_request("predict", "REST", "digits", "OK", 2.0)
    monitoring.count_request("predict", "REST", "digits", "INVALID_ARGUMENT", 0.001)
    assert samples(monitoring, REQUESTS) == {("digits", "OK"): 2, ("digits", "INVALID_ARGUMENT"): 1}
    assert samples(monitoring, f"{LATENCY}_count") == {
        ("digits", "Predict", "GRPC"): 1,
        ("digits", "predict", "REST"): 1,
    }
    assert samples(monitoring, f"{LATENCY}_sum")[("digits", "Predict", "GRPC")] == pytest.approx(25)
    buckets = samples(monitoring, f"{LATENCY}_bucket")
    assert [buckets[("digits", "Predict", "GRPC", le)] for le in ("18", "32.4", "58.32", "+Inf")] == [0, 1, 1, 1]


def test_lines_are_as_tensorflow_serving_prints_them():
    monitoring = Monitoring()
    monitoring.count_request("Predict", "GRPC", "digits", "OK", 0.000_01)
    monitoring.observe_run("digits", 0.000_01)
    lines = monitoring.format_page().splitlines()
    assert f'{REQUESTS}{{model_name="digits",status="OK"}} 1' in lines
    assert f'{LATENCY}_bucket{{model_name="digits",API="Predict",entrypoint="GRPC",le="18"}} 1' in lines
    assert f'{LATENCY}_count{{model_name="digits",API="Predict",entrypoint="GRPC"}} 1' in lines
    assert ":tensorflow:core:graph_runs{} 1" in lines
    assert f"# TYPE {REQUESTS} counter" in lines


def test_a_run_counts_into_the_graphs_too():
    monitoring = Monitoring()
    monitoring.observe_run("digits", 0.004)
    monitoring.observe_run("digits", 0.006, "Classify")
    assert samples(monitoring, ":tensorflow:serving:runtime_latency_sum") == {
        ("digits", "Predict", "TF1"): pytest.approx(4000),
        ("digits", "Classify", "TF1"): pytest.approx(6000),
    }
    assert samples(monitoring, ":tensorflow:core:graph_runs") == {(): 2}
    assert samples(monitoring, ":tensorflow:core:graph_run_time_usecs") == {(): 10_000}
    buckets = samples(monitoring, ":tensorflow:core:graph_run_time_usecs_histogram_bucket")
    assert [buckets[(le,)] for le in ("2000", "4000", "8000")] == [0, 1, 2]


def test_a_batch():
    monitoring = Monitoring()
    monitoring.observe_batch(5, 8, 0.000_11)  # 110 microseconds: past 100, up to 120
    monitoring.observe_batch(8, 8, 0.0)
    assert samples(monitoring, f"{BATCHING}:wrapped_run_count") == {(): 2}
    assert samples(monitoring, f"{BATCHING}:input_batch_size_sum") == {(): 13}
    assert samples(monitoring, f"{BATCHING}:processed_batch_size_sum") == {(): 16}
    assert samples(monitoring, f"{BATCHING}:padding_size_sum") == {("8",): 3}
    assert samples(monitoring, f"{BATCHING}:padding_size_count") == {("8",): 2}
    queueing = samples(monitoring, f"{BATCHING}:queuing_latency_bucket")
    assert [queueing[("batch_threads", le)] for le in ("100", "120", "+Inf")] == [1, 2, 2]
    assert len(queueing) == 53


def test_loads():
    monitoring = Monitoring()
    monitoring.count_load("/models/digits/1", 0.25)
    monitoring.count_failed_load("/models/digits/2")
    assert samples(monitoring, ":tensorflow:cc:saved_model:load_attempt_count") == {
        ("/models/digits/1", "success"): 1,
        ("/models/digits/2", "fail"): 1,
    }
    assert samples(monitoring, ":tensorflow:cc:saved_model:load_latency") == {("/models/digits/1",): 250_000}


def test_answers():
    monitoring = Monitoring()
    monitoring.count_answers("digits", ["7", "1", "7"], [0.98, 0.5, 1.0])
    assert samples(monitoring, "tfx_ocr_answers_total") == {("digits", "7"): 2, ("digits", "1"): 1}
    buckets = samples(monitoring, "tfx_ocr_confidence_bucket")
    assert [buckets[("digits", le)] for le in ("0.4", "0.5", "0.95", "0.98", "0.999", "1")] == [0, 1, 1, 2, 2, 3]
    assert len(buckets) == len(CONFIDENCES) + 1


def test_labels_are_bounded_and_texts_do_not_show():
    monitoring = Monitoring()
    read = "Tong cong: 12.500 VND"
    for number in range(MAX_LABELS + 10):
        monitoring.count_answers("lines", [str(number), read], [0.5, 0.5])
    counts = samples(monitoring, "tfx_ocr_answers_total")
    assert len(counts) == MAX_LABELS + 1
    assert counts[("lines", "other")] == 10 + MAX_LABELS + 10
    assert counts[("lines", "0")] == 1
    assert read not in monitoring.format_page()


def test_a_confidence_that_is_no_number_does_not_spoil_the_sum():
    monitoring = Monitoring()
    monitoring.count_answers("digits", ["7", "7"], [float("nan"), 0.5])
    assert samples(monitoring, "tfx_ocr_confidence_sum") == {("digits",): 0.5}
    assert samples(monitoring, "tfx_ocr_answers_total") == {("digits", "7"): 2}


def test_drift_is_told_of_the_version_that_has_the_profile():
    monitoring = Monitoring()
    assert samples(monitoring, "tfx_ocr_drift") == {}
    monitoring.set_profile("digits", 2, {"labels": {"7": 50, "1": 50}, "confidence": {"12": 100}})
    monitoring.observe_drift("digits", 1, [], ["7"] * 500, [0.5] * 500)  # of the version before
    assert samples(monitoring, "tfx_ocr_drift") == {}
    monitoring.observe_drift("digits", 2, [], ["7", "1"] * 50, [0.997] * 100)
    assert samples(monitoring, "tfx_ocr_drift") == {("digits", "labels"): 0, ("digits", "confidence"): 0}
    monitoring.observe_drift("digits", 2, [], ["7"] * 900, [0.1] * 900)
    # of the last 1,000: 950 sevens; 100 of the confidences as before, 900 in the lowest bin
    found = samples(monitoring, "tfx_ocr_drift")
    by_chance = (1 / 100 + 1 / 1000) / (8 * math.log(2))
    assert found[("digits", "labels")] == pytest.approx(0.205350 - by_chance, abs=1e-6)
    assert found[("digits", "confidence")] == pytest.approx(0.758277 - by_chance, abs=1e-6)
    assert monitoring.summarize("digits").drift == {name: value for (_, name), value in found.items()}


def test_a_summary_counts_requests_and_those_that_failed():
    monitoring = Monitoring()
    for status in ("OK", "OK", "INVALID_ARGUMENT"):
        monitoring.count_request("predict", "PAGE", "digits", status, 0.01)
    found = monitoring.summarize("digits")
    assert (found.requests, found.errors, found.drift) == (3, 1, {})


def test_names_of_models_that_are_not_served_are_one_label():
    monitoring = Monitoring()
    monitoring.add_model("loading")
    for name in ("no-such-model", "x" * 1_000_000, "loading", ""):
        monitoring.count_request("predict", "REST", name, "NOT_FOUND", 0.0)
    monitoring.count_request("predict", "REST", "digits", "OK", 0.0)
    monitoring.count_request("predict", "REST", "digits", "INVALID_ARGUMENT", 0.0)
    assert samples(monitoring, REQUESTS) == {
        ("other", "NOT_FOUND"): 2,
        ("loading", "NOT_FOUND"): 1,
        ("", "NOT_FOUND"): 1,
        ("digits", "OK"): 1,
        ("digits", "INVALID_ARGUMENT"): 1,
    }
    assert len(monitoring.format_page()) < 100_000


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "한글"])
def test_any_name_can_be_read_back(name):
    monitoring = Monitoring()
    monitoring.count_request("predict", "REST", name, "OK", 0.0)
    assert samples(monitoring, REQUESTS) == {(name, "OK"): 1}


def test_threads_lose_nothing():
    histogram = Histogram("sizes", "Sizes.", build_buckets(1, 2, 3), ("model_name",))
    threads = [threading.Thread(target=lambda: [histogram.observe(3, "digits") for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(histogram.format_lines())[2:] == [
        'sizes_bucket{model_name="digits",le="1"} 0',
        'sizes_bucket{model_name="digits",le="2"} 0',
        'sizes_bucket{model_name="digits",le="4"} 8000',
        'sizes_bucket{model_name="digits",le="+Inf"} 8000',
        'sizes_sum{model_name="digits"} 24000',
        'sizes_count{model_name="digits"} 8000',
    ]
