"""The review queue: what is kept, who sees it, what is decided, and that a kill loses and doubles nothing."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys

import pytest
from PIL import Image

from tfx_ocr.serving.review.queue import Agreement, Queue

ASKED = {"recipe": "digits", "version": "7"}
REVIEW = """
import sys
from tfx_ocr.serving.review.queue import Queue
queue = Queue(sys.argv[1], shared=0)
while item := queue.take("ann"):
    print(item.id, flush=True)
    queue.decide(item.id, "ann", "corrected", f"text {item.id}")
    print(item.id, "decided", flush=True)
"""


class Clock:
    """A clock that stands still until it is set."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "queue.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def path(request):
    """Return where the queue lies: in a file, then in a database of a PostgreSQL server."""
    return request.getfixturevalue("file" if request.param == "sqlite" else "database")


@pytest.fixture
def make(path, clock):
    """Return `make(**options)`, which opens the queue of this test; nothing is shared unless it says so."""
    return lambda **options: Queue(path, **{"shared": 0, "sure_share": 0, "clock": clock, **options})


def fill(queue, count, document="page.png", confidence=0.5):
    for number in range(count):
        queue.offer(b"%s %d" % (document.encode(), number), "4", confidence, document=document, **ASKED)


def test_a_doubtful_answer_is_kept_with_what_was_asked(make):
    queue = make()
    reason = queue.offer(b"picture", "4", 0.51, document="a.png", runners_up=[("9", 0.3), ("7", 0.1)], **ASKED)
    item = queue.take("ann")
    assert reason == item.reason == "confidence below 0.9"
    assert item.digest == "2cea274d0bedc39ec4ab6ba9e59ec889e3ed6fb56a1cf088a64d9b383378dc97"
    assert item[2:8] == (b"picture", "digits", "7", "4", 0.51, (("9", 0.3), ("7", 0.1)))
    assert item.document == "a.png"


def test_a_sure_answer_is_not_kept_but_for_its_share(make):
    fill(make(), 50, confidence=0.9)
    assert make().count_items()["items"] == 0
    fill(make(sure_share=1.0), 3, confidence=0.99)
    assert make().take("ann").reason == "sample of the sure answers"
    fill(make(sure_share=0.25), 400, "other.png", 0.99)
    assert 60 < make().count_items()["items"] - 3 < 140  # a quarter of 400, by the pictures' digests


def test_the_same_picture_of_a_document_is_kept_once(make):
    fill(make(), 2)
    fill(make(), 2)
    fill(make(), 2, "other.png")
    assert make().count_items()["items"] == 4


def test_two_people_never_get_the_same_item_and_a_reload_gives_it_again(make):
    queue = make()
    fill(queue, 2)
    assert [queue.take(name).id for name in ("ann", "bob", "ann")] == [1, 2, 1]
    assert queue.take("eve") is None


def test_a_lease_ends_and_what_comes_too_late_is_refused(make, clock):
    queue = make(lease_s=10)
    fill(queue, 1)
    assert queue.take("ann").id == 1
    clock.now += 11
    assert queue.take("bob").id == 1
    with pytest.raises(ValueError, match="item 1 was decided or taken by others meanwhile"):
        queue.decide(1, "ann", "accepted")
    queue.decide(1, "bob", "accepted")
    with pytest.raises(ValueError, match="item 1 was decided or taken by others meanwhile"):
        queue.decide(1, "ann", "accepted")
    assert queue.count_items("bob") == {
        "items": 1, "done": 1, "accepted": 1, "corrected": 0, "skipped": 0, "unreadable": 0, "mine": 1,
    }  # fmt: skip


def test_a_decision_that_is_sent_twice_counts_once(make):
    queue = make()
    fill(queue, 1)
    for text in ("7", "7", "1"):
        queue.decide(1, "ann", "corrected", text)
    (correction,) = queue.read_corrections("digits").agreed
    assert (correction.text, correction.reviewers) == ("1", ("ann",))


