"""When a request is sent again, after how long, and when not: by a clock that the test turns."""

from __future__ import annotations

import pytest

from tfx_ocr.serving.client.retries import Backoff, retry
from tfx_ocr.serving.model import RequestError

BUSY = RequestError("here", "UNAVAILABLE", "busy", again=True)
WRONG = RequestError("here", "INVALID_ARGUMENT", "wrong")


class World:
    """A server that refuses with `errors`, one an attempt, and then answers 7; each attempt takes `takes_s`."""

    def __init__(self, errors, takes_s=0.0):
        self.time = 100.0
        self.left = []  # what each attempt was told it has
        self.errors = list(errors)
        self.takes_s = takes_s

    def once(self, left_s):
        self.left.append(left_s)
        self.time += self.takes_s
        if self.errors:
            raise self.errors.pop(0)
        return 7

    def sleep(self, seconds):
        self.time += seconds

    def retried(self, timeout_s=10.0, draw=1.0, **backoff):
        return retry(
            self.once, timeout_s, Backoff(**backoff), now=lambda: self.time, sleep=self.sleep, draw=lambda: draw
        )


@pytest.mark.parametrize(
    ("failed", "draw", "pause_s"),
    [(1, 1.0, 0.2), (2, 1.0, 0.4), (3, 1.0, 0.8), (5, 1.0, 2.0), (3, 0.5, 0.4), (3, 0.0, 0.0)],
    ids=["first", "doubled", "doubled_twice", "bounded", "half_of_it", "none"],
)
def test_a_pause_is_a_random_share_of_a_bound_that_doubles(failed, draw, pause_s):
    assert Backoff(first_s=0.2, longest_s=2.0).get_pause_s(failed, draw) == pytest.approx(pause_s)


def test_the_bounds_that_a_client_has_by_itself():
    assert [Backoff().get_pause_s(failed, 1.0) for failed in range(1, 6)] == pytest.approx([0.2, 0.4, 0.8, 1.6, 2.0])
    assert Backoff().attempts == 4


def test_a_busy_server_is_asked_again_with_what_time_is_left():
    world = World([BUSY, BUSY], takes_s=1.0)
    assert world.retried(timeout_s=10.0) == 7
    # 1 s each, and pauses of 0.2 and 0.4 s
    assert world.left == pytest.approx([10.0, 8.8, 7.4])


def test_a_refusal_is_final():
    world = World([WRONG, WRONG])
    with pytest.raises(RequestError, match="wrong"):
        world.retried()
    assert len(world.left) == 1


def test_attempts_are_counted():
    world = World([BUSY] * 9)
    with pytest.raises(RequestError, match="busy"):
        world.retried(attempts=3)
    assert len(world.left) == 3


def test_nothing_is_asked_after_the_deadline():
    world = World([BUSY] * 9, takes_s=0.45)
    with pytest.raises(RequestError):
        world.retried(timeout_s=1.0, first_s=0.2)
    # 0.45, pause 0.2, 0.45: the next pause of 0.4 would end at 1.5
    assert world.left == pytest.approx([1.0, 0.35])


def test_an_error_is_one_sentence():
    error = RequestError("localhost:8500", "NOT_FOUND", "Servable not found:\n  nil\n")
    assert str(error) == "localhost:8500: Servable not found: nil (NOT_FOUND)"
