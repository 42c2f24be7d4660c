"""Write the pictures that the page offers to try: `python tests/serving/web/take_samples.py`.

Those of single models are of the test splits of the samples, as the golden answers have them; the pages are drawn.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "serving" / "web" / "samples"
PAGES = (0, 5, 14)  # of the test split: letters and a receipt
LONGEST = 1400  # side of a page in pixels
NAMES = ("digits", "hangul", "lines", "print")


def take(name: str) -> None:
    """Write a model's pictures and what is written on them."""
    sys.path.insert(0, str(ROOT / "tests" / "serving" / "golden"))
    from take import read

    from tfx_ocr.data.example import parse_example

    labels = {}
    (FOLDER / name).mkdir(parents=True, exist_ok=True)
    records = [parse_example(raw) for raw in read(name)]
    for number, record in enumerate(records, start=1):
        file = f"{name}-{number}.png"
        (FOLDER / name / file).write_bytes(record["image"][0])
        labels[file] = record["label"][0].decode()
    write_labels(FOLDER / name, labels)


def take_pages() -> None:
    """Draw pages and write them."""
    from PIL import Image

    from tfx_ocr.data import images
    from tfx_ocr.data.readers import get_reader
    from tfx_ocr.data.samples import get_sample

    (FOLDER / "pages").mkdir(parents=True, exist_ok=True)
    reader = get_reader("tfrecord")
    with tempfile.TemporaryDirectory() as top:
        folder = get_sample("pages")(Path(top) / "pages")
        read = (record for shard in reader.list_shards(folder) for record in reader.read(folder, shard))
        pages = [record.features["image"] for record in read if record.split == "test"]
    for number, place in enumerate(PAGES, start=1):
        drawn = images.open_picture(pages[place]).convert("L")
        drawn.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        drawn.save(FOLDER / "pages" / f"page-{number}.webp", quality=60)
    write_labels(FOLDER / "pages", {})


def write_labels(folder: Path, labels: dict[str, str]) -> None:
    """Write what is written on each picture of a folder."""
    text = json.dumps(labels, ensure_ascii=False, indent=1)
    (folder / "labels.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    for each in NAMES:
        take(each)
    take_pages()
