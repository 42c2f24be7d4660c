"""The edits that turn one text into another, and of which kind they are."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz.distance import Levenshtein

from tfx_ocr.data.normalization import keep_digits, remove_tone_marks

Edit = tuple[str, str]  # a character of the reference and one of the answer; "" where nothing is written, or was read


def list_edits(reference: str, answer: str) -> list[Edit]:
    """Return the edits from one text to another as pairs of characters; "" where nothing is written, or was read."""
    return [
        (
            reference[edit.src_pos] if edit.tag != "insert" else "",
            answer[edit.dest_pos] if edit.tag != "delete" else "",
        )
        for edit in Levenshtein.editops(reference, answer)
    ]


def count_kinds(edits: Iterable[Edit]) -> tuple[int, int]:
    """Return how many edits change nothing but a tone mark, and how many have a digit on either side.

    Args:
        edits: a character of the reference and one of the answer for each edit; "" where nothing stands.
    """
    listed = list(edits)
    tones = sum(remove_tone_marks(written) == remove_tone_marks(read) for written, read in listed)
    return tones, sum(bool(keep_digits(written + read)) for written, read in listed)
