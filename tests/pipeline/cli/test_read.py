"""`tfx-ocr read` with the weights that ship: forms, folders that go on, exit status."""

from __future__ import annotations

import io
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tfx_ocr.data import pretrained
from tfx_ocr.pipeline.cli import app, main
from tfx_ocr.serving.review.queue import Queue


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """Return a home in which nothing was pushed."""
    monkeypatch.setenv("TFX_OCR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def scans(tmp_path) -> Path:
    """Return a folder of two pages, one in a folder of its own."""
    for name, text in {"a.png": "2075", "inner/b.png": "53"}.items():
        page = np.full((600, 600), 245, np.uint8)
        cv2.putText(page, text, (100, 300), cv2.FONT_HERSHEY_SIMPLEX, 2.8, (45,), 7, cv2.LINE_AA)
        path = tmp_path / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", page)[1].tobytes())
    return tmp_path / "scans"


def read(*arguments, **options):
    return CliRunner().invoke(app(), ["read", *map(str, arguments)], **options)


def test_text_goes_to_the_console(scans):
    done = read(scans)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "2075\n53\n", "")


def draw_receipt() -> bytes:
    page = np.full((600, 900), 245, np.uint8)
    for number, text in enumerate(("GREEN LEAF TRADING", "Date: 12/03/2018", "TOTAL RM 9.00", "CASH 10.00")):
        cv2.putText(page, text, (60, 100 + 120 * number), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (45,), 3, cv2.LINE_AA)
    return cv2.imencode(".png", page)[1].tobytes()


@pytest.mark.parametrize(
    "options", [["--fields"], ["--recognizer", "slips", "--tagger", "bills"]], ids=["shipped", "own"]
)
def test_fields_follow_the_text(tmp_path, home, options):
    for name, shipped in {"slips": "print", "bills": "invoices"}.items():
        shutil.copytree(pretrained.get_folder(shipped), home / "serving" / name / "7")
    (tmp_path / "receipt.png").write_bytes(draw_receipt())
    done = read(tmp_path / "receipt.png", *options)
    text, fields = done.stdout.split("\n\n")
    assert (done.exit_code, done.stderr) == (0, "")
    assert text.splitlines()[2] == "TOTAL RM 9.00"
    assert fields.splitlines()[-1] == "total: 9.00"


def test_standard_input_is_read(scans):
    done = read("-", "--as", "json", input=(scans / "a.png").read_bytes())
    assert done.exit_code == 0
    assert json.loads(done.stdout)["pages"][0]["text"] == "2075"


def test_a_page_without_writing_is_an_empty_document(tmp_path):
    blank = tmp_path / "blank.png"
    blank.write_bytes(cv2.imencode(".png", np.full((60, 60), 245, np.uint8))[1].tobytes())
    done = read(blank)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def test_bad_files_are_named_and_the_others_are_read(scans):
    (scans / "c.jpg").write_bytes(b"text")
    done = read(scans)
    assert done.exit_code == 1
    assert done.stdout == "2075\n53\n"
    assert done.stderr == (f"tfx-ocr: {scans / 'c.jpg'}: not a page: none of PDF, PNG, JPEG, GIF, BMP, TIFF, WEBP\n")


def test_a_folder_is_written_beside_its_folders_and_goes_on(scans, tmp_path):
    out = tmp_path / "out"
    assert read(scans, "--as", "page", "--out", out).exit_code == 0
    written = [out / "a.png.page.xml", out / "inner/b.png.page.xml"]
    assert sorted(path for path in out.rglob("*") if path.is_file()) == written
    written[0].write_text("kept")
    written[1].unlink()
    assert read(scans, "--as", "page", "--out", out).exit_code == 0
    assert written[0].read_text() == "kept"
    assert "<Unicode>53</Unicode>" in written[1].read_text()
    later = written[0].stat().st_mtime + 10
    os.utime(scans / "a.png", (later, later))
    assert read(scans, "--as", "page", "--out", out).exit_code == 0
    assert "2075" in written[0].read_text()
    written[0].write_text("old")
    assert read(scans, "--as", "page", "--out", out, "--again").exit_code == 0
    assert "2075" in written[0].read_text()


def draw_number(text: str) -> Image.Image:
    page = np.full((600, 600), 245, np.uint8)
    return Image.fromarray(cv2.putText(page, text, (100, 300), cv2.FONT_HERSHEY_SIMPLEX, 2.8, (45,), 7, cv2.LINE_AA))


def write_tiff(path: Path, *, damaged: bool) -> None:
    """Write two pages as TIFF, the second damaged or whole."""
    written = io.BytesIO()
    draw_number("2075").save(
        written, "TIFF", save_all=True, append_images=[draw_number("53")], compression="tiff_deflate"
    )
    content = bytearray(written.getvalue())
    if damaged:
        with Image.open(io.BytesIO(content)) as opened:
            opened.seek(1)
            for begin, size in zip(opened.tag_v2[273], opened.tag_v2[279], strict=True):
                content[begin : begin + size] = bytes(size)
    path.write_bytes(content)


