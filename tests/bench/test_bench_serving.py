from __future__ import annotations

import contextlib
import threading

import pytest


def test_rates_are_means_of_the_repeats_and_ratios_are_taken_repeat_by_repeat():
    import bench_serving as bench

    measured = [
        {bench.IN_PROCESS: 100.0, bench.OVER_GRPC: 150.0, bench.PORTABLE_GRPC: 300.0},
        {bench.IN_PROCESS: 200.0, bench.OVER_GRPC: 100.0, bench.PORTABLE_GRPC: 200.0},
    ]
    rows = bench.rate_rows("small CNN", measured, 2000, "make x")
    assert [(row.value, row.unit, row.spread) for row in rows] == [
        (150.0, "requests/s", (100.0, 200.0)),
        (125.0, "requests/s", (100.0, 150.0)),
        (250.0, "requests/s", (200.0, 300.0)),
        (1.0, "x", (0.5, 1.5)),  # of 1.5 and 0.5, not of 125 / 150
        (2.0, "x", (1.0, 3.0)),
    ]
    assert {row.n for row in rows} == {"2 x 2,000 requests"}
    assert rows[3].measure == "small CNN, one encoded picture a request, 16 clients: over gRPC against in process"


def test_starts_are_means_of_the_repeats():
    import bench_serving

    begun = [{"start to first answer, portable form": 1.0}, {"start to first answer, portable form": 2.0}]
    (row,) = bench_serving.start_rows("small CNN", begun, "make x")
    assert (row.measure, row.value, row.unit) == ("small CNN: start to first answer, portable form", 1.5, "s")
    assert (row.n, row.spread) == ("2 starts", (1.0, 2.0))


def test_processor_time_of_a_process_is_read():
    import subprocess
    import sys

    import model_server

    busy = "import sys, time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\nsys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert 0.4 <= model_server.get_cpu_s(process) < 2.0
        process.stdin.close()


def test_a_version_without_a_portable_form_is_not_measured(tmp_path):
    import bench_serving

    with pytest.raises(RuntimeError, match="has no portable form to measure"):
        bench_serving.rates(tmp_path, [], 1, 1)


def test_a_rate_asks_each_question_in_turn_with_a_client_a_thread():
    import bench_serving

    clients, asked, all_there = [], [], threading.Barrier(16)

    @contextlib.contextmanager
    def way():
        clients.append(threading.get_ident())
        all_there.wait(10)
        yield asked.append

    assert bench_serving.rate(way, ["a", "b"], 100) > 0
    assert len(set(clients)) == 16
    assert (asked.count("a"), asked.count("b")) == (50, 50)


def test_a_request_that_fails_is_no_rate():
    import bench_serving

    with pytest.raises(ZeroDivisionError):
        bench_serving.rate(lambda: contextlib.nullcontext(lambda question: 1 // question), [0], 20)


def test_what_must_be_zero_is_told_over_all_that_was_sent():
    import bench_serving

    found = bench_serving.Swapped(sent=10_400, failed=2, late=1, memory=[])
    failed, late = bench_serving.swap_rows("3 versions swapped in", found, "make x")
    assert (failed.measure, failed.value, failed.n) == (
        "3 versions swapped in under load, 16 clients over gRPC: failed",
        2,
        "10,400 requests",
    )
    assert late.measure.endswith("answered by an unloaded version")
    assert late.value == 1


def test_a_version_is_pushed_whole(tmp_path):
    import bench_serving

    (tmp_path / "1" / "variables").mkdir(parents=True)
    (tmp_path / "1" / "variables" / "v").write_text("x")
    bench_serving.push(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]
    assert (tmp_path / "2" / "variables" / "v").read_text() == "x"
