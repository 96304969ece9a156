"""Opens connections: for SQLite one that writes and some that only read, with the settings durability rests on.

SQLite must lie on a local disk; on a network file system its locks are not reliable.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from node.errors import SettingInvalid, StoreUnavailable
from node.store.seam import run_plain

BUSY_S = 10
"""How long to wait for another process that writes, such as the command line beside a running node."""

READERS = 8
"""Read connections kept open; as many again may be opened in a rush."""

STATEMENTS = 512
"""Statements a connection keeps ready; a node has some hundred."""

WAL_LIMIT_BYTES = 64 * 1024 * 1024
"""What the write-ahead log is cut down to after a checkpoint, should a long reader have let it grow."""

OLDEST_SQLITE = (3, 35, 0)
"""First release with RETURNING."""

_OWNER_ONLY = 0o600
"""The file holds papers; its WAL inherits the mode."""

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a commit that returned is on the disk
    "foreign_keys=ON",
    "recursive_triggers=ON",  # otherwise INSERT OR REPLACE would delete behind the append-only triggers
    "secure_delete=ON",  # purged papers are overwritten, not only unlinked
    f"journal_size_limit={WAL_LIMIT_BYTES}",
)


def open_engines(url: str) -> tuple[Engine, Engine]:
    """Writer and reader for `url`; SettingInvalid for one we cannot use, StoreUnavailable when it will not open."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingInvalid(where="store.url", detail="not a database URL such as sqlite:///node.db") from error
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
        return engine, engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    _require_usable_sqlite(parsed)
    return _sqlite(parsed, writes=True), _sqlite(parsed, writes=False)


def is_lasting(engine: Engine) -> bool:
    """Whether a connection may be kept while nothing happens: a file does not hang up as a server may."""
    return engine.dialect.name == "sqlite"


@contextmanager
def without_flush(connection: Connection) -> Iterator[None]:
    """A transaction inside is committed without waiting for the disk: a power cut may undo it, nothing else can.

    The next one that waits flushes this one too. Where we know no such thing, it waits.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    run_plain(connection, "PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        if not connection.invalidated:
            run_plain(connection, "PRAGMA synchronous=FULL")


def _require_usable_sqlite(url: URL) -> None:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise SettingInvalid(where="store.url", detail="SQLite needs a file: sqlite:///path/to/node.db")
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreUnavailable(detail=f"SQLite {sqlite3.sqlite_version} is older than 3.35")
    try:
        os.close(os.open(Path(url.database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY))
    except OSError as error:
        raise StoreUnavailable(detail=f"{url.database}: {error.strerror}") from error


def _sqlite(url: URL, *, writes: bool) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_S, "cached_statements": STATEMENTS},
        pool_size=1 if writes else READERS,
        max_overflow=0 if writes else READERS,
        # Values of papers must not reach logs through the text of an exception.
        hide_parameters=True,
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN, not the driver
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if not writes:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        # A deferred BEGIN that writes later fails with "locked" instead of waiting its turn.
        run_plain(connection, begin)

    return engine
