from __future__ import annotations

import pytest


def measured(seconds, peak_mb, fingerprint_s=10.0):
    return {"seconds": seconds, "fingerprint_s": fingerprint_s, "peak_mb": peak_mb}


def test_rates_are_of_the_most_images_and_memory_of_each_size():
    import bench_scale as bench

    found = {
        (1000, 1): measured(2.0, 500.0), (1000, 2): measured(2.0, 900.0),
        (9000, 1): measured(6.0, 600.0), (9000, 2): measured(4.5, 950.0),
    }  # fmt: skip
    assert {row.measure: row.value for row in bench.rows(found)} == {
        "images a second, 1 workers": 1500.0,
        "images a second, 2 workers": 2000.0,
        "fingerprint, images a second": 900.0,
        "peak memory, 1,000 images": 500.0,
        "peak memory, 9,000 images": 600.0,
        "peak memory, the most images against the fewest": 1.2,
    }


@pytest.mark.parametrize(
    ("fingerprint", "hours", "first"),
    [
        (50_000, "0.6", "The first bottleneck is the fingerprint: one process reads all files before ExampleGen "
         "begins, 0.6 hours, 4.0 times as long as everything that is divided."),
        (400_000, "0.1", "The first bottleneck is reading and transforming itself: the fingerprint, which one process "
         "takes, is 0.1 hours, 0.5 times that."),
    ],
    ids=["fingerprint", "divided"],
)  # fmt: skip
def test_a_hundred_million_images_are_computed_from_the_rates(tmp_path, fingerprint, hours, first):
    import bench_scale as bench

    # 100 machines at 2,000 a second: 1e8 / 2e5 = 500 s = 0.1389 h
    values = {
        "images a second, 1 workers": 1500.0,
        "images a second, 2 workers": 2000.0,
        "fingerprint, images a second": fingerprint,
        "peak memory, the most images against the fewest": 1.2,
    }
    page = tmp_path / "scale.md"
    page.write_text("before\n<!-- computed -->\nold\n<!-- end -->\nafter\n")
    for _ in range(2):  # written anew each time
        bench.write_page(page, values)
    lines = page.read_text().splitlines()
    assert (lines[:2], lines[-2:]) == (["before", "<!-- computed -->"], ["<!-- end -->", "after"])
    assert "| images a second, 2 workers | 2,000 (1.33 times) |" in lines
    assert "| 100,000,000 images on 100 machines of 2 workers | 0.1 hours |" in lines
    assert f"| their fingerprint, in one process | {hours} hours |" in lines
    assert lines[-3] == first


def test_drawing_goes_on_where_it_ended(tmp_path):
    import bench_scale as bench

    folder = bench.draw(tmp_path / "images", 30)
    first = sorted(path.name for path in folder.glob("*/*.png"))
    assert len({path.read_bytes() for path in bench.draw(folder, 40).glob("*/*.png")}) == 40
    assert len(first) == 30
    assert folder.with_suffix(".done").read_text() == "40"
