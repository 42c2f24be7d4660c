"""Lines drawn of the texts that data has, in its own fonts or those that ship: what ExampleGen adds to train."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tfx_ocr.data import files
from tfx_ocr.data.samples.lines import FONTS, SPLITS
from tfx_ocr.data.synthetic import fonts
from tfx_ocr.data.synthetic.own_texts import OwnTexts
from tfx_ocr.data.synthetic.vietnamese import Drawing, choose_inked

SEED = 7
STYLES = ("sheet", "short")
VARIED = 0.5  # share of the lines whose letters and digits become others, so that no text is learned by heart


def build_drawing(folder: Path, texts: Iterable[str]) -> Drawing:
    """Return what draws lines of given texts, half of them varied.

    Args:
        folder: of the data. Fonts below it are drawn with; without any, those that ship and that the sample of `lines`
            is trained on.
        texts: in any order.

    Raises:
        ValueError: two fonts have one name, one cannot be read, or none has ink for one of the texts.
    """
    own = [folder / path for path in files.list_files(folder) if Path(path).suffix.lower() in fonts.ENDINGS]
    chosen = fonts.list_fonts(own) if own else fonts.choose_fonts(fonts.list_fonts([FONTS]), SPLITS["train"][0], ())
    lines = OwnTexts(tuple(sorted(texts)), frozenset().union(*texts), VARIED)
    usable, inked = choose_inked(chosen, lines, lambda _: None)
    return Drawing(files=usable, inked=inked, texts=lines, seed=SEED, styles=STYLES)
