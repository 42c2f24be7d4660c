import argparse
import csv
import io
import json
import pathlib
import stat

import numpy as np
import pytest
from PIL import Image

JUDGED = {"metrics": {"cer": 0.25}, "intervals": {"cer": [0.2, 0.3]}, "n": 30}


@pytest.fixture
def digits(monkeypatch):
    """Let MNIST be ten strokes of three columns, of label 0 to 9."""
    import mnist

    pictures = np.zeros((10, 28, 28), np.uint8)
    pictures[:, 4:24, 12:15] = 255
    monkeypatch.setattr(mnist, "read", lambda split: (pictures, np.arange(10, dtype=np.uint8)))


def test_meters_are_digits_with_one_point_and_the_same_for_a_seed(digits):
    import own_data

    lines = list(own_data.draw_meters(40, 7, "train"))
    texts = [text for _, text in lines]
    assert all(text.count(".") == 1 and text.replace(".", "").isdigit() for text in texts)
    assert {len(text) for text in texts} == {4, 5, 6, 7}
    assert [text for _, text in own_data.draw_meters(40, 7, "train")] == texts
    for picture, text in lines:
        columns = np.flatnonzero((picture < 0.75 * np.median(picture)).sum(0) > 10)  # strokes of 20 pixels, no point
        assert len(np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)) == len(text) - 1


