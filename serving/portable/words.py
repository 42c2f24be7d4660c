"""The words of a page as numbers: their characters, where they stand, and what they are among the page's words."""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence

import numpy as np

ASCII = 128  # characters below are their own numbers; others are folded to ASCII .. 2 * ASCII - 1
PLACES = 16  # numbers per word: 9 of its place, 7 of what it is among the others
FAR = 50.0  # lines from the page's first or last word from which on a place is as far as any
WIDE = 10.0  # heights of a gap beside a word from which on it is as wide as any
OFTEN = 4.0  # times from which on a word is as frequent as any
MONTHS = ("January", "February", "March", "April", "May", "June",
          "July", "August", "September", "October", "November", "December")  # fmt: skip
DAY, MONTH, YEAR = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])", "(?:19|20)[0-9][0-9]"
NAMED = "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS) + "|Sept)"
ANY_YEAR, NTH, MARKS = f"(?:{YEAR}|[0-9][0-9])", "(?:st|nd|rd|th)?", "[-/., ']*"
DATES = [
    *(
        order
        for mark in "-/."
        for order in (
            f"{DAY}[{mark}]{MONTH}[{mark}]{ANY_YEAR}",
            f"{MONTH}[{mark}]{DAY}[{mark}]{ANY_YEAR}",
            f"{YEAR}[{mark}]{MONTH}[{mark}]{DAY}",
        )
    ),
    f"{DAY}{NTH}{MARKS}{NAMED}{MARKS}{ANY_YEAR}",
    f"{NAMED}{MARKS}{DAY}[-/., ']+{ANY_YEAR}",
]
# regular expressions that both Python and RE2 read alike
OF_DATES = (
    f"(?i)(?:.*[^0-9])?(?:{'|'.join(DATES)})(?:[^0-9].*)?",  # DATE:14-03-18, 22MAR18
    f"(?i)[^A-Z]*{NAMED}[^A-Z]*",  # June, 22MAR18
    f"(?i)[^0-9]?{DAY}{NTH}[^0-9]{{0,2}}",  # 22nd,
    f"[^0-9]{{0,2}}{YEAR}[^0-9]{{0,2}}",  # 2018.
)
AMOUNT = r"[^0-9]{0,4}[0-9][0-9.,*]{0,12}[.,*][0-9][0-9][^0-9]{0,2}"  # RM7.42, $3,202.61, 119*00


def encode_characters(words: Sequence[str], most: int) -> np.ndarray:
    """Return the characters' numbers, [words, most] int32; 0 past a word's end."""
    found = np.zeros((len(words), most), np.int32)
    for row, word in zip(found, words, strict=True):
        codes = np.array([ord(character) for character in word[:most]], np.int32)
        row[: len(codes)] = np.where(codes < ASCII, codes, ASCII + codes % ASCII)
    return found


def measure_places(words: Sequence[str], boxes: np.ndarray) -> np.ndarray:
    """Return where words are, free of the page's resolution, and what they are among the others.

    Args:
        words: of one page, in reading order.
        boxes: [words, 4] float32: left, top, right, bottom in pixels.

    Returns:
        [words, `PLACES`] float32: left, right and middle across, 0 to 1 over all the words' width; height as a
        multiple of the page's median word's, at most 8; distance of the middle from the topmost and from the lowest
        word, in median heights over `FAR`, at most 1; down, 0 to 1 over all the words' height; the gaps to the word
        before and to the one after in the same row, in median heights over `WIDE`, at most 1, which also stands for
        the row's ends. Then an amount's share of the page's largest; 1 where it is the largest; how often the word
        occurs, over `OFTEN`, at most 1; and 1 where the word is a date, a month's name, a day, a year.
    """
    if not len(words):
        return np.zeros((0, PLACES), np.float32)
    left, top, right, bottom = boxes.astype(np.float32).T
    one = np.float32(1.0)
    heights = np.maximum(bottom - top, one)
    median = np.sort(np.append(heights, one))[::-1][len(words) // 2]
    middle = (top + bottom) / np.float32(2.0)
    width, height = np.maximum(right.max() - left.min(), one), np.maximum(bottom.max() - top.min(), one)
    beside = np.minimum(bottom[:-1], bottom[1:]) - np.maximum(top[:-1], top[1:])
    in_row = (left[1:] >= left[:-1]) & (np.float32(2.0) * beside >= np.minimum(heights[:-1], heights[1:]))
    gaps = np.where(in_row, np.clip((left[1:] - right[:-1]) / median / np.float32(WIDE), 0, 1), one)
    columns = [
        (left - left.min()) / width,
        (right - left.min()) / width,
        ((left + right) / np.float32(2.0) - left.min()) / width,
        np.minimum(heights / median, np.float32(8.0)),
        np.minimum((middle - top.min()) / median / np.float32(FAR), one),
        np.minimum((bottom.max() - middle) / median / np.float32(FAR), one),
        (middle - top.min()) / height,
        np.append(one, gaps),
        np.append(gaps, one),
        *_stand(words),
    ]
    return np.stack(columns, 1).astype(np.float32)


def _stand(words: Sequence[str]) -> list[np.ndarray]:
    digits = [re.sub("[^0-9]", "", word) if re.fullmatch(AMOUNT, word) else "0" for word in words]
    amounts = np.array([float(each) for each in digits])
    largest = max(amounts.max(), 1.0)
    often = collections.Counter(words)
    return [
        amounts / largest,
        amounts == largest,
        np.minimum(np.array([often[word] for word in words]) / np.float32(OFTEN), 1.0),
        *(np.array([bool(re.fullmatch(pattern, word)) for word in words]) for pattern in OF_DATES),
    ]
