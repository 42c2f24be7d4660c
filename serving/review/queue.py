"""The review queue: pictures with their answers, leases, and what reviewers decided, in SQLite or PostgreSQL.

Every write is one transaction that is synced to disk: a process that is killed loses nothing that was answered, and a
request that is sent twice counts once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tfx_ocr.data.normalization import normalize_label
from tfx_ocr.serving.review.database import Connection, open_database

DAY_S = 86_400.0
MOST_TEXT = 10_000  # characters of an answer
MOST_NAME = 64  # characters of a reviewer's name
LABEL = "label of the data"  # version of items whose answer no model gave
PAGES = "pages"  # recipe of items that are whole pages: that which finds lines
VERDICTS = ("accepted", "corrected", "skipped", "unreadable")
TABLES = """
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL, picture BLOB NOT NULL, recipe TEXT NOT NULL,
    version TEXT NOT NULL, answer TEXT NOT NULL, confidence DOUBLE PRECISION NOT NULL, runners_up TEXT NOT NULL,
    reason TEXT NOT NULL, document TEXT NOT NULL, place TEXT NOT NULL DEFAULT '', needed INTEGER NOT NULL,
    created DOUBLE PRECISION NOT NULL, UNIQUE (recipe, document, digest)
);
CREATE INDEX IF NOT EXISTS items_by_document ON items (document);
CREATE TABLE IF NOT EXISTS leases (
    item BIGINT NOT NULL REFERENCES items ON DELETE CASCADE, reviewer TEXT NOT NULL, until DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (item, reviewer)
);
CREATE TABLE IF NOT EXISTS decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, item BIGINT NOT NULL REFERENCES items ON DELETE CASCADE,
    reviewer TEXT NOT NULL, verdict TEXT NOT NULL, text TEXT NOT NULL, decided DOUBLE PRECISION NOT NULL,
    UNIQUE (item, reviewer)
);
CREATE TABLE IF NOT EXISTS documents (
    recipe TEXT NOT NULL, name TEXT NOT NULL, held INTEGER NOT NULL, PRIMARY KEY (recipe, name)
);
"""
# Of an item: how many reviewers' decisions it has, those who skipped it left out.
DECIDED = "(SELECT count(*) FROM decisions WHERE item = items.id AND verdict <> 'skipped')"
Verdict = Literal["accepted", "corrected", "skipped", "unreadable"]


class Item(NamedTuple):
    """A picture with the answer that is in doubt.

    Attributes:
        id: its number in the queue.
        digest: SHA-256 of the picture, in hex.
        picture: encoded, as it was asked about.
        recipe: of the model.
        version: of the model; `LABEL` where the answer is a label of the data.
        answer: its text; of a page its lines, see `pages.format_lines`.
        confidence: of the answer, 0 to 1.
        runners_up: the next best texts with their confidences, the best first.
        reason: why it is here.
        document: what it was cut from; a split never cuts it in two.
        place: in the document, such as `page 3, 120 45 300 80`: left, top, right and bottom in pixels of the page; ""
            for a picture of its own.
    """

    id: int
    digest: str
    picture: bytes
    recipe: str
    version: str
    answer: str
    confidence: float
    runners_up: tuple[tuple[str, float], ...]
    reason: str
    document: str
    place: str


COLUMNS = ", ".join(f"items.{name}" for name in Item._fields)
# Parameters: whether a page is wanted, the reviewer, the reviewer, now, the reviewer.
NEXT = f"""
SELECT {COLUMNS} FROM items
WHERE (recipe = '{PAGES}') = ?
  AND NOT EXISTS (SELECT 1 FROM decisions WHERE item = items.id AND reviewer = ?)
  AND needed > {DECIDED} + (SELECT count(*) FROM leases WHERE item = items.id AND reviewer <> ? AND until > ?)
