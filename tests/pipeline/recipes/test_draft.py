"""A recipe drafted from data: what is chosen follows from what is there, and it reads back as it was."""

import csv
import dataclasses
import random
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from tfx_ocr.components.evaluator.records import hash_content
from tfx_ocr.data import images
from tfx_ocr.data.alphabets.inline import Characters, Classes
from tfx_ocr.data.page import page_xml
from tfx_ocr.data.page.page import Box, Line, Page, Region
from tfx_ocr.data.record import Record
from tfx_ocr.data.record_file import serialize
from tfx_ocr.data.samples.lines import FONTS
from tfx_ocr.data.survey import Seen, survey_data
from tfx_ocr.pipeline import data_check, evaluation
from tfx_ocr.pipeline.check import check_recipe
from tfx_ocr.pipeline.cli import app
from tfx_ocr.pipeline.evaluation import list_records
from tfx_ocr.pipeline.recipes import RECIPES, draft, get_recipe
from tfx_ocr.pipeline.recipes.draft import choose_task, draft_recipe, find_problem, measure_ink
from tfx_ocr.pipeline.recipes.toml_file import read_recipe
from tfx_ocr.pipeline.recipes.toml_text import format_recipe

FONT = ImageFont.truetype(str(FONTS / "PatrickHand.ttf"), 28)


def draw(text, path, seed=0):
    grey = random.Random(seed)
    left, top, right, bottom = FONT.getbbox(text)
    picture = Image.new("L", (right - left + 16, bottom - top + 12), grey.randint(230, 255))
    ImageDraw.Draw(picture).text((8 - left, 6 - top), text, font=FONT, fill=grey.randint(0, 60))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


@pytest.fixture
def letters(tmp_path):
    for first, (label, count) in enumerate({"A": 12, "B": 9, "007": 6}.items()):
        for number in range(count):
            draw(label, tmp_path / "data" / label / f"{number}.png", seed=100 * first + number)
    return tmp_path / "data"


@pytest.fixture
def table(tmp_path):
    """Write a table of texts, their pictures beside it, and return the folder."""

    def write(texts, **columns):
        folder = tmp_path / "table"
        for number, text in enumerate(texts):
            draw(text[:40], folder / f"{number}.png", seed=number)
        with (folder / "labels.csv").open("w", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["file", "text", *columns])
            for number, text in enumerate(texts):
                rows.writerow([f"{number}.png", text, *(column[number] for column in columns.values())])
        return folder

    return write


def test_digits_start_from_the_weights_of_digits(tmp_path):
    for label in ("0", "1", "7"):
        for number in range(8):
            draw(label, tmp_path / label / f"{number}.png", seed=10 * int(label) + number)
    trainer = draft_recipe("mine", tmp_path, minutes=10).recipe.trainer
    assert (trainer.network, trainer.initial_weights) == ("small_cnn", "digits")


def test_folders_are_classes_with_a_split_that_each_class_is_in(letters):
    drafted = draft_recipe("mine", letters, minutes=10)
    recipe = drafted.recipe
    assert (recipe.name, recipe.task, recipe.alphabet) == (
        "mine", "classification", Classes(classes=("007", "A", "B"))
    )  # fmt: skip
    assert (recipe.sample, recipe.pretrained, recipe.schema, recipe.trainers) == ("", "", "", {})
    assert recipe.trainer.initial_weights == get_recipe("hangul").pretrained
    survey = survey_data(letters, recipe.examples.readers, lambda record, decode: None)
    divided = data_check.divide(survey.kept, recipe.examples.split)
    counts = Counter((split, each.label) for split, each in divided)
    assert all(counts[split, label] for split in ("train", "eval", "test") for label in ("A", "B", "007"))
    test = {label: count for (split, label), count in counts.items() if split == "test"}
    useless = max(test.values()) / sum(test.values())  # the most frequent class for every picture
    assert recipe.gate.at_least["accuracy"] == pytest.approx((1 + useless) / 2, abs=0.001)
    assert any("27 records" in line for line in drafted.found)
    check_recipe(recipe)


def test_what_is_written_reads_back_as_it_was(letters, tmp_path):
    drafted = draft_recipe("mine", letters, minutes=10)
    file = tmp_path / "mine.toml"
    file.write_text(format_recipe(drafted.recipe, drafted.comments), encoding="utf-8")
    assert read_recipe(file) == drafted.recipe
    assert "# one class per picture" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RECIPES)
