"""`tfx-ocr predict` with the weights that ship, and of a server: exit status, table and JSON."""

from __future__ import annotations

import base64
import http.server
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from tfx_ocr.data import samples
from tfx_ocr.data.example import parse_example
from tfx_ocr.data.page import page_xml
from tfx_ocr.data.page.page import Line, Page, Region, Word
from tfx_ocr.data.readers import sroie
from tfx_ocr.data.record_file import read_records
from tfx_ocr.pipeline.cli import app, main

pytestmark = pytest.mark.tfx

GOLDEN = Path(__file__).parents[2] / "serving" / "golden"


@pytest.fixture(scope="module")
def pictures(digits_sample) -> dict[str, str]:
    """Return the last digit of each class of the sample's test split, by class."""
    return {folder.name: str(max(folder.iterdir())) for folder in sorted((digits_sample / "test").iterdir())}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """Return a home in which nothing was pushed."""
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def predict(*arguments):
    return CliRunner().invoke(app(), ["predict", "digits", *arguments])


def test_the_shipped_model_reads_the_sample(pictures):
    done = predict(*pictures.values())
    heading, columns, *rows = done.stdout.splitlines()
    assert done.exit_code == 0
    assert heading == "digits model pretrained"
    assert columns.split() == ["file", "label", "probability", "runners-up"]
    read = {row.split()[0]: row.split()[1] for row in rows}
    assert read == {file: label for label, file in pictures.items()}
    assert all(0.5 < float(row.split()[2]) <= 1.0 for row in rows)
    assert all(row.count(",") == 1 for row in rows)  # two runners-up


def test_there_is_no_column_of_runners_up_where_there_are_none(pictures):
    _, columns, row = predict(pictures["5"], "--top", "1").stdout.splitlines()
    assert columns.split() == ["file", "label", "probability"]
    assert len(row.split()) == 3


def test_explanations_are_drawn_one_per_file_under_its_name(pictures, tmp_path):
    done = predict(pictures["5"], str(tmp_path / "missing.png"), pictures["5"], "--explain", str(tmp_path / "out"))
    assert done.exit_code == 1  # of the missing one
    stem = Path(pictures["5"]).stem
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"{stem}.png", f"{stem}-2.png"}
    with Image.open(tmp_path / "out" / f"{stem}.png") as drawn:
        assert drawn.size == (256, 256)


def test_an_answer_below_the_least_confidence_is_refused(pictures, tmp_path):
    blank = str(tmp_path / "blank.png")
    Image.new("L", (40, 40), 230).save(blank)
    done = predict(pictures["5"], blank, "--min-confidence", "0.3")
    assert done.exit_code == 1
    assert [row.split()[1] for row in done.stdout.splitlines()[2:]] == ["5"]
    said = "no answer is sure enough: the best is '0' with 0.1000, below 0.3"
    assert done.stderr == f"tfx-ocr: {blank}: {said}\n"
    rows = json.loads(predict(blank, "--json", "--min-confidence", "0.3").stdout)
    assert rows == [{"file": blank, "error": said}]
    assert predict(blank, "--min-confidence", "0.09").exit_code == 0
    assert predict(blank).exit_code == 0


def test_doubt_about_a_line_is_said_beside_its_answer(tmp_path):
    record = parse_example(next(read_records(GOLDEN / "lines.tfrecord.gz")))
    path = tmp_path / "turned.png"
    with Image.open(io.BytesIO(record["image"][0])) as line:
        line.rotate(180).save(path)
    done = CliRunner().invoke(app(), ["predict", "lines", str(path), "--json"])
    doubt = "it is read with more confidence upside down: turn it round"
    assert done.stderr == f"tfx-ocr: {path}: in doubt: {doubt}\n"
    (answer,) = json.loads(done.stdout)
    assert answer["doubt"] == doubt
    assert done.exit_code == 0


def test_json_has_every_answer_and_every_error(pictures, tmp_path):
    Image.open(pictures["4"]).save(tmp_path / "four.tiff")
    (tmp_path / "no.txt").write_text("hello")
    done = predict(
        str(tmp_path / "no.txt"), str(tmp_path / "four.tiff"), str(tmp_path / "gone"), "--json", "--top", "2"
    )
    no, four, gone = json.loads(done.stdout)
    assert done.exit_code == 1
    assert no == {
        "file": str(tmp_path / "no.txt"),
        "error": "not an image: unsupported format (supported: PNG, JPEG, GIF, BMP, TIFF, WEBP)",
    }
    assert gone == {"file": str(tmp_path / "gone"), "error": "no such file"}
    assert list(four) == ["file", "label", "probability", "labels", "probabilities"]
    assert (four["label"], four["labels"][0], len(four["labels"])) == ("4", "4", 2)
    assert four["probability"] == four["probabilities"][0] > four["probabilities"][1]
    assert done.stderr.splitlines() == [
        f"tfx-ocr: {tmp_path}/no.txt: not an image: unsupported format (supported: PNG, JPEG, GIF, BMP, TIFF, WEBP)",
        f"tfx-ocr: {tmp_path}/gone: no such file",
    ]


