"""What SQLite and PostgreSQL each do for the review queue, and how a queue is refused that cannot be opened."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import threading

import pytest

from tfx_ocr.data.extras import explain_missing
from tfx_ocr.serving.review import database as databases
from tfx_ocr.serving.review.queue import Queue

UNREADABLE = "the address of the review queue cannot be read: write postgresql://user:password@host:port/database, "


def offer(queue, picture=b"picture", document="a.png"):
    queue.offer(picture, "4", 0.5, recipe="digits", version="7", document=document)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "queue.sqlite"


@pytest.fixture
def connect(database):
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def test_a_file_overwrites_what_is_removed(file):
    queue = Queue(file)
    offer(queue, document="secret.png")
    queue.remove_document("secret.png")
    assert b"secret.png" not in b"".join(each.read_bytes() for each in file.parent.iterdir())


def test_a_file_that_was_made_before_items_had_a_place_is_opened(file):
    offer(Queue(file))
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("ALTER TABLE items DROP COLUMN place")
    assert Queue(file).take("ann").place == ""


def test_a_file_that_is_no_queue_is_refused(file):
    file.write_text("something else, longer than a header of SQLite " * 20)
    with pytest.raises(ValueError, match=r"queue.sqlite: no review queue \(file is not a database\)"):
        Queue(file)


def test_a_write_that_another_process_holds_up_is_a_sentence_and_keeps_nothing(file, monkeypatch):
    monkeypatch.setattr(databases, "BUSY_S", 0.01)
    queue = Queue(file)
    offer(queue)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ValueError, match=r"queue\.sqlite: nothing was kept \(database is locked\)"):
            queue.decide(1, "ann", "accepted")
    assert queue.count_items()["done"] == 0


def test_a_write_that_another_client_holds_up_is_a_sentence_and_keeps_nothing(database, connect, monkeypatch):
    monkeypatch.setattr(databases.PostgreSQL, "begin", databases.PostgreSQL.begin.replace("'30s'", "'50ms'"))
    queue = Queue(database)
    offer(queue)
    connect.execute("BEGIN")
    connect.execute(f"SELECT pg_advisory_xact_lock({databases.WRITER})")
    with pytest.raises(ValueError, match=r"nothing was kept \(canceling statement due to lock timeout"):
        queue.decide(1, "ann", "accepted")
    assert queue.count_items()["done"] == 0


def test_people_who_take_at_once_from_postgresql_get_items_of_their_own(database):
    queue, taken = Queue(database, shared=0), []
    for number in range(8):
        offer(queue, b"%d" % number)
    people = [threading.Thread(target=lambda name=name: taken.append(queue.take(name).id)) for name in "abcdefgh"]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(set(taken)) == 8


def test_queues_that_are_made_at_once_in_a_database_are_one(database):
    failed = []

    def make():
        try:
            Queue(database)
        except ValueError as error:
            failed.append(error)

    makers = [threading.Thread(target=make) for _ in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert failed == []


def test_a_database_that_holds_other_tables_is_refused_and_left_as_it_is(database, connect):
    connect.execute("CREATE TABLE items (name TEXT)")
    with pytest.raises(ValueError, match=r"^postgresql://127\.0\.0\.1:\d+/review\d+: the database holds other tables"):
        Queue(database)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert connect.execute(tables).fetchall() == [("items",)]


def test_a_user_who_may_not_create_tables_opens_a_queue_that_is_there(database, connect):
    offer(Queue(database))
    connect.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC, CURRENT_USER, pg_database_owner")
    assert Queue(database).take("ann").id == 1


@pytest.mark.parametrize(
    ("part", "by", "reason"),
    [
        ("p%40ss", "wrong", "password authentication failed for user"),
        ("/review", "/away", r'database "away\d+" does not exist'),
        ("127.0.0.1", "127.0.0.2", "Connection refused"),
        ("?", "?colour=red", 'invalid connection option "colour"'),
    ],
    ids=["password", "database", "server", "option"],
)
def test_a_database_that_cannot_be_opened_is_one_sentence_without_the_password(database, part, by, reason):
    wrong = f"{database}?connect_timeout=2".replace(part, by)
    with pytest.raises(
        ValueError, match=rf"^postgresql://127\.0\.0\.\d:\d+/\w+: no review queue \(.*{reason}"
    ) as refused:
        Queue(wrong)
    assert "\n" not in str(refused.value)
    assert "ss/word" not in str(refused.value)


def test_a_password_may_hold_an_at_sign_as_it_is(database):
    assert Queue(database.replace("%40", "@")).count_items()["items"] == 0


def test_a_server_that_refuses_later_is_a_sentence(database, connect):
    queue = Queue(database)
    connect.execute(f"ALTER DATABASE {connect.info.dbname} CONNECTION LIMIT 0")
    with pytest.raises(ValueError, match=r"nothing was kept \(.*too many connections"):
        offer(queue)
    with pytest.raises(ValueError, match=r"cannot be read \(.*too many connections"):
        queue.count_items()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ocr:pass/word@db/review", "postgresql://ocr:12/word@db/review", "postgresql://ocr:12#word@db/review",
        "postgresql://ocr:12?word@db/review", "postgresql://ocr:word@db", "postgresql://ocr:word@[::1/review",
    ],
    ids=["slash", "slash_after_digits", "hash", "question", "nameless", "ipv6"],
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_not_repeated(address):
    with pytest.raises(ValueError, match=f"^{UNREADABLE}") as refused:
        Queue(address)
    assert "word@" not in str(refused.value).removeprefix(UNREADABLE)


def test_another_kind_of_address_is_refused_with_those_that_are_supported():
    with pytest.raises(
        ValueError, match=r"^unsupported review queue mysql://\.\.\. \(supported: a file, postgresql://"
    ):
        Queue("mysql://ocr:word@db/review")


def test_psycopg_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ModuleNotFoundError) as missing:
        Queue("postgresql://db/review")
    assert explain_missing(missing.value) == "psycopg is not installed: pip install 'tfx-ocr[postgres]'"
