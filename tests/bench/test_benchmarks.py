from __future__ import annotations

import sys

import pytest


@pytest.fixture
def module():
    import benchmarks

    return benchmarks


def row(measure, value, **others):
    fields = {"unit": "fraction", "n": "3 draws", "spread": "", "hardware": "2 cores", "commit": "abc", "command": "c"}
    return {"measure": measure, "value": value, **fields, **others}


def peer(system, measure, value, **others):
    fields = {"data": "lines", "version": "5.3.0", "setting": "psm 7", "n": "300", "seconds": "0.05"}
    return {"system": system, "measure": measure, "value": value, **fields, **others}


def test_page_has_every_row_in_its_section(module):
    rows = {
        "a": [row("rate", "80", unit="images/s", command="a | b", spread="79 to 81")],
        "b": [row("x", "0.9912")],
        "c": [row("y", "1")],
    }
    subjects = [
        module.Subject(title="Second", text="About b.", parts=("b",)),
        module.Subject(title="First", text="About a.", parts=("a",), plot=("a.svg", "A plot")),
    ]
    page = module.build_page(rows, [], subjects)
    assert page[page.index("## Second") :].splitlines() == [
        "## Second",
        "",
        "About b.",
        "",
        "Measured on 2 cores.",
        "",
        "| measure | value | spread | over | commit | command |",
        "| --- | --- | --- | --- | --- | --- |",
        "| x | **0.9912** |  | 3 draws | abc | `c` |",
        "",
        "## First",
        "",
        "About a.",
        "",
        "![A plot](images/a.svg)",
        "",
        "Measured on 2 cores.",
        "",
        "| measure | value | spread | over | commit | command |",
        "| --- | --- | --- | --- | --- | --- |",
        r"| rate | **80** images/s | 79 to 81 | 3 draws | abc | `a \| b` |",
        "",
        "## Other measurements",
        "",
        "Not sorted into a section yet.",
        "",
        "Measured on 2 cores.",
        "",
        "| measure | value | spread | over | commit | command |",
        "| --- | --- | --- | --- | --- | --- |",
        "| y | **1** |  | 3 draws | abc | `c` |",
    ]


def test_rows_of_several_machines_name_theirs(module):
    rows = {"a": [row("x", "1"), row("y", "2", hardware="one GPU")]}
    page = module.build_page(rows, [], [module.Subject(title="A", text="", parts=("a",))])
    assert "| measure | value | spread | over | machine | commit | command |\n" in page
    assert "| y | **2** |  | 3 draws | one GPU | abc | `c` |\n" in page
    assert "Measured on" not in page


def test_comparison_has_a_row_per_system_and_a_column_per_measure(module):
    comparison = module.Comparison(data="lines", part="a", ours={"CER": "our CER", "WER": "our WER"}, note="Note.")
    rows = {"a": [row("our CER", "0.05", n="486 lines"), row("our WER", "0.17")]}
    peers = [
        peer("Tesseract", "CER", "0.683"),
        peer("Tesseract", "WER", "1.010"),
        peer("rules", "CER", "0.9", version="", setting="", n="", seconds=""),
        peer("Tesseract", "CER", "0.1", data="other lines"),
    ]
    page = module.build_page(rows, peers, [module.Subject(title="A", text="", parts=("a",), compare=(comparison,))])
    assert page[page.index("### ") :].splitlines() == [
        "### lines: compared with other systems",
        "",
        "Note.",
        "",
        "| system | setting | over | CER | WER | seconds per item |",
        "| --- | --- | --- | --- | --- | --- |",
        "| **tfx-ocr** |  | 486 lines | **0.05** | **0.17** |  |",
        "| Tesseract 5.3.0 | psm 7 | 300 | 0.683 | 1.010 | 0.05 |",
        "| rules |  |  | 0.9 |  |  |",
    ]


def test_readme_table_takes_values_from_the_files(module):
    rows = {"a": [row("ours", "1421.2"), row("theirs", "356.99")]}
    peers = [peer("Tesseract", "rate", "0.5")]
    headline = module.Headline(
        data="files",
        measure="images/s",
        part="a",
        row="ours",
        spec=",.0f",
        peers=(("lines", "rate", "Tesseract", "psm 7"),),
        against=(("float tensors", "theirs"),),
    )
    assert module.build_table(rows, peers, [headline]).splitlines()[2] == (
        "| files | images/s | **1,421** | Tesseract 5.3.0: 0.5, float tensors: 357 |"
    )
    with pytest.raises(ValueError, match=r"a.csv has no row 'ours'; known: \['theirs'\]"):
        module.build_table({"a": rows["a"][1:]}, peers, [headline])
    with pytest.raises(ValueError, match=r"peers.csv has no row \{'data': 'lines'"):
        module.build_table(rows, [], [headline])


def test_readme_shows_five_numbers(module):
    table = module.build_table(module.load_results(), module.load_peers())
    assert len(table.splitlines()) == 2 + 5


def test_table_goes_between_the_markers(module):
    text = f"a\n{module.BEGIN}\nold\n{module.END}\nb\n"
    assert module.replace_table(text, "new") == f"a\n{module.BEGIN}\nnew\n{module.END}\nb\n"
    assert module.replace_table(module.replace_table(text, "new"), "old") == text


@pytest.mark.parametrize(
    "text",
    ["", "<!-- numbers -->", "<!-- /numbers --><!-- numbers -->", "<!-- numbers --><!-- /numbers --><!-- numbers -->"],
    ids=["missing", "no_end", "end_first", "twice"],
)
def test_a_readme_without_its_markers_is_refused(module, text):
    with pytest.raises(ValueError, match="must have the markers"):
        module.replace_table(text, "new")


def test_peers_of_other_columns_are_refused(module, tmp_path):
    path = tmp_path / "peers.csv"
    path.write_text("data,system\n")
    with pytest.raises(
        ValueError, match=r"peers.csv has the columns \['data', 'system'\]; expected: data, system, ver"
    ):
        module.load_peers(path)


def test_check_names_a_stale_file_and_leaves_it(module, tmp_path, monkeypatch, capsys):
    docs, readme = tmp_path / "docs", tmp_path / "README.md"
    readme.write_text(f"{module.BEGIN}\n{module.END}\n")
    monkeypatch.setattr(module.results, "ROOT", tmp_path)
    monkeypatch.setattr(module, "README", readme)
    monkeypatch.setattr(module, "DOCS", docs)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["benchmarks.py", *arguments])
        return module.main(), capsys.readouterr().out.splitlines()

    stale = " does not match tests/bench/results: run python tests/bench/benchmarks.py"
    code, said = run("--check")
    assert (code, said[:2]) == (1, [f"docs/benchmarks.md{stale}", f"README.md{stale}"])
    assert not docs.exists()
    assert run()[0] == 0
    assert run("--check") == (0, [])
    (docs / "images" / "lines.svg").write_text("edited")
    assert run("--check") == (1, [f"docs/images/lines.svg{stale}"])