ORDER BY EXISTS (SELECT 1 FROM leases WHERE item = items.id AND reviewer = ?) DESC, id LIMIT 1
"""


class Correction(NamedTuple):
    """An item whose text reviewers agree on.

    Attributes:
        item: the item.
        text: what stands in its picture.
        reviewers: who said so, sorted.
        held: whether its document is kept for the gate: no model learns from it.
        last: number of the newest decision about it.
    """

    item: Item
    text: str
    reviewers: tuple[str, ...]
    held: bool
    last: int


class Corrections(NamedTuple):
    """What reviewers decided about a recipe's items.

    Attributes:
        agreed: texts to learn from and to judge by, in the order of the queue.
        conflicts: items of which reviewers said different things.
        unreadable: how many items were marked as unreadable.
        waiting: how many items too few have decided.
    """

    agreed: tuple[Correction, ...]
    conflicts: tuple[Item, ...]
    unreadable: int
    waiting: int


class Agreement(NamedTuple):
    """How often two reviewers of the same items say the same.

    Attributes:
        items: that two reviewers decided.
        agreed: share on which they agree.
        kappa: the same beyond chance. Source: Cohen, "A coefficient of agreement for nominal scales", 1960.
    """

    items: int
    agreed: float
    kappa: float


class Queue:
    """A review queue. Threads and processes may share it.

    Attributes:
        path: the file, or the address of the database without user and password.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        create: bool = True,
        threshold: float = 0.9,
        sure_share: float = 0.02,
        shared: float = 0.1,
        lease_s: float = 300.0,
        keep_days: float = 0.0,
        clock: Callable[[], float] = time.time,
    ):
        """Open the queue, or make it.

        Args:
            path: the SQLite file, or `postgresql://user:password@host:port/database`, which needs psycopg.
            create: whether a queue that is missing is made.
            threshold: answers less confident than this are kept.
            sure_share: share of the other answers that are kept too, chosen by the picture's digest.
            shared: share of the items that two reviewers decide, chosen likewise, to measure their agreement.
            lease_s: for how long an item is one reviewer's, in seconds.
            keep_days: age at which items are removed with what was decided about them; 0 never.
            clock: time in seconds.

        Raises:
            ValueError: a share is not from 0 to 1, the file or the database holds something else or cannot be opened,
                or the queue is missing and `create` is false.
            ModuleNotFoundError: psycopg is not installed.
        """
        for name, value in {"threshold": threshold, "sure_share": sure_share, "shared": shared}.items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name}: {value} is not from 0 to 1")
        self._database = open_database(path)
        self.path = self._database.path
        self._threshold, self._sure_share, self._shared = threshold, sure_share, shared
        self._lease_s, self._keep_s, self._clock = lease_s, keep_days * DAY_S, clock
        with self._explain("no review queue"):
            if not create and not self._database.has_queue():
                raise ValueError(
                    f"no review queue {self.path}: `tfx-ocr predict RECIPE FILE... --review {self.path}` makes one"
                )
            self._database.create(TABLES)

    def offer(
        self,
        picture: bytes,
        answer: str,
        confidence: float,
        *,
        recipe: str,
        version: str,
        document: str,
        place: str = "",
        runners_up: Sequence[tuple[str, float]] = (),
    ) -> str:
        """Keep an answer that is in doubt, or one of the sure ones' share; the same picture of a document once.

        Args:
            picture: encoded.
            answer: the model's text.
            confidence: of the answer, 0 to 1.
            recipe: of the model.
            version: of the model.
            document: what the picture was cut from.
            place: where in the document, as `Item` has it.
            runners_up: the next best texts with their confidences.

        Returns:
            Why it is kept; "" where it is not.
        """
        if confidence < self._threshold:
            reason = f"confidence below {self._threshold:g}"
        elif _to_unit(hashlib.sha256(picture).hexdigest()[:12]) < self._sure_share:
            reason = "sample of the sure answers"
        else:
            return ""
        self.keep(
            picture, answer, confidence, reason=reason, recipe=recipe, version=version, document=document, place=place,
            runners_up=runners_up,
        )  # fmt: skip
        return reason

    def keep(
        self,
        picture: bytes,
        answer: str,
        confidence: float,
        *,
        reason: str,
        recipe: str,
        version: str,
        document: str,
        place: str = "",
        runners_up: Sequence[tuple[str, float]] = (),
    ) -> None:
        """Keep an answer, or a label, for review, however sure it is; the same picture of a document once.

        Args:
            picture: encoded.
            answer: a model's text, or a label of the data.
            confidence: of the answer, 0 to 1.
            reason: why it is kept.
            recipe: of the model.
            version: of the model; `LABEL` for a label.
            document: what the picture was cut from.
            place: where in the document, as `Item` has it; of a label the source of its record.
            runners_up: the next best texts with their confidences.
        """
        digest = hashlib.sha256(picture).hexdigest()
        # two people never draw the same box
        needed = 1 if recipe == PAGES else 1 + (_to_unit(digest[12:24]) < self._shared)
        runners = json.dumps([(text, round(float(share), 6)) for text, share in runners_up], ensure_ascii=False)
        row = (
            digest, picture, recipe, version, answer, float(confidence), runners, reason, document, place,
            needed, self._clock(),
        )  # fmt: skip
        with self._write() as connection:
            if self._keep_s:
                connection.execute("DELETE FROM items WHERE created < ?", [self._clock() - self._keep_s])
            connection.execute(
                "INSERT INTO items (digest, picture, recipe, version, answer, confidence, runners_up, reason, document,"
                " place, needed, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                row,
            )

    def take(self, reviewer: str, *, pages: bool = False) -> Item | None:
        """Take the next item and lease it to a reviewer; the same one again until it is decided or the lease ends.

        Args:
            reviewer: name of the reviewer.
            pages: whether a whole page is wanted, of recipe `PAGES`, rather than a single picture.

        Returns:
            The item; None where nothing is left for this reviewer.

        Raises:
            ValueError: the reviewer has no name.
        """
        reviewer = _check_reviewer(reviewer)
        with self._write() as connection:
            return self._lease(connection, reviewer, pages=pages)

    def decide(self, item: int, reviewer: str, verdict: Verdict, text: str = "") -> None:
        """Keep what a reviewer decided about an item, in place of what the reviewer decided about it before.

        Args:
            item: its number.
            reviewer: name of the reviewer.
            verdict: one of `VERDICTS`.
            text: what stands in the picture, for `corrected`; of a page its lines, as `pages.format_lines` writes them.

        Raises:
            ValueError: the item is gone, or was decided or leased by others meanwhile; the verdict is unknown, or a
                correction is empty.
        """
        reviewer = _check_reviewer(reviewer)
        if verdict not in VERDICTS:
            raise ValueError(f"unknown verdict {verdict!r}; known: {', '.join(VERDICTS)}")
        now = self._clock()
        with self._write() as connection:
            found = f"SELECT answer, needed, {DECIDED}, recipe, picture FROM items WHERE id = ?"
            row = connection.execute(found, [item]).fetchone()
            if row is None:
                raise ValueError(f"item {item} is not in the queue")
            answer, needed, decided, recipe, picture = row
            if verdict == "corrected":
                text = _check_lines(text, picture) if recipe == PAGES else _check_text(text)
            mine = connection.execute("SELECT verdict FROM decisions WHERE item = ? AND reviewer = ?", [item, reviewer])
            if (before := mine.fetchone()) is None or before[0] == "skipped":
                leased = "SELECT count(*) FROM leases WHERE item = ? AND reviewer <> ? AND until > ?"
                decided += connection.execute(leased, [item, reviewer, now]).fetchone()[0]
                if decided >= needed:
                    raise ValueError(f"item {item} was decided or taken by others meanwhile")
            if verdict in ("accepted", "corrected"):
                text = text if verdict == "corrected" else answer
                verdict = "accepted" if text == answer else "corrected"
            else:
                text = ""
            # a new number: it is the reviewer's newest decision
            connection.execute("DELETE FROM decisions WHERE item = ? AND reviewer = ?", [item, reviewer])
            connection.execute(
                "INSERT INTO decisions (item, reviewer, verdict, text, decided) VALUES (?, ?, ?, ?, ?)",
                [item, reviewer, verdict, text, now],
            )
            connection.execute("DELETE FROM leases WHERE item = ? AND reviewer = ?", [item, reviewer])

    def undo(self, reviewer: str, *, pages: bool = False) -> Item | None:
        """Take back a reviewer's newest decision, about a page or about a single picture, and lease its item again.

        Returns:
            The item; None where the reviewer has decided nothing.
        """
        reviewer = _check_reviewer(reviewer)
        with self._write() as connection:
            newest = (
                "SELECT decisions.id, item FROM decisions JOIN items ON items.id = item"
                " WHERE reviewer = ? AND (recipe = ?) = ? ORDER BY decisions.id DESC LIMIT 1"
            )
            if (row := connection.execute(newest, [reviewer, PAGES, pages]).fetchone()) is None:
                return None
            connection.execute("DELETE FROM leases WHERE reviewer = ?", [reviewer])
            connection.execute("DELETE FROM decisions WHERE id = ?", [row[0]])
            return self._lease(connection, reviewer, row[1])

    def count_items(self, reviewer: str = "", *, pages: bool | None = None) -> dict[str, int]:
        """Count `items`, those `done`, what was decided by verdict, and how many decisions are by `reviewer`.

        Args:
            reviewer: name of the reviewer.
            pages: whether whole pages or single pictures are counted; None for both.
        """
        items_of = "items" if pages is None else f"(SELECT * FROM items WHERE (recipe = '{PAGES}') = {pages}) AS items"
        decisions = f"decisions JOIN {items_of} ON items.id = item"
        with self._read() as connection:
            items, done = connection.execute(
                f"SELECT count(*), count(*) FILTER (WHERE {DECIDED} >= needed) FROM {items_of}"
            ).fetchone()
            verdicts = dict(
                connection.execute(f"SELECT verdict, count(*) FROM {decisions} GROUP BY verdict").fetchall()
            )
            mine = connection.execute(f"SELECT count(*) FROM {decisions} WHERE reviewer = ?", [reviewer]).fetchone()[0]
        return {"items": items, "done": done, **{name: verdicts.get(name, 0) for name in VERDICTS}, "mine": mine}

    def list_recipes(self) -> list[str]:
        """List the recipes whose answers are in the queue."""
        with self._read() as connection:
            return [row[0] for row in connection.execute("SELECT DISTINCT recipe FROM items ORDER BY recipe")]

    def read_corrections(self, recipe: str) -> Corrections:
        """Read what reviewers decided about the items of a recipe."""
        with self._read() as connection:
            said: dict[int, list[tuple[int, str, str]]] = {}
            found = "SELECT item, id, reviewer, text FROM decisions WHERE verdict <> 'skipped' ORDER BY id"
            for item, *decision in connection.execute(found):
                said.setdefault(item, []).append(tuple(decision))
            held = dict(connection.execute("SELECT name, held FROM documents WHERE recipe = ?", [recipe]).fetchall())
            agreed, conflicts, unreadable, waiting = [], [], 0, 0
            for needed, *row in connection.execute(
                f"SELECT needed, {COLUMNS} FROM items WHERE recipe = ? ORDER BY id", [recipe]
            ):
                item = _build_item(row)
                decisions = said.get(item.id, [])
                texts = {text for _, _, text in decisions}
                if len(texts) > 1:
                    conflicts.append(item)
                elif len(decisions) < needed:
                    waiting += 1
                elif texts == {""}:
                    unreadable += 1
                else:
                    reviewers = tuple(sorted(reviewer for _, reviewer, _ in decisions))
                    is_held, last = bool(held.get(item.document)), decisions[-1][0]
                    agreed.append(Correction(item, texts.pop(), reviewers, is_held, last))
        return Corrections(tuple(agreed), tuple(conflicts), unreadable, waiting)

    def hold_documents(self, recipe: str, share: float) -> None:
        """Choose documents for the gate; what was chosen before stays, so that a later model is judged by them too.

        Documents that are new, in an order that their names' hashes give, are held while they fit into `share` of the
        recipe's items that are decided: of one document alone nothing is held.

        Args:
            recipe: of the items.
            share: of the items, from 0 to 1.
        """
        if not 0 <= share < 1:
            raise ValueError(f"share: {share} is not from 0 to below 1")
        agreed = self.read_corrections(recipe).agreed
        sizes = Counter(each.item.document for each in agreed if each.item.version != LABEL)
        with self._write() as connection:
            held = dict(connection.execute("SELECT name, held FROM documents WHERE recipe = ?", [recipe]).fetchall())
            so_far = sum(count for name, count in sizes.items() if held.get(name))
            for name in sorted(sizes.keys() - held, key=lambda name: hashlib.sha256(name.encode()).digest()):
                fits = so_far + sizes[name] <= share * sizes.total()
                so_far += sizes[name] * fits
                connection.execute("INSERT INTO documents VALUES (?, ?, ?)", [recipe, name, int(fits)])

    def measure_agreement(self) -> Agreement | None:
        """Measure how often two reviewers of the same item say the same; None before the first such item."""
        said: dict[int, list[str]] = {}
        with self._read() as connection:
            found = connection.execute("SELECT item, text FROM decisions WHERE verdict <> 'skipped' ORDER BY reviewer")
            for item, text in found:
                said.setdefault(item, []).append(text)
        pairs = [(texts[0], texts[1]) for texts in said.values() if len(texts) > 1]
        if not pairs:
            return None
        agreed = sum(first == second for first, second in pairs) / len(pairs)
        firsts, seconds = (Counter(texts) for texts in zip(*pairs, strict=True))
        by_chance = sum(count * seconds[text] for text, count in firsts.items()) / len(pairs) ** 2
        return Agreement(len(pairs), agreed, 1.0 if by_chance == 1 else (agreed - by_chance) / (1 - by_chance))

    def remove_document(self, document: str) -> int:
        """Remove a document's items with all that was decided about them, and overwrite them; return how many."""
        with self._write() as connection:
            count = connection.execute("DELETE FROM items WHERE document = ?", [document]).rowcount
            connection.execute("DELETE FROM documents WHERE name = ?", [document])
        with self._read() as connection:
            connection.execute(self._database.sweep)
        return count

    def _lease(self, connection: Connection, reviewer: str, item: int = 0, *, pages: bool = False) -> Item | None:
        """Take an item, or the next one, and lease it to a reviewer."""
        now = self._clock()
        if item:
            row = connection.execute(f"SELECT {COLUMNS} FROM items WHERE id = ?", [item]).fetchone()
        else:
            row = connection.execute(NEXT, [pages, reviewer, reviewer, now, reviewer]).fetchone()
        if row is None:
            return None
        taken = _build_item(row)
        connection.execute(
            "INSERT INTO leases VALUES (?, ?, ?) ON CONFLICT (item, reviewer) DO UPDATE SET until = excluded.until",
            [taken.id, reviewer, now + self._lease_s],
        )
        return taken

    @contextlib.contextmanager
    def _read(self) -> Iterator[Connection]:
        """Yield a connection.

        Raises:
            ValueError: the database cannot be read.
        """
        with self._explain("cannot be read"), contextlib.closing(self._database.connect()) as connection:
            yield connection

    @contextlib.contextmanager
    def _write(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, one at a time over all processes; an error takes all back.

        Raises:
            ValueError: the disk is full, another process writes for too long, or the server is away.
        """
        # closing takes back what is not committed
        with self._explain("nothing was kept"), contextlib.closing(self._database.connect()) as connection:
            connection.execute(self._database.begin)
            yield connection
            connection.execute("COMMIT")

    @contextlib.contextmanager
    def _explain(self, failure: str) -> Iterator[None]:
        """Raise what the database raises as a ValueError of one sentence, such as "queue.sqlite: `failure` (why)"."""
        try:
            yield
        except self._database.error as error:
            raise ValueError(f"{self.path}: {failure} ({' '.join(str(error).split())})") from None


def _build_item(row: Sequence[Any]) -> Item:
    """Build an item of the values of its `COLUMNS`."""
    item = Item(*row)
    return item._replace(
        runners_up=tuple((text, share) for text, share in json.loads(row[Item._fields.index("runners_up")]))
    )


def _check_lines(text: str, picture: bytes) -> str:
    from tfx_ocr.serving.review.pages import format_lines, parse_lines  # imports Pillow

    return format_lines(parse_lines(text, picture))


def _check_text(text: str) -> str:
    text = normalize_label(text)
    if not text:
        raise ValueError("an empty correction: type the text, or mark the picture unreadable")
    if len(text) > MOST_TEXT:
        raise ValueError(f"a text of {len(text)} characters, where {MOST_TEXT} are allowed")
    return text


def _check_reviewer(reviewer: str) -> str:
    name = normalize_label(reviewer)
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise ValueError(f"reviewer {reviewer!r}: give a name of 1 to {MOST_NAME} characters")
    return name


def _to_unit(digits: str) -> float:
    """Return hex digits as a number from 0 to 1."""
    return int(digits, 16) / 16 ** len(digits)