def test_a_shipped_recipe_reads_back_as_it_was(name, tmp_path):
    shipped = dataclasses.replace(get_recipe(name), trainers={})
    file = tmp_path / f"{name}.toml"
    file.write_text(format_recipe(shipped, {"": "line one\nline two"}), encoding="utf-8")
    assert read_recipe(file) == shipped
    assert file.read_text(encoding="utf-8").startswith("# line one\n# line two\n\n")


def test_a_table_of_lines_gets_their_characters_and_a_gate_better_than_the_shipped_model(table):
    texts = [f"{number * 37 % 1000:03}.{number % 10}" for number in range(24)]
    drafted = draft_recipe("meters", table(texts, group=[f"meter {number // 3}" for number in range(24)]), minutes=10)
    recipe = drafted.recipe
    assert (recipe.task, recipe.alphabet) == ("sequence", Characters(characters=".0123456789", longest=8))
    assert recipe.examples.split.by == "group"
    assert recipe.examples.readers == ("labelled_csv", "tfrecord")
    assert (recipe.input.width, recipe.input.height) == (128, 32)
    assert recipe.gate.at_most["cer"] < 0.35
    assert "no worse than the model that ships, which reads 24 of these at cer" in drafted.chosen[-1]


def test_whether_the_shipped_model_was_trained_on_the_pictures_is_said(table, monkeypatch):
    folder = table([f"{number:04}" for number in range(24)])
    records = list(list_records(get_recipe("lines"), folder))
    known = sorted(hash_content(serialize(evaluation.prepare_record(each))) for each in records)
    for sketch, said in (
        ("", " (its manifest does not say whether it was trained on them)"),
        (" ".join(known[:6]), " (it was trained on 6 of 24 of them: new ones are read worse)"),
        ("0" * 16, ""),
    ):
        monkeypatch.setattr(evaluation, "read_sketch", lambda folder, sketch=sketch: sketch)
        why = draft_recipe("x", folder, minutes=10).chosen[-1]
        assert re.search(r"reads 24 of these at cer [\d.]+(.*?)(; |$)", why)[1] == said


def test_letters_that_ship_in_no_alphabet_are_characters_too(table):
    drafted = draft_recipe("german", table([f"Öl {number} € ß" for number in range(9)]), minutes=10)
    assert set("Ölß€ 0123456789") == set(drafted.recipe.alphabet.characters)
    assert "that ships" not in drafted.chosen[-1]
    assert drafted.recipe.examples.split.by == "record"


def test_epochs_fill_the_minutes(table, monkeypatch):
    folder = table([f"{number:04}" for number in range(40)])
    monkeypatch.setitem(draft.BUDGETS, "line_cnn", draft.Budget(per_s=2, steps=10**6))
    recipes = [draft_recipe("x", folder, minutes).recipe for minutes in (2, 3, 60)]
    train = 40 - 6 - 8  # of 40 records, 0.15 to eval and 0.2 to test
    per_s = 2 * 640 / recipes[0].input.width
    # 45 s and 105 s beside the 75 s of a run itself
    assert [recipe.trainer.epochs for recipe in recipes] == [int(45 * per_s / train), int(105 * per_s / train), 100]


def test_groups_that_are_too_few_are_not_divided(table):
    folder = table([f"{number:03}" for number in range(12)], writer=[f"w{number % 2}" for number in range(12)])
    drafted = draft_recipe("x", folder, minutes=10)
    assert drafted.recipe.examples.split.by == "record"
    assert "2 groups are too few to divide" in "\n".join(drafted.chosen)


def test_splits_that_the_data_states_are_kept(table):
    stated = ["train"] * 8 + ["eval"] * 2 + ["test"] * 2
    drafted = draft_recipe("x", table([f"{number:03}" for number in range(12)], split=stated), minutes=10)
    assert "splits stated: train 8, eval 2, test 2" in drafted.found
    assert "split: as the data states" in drafted.chosen
    assert drafted.chosen[-1].endswith("; 2 test records are few: label more")  # folds would divide the stated splits


def test_groups_in_two_of_the_stated_splits_are_named(table):
    writers = [f"w{number % 12}" for number in range(36)]  # w0 to w5 are in both
    drafted = draft_recipe(
        "x",
        table(
            [f"{number:03}" for number in range(36)],
            writer=writers,
            split=["train"] * 18 + ["test"] * 6 + ["train"] * 12,
        ),
        10,
    )
    said = next(line for line in drafted.chosen if line.startswith("split: "))
    assert (
        "by group: none of 12 is divided; train, test as the data states: "
        "6 groups are in both your train and test, such as w6" in said
    )


