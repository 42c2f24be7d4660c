"""The refusals: folders that are drawn, and commands that must be refused with their words."""

import pytest

SCRIPT = "#!/bin/sh\necho 'tfx-ocr: 2 records, all with one label'\nexit 2\n"


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Let `tfx-ocr` be a script that refuses everything with one sentence."""
    import bench_refusals

    script = tmp_path / "tfx-ocr"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    monkeypatch.setattr(bench_refusals, "CLI", script)


def test_folders_of_the_cases_are_drawn(tmp_path):
    import bench_refusals

    bench_refusals.draw(tmp_path, many=20)
    counts = {folder.name: len([*folder.rglob("*.png")]) for folder in tmp_path.iterdir()}
    assert counts == {"empty": 0, "recipes": 0, "letters": 201, "single": 50, "many": 20}
    assert sorted(folder.name for folder in (tmp_path / "many").iterdir()) == list("0123456789")


@pytest.mark.usefixtures("command")
def test_the_time_to_a_sentence_is_a_row(tmp_path):
    import bench_refusals

    row = bench_refusals.measure(tmp_path, bench_refusals.Case("one class", ("new",), 2, "one label"))
    assert (row.measure, row.unit, row.n) == ("one class, to the end of the command", "s", "5 runs")
    assert 0 < row.spread[0] <= row.value <= row.spread[1]


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(("status", "sentence"), [(0, "one label"), (2, "two labels")], ids=["status", "words"])
def test_a_command_that_says_something_else_ends_the_bench(tmp_path, status, sentence):
    import bench_refusals

    with pytest.raises(RuntimeError, match=r"one class: ended with 2:\ntfx-ocr: 2 records"):
        bench_refusals.measure(tmp_path, bench_refusals.Case("one class", ("new",), status, sentence))
