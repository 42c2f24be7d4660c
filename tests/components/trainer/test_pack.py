"""A pack: the records as Transform wrote them, counted, whole or not there, and refused where it does not fit."""

from __future__ import annotations

import json

import pytest

from tfx_ocr.components.recipe import Examples, Image, Part, Recipe, Trainer
from tfx_ocr.components.trainer import pack as packs
from tfx_ocr.data.example import serialize_example
from tfx_ocr.data.record_file import write_records

RECIPE = Recipe(
    name="dots", input=Image(height=2, width=2), task="classification", alphabet="digits",
    examples=Examples(readers=("image_folder",)), trainer=Trainer(network="mlp", units=(), dropout=()),
)  # fmt: skip
PART = RECIPE.dump_part("trainer")


def example(label: int) -> bytes:
    return serialize_example({"pixels_xf": [bytes([label] * 4)], "label_xf": [label]})


@pytest.fixture
def files(tmp_path):
    """Write three records of train in two files and one of eval."""
    shards = {"train": [[1, 2], [3]], "eval": [[4]]}
    paths = {}
    for split, labels in shards.items():
        paths[split] = [tmp_path / f"{split}-{number}.gz" for number in range(len(labels))]
        for path, of_file in zip(paths[split], labels, strict=True):
            write_records(path, map(example, of_file))
    return paths


def test_a_pack_gives_back_the_records_the_recipe_and_their_counts(tmp_path, files):
    packs.write_pack(tmp_path / "pack", PART, files)
    pack = packs.read_pack(tmp_path / "pack")
    assert [record["label_xf"] for record in pack.read_split("train")] == [[1], [2], [3]]
    assert list(pack.read_split("eval")) == [{"pixels_xf": [b"\4\4\4\4"], "label_xf": [4]}]
    assert pack.records == {"train": 3, "eval": 1}
    assert pack.part == Part.from_json(PART)
    assert (pack.labels, pack.version) == (tuple("0123456789"), packs.compute_version())


def test_a_pack_of_before_is_replaced_and_another_folder_is_not(tmp_path, files):
    folder = tmp_path / "pack"
    packs.write_pack(folder, PART, files)
    packs.write_pack(folder, PART, {**files, "train": files["train"][:1]})
    assert packs.read_pack(folder).records["train"] == 2
    assert sorted(path.name for path in (folder / "train").iterdir()) == ["00000.tfrecord.gz"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(ValueError, match=r"mine is there and is not a pack: name another folder"):
        packs.write_pack(tmp_path / "mine", PART, files)
    assert (tmp_path / "mine" / "letter.txt").exists()


def test_what_fails_leaves_nothing(tmp_path, files):
    write_records(files["eval"][0], [])
    with pytest.raises(ValueError, match=r"no records for eval: training needs both train and eval"):
        packs.write_pack(tmp_path / "out" / "pack", PART, files)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "is a pack of format 2; this code reads format 1"),
        ({"labels": ["a"]}, "was packed with other labels than alphabet 'digits' has here: pack it again"),
    ],
    ids=["format", "labels"],
)
def test_a_pack_that_does_not_fit_is_refused(tmp_path, files, change, said):
    folder = packs.write_pack(tmp_path / "pack", PART, files).folder
    about = json.loads((folder / packs.FILE).read_text(encoding="utf-8"))
    (folder / packs.FILE).write_text(json.dumps(about | change), encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        packs.read_pack(folder)


def test_a_folder_that_is_no_pack_is_told_how_to_make_one(tmp_path):
    with pytest.raises(ValueError, match=r"is not a pack: write one with `tfx-ocr pack RECIPE --data DATA --out "):
        packs.read_pack(tmp_path)


def test_initial_weights_are_those_of_the_pack(tmp_path, files):
    folder = packs.write_pack(tmp_path / "pack", PART, files).folder
    about = json.loads((folder / packs.FILE).read_text(encoding="utf-8"))
    about["recipe"]["trainer"]["initial_weights"] = "/another/machine"
    (folder / packs.FILE).write_text(json.dumps(about), encoding="utf-8")
    assert packs.read_pack(folder).part.trainer.initial_weights == str(folder / "initial.weights.h5")
