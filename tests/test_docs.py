"""README and docs: links lead somewhere, commands exist as they are written, and worked examples run word for word.

Commands that take minutes are executed by tests/e2e; each tutorial names the tests that execute its steps.
"""

from __future__ import annotations

import ast
import csv
import dataclasses
import functools
import importlib.util
import io
import itertools
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from tfx_ocr.data import pretrained
from tfx_ocr.data.alphabets import get_alphabet
from tfx_ocr.data.alphabets.inline import Characters
from tfx_ocr.data.readers import labelled_csv
from tfx_ocr.data.record import Record
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.cli import app
from tfx_ocr.pipeline.overrides import resolve_recipe
from tfx_ocr.pipeline.recipes import get_recipe
from tfx_ocr.pipeline.settings import PREFIX, Settings, load_for
from tfx_ocr.serving.model_server import flags

ROOT = Path(__file__).resolve().parents[1]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [*sorted(ROOT.glob("*.md")), *GUIDES[1:], *sorted((ROOT / "data").rglob("*.md"))]
FOLDERS = ("pipeline", "components", "data", "serving", "tests", "docs", "requirements")
LINES_PAGE = (ROOT / "docs/tutorials/lines.md").read_text(encoding="utf-8")

# `tfx` itself takes half a minute to import: tests/e2e/test_whole_circle.py runs these
STOCK = {
    *(("pipeline", action) for action in ("create", "update", "compile", "list", "delete")),
    ("run", "create"),
}
UNCHECKED = {"cosign", "curl", "grpcurl", "pip", "printf"}  # other people's programs that are given no file of ours


def get_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def find_blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def read_commands(text: str) -> Iterator[str]:
    """Yield the command lines of all `sh` blocks; join lines that end in a backslash, a pipe or an open quote."""
    for block in find_blocks(text, "sh"):
        line = ""
        for part in block.replace("\\\n", " ").splitlines():
            line = f"{line} {part}".strip()
            if line.endswith("|") or line.count("'") % 2:
                continue
            if line:
                yield line
            line = ""


EVERY = [
    pytest.param(line, id=f"{get_name(page)}: {line[:60]}")
    for page in GUIDES
    for line in read_commands(page.read_text(encoding="utf-8"))
]


def make_anchor(heading: str) -> str:
    """Return the anchor of a heading, as code hosts and MkDocs make it."""
    return re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower())


def find_anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {make_anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def find_broken_links(page: Path) -> list[str]:
    """Return links of a page to files of the project, or to headings in them, that do not exist."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in find_anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=get_name)
def test_links_lead_to_files_and_headings(page):
    assert find_broken_links(page) == []


def test_a_broken_link_is_found(tmp_path):
    page, other = tmp_path / "a.md", tmp_path / "b.md"
    other.write_text("# TFX's own `commands`\n```sh\n# no heading\n```\n")
    page.write_text("[1](b.md#tfxs-own-commands) [2](b.md#no-heading) [3](c.md) [4](https:" + "//example.org/x)")
    assert find_broken_links(page) == ["b.md#no-heading", "c.md"]


@pytest.mark.parametrize("page", PAGES, ids=get_name)
def test_files_that_a_page_names_exist(page):
    named = re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*\w)`", page.read_text(encoding="utf-8"))
    placeholder = re.compile(r"\bNAME\b")
    assert sorted({path for path in named if not placeholder.search(path) and not (ROOT / path).exists()}) == []


def test_every_page_and_card_is_in_the_sites_navigation():
    def leaves(entry):
        if isinstance(entry, str):
            return [entry]
        children = entry if isinstance(entry, list) else entry.values()
        return [leaf for child in children for leaf in leaves(child)]

    shown = leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in GUIDES[1:]]
    cards = [f"cards/{path.parent.name}.md" for path in (ROOT / "data/pretrained").glob("*/CARD.md")]
    assert sorted(shown) == sorted([*pages, *cards, "contributing.md", "changelog.md"])


FILES = ("--file", "--kustomize")  # options that take a file or folder of ours


@functools.cache
def load_commands() -> dict[str, typer.core.TyperCommand]:
    return typer.main.get_command(app()).commands


@functools.cache
def find_options(module: str) -> set[str]:
    """Return the options that a module's help names."""
    done = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True)
    return set(re.findall(r"--[\w-]+", done.stdout))


