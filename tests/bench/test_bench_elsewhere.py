from __future__ import annotations


def test_a_row_names_the_device_and_counts_records():
    import bench_elsewhere

    found = {
        "recipe": "lines", "network": "line_cnn", "precision": "float32", "batch": 64,
        "backend": "jax", "device": "NVIDIA H100", "steps": 30, "seconds": 0.5,
    }  # fmt: skip
    row = bench_elsewhere.build_row(found, "python bench.py")
    assert row.measure == "lines, line_cnn, float32, batch 64: jax on NVIDIA H100"
    assert (row.value, row.unit, row.n) == (3840.0, "records/s", "30 steps")  # 30 * 64 in half a second
