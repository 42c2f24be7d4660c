"""Data is looked at before a run: what would be set aside, the splits, and what is too little."""

import csv
import dataclasses
import itertools

import pytest

from tfx_ocr.components.example_gen.splits import Divider
from tfx_ocr.components.recipe import Split, Stage
from tfx_ocr.data import images, survey
from tfx_ocr.data.survey import Seen
from tfx_ocr.pipeline.data_check import check_data, divide, find_doubles, find_near
from tfx_ocr.pipeline.recipes import get_recipe

DIGITS = get_recipe("digits")


def picture(number):
    return images.encode_png(number.to_bytes(2, "big") * 32, 8, 8)


@pytest.fixture
def folder(tmp_path):
    def write(*paths):
        for number, path in enumerate(paths):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(picture(number))
        return tmp_path

    return write


def test_stated_splits_are_counted_and_classes_that_lack_named(folder):
    data = folder("train/0/a.png", "train/1/b.png", "eval/0/c.png", "test/1/d.png")
    lines = check_data(DIGITS, data)
    assert lines[0] == (
        "data: image_folder, 4 records: train 2, eval 1, test 1 (train from train, eval from eval, test from test, "
        "by record)"
    )
    assert lines[1:] == []  # ten classes and four records: not each can be met
    few = dataclasses.replace(DIGITS, alphabet="digits")
    more = [f"train/{number % 10}/{number}.png" for number in range(20)]
    lines = [line for line in check_data(few, folder(*more, "eval/0/c.png", "test/1/d.png")) if "too few" in line]
    assert lines[-2] == "too few: eval has no record of class 1, 2, 3, 4, 5 and 4 more"
    assert lines[-1] == "too few: test has no record of class 0, 2, 3, 4, 5 and 4 more"


def test_a_few_records_of_many_say_what_is_stated_and_not_how_much(folder, monkeypatch):
    data = folder(*(f"{split}/{number % 10}/{number}.png" for split in ("train", "test") for number in range(200)))
    clock = itertools.count()  # 2 s a look, so that 20 are done within 40
    monkeypatch.setattr(survey.time, "process_time", lambda: 2 * next(clock))
    assert check_data(DIGITS, data, seconds=40)[0] == (
        "data: image_folder, 400 records, 20 of them looked at (train from train, test from test, eval drawn from "
        "train, by record)"
    )


def test_records_of_each_stage_are_counted_and_a_stage_without_any_is_refused(folder):
    data = folder(*(f"train/{number % 10}/{number}.png" for number in range(20)), "eval/0/c.png", "test/1/d.png")
    stages = (
        Stage(name="all", epochs=2),
        Stage(name="zeros", epochs=3, sources={"train/0/": 4.0, "train/1/": 0.5}),  # 2 of each: 8 and 1
    )
    recipe = dataclasses.replace(DIGITS, trainer=dataclasses.replace(DIGITS.trainer, stages=stages))
    assert [line for line in check_data(recipe, data) if line.startswith("stage")] == [
        "stage all: 2 x 20 records of train",
        "stage zeros: 3 x 9 records of train",
    ]
    stages = (*stages, Stage(name="drawn", epochs=1, sources={"synthetic/": 1.0}))
    recipe = dataclasses.replace(DIGITS, trainer=dataclasses.replace(DIGITS.trainer, stages=stages))
    with pytest.raises(ValueError, match=r"stage 'drawn' of trainer\.stages has no records of source 'synthetic/'"):
        check_data(recipe, data)


def test_labels_outside_the_alphabet_are_named_where_the_run_goes_on(folder):
    train = [f"train/{number % 10}/{number}.png" for number in range(40)]
    lines = check_data(DIGITS, folder(*train, "eval/0/c.png", "test/1/d.png", "train/A/x.png", "train/B/y.png"))
    assert lines[1] == "set aside: 2 (4.5%): 2 unknown label (such as train/A/x.png)"
    advice = "tfx-ocr new NAME --data FOLDER drafts a recipe whose alphabet has them"
    assert lines[2] == f"outside the alphabet: 'A' in 1, 'B' in 1; {advice}"