def check_command(words: list[str]) -> None:
    """Check one command, without its pipe and its comment."""
    while "=" in words[0]:  # variables before the command
        check_variable(words.pop(0))
        if not words:
            return
    program, *arguments = words
    if program == "export":
        for word in arguments:
            check_variable(word)
    elif program == "tfx-ocr":
        if arguments != ["--help"]:
            command = load_commands()[arguments[0]]
            command.make_context(arguments[0], arguments[1:])  # raises UsageError
    elif program == "make":
        check_make(arguments)
    elif program == "tfx":
        assert tuple(arguments[:2]) in STOCK
        assert "--engine=local" in arguments
    elif program == "tensorflow_model_server":
        assert flags.parse(arguments)[1] == ()
    elif program == "python":
        check_python(arguments)
    elif program in ("docker", "kubectl"):
        given = [value for option, value in itertools.pairwise(arguments) if option in FILES]
        assert given or arguments[0] == "push"  # of an image, by its name
        assert [path for path in given if not (ROOT / path).exists()] == []
    else:
        assert program in UNCHECKED, f"{program}: a program that this test does not know"


def check_make(arguments: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in arguments:
        variable, _, value = word.partition("=")
        assert re.search(rf"^{variable} \?=" if value else rf"^{word}:", makefile, re.MULTILINE), word


def check_variable(word: str) -> None:
    name = word.partition("=")[0]
    if name.startswith(PREFIX):
        assert name.removeprefix(PREFIX).lower() in {field.name for field in dataclasses.fields(Settings)}, name


def check_python(arguments: list[str]) -> None:
    if arguments[0] != "-m":
        assert (ROOT / arguments[0]).exists()
        return
    module, options = arguments[1], {word for word in arguments[2:] if word.startswith("--")}
    assert importlib.util.find_spec(module), module
    if options:
        assert sorted(options - find_options(module)) == []


@pytest.mark.parametrize("line", EVERY)
def test_a_command_exists_as_it_is_written(line):
    words: list[str] = []
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|")
    lexer.whitespace_split = True
    for word in [*lexer, "|"]:
        if word != "|":
            words.append(word)
        elif words:
            check_command(words)
            words = []


@pytest.mark.parametrize(
    "line",
    ["tfx-ocr run digits --dat x", "make runs", "make run DATUM=x", "export TFX_OCR_INPUTS=x", "kubectl apply", "frob"],
)
def test_a_wrong_command_is_found(line):
    with pytest.raises((AssertionError, typer.BadParameter.__bases__[0])):  # the base is click's UsageError
        check_command(shlex.split(line))


@pytest.mark.parametrize("page", GUIDES, ids=get_name)
def test_settings_that_a_page_names_exist(page):
    known = {f"{PREFIX}{field.name.upper()}" for field in dataclasses.fields(Settings)}
    known |= {"TFX_OCR_DATA", "TFX_OCR_TOKEN"}
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8")))
    assert sorted(named - known) == []


def find_imports(page: Path) -> list[tuple[str, str]]:
    """Return (module, name) of what the Python examples of a page import of the project."""
    blocks = find_blocks(page.read_text(encoding="utf-8"), "python")
    nodes = [node for block in blocks for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)]
    ours = [node for node in nodes if node.module.startswith("tfx_ocr")]
    return [(node.module, alias.name) for node in ours for alias in node.names]


@pytest.mark.parametrize("page", [page for page in GUIDES if find_imports(page)], ids=get_name)
def test_python_examples_import_what_exists(page):
    imported = find_imports(page)
    assert [pair for pair in imported if not hasattr(importlib.import_module(pair[0]), pair[1])] == []