def test_dates_and_amounts_of_a_page_have_values_beside_their_texts(tmp_path):
    with zipfile.ZipFile(Path(samples.__file__).parent / "sroie.zip") as receipts:
        found, _ = sroie.read_lines(receipts.read("box/X00016469669.txt"))
    lines = tuple(Line(words=(Word(text=text, box=box),)) for box, text in found)
    path = tmp_path / "page.xml"
    path.write_bytes(page_xml.write(Page(image="a.png", size=(500, 1000), regions=(Region(lines=lines),))))
    done = CliRunner().invoke(app(), ["predict", "invoices", str(path)])
    _, columns, *rows = done.stdout.splitlines()
    assert columns.split() == ["file", "field", "probability", "value", "text"]
    said = {row.split()[1]: " ".join(row.split()[3:]) for row in rows}
    assert said["issue_date"] == "2019-01-09 or 2019-09-01 09/01/2019"
    assert said["total"] == "31.00 31.00"
    assert said["supplier"] == "ABC HO TRADING"
    (answer,) = json.loads(CliRunner().invoke(app(), ["predict", "invoices", str(path), "--json"]).stdout)
    assert answer["values"] == {
        "issue_date": {"values": ["2019-01-09", "2019-09-01"], "currencies": []},
        "total": {"values": ["31.00"], "currencies": []},
    }


def test_the_newest_pushed_version_answers_before_the_shipped_one(home, pictures, write_export):
    for number in ("3", "12"):
        write_export(home / "serving" / "digits" / number)
    assert predict(pictures["5"]).stdout.splitlines()[0] == "digits model 12"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.png", "--model", "nowhere"], "no exported model at nowhere"),
        (["a.png", "--model", "nowhere", "--server", "localhost:1"], "give one of the two"),
        (["a.png", "--server", "ftp://localhost:1"], "ftp is not known"),
        ([], "no file to ask about: tfx-ocr predict digits FILE..."),
    ],
    ids=["no_model", "model_and_server", "scheme", "no_file"],
)
def test_bad_use_is_one_sentence(arguments, said):
    error = predict(*arguments).exception
    assert isinstance(error, ValueError)
    assert said in str(error)


def test_no_file_and_no_class_are_bad_use(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["tfx-ocr", "predict", "digits"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert predict("a.png", "--top", "0").exit_code == 2


def test_a_picture_in_the_recipes_place_is_told_what_recipes_there_are():
    error = CliRunner().invoke(app(), ["predict", "scan.png"]).exception
    assert str(error).startswith("no model 'scan.png'; known: digits, hangul, invoices, lines, print, which ship, and")


class Rest(http.server.BaseHTTPRequestHandler):
    """A model that reads every picture as 7."""

    def do_GET(self):
        self.server.asked.append((self.path,))
        tensor = {"dtype": "DT_STRING", "tensor_shape": {"dim": [{"size": "-1"}]}}
        signature = {"inputs": {"image_bytes": tensor}, "outputs": {"label": tensor}, "method_name": "predict"}
        self.answer({"metadata": {"signature_def": {"signature_def": {"serve_images": signature}}}})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        images = [base64.b64decode(image["b64"]) for image in asked["inputs"]["image_bytes"]]
        self.server.asked.append((self.path, asked["signature_name"], images))
        outputs = {
            "label": ["7"] * len(images),
            "probability": [0.75] * len(images),
            "labels": [["7", "1"]] * len(images),
            "probabilities": [[0.75, 0.25]] * len(images),
        }
        self.answer({"outputs": outputs})

    def answer(self, value):
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def test_the_command_asks_a_rest_server_without_tensorflow(pictures):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rest)
    server.asked = []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    code = (
        "import atexit, sys\n"
        "heavy = {'tensorflow', 'keras', 'tfx', 'apache_beam'}\n"
        "atexit.register(lambda: print('loaded:', *sorted(heavy & set(sys.modules))))\n"
        "from tfx_ocr.pipeline.cli import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", "digits", pictures["1"], pictures["2"], "--server", address],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ,
    )  # fmt: skip
    server.shutdown()
    server.server_close()
    heading, _, one, two, loaded = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert heading == f"digits model at {address}"
    assert one.split() == [pictures["1"], "7", "0.7500", "1", "0.2500"]
    assert two.split()[0] == pictures["2"]
    assert loaded.strip() == "loaded:"
    images = [Path(pictures[label]).read_bytes() for label in "12"]
    assert server.asked == [
        ("/v1/models/digits/metadata",),
        ("/v1/models/digits:predict", "serve_images", images),
    ]


def test_files_that_cannot_be_read_are_answered_without_tensorflow(tmp_path):
    (tmp_path / "no.txt").write_text("hello")
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('loaded:', *sorted({'tensorflow', 'keras', 'tfx'} & set(sys.modules))))\n"
        "from tfx_ocr.pipeline.cli import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", "digits", "gone.png", "no.txt"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False, env=os.environ,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()) == (1, ["digits model pretrained", "loaded:"])
    assert done.stderr.splitlines() == [
        "tfx-ocr: gone.png: no such file",
        "tfx-ocr: no.txt: not an image: unsupported format (supported: PNG, JPEG, GIF, BMP, TIFF, WEBP)",
    ]


def test_a_server_that_is_not_there_is_one_sentence_and_status_2(pictures):
    done = subprocess.run(
        [Path(sys.executable).with_name("tfx-ocr"), "predict", "digits", pictures["1"], "--json",
         "--server", "http://127.0.0.1:9"],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tfx-ocr: http://127.0.0.1:9: ")
    assert done.stderr.rstrip().endswith("(UNAVAILABLE)")
    assert done.stderr.count("\n") == 1
