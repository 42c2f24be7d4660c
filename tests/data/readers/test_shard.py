import pytest

from tfx_ocr.data.readers.shard import reject_failures, try_read
from tfx_ocr.data.record import Record, Rejected

GOOD = Record(features={}, source="good")
ASIDE = Rejected(source="aside", reason="no label")


def fail(error):
    raise error


def make_read(*items):
    return reject_failures(lambda root, shard: iter(items))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("no words: the page has no text"), "no words: the page has no text"),
        (PermissionError(13, "Permission denied"), "cannot be read: Permission denied"),
        (OSError("no reason"), "cannot be read: no reason"),
        (ZeroDivisionError("division by zero"), "cannot be read: ZeroDivisionError('division by zero')"),
        (MemoryError(), "cannot be read: MemoryError()"),
        (RecursionError("too deep"), "cannot be read: RecursionError('too deep')"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_whatever_a_record_raises_is_its_reason_and_the_next_is_built(error, reason):
    read = make_read(("bad", lambda: fail(error)), ("good", lambda: GOOD), ASIDE)
    assert list(read(None, "")) == [Rejected(source="bad", reason=reason), GOOD, ASIDE]


def test_an_interrupt_is_not_a_reason():
    with pytest.raises(KeyboardInterrupt):
        list(make_read(("bad", lambda: fail(KeyboardInterrupt())))(None, ""))


def test_what_cannot_be_read_ahead_is_nothing():
    assert try_read(int, "7") == 7
    assert try_read(int, "seven") is None
