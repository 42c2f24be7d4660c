"""Data for bench_own.py, as users bring it to `tfx-ocr new`, and for each set one to judge by."""

from __future__ import annotations

import csv
import json
import pathlib
import shutil
import string
from collections.abc import Callable, Iterator
from typing import Any

import mnist
import numpy as np
import pipelines
from PIL import Image

Line = tuple[np.ndarray | bytes, str]  # a grey picture [height, width] uint8, or an encoded one, and what it says

WORDS = """
    Straße Gasse Weg Allee Müller Schäfer Jäger Böhm Weiß Groß Köln München Düsseldorf Nürnberg Zürich Österreich
    Übergabe Änderung Ölfilter Prüfung Größe Maße Gebühr Gerät Schlüssel Tür Fenster Zähler Heizung Kühlung Küche
    Büro Lager Käse Brötchen Äpfel Möhren Würste Süßwaren Getränke Summe netto brutto Rechnung Lieferung Auftrag
    Kunde Nummer Datum Seite zahlbar innerhalb Tagen ohne Abzug bitte überweisen für über wegen gemäß schließlich
    heißt weiß gegenüber möglich nächste letzte große kleine schöne grüne blaue wir haben Ihnen heute geliefert und
    der die das mit auf von nach Herr Frau Dr. Jörg Björn Günther Käthe Zoë Max Eva Quittung Xaver Yvonne Chef Typ
"""
NEVER_SEEN = ("Grandstander", "PatrickHand", "Sriracha")  # families that the `lines` that ships was not trained on
LETTERS = "ABDEFGHKMNQRTYabdeghn"[:20]
CLASSES = "KTX"


def draw_meters(count: int, seed: int, split: str) -> Iterator[Line]:
    """Draw numbers of three to six MNIST digits with a point, dark on paper.

    Args:
        count: of pictures.
        seed: the same gives the same pictures.
        split: `train` or `test` of MNIST, which have no writer in common.
    """
    pictures, labels = mnist.read(split)
    rng = np.random.default_rng(seed)
    for _ in range(count):
        digits = int(rng.integers(3, 7))
        point, text, x = int(rng.integers(1, digits)), "", 10
        ink = np.zeros((48, 40 + 34 * digits))
        for place in range(digits):
            if place == point:
                y = int(rng.integers(30, 33))
                ink[y : y + 4, x - 1 : x + 3] = 255
                text, x = text + ".", x + 6
            chosen = int(rng.integers(len(pictures)))
            columns = np.flatnonzero(pictures[chosen].any(0))
            digit = pictures[chosen][:, columns[0] : columns[-1] + 1]
            y, wide = 10 + int(rng.integers(-2, 3)), digit.shape[1]
            ink[y : y + 28, x : x + wide] = np.maximum(ink[y : y + 28, x : x + wide], digit)
            text, x = text + str(labels[chosen]), x + wide + int(rng.integers(2, 6))
        ink = ink[:, : x + 8]
        paper, strength = rng.uniform(205, 245), rng.uniform(0.6, 0.95)
        grey = paper * (1 - ink / 255 * strength) + rng.normal(0, 4, ink.shape)
        yield np.clip(grey, 0, 255).astype(np.uint8), text


def draw_german(count: int, seed: int, split: str) -> Iterator[Line]:
    """Draw lines of German words and amounts: test in the families `NEVER_SEEN`, train in the other fonts."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        words = [str(word) for word in rng.choice(WORDS.split(), int(rng.integers(2, 6)))]
        kind = rng.random()
        if kind < 0.3:
            words.append(f"{rng.integers(1, 200)}{rng.choice(['', 'a', ','])}")
        elif kind < 0.5:
            words += [f"{rng.integers(1, 2000)},{rng.integers(0, 100):02d}", "EUR"]
        text = " ".join(words)
        yield _draw(rng, split, text, "sheet"), text


def draw_letters(count: int, seed: int, split: str, letters: str = LETTERS) -> Iterator[Line]:
    """Draw single letters in turn: test in the families `NEVER_SEEN`, train in the other fonts."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        letter = letters[number % len(letters)]
        yield _draw(rng, split, letter, "short"), letter


def draw_classes(count: int, seed: int, split: str) -> Iterator[Line]:
    """Draw one of three letters, in turn."""
    return draw_letters(count, seed, split, CLASSES)


def read_cinnamon(count: int, seed: int, split: str) -> Iterator[Line]:
    """Read lines of Cinnamon: of the fifth that is selected by text for the test, or of the others for training."""
    from tfx_ocr.components.example_gen.splits import Divider
    from tfx_ocr.components.recipe import Split
    from tfx_ocr.data.readers import get_reader
    from tfx_ocr.data.record import Record

    root, read = pipelines.data_folder("cinnamon"), get_reader("cinnamon")
    divider = Divider(Split(by="group", eval=0.0, test=0.2), ())
    records = [
        record for shard in read.list_shards(root) for record in read.read(root, shard) if isinstance(record, Record)
    ]
    mine = [record for record in records if divider.choose_split(record.split, record.group) == split]
    for place in np.random.default_rng(seed).permutation(len(mine))[:count]:
        yield mine[place].get_bytes("image"), mine[place].get_bytes("label").decode()