def test_what_is_skipped_goes_to_another(make):
    queue = make()
    fill(queue, 1)
    queue.decide(queue.take("ann").id, "ann", "skipped")
    assert queue.take("ann") is None
    assert queue.take("bob").id == 1
    assert queue.read_corrections("digits").waiting == 1


def test_undo_takes_the_newest_decision_back_and_gives_its_item_again(make):
    queue = make()
    fill(queue, 3)
    queue.decide(queue.take("ann").id, "ann", "accepted")
    queue.decide(queue.take("ann").id, "ann", "unreadable")
    assert queue.take("ann").id == 3
    assert queue.undo("ann").id == 2
    assert queue.take("ann").id == 2
    assert queue.undo("ann").id == 1
    assert queue.undo("ann") is None
    assert queue.count_items()["done"] == 0


def test_a_text_that_is_the_answer_is_no_correction_and_texts_are_composed(make):
    queue = make()
    fill(queue, 2)
    queue.decide(1, "ann", "corrected", " 4 ")
    queue.decide(2, "ann", "corrected", "a\u0300")
    assert queue.count_items()["accepted"] == 1
    assert [each.text for each in queue.read_corrections("digits").agreed] == ["4", "à"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((9, "ann", "accepted"), "item 9 is not in the queue"),
        ((1, "ann", "maybe"), "unknown verdict 'maybe'; known: accepted, corrected, skipped, unreadable"),
        ((1, "ann", "corrected", " "), "an empty correction: type the text, or mark the picture unreadable"),
        ((1, " ", "accepted"), "reviewer ' ': give a name of 1 to 64 characters"),
        ((1, "a\nb", "accepted"), "give a name of 1 to 64 characters"),
        ((1, "ann", "corrected", "7" * 10_001), "a text of 10001 characters, where 10000 are allowed"),
    ],
    ids=["gone", "verdict", "empty", "nameless", "unprintable", "long"],
)
def test_a_decision_that_says_nothing_is_refused(make, arguments, sentence):
    queue = make()
    fill(queue, 1)
    with pytest.raises(ValueError, match="^.*" + sentence.replace("(", r"\(")):
        queue.decide(*arguments)


def test_a_page_waits_apart_from_pictures_and_its_lines_are_checked(make):
    queue = make(shared=1)
    fill(queue, 1)
    out = io.BytesIO()
    Image.new("L", (100, 50), 255).save(out, "JPEG")
    lines = '[{"text": "7", "box": [1, 2, 30, 12]}]'
    queue.offer(out.getvalue(), lines, 0.5, recipe="pages", version="3", document="a.tif")
    assert [queue.take("ann").id, queue.take("ann", pages=True).id] == [1, 2]
    with pytest.raises(ValueError, match="line 1: box of left, top, right and bottom on the page, 100 x 50 pixels"):
        queue.decide(2, "ann", "corrected", '[{"text": "7", "box": [1, 2, 101, 12]}]')
    queue.decide(2, "ann", "corrected", '[{"text": " H\u0061\u0300 ", "box": [1, 2, 31, 12]}]')
    assert queue.count_items("ann", pages=True) == {
        "items": 1, "done": 1, "accepted": 0, "corrected": 1, "skipped": 0, "unreadable": 0, "mine": 1,
    }  # fmt: skip
    assert queue.count_items("ann", pages=False)["done"] == 0
    (found,) = queue.read_corrections("pages").agreed  # of pages one decision is enough
    assert found.text == '[{"text": "Hà", "box": [1, 2, 31, 12]}]'
    assert queue.undo("ann") is None
    assert queue.undo("ann", pages=True).id == 2