def test_a_table_names_each_picture_and_stays_when_it_is_there(digits, tmp_path):
    import own_data

    folder = tmp_path / "meters"
    own_data.write_table(folder, own_data.draw_meters(3, 7, "train"))
    with (folder / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["0000.png", "0001.png", "0002.png"]
    assert [row["label"] for row in rows] == [text for _, text in own_data.draw_meters(3, 7, "train")]
    with Image.open(folder / "0001.png") as picture:
        assert (picture.mode, picture.height) == ("L", 48)
    own_data.write_table(folder, iter(()))
    assert len(list(folder.iterdir())) == 4


def test_receipts_of_one_company_are_on_one_side(tmp_path, monkeypatch):
    import own_data
    import pipelines

    for number in range(24):
        shop = chr(ord("A") + number % 12) * 9
        lines = "\n".join(f"1,{y},9,{y},9,{y + 3},1,{y + 3},{shop} {number} {number * y}" for y in range(1, 40, 4))
        for kind, text in (("box", lines), ("entities", json.dumps({"company": shop, "total": str(number)}))):
            (tmp_path / "sroie" / kind).mkdir(parents=True, exist_ok=True)
            (tmp_path / "sroie" / kind / f"R{number}.txt").write_text(text)
    rows = ["key,orig_width,orig_height", *(f"R{number},100,200" for number in range(24))]
    (tmp_path / "sroie" / "documents.csv").write_text("\n".join(rows))
    monkeypatch.setattr(pipelines, "data_folder", lambda name: tmp_path / name)
    keys = {}
    for split in ("train", "test"):
        folder = own_data.write("receipts", tmp_path, 24, split)
        keys[split] = {path.stem for path in (folder / "box").iterdir()}
        sizes = (folder / "documents.csv").read_text().splitlines()
        assert {row.split(",")[0] for row in sizes[1:]} == keys[split]
    assert len(keys["train"] | keys["test"]) == 24
    companies = {split: {int(key[1:]) % 12 for key in found} for split, found in keys.items()}
    assert all(companies.values())
    assert not companies["train"] & companies["test"]


def test_folders_are_classes_and_small_letters_have_names_of_their_own(tmp_path):
    import own_data

    encoded = io.BytesIO()
    Image.new("L", (2, 2)).save(encoded, "PNG")
    own_data.write_folders(tmp_path / "x", iter([(encoded.getvalue(), "A"), (b"\xff\xd8", "a"), (b"\xff\xd8", "A")]))
    found = sorted(path.relative_to(tmp_path / "x").as_posix() for path in (tmp_path / "x").rglob("*.*"))
    assert found == ["A/0000.png", "A/0002.jpg", "small_a/0001.jpg"]


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Let `tfx-ocr` be a script that notes its arguments and, as `run` and `evaluate` do, leaves their files."""
    import bench_own

    script = tmp_path / "tfx-ocr"
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {tmp_path}/said\n'
        '[ "$1" = run ] && mkdir -p work/$2/pipeline/Trainer/model/5/Format-Serving\n'
        f"""[ "$1" = evaluate ] && echo '{json.dumps(JUDGED)}' > judged.json\n"""
        '[ "$1" != evaluate ]\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(bench_own, "CLI", script)
    return lambda: (tmp_path / "said").read_text().replace(str(tmp_path), "").splitlines()


def test_two_commands_and_a_verdict_become_rows(command, digits, tmp_path):
    import bench_own

    options = argparse.Namespace(
        work=tmp_path, minutes=2.0, from_nothing=True, weights="", overrides="trainer.epochs=1"
    )
    value, minutes, pushed = bench_own.measure("meters", options)
    assert (value.value, value.spread, value.n) == (0.25, (0.2, 0.3), "30 records")
    assert value.measure == "200 numbers with a point, of MNIST digits, judged on other writers, from nothing: CER"
    assert value.command == (
        "python tests/bench/bench_own.py meters --from-nothing --minutes 2 --overrides trainer.epochs=1"
    )
    assert 0 < minutes.value < 1
    assert (pushed.value, pushed.n) == (True, "2 commands, 0 edits")
    model = "/meters from nothing/work/meters/pipeline/Trainer/model/5/Format-Serving"
    assert command() == [
        "new meters --data /data/meters-train-200 --minutes 2.0",
        "run meters --data /data/meters-train-200 --set trainer.initial_weights= "
        "--set trainer.optimizer.learning_rate=1.5e-3 --set trainer.epochs=1",
        f"evaluate meters --data /data/meters-test-300 --split all --model {model} --json judged.json",
    ]
    again = bench_own.measure("meters", options)  # of a bench that was killed at a later set
    assert [(row.measure, row.value) for row in again] == [(row.measure, row.value) for row in (value, minutes, pushed)]
    assert len(command()) == 3
    options.overrides = "trainer.epochs=2"
    bench_own.measure("meters", options)
    assert len(command()) == 6


def test_a_curve_has_a_row_for_each_number_of_lines(command, digits, tmp_path, monkeypatch, capsys):
    import bench_own

    monkeypatch.setattr("sys.argv", [
        "bench_own.py", "meters", "--lines", "20", "5", "--work", str(tmp_path), "--results", str(tmp_path / "results")
    ])  # fmt: skip
    bench_own.main()
    with (tmp_path / "results" / "own.csv").open() as file:
        rows = list(csv.DictReader(file))
    measures = [row["measure"] for row in rows if row["measure"].endswith(": CER")]
    of = "numbers with a point, of MNIST digits, judged on other writers, from what ships: CER"
    assert measures == [f"5 {of}", f"20 {of}"]
    assert rows[0]["command"] == "python tests/bench/bench_own.py meters --lines 5"
    assert [line for line in command() if line.startswith("new")] == [
        "new meters --data /data/meters-train-5 --minutes 10",
        "new meters --data /data/meters-train-20 --minutes 10",
    ]
    assert "meters: lines of a new domain needed for CER 0.10: more than 20" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("curve", "needed"),
    [
        ({50: 0.2, 200: 0.05, 100: 0.12}, 100 * 2 ** (0.02 / 0.07)),
        ({50: 0.14, 200: 0.06}, 100.0),  # the middle of their logarithms
        ({50: 0.1, 100: 0.2}, 50.0),
        ({50: 0.3, 100: 0.2}, None),
    ],
    ids=["between", "halfway", "at_once", "not_reached"],
)
def test_how_many_lines_are_needed(curve, needed):
    import bench_own

    assert bench_own.find_needed(curve) == (needed and pytest.approx(needed))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["letters", "--lines", "5"], "--lines is for meters, german, cinnamon, not letters"),
        (["meters", "--lines", "all"], "--lines all is for cinnamon: meters is drawn without an end"),
        (["meters", "--lines", "0"], "argument --lines: '0' is neither all nor a number above 0"),
    ],
)
def test_lines_that_a_set_has_not_are_refused(arguments, said, monkeypatch, capsys):
    import bench_own

    monkeypatch.setattr("sys.argv", ["bench_own.py", *arguments])
    with pytest.raises(SystemExit):
        bench_own.main()
    assert said in capsys.readouterr().err


def test_a_command_that_fails_is_told_with_what_it_said(tmp_path, monkeypatch):
    import bench_own

    script = tmp_path / "tfx-ocr"
    script.write_text("#!/bin/sh\necho no such thing\nexit 2\n")
    script.chmod(0o755)
    monkeypatch.setattr(bench_own, "CLI", pathlib.Path(script))
    with pytest.raises(RuntimeError, match=r"tfx-ocr run x ended with 2:\nno such thing"):
        bench_own.run(tmp_path, "run", "x", may_fail=True)