def choose_receipts(count: int, seed: int, split: str) -> Iterator[str]:
    """Choose receipts of SROIE by key: of the companies that are drawn for the test, or of the others for training."""
    from tfx_ocr.components.example_gen.splits import Divider
    from tfx_ocr.components.recipe import Split
    from tfx_ocr.data.readers import sroie

    divider = Divider(Split(by="group", eval=0.0, test=0.35), ())
    shards = sroie.list_shards(pipelines.data_folder("sroie"))
    receipts = [receipt for shard in shards for receipt in json.loads(shard) if receipt.get("group")]
    mine = [receipt["key"] for receipt in receipts if divider.choose_split("", receipt["group"]) == split]
    for place in np.random.default_rng(seed).permutation(len(mine))[:count]:
        yield mine[place]


def _draw(rng: np.random.Generator, split: str, text: str, style: str) -> bytes:
    from tfx_ocr.data.synthetic import fonts, paper, vietnamese

    files = fonts.list_fonts([pipelines.data_folder("fonts_vi")])
    held = fonts.choose_fonts(files, NEVER_SEEN, ()) if split == "test" else fonts.choose_fonts(files, (), NEVER_SEEN)
    pen = vietnamese.create_pen(held[rng.integers(len(held))])
    look = vietnamese.STYLES[style].looks[rng.integers(len(vietnamese.STYLES[style].looks))]
    ink = vietnamese.draw(pen, text, rng, vietnamese.STYLES[style])
    return paper.encode(paper.photograph(ink, rng, look), rng, look)


def write_table(folder: pathlib.Path, lines: Iterator[Line]) -> None:
    """Write `0000.png` and so on with `labels.csv`, `image,label`, as README has it; a folder that is there stays."""
    if folder.exists():
        return
    partial = folder.with_name(f"{folder.name}.partial")
    partial.mkdir(parents=True, exist_ok=True)
    rows = [(_write(partial / f"{number:04d}", picture), text) for number, (picture, text) in enumerate(lines)]
    with (partial / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image", "label"), *rows])
    partial.rename(folder)


def write_folders(folder: pathlib.Path, lines: Iterator[Line]) -> None:
    """Write `CLASS/0000.png` and so on; a small letter's folder is `small_a`, as not every system minds case."""
    if folder.exists():
        return
    partial = folder.with_name(f"{folder.name}.partial")
    for number, (picture, text) in enumerate(lines):
        name = f"small_{text}" if text in string.ascii_lowercase else text
        (partial / name).mkdir(parents=True, exist_ok=True)
        _write(partial / name / f"{number:04d}", picture)
    partial.rename(folder)


def write_receipts(folder: pathlib.Path, keys: Iterator[str]) -> None:
    """Copy receipts of SROIE without their pictures: boxes with text, fields, and the sizes of pages."""
    if folder.exists():
        return
    root, partial = pipelines.data_folder("sroie"), folder.with_name(f"{folder.name}.partial")
    chosen = set(keys)
    for kind in ("box", "entities"):
        (partial / kind).mkdir(parents=True, exist_ok=True)
        for key in chosen:
            shutil.copyfile(root / kind / f"{key}.txt", partial / kind / f"{key}.txt")
    head, *rows = (root / "documents.csv").read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if row.partition(",")[0] in chosen]
    (partial / "documents.csv").write_text("\n".join([head, *kept, ""]), encoding="utf-8")
    partial.rename(folder)


def _write(stem: pathlib.Path, picture: np.ndarray | bytes) -> str:
    path = stem.with_suffix(".png" if isinstance(picture, np.ndarray) or picture.startswith(b"\x89PNG") else ".jpg")
    if isinstance(picture, bytes):
        path.write_bytes(picture)
    else:
        Image.fromarray(picture).save(path)
    return path.name


DRAWN: dict[str, tuple[Callable[[int, int, str], Iterator[Any]], Callable[[pathlib.Path, Iterator[Any]], None]]] = {
    "meters": (draw_meters, write_table),
    "german": (draw_german, write_table),
    "cinnamon": (read_cinnamon, write_table),
    "letters": (draw_letters, write_folders),
    "classes": (draw_classes, write_folders),
    "receipts": (choose_receipts, write_receipts),
}


def write(name: str, folder: pathlib.Path, count: int, split: str) -> pathlib.Path:
    """Write `count` pictures or receipts of a set for training, or to judge by; return their folder."""
    draw, keep = DRAWN[name]
    target = folder / f"{name}-{split}-{count}"
    keep(target, draw(count, 1 if split == "train" else 2, split))
    return target
