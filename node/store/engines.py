"""Opens connections: for each database one way that writes and one that only reads, with what durability rests on.

SQLite must lie on a local disk; on a network file system its locks are not reliable. On PostgreSQL a transaction that
writes holds one lock of the database until it is committed, so that many processes write one after another as on
SQLite: the chain of acts, the numbers of receipts and moves, and all that is read before it is written rest on that.
"""

import importlib.util
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

WRITER_LOCK = 0x6E326E
"""Number of the advisory lock of whoever writes ("n2n"); advisory locks are of one database."""

SERVING_LOCK = 0x6E326F
"""Number of the advisory lock of the one process that serves; its connection holds it as long as it lives."""

FROZEN_S = 15
"""A transaction in which nothing happens for so long is ended by PostgreSQL: its process is frozen or cut off, and all
others wait for its lock. What it held is undone, and it hears so when it goes on."""

LOCK_S = 30
"""How long PostgreSQL lets a transaction wait for others; longer than FROZEN_S, so that a frozen one is outlived."""

CONNECT_S = 10
"""How long a PostgreSQL server may take to answer before it counts as away."""

OLDEST_SQLITE = (3, 35, 0)
"""First release with RETURNING."""

_IN_TRANSACTION = 2
"""What libpq calls a transaction in which nothing failed (PQTRANS_INTRANS)."""

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
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed, writes=True), _postgresql(parsed, writes=False)
    if parsed.get_backend_name() != "sqlite":
        raise SettingInvalid(where="store.url", detail="the database must be sqlite or postgresql")
    _require_usable_sqlite(parsed)
    return _sqlite(parsed, writes=True), _sqlite(parsed, writes=False)


def refuse_half_undone(connection: Connection) -> None:
    """Raise StoreUnavailable where a failed statement has spoilt the transaction and was passed over.

    PostgreSQL answers the COMMIT of such a transaction with a rollback and no error.
    """
    if connection.dialect.name != "postgresql":
        return
    driver = connection.connection.driver_connection
    status = None if driver is None else int(driver.info.transaction_status)
    if status != _IN_TRANSACTION:
        raise StoreUnavailable(detail="a failed statement ended the transaction")


def only_server(engine: Engine) -> Connection | None:
    """A connection to PostgreSQL that keeps other processes from serving this database until it is closed.

    None where another serves it.
    """
    connection = engine.connect()
    try:
        # Not in a transaction, which would be ended for doing nothing; nor one of the readers'.
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        # A host that loses its power says no good-bye: the server asks whether it is still there.
        for setting, value in (("idle", FROZEN_S), ("interval", 5), ("count", 3)):
            connection.exec_driver_sql(f"SET tcp_keepalives_{setting} = {value}")
        if connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({SERVING_LOCK})").scalar():
            return connection
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None


def is_lasting(engine: Engine) -> bool:
    """Whether a connection may be kept while nothing happens: a file does not hang up as a server may."""
    return engine.dialect.name == "sqlite"


@contextmanager
def without_flush(connection: Connection) -> Iterator[None]:
    """A transaction inside is committed without waiting for the disk: a power cut may undo it, nothing else can.

    The next one that waits flushes this one too. PostgreSQL is told so in the transaction itself: `no_flush`.
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


def no_flush(connection: Connection) -> None:
    """In a transaction of PostgreSQL that has begun: its commit need not wait for the disk."""
    if connection.dialect.name == "postgresql":
        run_plain(connection, "SET LOCAL synchronous_commit = off")


def _postgresql(url: URL, *, writes: bool) -> Engine:
    if importlib.util.find_spec("psycopg") is None:
        raise SettingInvalid(
            where="store.url", detail="PostgreSQL needs the driver psycopg: pip install 'n2n-node[postgresql]'"
        )
    waits = f"-c idle_in_transaction_session_timeout={FROZEN_S}s -c lock_timeout={LOCK_S}s"
    keepalive = {"keepalives_idle": FROZEN_S, "keepalives_interval": 5, "keepalives_count": 3}
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": CONNECT_S, "options": waits, **keepalive},
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        pool_size=1 if writes else READERS,
        max_overflow=0 if writes else READERS,
        pool_pre_ping=True,
        # Values of papers must not reach logs through the text of an exception.
        hide_parameters=True,
    )
    if not writes:
        return engine.execution_options(postgresql_readonly=True)

    @event.listens_for(engine, "begin")
    def take_turn(connection: Connection) -> None:
        # Before the first look: READ COMMITTED then sees all that whoever wrote before has committed.
        run_plain(connection, f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    return engine


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
