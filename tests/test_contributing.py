"""The worked examples of CONTRIBUTING.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from tfx_ocr.components.recipe import Base, ImageSpec, Part
from tfx_ocr.data.record import Record, Rejected

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def run_added(path: str) -> ModuleType:
    """Execute the lines that a diff adds as `path` and return the module."""
    lines = re.search(rf"^\+\+\+ {re.escape(path)}\n((?:\+.*\n)+)", TEXT, re.MULTILINE)[1]
    module = ModuleType(Path(path).stem)
    exec(compile(re.sub(r"^\+", "", lines, flags=re.MULTILINE), path, "exec", dont_inherit=True), vars(module))
    return module


def test_files_and_names_that_the_table_sends_to_are_there():
    table = TEXT[TEXT.index("| a network |") : TEXT.index("The registries are")]
    places = re.findall(r"`([A-Z]+)` in `([\w/.]+)`", table)
    assert len(places) == 5
    assert [(name, path) for name, path in places if f"\n{name} = {{" not in (ROOT / path).read_text()] == []


def test_lines_that_the_examples_change_are_there():
    changed = re.findall(r"^--- (\S+)\n((?:[ +-](?![+-]{2} ).*\n)+)", TEXT, re.MULTILINE)
    assert len(changed) >= 5
    missing = [
        f"{path}: {line[1:]}"
        for path, lines in changed
        for line in lines.splitlines()
        if line[0] in " -" and line != " ..." and f"{line[1:]}\n" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_the_reader_reads(tmp_path):
    for name in ("7_anna.png", "3_ben.png", "nobody.png"):
        (tmp_path / name).write_bytes(name.encode())
    reader = run_added("data/readers/one_folder.py")
    assert reader.is_supported(tmp_path)
    records = [record for shard in reader.list_shards(tmp_path) for record in reader.read(tmp_path, shard)]
    assert records == [
        Record(features={"image": b"3_ben.png", "label": b"3"}, source="3_ben.png", file="3_ben.png", group="ben"),
        Record(features={"image": b"7_anna.png", "label": b"7"}, source="7_anna.png", file="7_anna.png", group="anna"),
        Rejected(source="nobody.png", reason="no label: no underscore in the name"),
    ]


def test_the_recipe_is_one():
    capitals = run_added("pipeline/recipes/capitals.py").CAPITALS
    assert Part.from_json(capitals.part("evaluator")).gate.at_least == {"accuracy": 0.9}


@pytest.mark.tfx
def test_the_network_builds():
    network = run_added("components/networks/wide_mlp.py")
    model = network.build(ImageSpec(height=4, width=5, channels=3), Base())
    assert (network.GIVES, model.output_shape, model.count_params()) == ("vector", (None, 2048), (4 * 5 * 3 + 1) * 2048)


def test_the_commands_are_targets():
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([a-z0-9-]+)", TEXT)) <= set(targets)
