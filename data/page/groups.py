"""Which pages go together: of one supplier under any spelling, from one letterhead, or one page twice."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from rapidfuzz import fuzz, process

# Legal forms and what stands for them, which one company has in one place and not in another.
FORMS = re.compile(
    r"\b(sdn|bhd|snd|bnd|sbn|sb|berhad|malaysia|co|company|corp|corporation|inc|incorporated|ltd|limited|llc|gmbh|plt)\b"
)
NAMES_ALIKE = 85.0  # edit ratio in percent of two names without their legal form
NAME_BEGINS = 6  # characters by which one name may go on where the other ends: a branch
TEXTS_ALIKE = 80.0  # edit ratio in percent of all that two receipts say: the same receipt, or the same shop
LETTERHEAD_ALIKE = 0.3  # cosine of two pages' words, the rarer the more they count; below, firms begin to mix
MOST_WORDS = 10_000  # that are looked at, the most frequent: they take 40 kB a page
A_BLOCK = 1000  # pages held against all at once
COMMON = 0.2  # share of pages above which a word says nothing about who wrote them


def normalize_name(name: str) -> str:
    """Return a company's name without what is in brackets, its legal form, marks and spaces.

    >>> normalize_name("MR. D.I.Y. (KUCHAI) SDN BHD"), normalize_name("99 SPEED MART S/B")
    ('mrdiy', '99speedmart')
    """
    bare = re.sub(r"\(.*?\)", " ", name.lower()).replace("s/b", " ")
    return re.sub(r"[^\w]|_", "", FORMS.sub(" ", bare)) or re.sub(r"[^\w]|_", "", name.lower())


def pair_by_name(names: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of places in `names` that are one company: nearly the same, or one begins the other."""
    spelt = sorted({normalize_name(name) for name in names if name.strip()})
    first: dict[str, int] = {}
    for place, name in enumerate(names):
        if name.strip():
            first.setdefault(normalize_name(name), place)
    pairs = [(first[normalize_name(name)], place) for place, name in enumerate(names) if name.strip()]
    ratios = process.cdist(spelt, spelt, scorer=fuzz.ratio, score_cutoff=NAMES_ALIKE, dtype=np.float32)
    for one, other in zip(*np.nonzero(np.triu(ratios, 1)), strict=True):
        pairs.append((first[spelt[one]], first[spelt[other]]))
    for short in spelt:
        if len(short) >= NAME_BEGINS:
            pairs += [(first[short], first[long]) for long in spelt if long.startswith(short)]
    return pairs


def pair_by_text(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of pages that say nearly the same from beginning to end."""
    ratios = process.cdist(texts, texts, scorer=fuzz.ratio, score_cutoff=TEXTS_ALIKE, dtype=np.float32)
    return [(int(one), int(other)) for one, other in zip(*np.nonzero(np.triu(ratios, 1)), strict=True)]


def pair_by_letterhead(pages: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of pages that share many words few others have: letterhead, address, captions of a form.

    Words of three letters and more; a word counts by the logarithm of how rare it is among the pages; two pages are
    alike by the cosine of the two lists. OCR errors make words of their own, which lowers the cosine of pages alike
    and hardly ever raises that of others.

    Source: inverse document frequency, Spärck Jones, 1972.
    """
    found = [set(re.findall(r"[^\W\d_]{3,}", page.lower())) for page in pages]
    counts = Counter(word for words in found for word in words)
    telling = [word for word, count in counts.items() if 2 <= count <= max(2.0, COMMON * len(pages))]
    telling = sorted(telling, key=lambda word: (-counts[word], word))[:MOST_WORDS]
    column = {word: number for number, word in enumerate(telling)}
    weights = np.zeros((len(pages), len(telling)), np.float32)
    for row, words in enumerate(found):
        for word in words & column.keys():
            weights[row, column[word]] = math.log(len(pages) / counts[word])
    weights /= np.maximum(np.linalg.norm(weights, axis=1, keepdims=True), 1e-9)
    pairs = []
    for start in range(0, len(pages), A_BLOCK):
        alike = weights[start : start + A_BLOCK] @ weights[start:].T >= LETTERHEAD_ALIKE
        ones, others = np.nonzero(np.triu(alike, 1))
        pairs += [(start + int(one), start + int(other)) for one, other in zip(ones, others, strict=True)]
    return pairs


def pair_by_key(keys: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Return pairs of places that have the same key, such as a picture's digest; None does not count."""
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key is not None:
            places[key].append(place)
    return [(together[0], place) for together in places.values() for place in together]


def join_pairs(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return the group of each of `count` things, by the place of the group's first; joins are transitive.

    >>> join_pairs(4, [(0, 2), (2, 3)])
    [0, 1, 0, 0]
    """
    first = list(range(count))

    def of(place: int) -> int:
        while first[place] != place:
            first[place] = first[first[place]]
            place = first[place]
        return place

    for one, other in pairs:
        low, high = sorted((of(one), of(other)))
        first[high] = low
    return [of(place) for place in range(count)]
