"""Asking again: how long to wait between attempts, and when to stop."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable
from typing import TypeVar

from tfx_ocr.serving.model import RequestError

Answer = TypeVar("Answer")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Backoff:
    """Pauses between attempts: random, up to a bound that doubles, so that many clients do not come back together.

    Attributes:
        attempts: at most so many in all; 1 for never again.
        first_s: longest pause after the first.
        longest_s: longest pause at all.

    Source: "full jitter" of Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    attempts: int = 4
    first_s: float = 0.2
    longest_s: float = 2.0

    def get_pause_s(self, failed: int, draw: float) -> float:
        """Return the seconds to wait after `failed` attempts (1 or more); `draw` is from 0 to 1."""
        return draw * min(self.longest_s, self.first_s * 2.0 ** (failed - 1))


def retry(
    once: Callable[[float], Answer],
    timeout_s: float,
    backoff: Backoff,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> Answer:
    """Call `once(seconds that are left)` until it answers.

    Raises:
        RequestError: the last attempt's, when asking again cannot help, there were enough attempts, or the next one
            would begin after the deadline.
    """
    deadline = now() + timeout_s
    failed = 0
    while True:
        try:
            return once(deadline - now())
        except RequestError as error:
            failed += 1
            pause = backoff.get_pause_s(failed, draw())
            if not error.again or failed >= backoff.attempts or now() + pause >= deadline:
                raise
        sleep(pause)
