"""The page's measurements, each once and small, in Debian's Chromium."""

import pytest


def test_a_first_answer_people_and_a_load_are_measured(find_program):
    import bench_page

    find_program("chromium", "chromium")
    with bench_page.open_browser() as browser, bench_page.serve() as address:
        people = bench_page.measure_people(browser, address, people=2, requests=2)
        beside, job = bench_page.measure_beside(browser, address, pages=3, people=2, requests=2)
        paint, weight = bench_page.measure_load(browser, address, repeats=1)
        first = bench_page.measure_first(browser, repeats=1)
    assert (people.n, people.unit) == ("4 requests", "ms")
    assert 0 < people.spread[0] <= people.spread[1]
    assert "2 people at once beside a PDF of 3 pages that is read, 95th" in beside.measure
    assert 0 < beside.spread[0] <= beside.spread[1] < 1000 * job.value
    assert paint.value > 0
    assert 10 < weight.value < 300
    assert first.value > 0.5


def test_a_wrong_answer_ends_the_bench():
    import bench_page

    with pytest.raises(RuntimeError, match=r"digits-1\.png was read as '6', not as '0'"):
        bench_page.check("6")
