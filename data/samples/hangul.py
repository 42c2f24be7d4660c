"""72 Hangul syllables drawn from eight fonts whose licence allows it, some of the fonts held out."""

from __future__ import annotations

from pathlib import Path

from tfx_ocr.data.synthetic import fonts, hangul

FONTS = Path(__file__).parent / "fonts" / "hangul"
COMMON = "가나다라마바사아자차카타파하한글서울부산대구인천광주전세계에게의로을를이와과도만요네있없않좋학읽앉젊밥꽃"
RARE = "뜀걋뻗싻짧갖같갚걔겪곬곯괘괴궈궤규녘읊핥"  # with them all 19 initials, 21 medials and 28 finals occur
SYLLABLES = COMMON + RARE
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
