import dataclasses
import io
import json
import random
import re
import shutil

import pytest
import tensorflow as tf
from PIL import Image
from tfx.types import standard_artifacts

from tfx_ocr.components.example_gen.executor import Executor
from tfx_ocr.components.recipe import Examples, LineImage, Recipe, Split, Trainer
from tfx_ocr.components.recipe import Image as Spec
from tfx_ocr.components.stop import Stop
from tfx_ocr.data import images, record_file
from tfx_ocr.data.alphabets.inline import Characters
from tfx_ocr.data.record import Record

pytestmark = pytest.mark.tfx

RECIPE = Recipe(
    name="of_this_test",
    input=Spec(height=8, width=8),
    task="classification",
    alphabet="digits",
    schema="digits.pbtxt",
    sample="digits",
    examples=Examples(readers=("image_folder", "tfrecord"), max_pixels=1000, max_rejected=0.5),
    trainer=Trainer(network="mlp"),
)


def picture(shade, form="PNG", size=(4, 4)):
    """Draw another picture for each number up to 255, so that no two are copies."""
    written = io.BytesIO()
    Image.new("L", size, shade).save(written, form)
    return written.getvalue()


def write(root, pictures):
    for path, image in pictures.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(image)


def ingest(tmp_path, data, recipe=None, **changes):
    """Run the executor; return what it wrote: splits as lists of tf.Examples, rejected, summary."""
    examples = dataclasses.replace(RECIPE.examples, **changes)
    recipe = dataclasses.replace(RECIPE, examples=examples, **recipe or {})
    artifact = standard_artifacts.Examples()
    artifact.uri = str(tmp_path / "ExampleGen/examples/5")
    Executor().Do({}, {"examples": [artifact]}, {"input_base": str(data), "recipe": recipe.dump_part("example_gen")})
    splits = {
        split: [
            tf.train.Example.FromString(raw)
            for path in sorted((tmp_path / f"ExampleGen/examples/5/Split-{split}").glob("*.gz"))
            for raw in tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator()
        ]
        for split in json.loads(artifact.split_names)
    }
    with open(f"{artifact.uri}/rejected.jsonl", encoding="utf-8") as file:
        rejected = {line["source"]: line["reason"] for line in map(json.loads, file)}
    with open(f"{artifact.uri}/summary.json", encoding="utf-8") as file:
        return splits, rejected, json.load(file)


def only(example, name):
    (value,) = example.features.feature[name].bytes_list.value
    return value


def test_every_record_is_written_or_set_aside(tmp_path, capsys):
    good = {
        f"{split}/{k % 10}/{k}.png": picture(k)
        for split, first in (("train", 0), ("test", 20), ("val", 30))
        for k in range(first, first + 10)
    }
    bad = {
        "train/0/empty.png": b"",
        "train/0/text.png": b"hello",
        "train/0/cut.png": picture(200)[:-25],
        "train/0/huge.png": picture(201, size=(40, 30)),
        "train/0/early.jpg": b"\xff\xd8" + picture(202, "JPEG")[2:-30],
        "train/x/1.png": picture(203),
        "train/1.png": picture(204),
        "train/0/README.md": b"read me",
    }
    write(tmp_path / "data", {**good, **bad, "train/4/webp.webp": picture(205, "WEBP"), ".hidden": b"x", "x.zip": b"x"})
    splits, rejected, summary = ingest(tmp_path, tmp_path / "data")

    by_source = {only(example, "source").decode(): example for split in splits.values() for example in split}
    assert by_source.keys() == good.keys() | {"train/4/webp.webp"}
    assert {split: len(examples) for split, examples in splits.items()} == {"train": 11, "eval": 10, "test": 10}
    for path, image in good.items():
        assert only(by_source[path], "image") == image
        assert only(by_source[path], "label").decode() == path.split("/")[1]
        assert only(by_source[path], "group") == b""
    assert only(by_source["train/4/webp.webp"], "image").startswith(b"\x89PNG")

    assert {source: reason.split(":")[0] for source, reason in rejected.items()} == {
        "train/0/README.md": "not an image",
        "train/0/cut.png": "damaged image",
        "train/0/early.jpg": "damaged image",
        "train/0/empty.png": "empty file",
        "train/0/huge.png": "too large",
        "train/0/text.png": "not an image",
        "train/1.png": "not in a label's folder",
        "train/x/1.png": "unknown label",
    }
    assert list(rejected) == sorted(rejected)
    assert (summary["reader"], summary["records"]) == ("image_folder", 39)
    assert summary["splits"] == {"train": 11, "eval": 10, "test": 10}
    assert summary["labels"]["train"] == {**dict.fromkeys("0123456789", 1), "4": 2}
    assert summary["rejected"]["damaged image"] == 2
    assert summary["given"] == {"train": ["train"], "eval": ["val"], "test": ["test"]}
    assert "splits: train from train, eval from val, test from test\n" in capsys.readouterr().out
    assert not (tmp_path / "ExampleGen/examples/5/counts.jsonl").exists()