def test_a_picture_under_two_labels_is_named(letters):
    (letters / "B" / "same.png").write_bytes((letters / "A" / "0.png").read_bytes())
    found = draft_recipe("x", letters, minutes=10).found
    assert "the same picture under two labels: A/0.png is 'A', B/same.png is 'B': a run uses both" in found


@pytest.mark.parametrize(
    ("reader", "labels", "size", "task"),
    [
        ("labelled_csv", ["A", "B", "C"], (40, 40), "classification"),
        ("labelled_csv", ["cat", "dog"] * 10, (40, 40), "classification"),
        ("labelled_csv", ["Rach Gia", "Ha Noi"] * 10, (400, 40), "sequence"),  # long lines that come again
        ("labelled_csv", [f"{number}" for number in range(10, 40)], (40, 20), "sequence"),
        ("image_folder", [f"class {number}" for number in range(30)], (400, 40), "classification"),
        ("labelled_csv", [chr(0xAC00 + number) for number in range(40)], (40, 40), "syllables"),
        ("image_folder", ["가", "나"], (40, 40), "classification"),
    ],
)
def test_the_task_follows_from_labels_and_shapes(reader, labels, size, task):
    kept = [Seen(source=str(number), label=label, size=size) for number, label in enumerate(labels)]
    assert choose_task(reader, kept, Counter(labels)) == task


def test_ink_is_measured_on_either_ground():
    dark = np.full((40, 60), 250, np.uint8)
    dark[10:30, 5:45] = 10
    for pixels in (dark, 255 - dark):
        image = images.encode_png(pixels.tobytes(), 40, 60)
        assert measure_ink(Record(features={"image": image}, source="x")) == (40, 20)
    flat = images.encode_png(bytes([9]) * 2400, 40, 60)
    assert measure_ink(Record(features={"image": flat}, source="x")) == (60, 40)


def test_a_label_of_three_hundred_characters_is_not_a_line():
    image = images.encode_png(bytes(16), 4, 4)
    record = Record(features={"image": image, "label": b"x" * 300}, source="x")
    assert find_problem(record, True) == "label too long: 300 characters, where a line has 256 at most"
    assert find_problem(Record(features={"image": image, "label": b"x" * 256}, source="x"), True) is None
    assert find_problem(Record(features={"image": b"no", "label": b"x"}, source="x"), True).startswith("not an image")