@pytest.fixture
def scans(digits_sample, tmp_path, monkeypatch) -> Path:
    """Change to a folder with `scan.png`, a digit of the sample, where nothing was pushed."""
    for name in ("scan.png", "pictures/1.png", "pictures/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(digits_sample / "test/5/1550.png", tmp_path / name)
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "work"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
@pytest.mark.usefixtures("scans")
def test_python_examples_give_what_is_written_below_them(page, capsys):
    text = (ROOT / page).read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(examples) == len(find_blocks(text, "python"))
    names: dict[str, object] = {}
    for code, expected in examples:
        exec(compile(code, page, "exec", dont_inherit=True), names)
        assert capsys.readouterr().out == expected


@pytest.mark.usefixtures("scans")
def test_the_first_command_of_the_readme_prints_what_is_written_below_it():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    command, expected = re.search(
        r"^```sh\ntfx-ocr (predict [^\n]*)\n```\n\n```text\n(.*?)^```", text, re.M | re.S
    ).groups()
    assert CliRunner().invoke(app(), shlex.split(command)).stdout == expected


@pytest.mark.parametrize(
    ("page", "draw", "name"),
    [("classes", "draw_letters", "letters"), ("lines", "draw_meters", "meters"), ("fields", "draw_bills", "bills")],
)
def test_a_recipe_is_drafted_as_its_tutorial_says(page, draw, name, own_data, tmp_path, monkeypatch):
    text = (ROOT / f"docs/tutorials/{page}.md").read_text(encoding="utf-8")
    getattr(own_data, draw)(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    command = next(line for line in read_commands(text) if line.startswith("tfx-ocr new"))
    expected = next(block for block in find_blocks(text, "text") if f"recipes/{name}.toml" in block)
    done = CliRunner().invoke(app(), shlex.split(command)[1:])
    assert done.exit_code == 0, done.exception
    # what a shipped model reaches, and what the bytes of a PNG decide: libraries round and compress otherwise
    measured = re.compile(r"(?<=at )(\w+) [\d.]+|(?<=; )(seed) \d+")
    assert measured.sub(r"\1\2", done.stdout) == measured.sub(r"\1\2", expected)
    for line in read_commands(text):
        if line.startswith(f"tfx-ocr check {name}"):
            assert CliRunner().invoke(app(), shlex.split(line)[1:]).exit_code == 0
    check_recipe(get_recipe(name))


def test_the_command_and_the_file_of_the_ensembles_page_name_the_same_members(tmp_path, monkeypatch):
    text = (ROOT / "docs/ensembles.md").read_text(encoding="utf-8")
    members = re.findall(r'"(work/serving/lines/\d+)"', text)
    for member in members:
        (tmp_path / member).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / member).symlink_to(pretrained.get_folder("lines"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TFX_OCR_HOME", raising=False)
    *_, listing, ensemble = (shlex.split(line) for line in read_commands(text))
    listed = CliRunner().invoke(app(), listing[1:]).stdout
    assert [Path(member).name in listed for member in members] == [True, True]
    recipe = resolve_recipe(load_for("lines", [ensemble[ensemble.index("--set") + 1]]))
    [table] = find_blocks(text, "toml")
    assert tomllib.loads(table)["trainer"] == {"network": recipe.trainer.network, "members": members}
    assert list(recipe.trainer.members) == members
    check_recipe(recipe)
    (tmp_path / members[1]).unlink()
    with pytest.raises(ValueError, match=f"trainer.members names '{members[1]}', which does not exist"):
        check_recipe(recipe)


def test_the_tables_of_the_lines_tutorial_are_read(tmp_path):
    lines, meters = find_blocks(LINES_PAGE, "csv")
    alphabets = [get_alphabet(get_recipe("lines").alphabet), Characters(characters=".0123456789")]
    for number, (table, alphabet) in enumerate(zip((lines, meters), alphabets, strict=True)):
        folder = tmp_path / str(number)
        (folder / "images").mkdir(parents=True)
        (folder / "labels.csv").write_text(table, encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(table)))
        for row in rows:
            (folder / "images" / row["image"]).write_bytes(row["image"].encode())
        shards = labelled_csv.list_shards(folder)
        records = [record for shard in shards for record in labelled_csv.read(folder, shard)]
        assert [
            (record.features["label"].decode(), record.group) for record in records if isinstance(record, Record)
        ] == [(row["label"], row["group"]) for row in rows]
        assert [row["label"] for row in rows if alphabet.find_problem(row["label"])] == []


def test_every_decision_is_listed_by_its_title():
    folder = ROOT / "docs/decisions"
    titles = {path.name: path.read_text(encoding="utf-8").splitlines()[0] for path in sorted(folder.glob("0*.md"))}
    rows = re.findall(
        r"^\| (\d+) \| \[(.+)\]\((\S+)\) \|$", (folder / "index.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name: f"# {number}. {title}" for number, title, name in rows} == titles


def test_the_glossary_is_sorted():
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)[2:]
    assert len(terms) > 40
    assert terms == sorted(terms, key=str.casefold)