def test_a_jpeg_that_only_tensorflow_refuses_is_set_aside(tmp_path):
    written = io.BytesIO()
    Image.frombytes("L", (16, 16), random.Random(0).randbytes(256)).save(written, "JPEG")
    strange = written.getvalue()[:-3] + b"\xff\xd0\xd9"  # a restart that nothing announced, in the place of the end
    assert images.find_problem(strange, 1000) is None
    good = {f"{split}/1/{k}.png": picture(k) for k, split in enumerate(("train", "eval", "test"))}
    write(tmp_path / "data", {**good, "train/1/strange.jpg": strange})
    _, rejected, _ = ingest(tmp_path, tmp_path / "data")
    assert rejected == {"train/1/strange.jpg": "damaged image: TensorFlow cannot decode it; save it anew"}


def test_a_picture_in_two_splits_stays_in_the_later_one_only(tmp_path):
    pictures = {
        f"{split}/1/{k}.png": picture(k)
        for split, first in (("train", 0), ("eval", 20), ("test", 40))
        for k in range(first, first + 9)
    }
    copies = {
        "train/1/of_test.png": picture(40),
        "eval/1/of_test.png": picture(40),
        "train/2/of_eval.png": picture(20),
        "train/1/of_train.png": picture(0),
    }
    write(tmp_path / "data", {**pictures, **copies})
    _, rejected, summary = ingest(tmp_path, tmp_path / "data")
    assert summary["splits"] == {"train": 10, "eval": 9, "test": 9}
    assert rejected == {
        "train/1/of_test.png": "in two splits: the same picture is in test, test/1/40.png, and was taken out of train",
        "eval/1/of_test.png": "in two splits: the same picture is in test, test/1/40.png, and was taken out of eval",
        "train/2/of_eval.png": "in two splits: the same picture is in eval, eval/1/20.png, and was taken out of train",
    }


def test_copies_that_are_divided_here_go_the_same_way(tmp_path):
    write(tmp_path / "data", {f"{k % 10}/{k}_{copy}.png": picture(k) for k in range(60) for copy in range(2)})
    splits, rejected, _ = ingest(tmp_path, tmp_path / "data", split=Split(eval=0.3, test=0.3))
    images = {split: {only(example, "image") for example in examples} for split, examples in splits.items()}
    assert rejected == {}
    assert sum(len(examples) for examples in splits.values()) == 120
    assert not images["train"] & images["eval"]
    assert not images["train"] & images["test"]
    assert not images["eval"] & images["test"]


def records_of(writers, split=""):
    return [
        Record(
            features={"image": picture(10 * number + copy), "label": b"7"},
            source=f"{writer or 'nobody'}/{copy}",
            group=writer,
            split=split,
        )
        for number, writer in enumerate(writers)
        for copy in range(4)
    ]