def test_pages_of_a_long_file_are_counted_on_a_terminal(tmp_path):
    write_tiff(tmp_path / "two.tif", damaged=False)
    there, ours = pty.openpty()
    with os.fdopen(there, "rb", buffering=0) as terminal:
        done = subprocess.run(
            [Path(sys.executable).with_name("tfx-ocr"), "read", tmp_path / "two.tif"],
            stdout=subprocess.PIPE, stderr=ours, check=True,
        )  # fmt: skip
        shown = terminal.read(1000).decode()
    os.close(ours)
    assert shown.splitlines() == ["page 1/2", "page 2/2"]
    assert done.stdout.decode() == "2075\n\f53\n"


@pytest.mark.parametrize(("form", "result"), [("text", "two.tif.txt"), ("page", "two.tif-1.page.xml")])
def test_a_document_with_a_page_that_was_not_read_is_read_again(tmp_path, form, result):
    scan, out = tmp_path / "two.tif", tmp_path / "out"
    write_tiff(scan, damaged=True)
    for _ in range(2):
        done = read(scan, "--as", form, "--out", out)
        assert done.exit_code == 1
        assert f"{scan}: page 2: damaged image" in done.stderr
        assert sorted(path.name for path in out.iterdir()) == sorted([result, "two.tif.unread"])
        assert (out / "two.tif.unread").read_text().startswith("page 2: damaged image")
    stamp = (scan.stat().st_atime, scan.stat().st_mtime)
    write_tiff(scan, damaged=False)
    os.utime(scan, stamp)
    assert read(scan, "--as", form, "--out", out).exit_code == 0
    assert result in {path.name for path in out.iterdir()}
    assert not (out / "two.tif.unread").exists()
    assert "1 of 1 files has its result" in read(scan, "--as", form, "--out", out).stderr


def test_files_that_are_left_as_they_are_are_counted(scans, tmp_path):
    out = tmp_path / "out"
    assert read(scans, "--out", out).stderr == ""
    (out / "a.png.txt").unlink()
    again = read(scans, "--out", out, "--recognizer", "print")
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == f"tfx-ocr: 1 of 2 files has its result in {out}: --again reads it anew\n"
    again = read(scans, "--out", out)
    assert again.stderr == f"tfx-ocr: 2 of 2 files have their results in {out}: --again reads them anew\n"


def test_nothing_written_is_an_empty_text(tmp_path):
    (tmp_path / "blank.png").write_bytes(cv2.imencode(".png", np.full((99, 99), 255, np.uint8))[1].tobytes())
    done = read(tmp_path / "blank.png")
    assert (done.exit_code, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "no file to read: tfx-ocr read FILE..."),
        (["a.png", "--as", "docx"], "unknown form 'docx'; known: alto, hocr, image, json, page, pdf, text"),
        (["a.png", "--as", "pdf"], "--as pdf: give --out, the folder to write it to"),
        (["a.png", "--recognizer", "runes"], "no model 'runes'; known: digits, hangul, invoices, lines, print, which"),
        (["a.png", "--tagger", "runes"], "no model 'runes'; known: digits"),
        (["a.png", "--recognizer", "print", "--detector", "runes"], "no model 'runes'; known: digits"),
        (["a.png", "--min-confidence", "2"], "min_confidence: 2.0 is not from 0 to 1"),
        (["nothing/*.png"], "nothing/*.png: no file that may be a page"),
    ],
)
def test_bad_use_is_one_sentence(arguments, reason, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tfx-ocr", "read", *(arguments or ["--again"])])
    with pytest.raises(SystemExit) as stopped:
        main()
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert error.startswith("tfx-ocr: ")
    assert reason in error
    assert error.count("\n") == 1


def test_doubtful_digits_are_kept_for_review(tmp_path, hand):
    page, path = np.full((400, 900), 245, np.uint8), tmp_path / "hand.png"
    for number, (_, picture) in enumerate(hand.draw_digits(7, 1)):
        digit = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
        page[150:214, 100 + 100 * number :][:, :64] = np.where(digit > 160, 245, digit)
    path.write_bytes(cv2.imencode(".png", page)[1].tobytes())
    done = read(path, "--review", tmp_path / "queue.sqlite", "--doubt", "1")
    assert done.exit_code == 0
    queue = Queue(tmp_path / "queue.sqlite")
    assert 1 <= queue.count_items()["items"] <= 7
    item = queue.take("ann")
    assert (item.recipe, item.version, item.document) == ("digits", "pretrained", str(path))
    assert item.answer in done.stdout
