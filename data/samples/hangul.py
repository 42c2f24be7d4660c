"""72 Hangul syllables drawn from eight fonts whose licence allows it, some of the fonts held out."""

from __future__ import annotations

from pathlib import Path

from tfx_ocr.data.alphabets.hangul import COVERING
from tfx_ocr.data.synthetic import fonts, hangul

FONTS = Path(__file__).parent / "fonts" / "hangul"
SYLLABLES = COVERING
# A split by font: eval and test are on letterforms that training never saw. Families, pictures of a syllable and font:
SPLITS = {
    "train": (("BlackHanSans", "CuteFont", "Dongle", "SingleDay", "Sunflower"), {"printed": 6, "handwritten": 6}),
    "eval": (("Gugi",), {"printed": 4}),
    "test": (("Gaegu", "PoorStory"), {"printed": 4}),
}
SEED = 7


def fill(folder: Path) -> None:
    """Write TFRecords per split, 64 pixels square or cut to the ink; the group is the font."""
    files = fonts.list_fonts([FONTS])
    for split, (families, styles) in SPLITS.items():
        for style, each in styles.items():
            hangul.write(
                folder,
                fonts.choose_fonts(files, families, ()),
                SYLLABLES,
                each=each,
                seed=SEED,
                style=style,
                name=f"{split}-{style}",
                say=lambda _: None,
                image_size=64,
                size=50,
            )