def test_labels_of_another_alphabet_are_one_sentence(folder):
    data = folder("A/1.png", "A/2.png", "B/1.png")
    with pytest.raises(
        ValueError, match="3 of 3 labels are not in the alphabet of `digits` \\('A' in 2, 'B' in 1\\): make a recipe"
    ):
        check_data(DIGITS, data)


def test_what_example_gen_would_stop_at_is_refused(folder):
    data = folder("train/0/a.png", "eval/0/c.png", "test/1/d.png")
    (data / "train/0/bad.png").write_bytes(b"no picture")
    with pytest.raises(
        ValueError, match=r"1 of 4 records in .* are set aside, 25.0% .*: 1 not an image \(such as train/0/b"
    ):
        check_data(DIGITS, data)
    (data / "train/0/bad.png").unlink()
    (data / "eval/0/c.png").unlink()
    (data / "train/1").mkdir()
    with pytest.raises(ValueError, match=r"no records for eval in .* \(1 for train, 0 for eval, 1 for test"):
        check_data(
            dataclasses.replace(DIGITS, examples=dataclasses.replace(DIGITS.examples, split=Split(eval=0.0))), data
        )


def test_a_style_that_train_lacks_is_told_where_it_is_unlearnt(folder):
    splits = ["train", "train", "eval", "test"]
    data = folder(*(f"{number}.png" for number in range(4)))
    rows = [f"{number}.png,{number},{split},printed" for number, split in enumerate(splits)]
    (data / "labels.csv").write_text("\n".join(["image,label,split,style", *rows]), encoding="utf-8")
    check_data(DIGITS, data)
    adversarial = dataclasses.replace(DIGITS, trainer=dataclasses.replace(DIGITS.trainer, adversarial=0.1))
    with pytest.raises(ValueError, match="needs records of both styles in train, and none says that it is handwritten"):
        check_data(adversarial, data)
    rows[1] = rows[1].replace("printed", "handwritten")
    (data / "labels.csv").write_text("\n".join(["image,label,split,style", *rows]), encoding="utf-8")
    check_data(adversarial, data)


def test_a_copy_in_two_splits_is_counted_as_set_aside(folder):
    data = folder(*(f"train/{number % 10}/{number}.png" for number in range(30)), "eval/0/c.png", "test/1/d.png")
    (data / "train/3/copy.png").write_bytes((data / "test/1/d.png").read_bytes())
    lines = check_data(DIGITS, data)
    assert lines[0].startswith("data: image_folder, 33 records: train 30, eval 1, test 1")
    assert lines[1] == "set aside: 1 (3.0%): 1 in two splits (such as train/3/copy.png)"
    assert lines[-2:] == [
        "the same picture under two labels: test/1/d.png is '1', train/3/copy.png is '3'",
        "1 picture occurs more than once: test/1/d.png, train/3/copy.png",
    ]


def test_few_groups_are_named(tmp_path):
    lines = get_recipe("lines")
    with (tmp_path / "labels.csv").open("w", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "text", "writer", "split"])
        for number in range(9):
            (tmp_path / f"{number}.png").write_bytes(images.encode_png(bytes([number] * 400), 20, 20))
            rows.writerow([f"{number}.png", "Huế", f"w{number % 2}", ("train", "eval", "test")[number % 3]])
    assert check_data(lines, tmp_path)[1:] == ["too few: 2 groups, where 5 or more tell how new ones are read"]