def test_groups_are_never_cut_and_a_record_without_one_is_set_aside(tmp_path):
    (tmp_path / "data").mkdir()
    writers = ["w1", "w2", "w3", "w4", "w5", "w10"]
    record_file.write(tmp_path / "data/all.tfrecord", records_of([*writers, ""]))
    rule = Split(by="group", eval_groups=("w3..w4",), test_groups=("w5..w99",))
    splits, rejected, summary = ingest(tmp_path, tmp_path / "data", split=rule)
    groups = {
        split: sorted({only(example, "group").decode() for example in examples}) for split, examples in splits.items()
    }
    assert groups == {"train": ["w1", "w2"], "eval": ["w3", "w4"], "test": ["w10", "w5"]}
    assert summary["splits"] == {"train": 8, "eval": 8, "test": 8}
    assert rejected.keys() == {f"nobody/{copy}" for copy in range(4)}
    assert all(reason.startswith("no group: ") for reason in rejected.values())


def test_eval_and_test_are_taken_from_what_the_data_calls_train(tmp_path):
    write(tmp_path / "data", {f"train/1/{k}.png": picture(k) for k in range(100)})
    *_, summary = ingest(tmp_path, tmp_path / "data", split=Split(eval=0.2, test=0.2))
    assert sum(summary["splits"].values()) == 100
    assert all(5 < summary["splits"][split] < 40 for split in ("eval", "test"))


def test_synthetic_lines_are_added_to_train_alone(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    with (tmp_path / "data/labels.csv").open("w") as table:
        table.write("image,label\n")
        for number in range(40):
            (tmp_path / f"data/{number}.png").write_bytes(picture(number))
            table.write(f"{number}.png,{number:02}.{number % 10}\n")
    lines = {
        "task": "sequence",
        "alphabet": Characters(characters=".0123456789"),
        "input": LineImage(height=8, width=64),
    }
    plain, _, before = ingest(tmp_path, tmp_path / "data", readers=("labelled_csv",), recipe=lines)
    shutil.rmtree(tmp_path / "ExampleGen")
    splits, _, summary = ingest(tmp_path, tmp_path / "data", readers=("labelled_csv",), synthetic=300, recipe=lines)
    assert {split: splits[split] for split in ("eval", "test")} == {split: plain[split] for split in ("eval", "test")}
    drawn = [example for example in splits["train"] if only(example, "source").startswith(b"synthetic/")]
    assert len(drawn) == 300
    assert len(splits["train"]) == 300 + len(plain["train"])
    texts = {only(example, "label").decode() for example in drawn}
    assert all(re.fullmatch(r"\d\d\.\d", text) for text in texts)
    known = {split: {only(example, "label").decode() for example in plain[split]} for split in plain}
    as_they_are = [example for example in drawn if only(example, "label").decode() in known["train"]]
    assert 120 < len(as_they_are) < 200  # half, and some of the varied ones by chance
    assert len({only(example, "group") for example in drawn}) == 8  # families that ship
    assert (summary["synthetic"], summary["splits"]) == (300, before["splits"])
    assert "300 synthetic lines added to train" in capsys.readouterr().out


def test_too_many_set_aside_stop_the_run_and_the_list_outlives_the_artifact(tmp_path):
    write(tmp_path / "data", {f"1/{k}.png": picture(k) for k in range(30)})
    write(tmp_path / "data", {f"2/{k}.png": b"" for k in range(10)})
    with pytest.raises(Stop) as stopped:
        ingest(tmp_path, tmp_path / "data", max_rejected=0.2)
    where = tmp_path / "ExampleGen/rejected/5.jsonl"
    assert str(stopped.value) == (
        f"10 of 40 records in {tmp_path}/data are set aside, 25.0% where at most 20.0% are allowed: 10 empty file "
        f"(such as 2/0.png); all are listed in {where}: mend or remove them, or raise "
        "examples.max_rejected in the recipe"
    )
    assert len(where.read_text().splitlines()) == 10


@pytest.mark.parametrize(
    ("pictures", "sentence"),
    [
        ({"a.txt": b"x"}, "no data of a known format in .*; looked for: "),
        ({"train/1/1.png": picture(1)}, r"no records for (eval|test|train) and (eval|test) in "),
    ],
)
def test_useless_data_stops_the_run(tmp_path, pictures, sentence):
    write(tmp_path / "data", pictures)
    with pytest.raises(Stop, match=sentence):
        ingest(tmp_path, tmp_path / "data")
