"""scikit-learn's 1,797 handwritten digits as a folder of PNG files, the way a user's own come."""

from __future__ import annotations

from pathlib import Path

from tfx_ocr.data import images

# The set is 14 forms one after the other, each of one hand, of about 129 digits in the same order (it begins
# "0123456789" three times). The splits are cut between forms: a random split would put every hand on both sides, and
# the test would tell how well known hands are read. First (included) and last (excluded) in the set's order:
SPLITS = {"train": (0, 1157), "eval": (1157, 1415), "test": (1415, 1797)}  # 9, 2 and 3 forms
LIGHTEST = 16  # of the set; 0 is paper


def fill(folder: Path) -> None:
    """Write `SPLIT/LABEL/NUMBER.png`, 8 x 8 pixels, grey, ink light on black; the number is that in the set."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = (digits.images * (255 / LIGHTEST)).round().astype("uint8")
    for split, (first, last) in SPLITS.items():
        for number in range(first, last):
            path = folder / split / str(digits.target[number]) / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(images.encode_png(pixels[number].tobytes(), *pixels[number].shape))
