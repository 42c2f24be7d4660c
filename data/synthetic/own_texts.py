"""Texts of one's own for drawn lines: those of a file or of data, or words invented from given characters."""

from __future__ import annotations

import dataclasses
import functools
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tfx_ocr.data import normalization
from tfx_ocr.data.alphabets import text as of_text

LETTERS = (2, 8)  # of an invented word
WORDS = (1, 4)  # of an invented line, where the characters hold a space
VARIED = ("Lu", "Ll", "Lo", "Nd")  # Unicode's categories of characters that stand for each other in a varied line


@dataclasses.dataclass(frozen=True)
class OwnTexts:
    """Lines to choose from, or, without lines, characters from which they are invented.

    Attributes:
        lines: texts.
        characters: of the lines, or to invent lines from.
        varied: share of the drawn lines in which each letter and digit becomes another of its kind: `0042.7`, `7310.5`.
    """

    lines: tuple[str, ...]
    characters: frozenset[str]
    varied: float = 0.0

    def draw_line(self, rng: np.random.Generator, commas: bool) -> str:
        """Return a line by chance; `commas` changes nothing."""
        return self.draw_short(rng)

    def draw_short(self, rng: np.random.Generator) -> str:
        """Return a line by chance."""
        if self.lines:
            line = self.lines[int(rng.integers(len(self.lines)))]
            return self._vary(line, rng) if self.varied and rng.random() < self.varied else line
        letters = sorted(self.characters - {" "})
        words = int(rng.integers(WORDS[0], WORDS[1] + 1)) if " " in self.characters else 1
        sizes = rng.integers(LETTERS[0], LETTERS[1] + 1, words)
        return " ".join("".join(rng.choice(letters, size)) for size in sizes)

    def _vary(self, line: str, rng: np.random.Generator) -> str:
        kinds = [self._kinds.get(unicodedata.category(character), character) for character in line]
        return "".join(kind[int(rng.integers(len(kind)))] for kind in kinds)

    @functools.cached_property
    def _kinds(self) -> Mapping[str, str]:
        """The characters of each category, in order."""
        ordered = sorted(self.characters)
        return {kind: "".join(c for c in ordered if unicodedata.category(c) == kind) for kind in VARIED}

    def is_drawable(self, inked: frozenset[str]) -> bool:
        """Return whether a font that has ink for `inked` can draw one of the lines, or every character."""
        if self.lines:
            return any(set(line) <= inked for line in self.lines)
        return self.characters <= inked


def load_texts(file: Path | None, characters: str = "") -> OwnTexts:
    """Read the texts of a file, one per line, normalised as labels are.

    Args:
        file: UTF-8; None to invent texts from `characters`.
        characters: that a line may hold; lines with others are left out. "" for all that the file has.

    Raises:
        ValueError: no line is left, or one is longer than `LONGEST` of `data.alphabets.text`.
        OSError: the file cannot be read.
    """
    allowed = frozenset(characters)
    if file is None:
        if not allowed - {" "}:
            raise ValueError("nothing to write: give --texts, or --characters to invent texts from")
        return OwnTexts((), allowed)
    read = [normalization.normalize_label(line) for line in file.read_text(encoding="utf-8-sig").splitlines()]
    lines = tuple(dict.fromkeys(line for line in read if line and (not allowed or set(line) <= allowed)))
    if not lines:
        raise ValueError(f"no texts in {file}" + (f" of {characters!r} alone" if characters else ""))
    longest = max(lines, key=len)
    if len(longest) > of_text.LONGEST:
        what = f"{len(longest)} characters, where a line has {of_text.LONGEST} at most"
        raise ValueError(f"a text in {file} has {what}: {longest[:40]}...")
    return OwnTexts(lines, frozenset().union(*lines))