def test_synthetic_lines_are_told_and_refused_where_no_font_can_draw_them(tmp_path):
    shipped = get_recipe("lines")
    recipe = dataclasses.replace(shipped, examples=dataclasses.replace(shipped.examples, synthetic=2000))
    with (tmp_path / "labels.csv").open("w", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "text", "writer", "split"])
        for number in range(9):
            (tmp_path / f"{number}.png").write_bytes(images.encode_png(bytes([number] * 400), 20, 20))
            rows.writerow([f"{number}.png", "Huế", f"w{number}", ("train", "eval", "test")[number % 3]])
    assert check_data(recipe, tmp_path)[1] == "synthetic: 2,000 lines are drawn in 8 fonts and added to train"
    table = (tmp_path / "labels.csv").read_text(encoding="utf-8")
    (tmp_path / "labels.csv").write_text(table.replace("0.png,Huế", "0.png,Huế €"), encoding="utf-8")
    latin = dataclasses.replace(recipe, alphabet="latin")
    assert check_data(latin, tmp_path)[1].endswith(
        f"; 1 of 2 texts have letters that no font has: put fonts into {tmp_path}"
    )
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    with pytest.raises(ValueError, match=r"broken.ttf cannot be read as a font"):
        check_data(latin, tmp_path)


def test_records_are_divided_as_example_gen_divides():
    rule = Split(by="group", eval=0.3, test=0.3, seed=4)
    seen = [Seen(source=str(number), group=f"g{number}", digest=f"{number:064x}") for number in range(50)]
    divider = Divider(rule, ())
    assert [split for split, _ in divide(seen, rule)] == [
        divider.choose_split("", f"g{number}") for number in range(50)
    ]
    other = [split for split, _ in divide(seen, dataclasses.replace(rule, seed=5))]
    assert other != [split for split, _ in divide(seen, rule)]
    assert divide([Seen(source="x")], rule)[0][0] == ""


def test_pictures_that_differ_by_noise_are_found_across_splits_only():
    flat, ramp = bytes([7] * 256), bytes(range(256))
    near = bytes([*range(1, 256), 255])
    seen = [
        Seen(source="a", split="train", digest="1", size=(9, 9), thumbnail=ramp),
        Seen(source="b", split="test", digest="2", size=(9, 9), thumbnail=near),
        Seen(source="c", split="test", digest="3", size=(18, 9), thumbnail=near),  # of another shape
        Seen(source="d", split="test", digest="1", size=(9, 9), thumbnail=ramp),  # the same, not nearly
        Seen(source="e", split="train", digest="4", size=(9, 9), thumbnail=near),  # in the same split
        Seen(source="f", split="train", digest="5", size=(9, 9), thumbnail=flat),
        Seen(source="g", split="test", digest="6", size=(9, 9), thumbnail=flat),  # nothing to be told by
    ]
    assert [(one.source, other.source) for one, other in find_near(seen)] == [("a", "b"), ("e", "b"), ("e", "d")]
    assert [line.split(" ")[0] for line in find_doubles(seen)] == ["1", "3"]


def test_all_copies_of_a_picture_are_named():
    seen = [Seen(source=source, label=source[0].upper(), digest="1") for source in ("a1", "b1", "a2", "a3", "a4", "a5")]
    both = "the same picture under two labels: a1 is 'A', b1 is 'B': a run uses both"
    assert list(find_doubles(seen)) == [both, "1 picture occurs more than once: a1, b1, a2, a3, a4 and 1 more"]
    pair = [Seen(source=source, label="A", digest="2") for source in ("c", "d")]
    assert list(find_doubles([*pair, *seen])) == [both, "2 pictures occur more than once, such as c, d"]


def test_a_file_that_is_not_an_image_is_named_so_where_time_is_short_for_decoding(folder, monkeypatch):
    data = folder("train/0/a.png", "eval/0/b.png", "test/1/c.png")
    for path in ("train/0/bad.png", "eval/0/bad.png"):  # would count as copies of each other
        (data / path).write_bytes(b"no picture")
    clock = itertools.chain([0.0], itertools.repeat(0.3))  # seconds: past the half, before the end
    monkeypatch.setattr(survey.time, "process_time", lambda: next(clock))
    with pytest.raises(ValueError, match=r"2 not an image \(such as eval/0/bad.png\)"):
        check_data(DIGITS, data, seconds=0.5)
