"""The words of a page as numbers: their characters, where they stand, and what they are among the page's words."""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence

import numpy as np

from tfx_ocr.data.words import AMOUNT, ASCII, FAR, OF_DATES, OFTEN, PLACES, WIDE


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
