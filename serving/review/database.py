"""Where a review queue lies: a SQLite file or a PostgreSQL database. Both take the same SQL, `?` for a parameter."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

BUSY_S = 30.0  # that a write waits for another process's
CONNECT_S = 5  # that a PostgreSQL server has to answer; `connect_timeout` of the URL overrides it
SCHEMES = ("postgresql", "postgres")
ADDRESS = "postgresql://user:password@host:port/database"
WRITER = 7365832  # key of the advisory lock that one writer at a time holds; a database has locks of its own
OURS = {"items", "leases", "decisions", "documents"}
TYPES = {"INTEGER PRIMARY KEY AUTOINCREMENT": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BLOB": "BYTEA"}


class Connection(Protocol):
    """A connection that commits each statement, unless `begin` of its database began a transaction."""

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Any:
        """Execute a statement and return its cursor, whose rows are tuples."""

    def close(self) -> None:
        """Close the connection, and take back what is not committed."""


def open_database(path: str | Path) -> SQLiteFile | PostgreSQL:
    """Return the database that a path or an address names; nothing is read yet.

    Raises:
        ValueError: the address is not one of PostgreSQL. What it holds is not repeated, it may be a password.
        ModuleNotFoundError: psycopg is not installed.
    """
    scheme, separator, _ = str(path).partition("://")
    if not separator:
        return SQLiteFile(Path(path))
    if scheme not in SCHEMES:
        raise ValueError(f"unsupported review queue {scheme}://... (supported: a file, {ADDRESS})")
    return PostgreSQL(str(path))


class SQLiteFile:
    """A SQLite file in WAL mode with full syncs, which overwrites what is deleted.

    Attributes:
        path: of the file.
        error: what its connections raise.
        begin: statement that begins a transaction, after the one of any other process.
        sweep: statement that frees what was deleted.
    """

    error = sqlite3.Error
    begin = "BEGIN IMMEDIATE"
    sweep = "PRAGMA wal_checkpoint(TRUNCATE)"

    def __init__(self, path: Path):
        self.path = path

    def connect(self) -> sqlite3.Connection:
        """Open a connection; the file is made where it is missing."""
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        for pragma in ("foreign_keys = ON", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def has_queue(self) -> bool:
        """Return whether the file exists."""
        return self.path.is_file()

    def create(self, tables: str) -> None:
        """Create the tables that are missing, and the column that files made before 2026-11-29 lack."""
        with contextlib.closing(self.connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(tables)
            if "place" not in [row[1] for row in connection.execute("PRAGMA table_info(items)")]:
                connection.execute("ALTER TABLE items ADD COLUMN place TEXT NOT NULL DEFAULT ''")


class PostgreSQL:
    """A PostgreSQL database of the queue's own.

    Attributes:
        path: the address without user, password and options; the rest as `SQLiteFile` has it.
    """

    # the lock ends with the transaction; a statement that follows sees all that was committed before
    begin = f"BEGIN; SET LOCAL lock_timeout = '{BUSY_S:g}s'; SELECT pg_advisory_xact_lock({WRITER})"
    sweep = f"VACUUM {', '.join(sorted(OURS))}"

    def __init__(self, url: str):
        import psycopg  # of the extra `postgres`

        self.error = psycopg.Error
        try:
            address = urlsplit(url)
            host, port = address.hostname, address.port
            options = dict(parse_qsl(address.query, strict_parsing=True)) if address.query else {}
        except ValueError:  # its text may hold a part of the password
            raise _make_address_error() from None
        name = unquote(address.path[1:])
        if not name or set(address.path[1:]) & set("/@") or address.fragment:  # of a password that is not encoded
            raise _make_address_error()
        user, password = (part and unquote(part) for part in (address.username, address.password))
        given = {"host": host, "port": port, "user": user, "password": password, "dbname": name}
        self._settings: dict[str, Any] = {"client_encoding": "utf8", "connect_timeout": CONNECT_S, **options}
        self._settings |= {key: value for key, value in given.items() if value}
        host = f"[{host}]" if ":" in (host or "") else host or ""
        self.path = f"postgresql://{host}{f':{port}' if port else ''}/{name}"

    def connect(self) -> Connection:
        """Open a connection."""
        import psycopg

        conninfo = psycopg.conninfo.make_conninfo(**self._settings)
        return _Postgres(psycopg.connect(conninfo, autocommit=True))

    def has_queue(self) -> bool:
        """Return whether the database has the queue's tables."""
        with contextlib.closing(self.connect()) as connection:
            return _list_tables(connection) >= OURS

    def create(self, tables: str) -> None:
        """Create the tables, unless they are there.

        Raises:
            ValueError: the database holds other tables.
        """
        with contextlib.closing(self.connect()) as connection:
            connection.execute(self.begin)
            found = _list_tables(connection)
            if found >= OURS:
                return
            if found:
                raise ValueError(
                    f"{self.path}: the database holds other tables ({', '.join(sorted(found)):.200}): give the review"
                    " queue a database of its own"
                )
            for name, other in TYPES.items():
                tables = tables.replace(name, other)
            connection.execute(tables)
            connection.execute("COMMIT")


class _Postgres:
    """A connection of psycopg that takes `?` for a parameter."""

    def __init__(self, connection: Any):
        self._connection = connection
        self.close = connection.close

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Any:
        return self._connection.execute(statement.replace("?", "%s"), parameters or None)


def _list_tables(connection: Connection) -> set[str]:
    return {
        name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    }


def _make_address_error() -> ValueError:
    return ValueError(
        f"the address of the review queue cannot be read: write {ADDRESS}, in user and password %40 for @, %2F for /,"
        " %23 for #, %3F for ? and %25 for %"
    )