def test_agreement_is_cohens_kappa_over_what_two_decided(make):
    queue = make(shared=1.0)
    fill(queue, 4)
    assert queue.measure_agreement() is None
    for item, (first, second) in enumerate([("1", "1"), ("1", "1"), ("7", "7"), ("7", "1")], 1):
        queue.decide(item, "ann", "corrected", first)
        queue.decide(item, "bob", "corrected", second)
    # 3 of 4 agree; by chance (2/4)(3/4) + (2/4)(1/4) = 1/2: kappa (3/4 - 1/2) / (1/2)
    assert queue.measure_agreement() == Agreement(4, 0.75, 0.5)
    found = queue.read_corrections("digits")
    assert [each.item.id for each in found.agreed] == [1, 2, 3]
    assert found.agreed[0].reviewers == ("ann", "bob")
    assert [item.id for item in found.conflicts] == [4]


def test_items_that_two_decide_are_shown_to_two_and_not_to_a_third(make):
    queue = make(shared=1.0)
    fill(queue, 1)
    assert [queue.take(name) and 1 for name in ("ann", "bob", "eve")] == [1, 1, None]
    queue.decide(1, "ann", "unreadable")
    assert queue.read_corrections("digits").waiting == 1
    queue.decide(1, "bob", "unreadable")
    assert queue.read_corrections("digits").unreadable == 1


def test_documents_are_held_up_to_their_share_and_stay_held(make):
    queue = make()
    for document, count in (("a", 6), ("b", 2), ("c", 2)):
        fill(queue, count, document)
    for item in range(1, 11):
        queue.decide(item, "ann", "accepted")
    queue.hold_documents("digits", 0.2)  # 2 of 10: b or c
    held = {each.item.document for each in queue.read_corrections("digits").agreed if each.held}
    assert held in ({"b"}, {"c"})
    fill(queue, 30, "d")
    for item in range(11, 41):
        queue.decide(item, "ann", "accepted")
    queue.hold_documents("digits", 0.2)
    assert {each.item.document for each in queue.read_corrections("digits").agreed if each.held} == held
    queue.hold_documents("lines", 0.2)
    with pytest.raises(ValueError, match="share: 1 is not from 0 to below 1"):
        queue.hold_documents("digits", 1)


def test_old_items_and_documents_are_removed(make, clock):
    queue = make(keep_days=1)
    fill(queue, 1, "old.png")
    queue.decide(1, "ann", "accepted")
    clock.now += 86_401
    fill(queue, 1, "secret.png")
    assert queue.count_items() == {
        "items": 1, "done": 0, "accepted": 0, "corrected": 0, "skipped": 0, "unreadable": 0, "mine": 0,
    }  # fmt: skip
    assert queue.remove_document("secret.png") == 1
    assert queue.remove_document("secret.png") == 0


def test_a_share_out_of_range_is_refused(file):
    with pytest.raises(ValueError, match=r"threshold: 1\.5 is not from 0 to 1"):
        Queue(file, threshold=1.5)


def test_a_queue_is_made_unless_it_must_be_there(path, make):
    with pytest.raises(
        ValueError, match=r"^no review queue .*: `tfx-ocr predict RECIPE FILE\.\.\. --review"
    ) as refused:
        make(create=False)
    assert "p%40ss" not in str(refused.value)
    fill(make(), 1)
    assert make(create=False).count_items()["items"] == 1


def test_kills_lose_and_double_nothing(path):
    queue = Queue(path, shared=0)
    fill(queue, 40)
    confirmed = set()
    for kill in range(6):
        process = subprocess.Popen([sys.executable, "-c", REVIEW, path], stdout=subprocess.PIPE, text=True)
        for number, line in enumerate(process.stdout):
            if line.endswith("decided\n"):
                confirmed.add(int(line.split()[0]))
            if number == 3 + kill:  # between a lease and a decision, within either, after either
                os.kill(process.pid, signal.SIGKILL)
        process.wait()
    decided = {each.item.id: each.text for each in queue.read_corrections("digits").agreed}
    assert confirmed
    assert confirmed <= set(decided)
    assert decided == {item: f"text {item}" for item in decided}
    assert queue.count_items()["corrected"] == len(decided)
