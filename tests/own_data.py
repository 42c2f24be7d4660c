"""Small data sets as users have them, drawn with fonts that ship: for the tutorials and their tests."""

from __future__ import annotations

import csv
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tfx_ocr.data.samples.lines import FONTS

FAMILIES = ("Itim", "Mali", "PatrickHand", "Sriracha")
BILL = """<?xml version="1.0" encoding="UTF-8"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
<Metadata><Creator>drawn</Creator><Created>2024-01-01T00:00:00</Created><LastChange>2024-01-01T00:00:00</LastChange>
</Metadata><Page imageFilename="{image}" imageWidth="600" imageHeight="800">{regions}</Page></PcGts>
"""
REGION = """<TextRegion id="r{number}">{entity}<Coords points="{box}"/>
<TextLine id="l{number}"><Coords points="{box}"/>{words}</TextLine></TextRegion>
"""
ENTITY = '<Property key="entity" value="{}"/>'
WORD = '<Word id="w{number}"><Coords points="{box}"/><TextEquiv><Unicode>{text}</Unicode></TextEquiv></Word>'


def draw_text(text: str, family: str, grey: random.Random) -> Image.Image:
    """Draw dark text on a light ground, with a border of some pixels."""
    font = ImageFont.truetype(str(FONTS / f"{family}.ttf"), 28)
    left, top, right, bottom = font.getbbox(text)
    picture = Image.new("L", (right - left + 16, bottom - top + 16), grey.randint(230, 255))
    ImageDraw.Draw(picture).text((8 - left, 8 - top), text, font=font, fill=grey.randint(0, 60))
    return picture


def draw_letters(folder: Path, each: int = 20) -> Path:
    """Draw `each` pictures of A, B and C into folders of these names."""
    grey = random.Random(1)
    for label in "ABC":
        (folder / label).mkdir(parents=True)
        for number in range(1, each + 1):
            draw_text(label, FAMILIES[number % 4], grey).save(folder / label / f"{number:02}.png")
    return folder


def draw_meters(folder: Path, count: int = 40) -> Path:
    """Draw `count` readings of meters, four of each meter, with the table of the tutorial."""
    grey = random.Random(2)
    folder.mkdir(parents=True)
    with (folder / "labels.csv").open("w", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "label", "group"])
        for number in range(1, count + 1):
            reading = f"{grey.randint(0, 9999):04}.{grey.randint(0, 9)}"
            draw_text(reading, FAMILIES[number // 4 % 4], grey).save(folder / f"{number:04}.png")
            rows.writerow([f"{number:04}.png", reading, f"meter {(number + 3) // 4}"])
    return folder


def draw_bills(folder: Path, count: int = 10) -> Path:
    """Draw `count` pages as PAGE XML, each with a supplier, a number, a date and a total."""
    grey = random.Random(3)
    folder.mkdir(parents=True)
    font = ImageFont.truetype(str(FONTS / "Itim.ttf"), 20)
    streets = (
        "Hauptstr.",
        "Rue Haute",
        "Via Roma",
        "Calle Mayor",
        "Storgatan",
        "Ringvej",
        "Utca",
        "Namesti",
        "Dorp",
        "Kai",
    )
    for bill in range(count):
        picture = Image.new("L", (600, 800), 255)
        pen, regions, number = ImageDraw.Draw(picture), "", 0
        lines = [
            (f"Supplier{bill} {'ABCDEFGHIJ'[bill % 10]}{bill} Ltd", "supplier"),
            (f"{streets[bill % 10]} {bill + 1} Tel {grey.randint(10**6, 10**7)}", ""),
            ("Invoice No.", ""),
            (f"{grey.randint(10**4, 10**5)}", "invoice_number"),
            (f"{grey.randint(1, 28):02}.{grey.randint(1, 12):02}.2024", "issue_date"),
            (" ".join(grey.sample(["paper", "ink", "desk", "lamp", "chair", "cable", "screen"], 4)), ""),
            (f"{grey.randint(10, 900)},{grey.randint(10, 99)}", "total"),
        ]
        for place, (text, entity) in enumerate(lines):
            left, top, words = 40 + grey.randint(0, 60), 40 + 60 * place, ""
            for word in text.split():
                width = int(font.getlength(word)) + 1
                pen.text((left, top), word, font=font, fill=0)
                words += WORD.format(number=number, box=format_box(left, top, left + width, top + 26), text=word)
                left, number = left + width + 8, number + 1
            box = format_box(30, top - 5, 570, top + 35)
            stated = ENTITY.format(entity) if entity else ""
            regions += REGION.format(number=place, entity=stated, box=box, words=words)
        picture.save(folder / f"bill{bill}.png")
        text = BILL.format(image=f"bill{bill}.png", regions=regions)
        (folder / f"bill{bill}.xml").write_text(text, encoding="utf-8")
    return folder


def format_box(left: int, top: int, right: int, bottom: int) -> str:
    """Return a box as PAGE XML has its points."""
    return f"{left},{top} {right},{top} {right},{bottom} {left},{bottom}"