@pytest.mark.parametrize(
    ("layout", "reader", "task"),
    [
        ("plates/{label}.png", "file_names", "sequence"),
        ("plates/images/{label}.png", "file_names", "sequence"),
        ("lines/{number}.png lines/{number}.gt.txt", "text_files", "sequence"),
        ("lines/images/{number}.PNG lines/labels/{number}.txt", "text_files", "sequence"),
        ("lines/images/{number}.png lines/{number}.txt", "text_files", "sequence"),
        ("mine/mine/{class_}/{number}.png mine/mine.zip", "image_folder", "classification"),
        ("mine/writer{group}/{class_}/{number}.png mine/README.txt", "image_folder", "classification"),
        ("mine/{class_}_{number}.png", "file_names", "classification"),
    ],
)
def test_layouts_that_others_have_are_drafted(tmp_path, layout, reader, task):
    chance = random.Random(4)
    for number in range(36):
        label = "".join([*chance.choices("ABCDEFGHJKLM", k=2), "-", *chance.choices("0123456789", k=4)])
        names = {"label": label, "number": f"{number:03}", "class_": "+-="[number % 3], "group": number // 6}
        for path in layout.format(**names).split():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if path.endswith(".txt"):
                file.write_text(label, encoding="utf-8")
            elif path.endswith(".zip"):
                file.touch()
            else:
                draw(label if task == "sequence" else names["class_"], file, number)
    (root,) = tmp_path.iterdir()
    recipe = draft_recipe("x", root, minutes=10).recipe
    assert (recipe.examples.readers[0], recipe.task) == (reader, task)
    assert recipe.examples.split.by == ("group" if "{group}" in layout else "record")
    check_recipe(recipe)
    assert "set aside" not in "\n".join(data_check.check_data(recipe, root, 0.0))


def test_pages_without_entities_are_lines_to_be_read(tmp_path):
    for number in range(6):
        page, lines = Image.new("L", (300, 100), 250), []
        for place, text in enumerate((f"Nr. {number}{number * 7 % 10}", f"Straße {number * 3}")):
            ImageDraw.Draw(page).text((10, 10 + 45 * place), text, font=FONT, fill=0)
            box = Box(*map(float, FONT.getbbox(text))).clip(None)
            lines.append(
                Line(text=text, box=Box(box.left + 8, 8 + 45 * place, box.right + 12, box.bottom + 12 + 45 * place))
            )
        page.save(tmp_path / f"{number}.png")
        described = Page(image=f"{number}.png", size=(300, 100), regions=(Region(lines=tuple(lines)),))
        (tmp_path / f"{number}.xml").write_bytes(page_xml.write(described))
    drafted = draft_recipe("x", tmp_path, minutes=10)
    assert (drafted.recipe.examples.readers, drafted.recipe.task) == (("page_lines", "tfrecord"), "sequence")
    assert any("page_lines, 12 records" in line for line in drafted.found)
    assert data_check.check_data(drafted.recipe, tmp_path, 0.0)[0].startswith("data: page_lines, 12 records: train ")


def test_receipts_of_which_some_have_pictures_are_drafted(tmp_path):
    for folder in ("box", "entities", "img"):
        (tmp_path / folder).mkdir()
    for number in range(8):
        (tmp_path / f"box/{number}.txt").write_text(f"10,10,90,10,90,30,10,30,TOTAL {number}.50\n", encoding="utf-8")
        (tmp_path / f"entities/{number}.txt").write_text(f'{{"total": "{number}.50"}}', encoding="utf-8")
        if number in (2, 5):
            draw(f"TOTAL {number}.50", tmp_path / f"img/{number}.png", number)
    drafted = draft_recipe("x", tmp_path, minutes=10)
    assert (drafted.recipe.examples.readers, drafted.recipe.task) == (("sroie", "tfrecord"), "tagging")
    assert any(line.startswith("2 pictures of ") and "dark ink on an even ground" in line for line in drafted.found)


def test_a_table_beside_folders_is_read_refused_or_named_as_left_out(letters):
    table = letters / "table.csv"
    table.write_text("town,people,river\nHue,455,Huong\n", encoding="utf-8")
    assert "left out: table.csv: no cell names a picture" in draft_recipe("x", letters, minutes=10).found
    table.write_text("Bild,Inhalt,Schreiber\nA/0.png,A,w1\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^table.csv is not understood: its first row is Bild, Inhalt, Schreiber: it"):
        draft_recipe("x", letters, minutes=10)
    table.write_text("Datei;Text\n" + "".join(f"A/{n}.png;Öl {n}\n" for n in range(12)), encoding="cp1252")
    with pytest.raises(ValueError, match=r"such as table.csv:2: text is not UTF-8: save the file so\): too few"):
        draft_recipe("x", letters, minutes=10)
    table.write_text(
        "Datei;Text\n" + "".join(f"A/{n}.png;{'Ö' * (n < 3)}l {n}\n" for n in range(12)), encoding="cp1252"
    )
    with pytest.raises(ValueError, match=r"3 text is not UTF-8 \(such as table.csv:2\): save the texts as UTF-8$"):
        draft_recipe("x", letters, minutes=10)


def test_what_is_set_aside_now_is_allowed_by_the_draft(table):
    folder = table([f"{number * 37 % 1000:03}" for number in range(24)])
    for number in range(8):
        draw(f"{number}", folder / f"unlabelled/{number}.png", number)
    drafted = draft_recipe("x", folder, minutes=10)
    assert drafted.recipe.examples.max_rejected == 0.3  # 8 of 32, and the 0.05 that are always allowed
    assert drafted.comments["examples.max_rejected"] == "8 of 32 are without a label, or copies"
    assert "set aside: 8: 8 no label (such as unlabelled/0.png)" in drafted.found
    assert any(line.startswith("set aside: 8 (25.0%)") for line in data_check.check_data(drafted.recipe, folder, 0.0))


def test_records_that_are_wrong_are_to_be_mended(table):
    folder = table([f"{number * 37 % 1000:03}" for number in range(24)])
    for number in (3, 7):
        (folder / f"{number}.png").write_bytes(b"no picture")
    said = r"2 of 24 records in .*table are set aside: 2 not an image \(such as 3.png\): mend or remove them"
    with pytest.raises(ValueError, match=said):
        draft_recipe("x", folder, minutes=10)


class TestCommand:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("TFX_OCR_RECIPES", raising=False)

    def ask(self, *arguments):
        result = CliRunner().invoke(app(), ["new", *arguments])
        return result.output if result.exit_code == 0 else str(result.exception)

    def test_it_writes_a_file_once_and_says_what_comes_next(self, letters, tmp_path):
        said = self.ask("mine", "--data", "data")
        assert said.splitlines()[-1] == "next: tfx-ocr run mine --data data"
        assert "alphabet: 3 classes: 007, A, B" in said
        written = (tmp_path / "recipes/mine.toml").read_text(encoding="utf-8")
        check_recipe(get_recipe("mine"))
        assert "recipes/mine.toml exists: choose another name" in self.ask("mine", "--data", "data")
        assert (tmp_path / "recipes/mine.toml").read_text(encoding="utf-8") == written

    def test_names_that_cannot_be_are_refused_before_the_data_is_looked_at(self):
        assert "a recipe that ships is called 'digits'" in self.ask("digits", "--data", "nowhere")
        assert "no recipe can be called 'a/b'" in self.ask("a/b", "--data", "nowhere")
        assert "no folder nowhere" in self.ask("mine", "--data", "nowhere")

    def test_an_empty_folder_one_class_and_two_pictures_are_refused(self, tmp_path):
        (tmp_path / "data").mkdir()
        assert self.ask("mine", "--data", "data") == "no files in data: give a folder with data in it"
        (tmp_path / "data/notes.txt").write_text("nothing")
        said = self.ask("mine", "--data", "data")
        assert said.startswith("no data of a known format in data, which holds notes.txt; looked for: PAGE XML")
        (tmp_path / "data/notes.txt").unlink()
        for number in range(2):
            draw("A", tmp_path / f"data/A/{number}.png", number)
        assert self.ask("mine", "--data", "data") == (
            "2 records in data: too few to learn from and to judge by; give 6 records or more"
        )  # fmt: skip
        for number in range(9):
            draw("A", tmp_path / f"data/A/{number}.png", number)
        assert self.ask("mine", "--data", "data") == "all 9 records in data have one label, 'A': give two or more"
        assert not (tmp_path / "recipes").exists()

    def test_the_folder_of_one_class_is_refused(self, tmp_path):
        for number in range(0, 60, 6):
            draw("A", tmp_path / f"data/A/IMG_d{number:04}.png", number)
        assert self.ask("mine", "--data", "data/A") == (
            "no labels in data/A: the names of its files, IMG_d0000.png, IMG_d0006.png, IMG_d0012.png and 7 more, do"
            " not say what they show; give the folder that holds the folders of the classes, or add a table of pictures"
            " and labels"
        )
        assert self.ask("mine", "--data", "data") == "all 10 records in data have one label, 'A': give two or more"

    def test_an_archive_is_to_be_unpacked(self, tmp_path):
        (tmp_path / "data").mkdir()
        (tmp_path / "data/letters.ZIP").touch()
        assert self.ask("mine", "--data", "data") == (
            "no data of a known format in data, which holds letters.ZIP; letters.ZIP is not read: unpack it"
        )
        assert self.ask("mine", "--data", "data/letters.ZIP") == (
            "data/letters.ZIP is a file: unpack it if it is an archive, and give the folder"
        )

    def test_pictures_without_endings_are_to_be_given_some(self, letters, tmp_path):
        for path in sorted(letters.glob("*/*.png")):
            path.rename(path.with_suffix(""))
        said = self.ask("mine", "--data", "data")
        assert said.startswith("no data of a known format in data, which holds ")
        assert said.endswith("; pictures are known by the endings of their names: give them .png, .jpg or another")

    def test_a_mix_of_formats_is_refused(self, letters, tmp_path):
        (letters / "x.tfrecord").write_bytes(b"")
        assert self.ask("mine", "--data", "data") == (
            "data holds data of several formats, image_folder, tfrecord: give a folder of one of them"
        )


def test_a_draft_and_a_check_load_no_tensorflow(letters, tmp_path):
    code = (
        "import sys; from tfx_ocr.pipeline.cli import main\n"
        "import atexit\n"
        "atexit.register(lambda: print('loaded:', *({'tensorflow', 'keras', 'tfx'} & set(sys.modules))))\n"
        "sys.argv = ['tfx-ocr', *sys.argv[1:]]; main()"
    )
    for arguments in (["new", "mine", "--data", "data"], ["check", "mine", "--data", "data"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "loaded:"), done.stderr
