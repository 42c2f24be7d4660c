"""Who goes to `train`, `eval` and `test`: the data's own names are kept, the rest is divided by a recipe's rule."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from tfx_ocr.components.recipe import Split
from tfx_ocr.data.files import to_natural_key


class Divider:
    """A recipe's rule for data whose own splits are known.

    Args:
        rule: the recipe's.
        named: splits that some record names itself. Of those, nothing is taken from the others.
    """

    def __init__(self, rule: Split, named: Collection[str]):
        self._eval = 0.0 if "eval" in named or rule.eval_groups else rule.eval
        self._test = 0.0 if "test" in named or rule.test_groups else rule.test
        self._eval_groups = () if "eval" in named else rule.eval_groups
        self._test_groups = () if "test" in named else rule.test_groups
        self._salt = f"{rule.seed}:" if rule.seed else ""
        self._turn = rule.turn

    def choose_split(self, given: str, key: str) -> str:
        """Return the split of a record.

        Args:
            given: the split that the data names, "" for none. What it calls `train` is divided too.
            key: what is never cut in two: equal keys get equal splits, on any machine and whatever else is in the data.

        Returns:
            One of `SPLITS`; "" where the key is needed and is empty.
        """
        if given in ("eval", "test"):
            return given
        if not (self._eval or self._test or self._eval_groups or self._test_groups):
            return "train"
        if not key:
            return ""
        if _is_among(key, self._test_groups):
            return "test"
        if _is_among(key, self._eval_groups):
            return "eval"
        return choose_by_share((hash_to_unit(self._salt + key) - self._turn) % 1.0, self._eval, self._test)


def hash_to_unit(key: str) -> float:
    """Return a hash of a key between 0 and 1, the same on any machine."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def choose_by_share(at: float, eval: float, test: float) -> str:
    """Return the split of a number from 0 to 1, by the shares of eval and test.

    Test is taken from one end and eval from the other, so that a change of one share moves no record of the other.
    """
    if at < test:
        return "test"
    return "eval" if at >= 1 - eval else "train"


def _is_among(key: str, groups: Collection[str]) -> bool:
    """Whether `key` is one of `groups` or lies in a range `first..last` of them, both included, in natural order."""
    for group in groups:
        first, dots, last = group.partition("..")
        if key == group or (dots and to_natural_key(first) <= to_natural_key(key) <= to_natural_key(last)):
            return True
    return False
