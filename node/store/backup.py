"""A copy of a SQLite store taken beside a running node, and the way back.

The copy shows one moment: a read transaction is held while pages are copied, so writers neither wait nor spoil it.
PostgreSQL has tools of its own for this (docs/reliability.md).
"""

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import make_url

from node import kill_points
from node.errors import BackupUnusable, StoreUnavailable
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, State
from node.model.ids import ExchangeId
from node.store import evidence, exchanges
from node.store.database import Tx
from node.store.tables import EXCHANGE, JOB

PAGES = 1_000
"""Pages copied between two looks at the progress; four megabytes."""

RESTORED = "RESTORED"
"""The cause of papers that a restored store can no longer vouch for."""

_OWNER_ONLY = 0o600

Progress = Callable[[int, int], None]
"""Told how many of how many pages are copied."""


def path_of(url: str) -> Path:
    """The file of a SQLite store. Raises BackupUnusable for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise BackupUnusable(path=parsed.get_backend_name(), detail="only SQLite stores are copied by the node itself")
    return Path(parsed.database)


def copy(source: Path, target: Path, progress: Progress) -> Mapping[str, int]:
    """Copy a store as it is at this moment into the new file `target`, on the disk when this returns.

    Returns how many rows each table had at that moment. Raises StoreUnavailable when either file cannot be used; then
    there is no `target`.
    """
    partial = target.with_name(f"{target.name}.partial")
    try:
        os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY))
        try:
            counted = _copy_pages(source, partial, progress)
            kill_points.reach("store.backup/copied")
            os.link(partial, target)  # refuses a name that is taken, as a rename would not
        finally:
            partial.unlink(missing_ok=True)
        flush(target)
        flush(target.parent)
    except sqlite3.Error as error:
        raise StoreUnavailable(detail=f"{source.name}: {error}") from error
    except OSError as error:
        raise StoreUnavailable(detail=f"{target}: {error.strerror}") from error
    return counted


def _copy_pages(source: Path, target: Path, progress: Progress) -> Mapping[str, int]:
    live = sqlite3.connect(f"file:{_quoted(source)}?mode=ro", uri=True, isolation_level=None)
    with closing(live), closing(sqlite3.connect(target, isolation_level=None)) as made:
        live.execute("BEGIN")
        counted = _counts(live)
        live.backup(made, pages=PAGES, progress=lambda _, left, of: progress(of - left, of))
        return counted


def counts(path: Path) -> Mapping[str, int]:
    """Rows of every table of a store, to compare a copy with what it was made of. Raises StoreUnavailable."""
    try:
        with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True)) as one:
            return _counts(one)
    except sqlite3.Error as error:
        raise StoreUnavailable(detail=f"{path.name}: {error}") from error


def _counts(one: sqlite3.Connection) -> Mapping[str, int]:
    names = [row[0] for row in one.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    # Names of our own tables, out of the file's own list of them.
    return {name: one.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


def faults(path: Path) -> list[str]:
    """What SQLite finds wrong with a file: pages, indexes, foreign keys; nothing when it is whole."""
    try:
        with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True)) as one:
            said = [str(row[0]) for row in one.execute("PRAGMA integrity_check")]
            broken = [f"{row[0]} refers to a row of {row[2]} that is missing" for row in one.execute(_FOREIGN)]
    except sqlite3.Error as error:
        return [str(error)]
    return [line for line in said if line != "ok"] + broken


_FOREIGN = "PRAGMA foreign_key_check"


def mark_restored(tx: Tx, now: datetime) -> list[ExchangeId]:
    """What was sent after the copy was made is forgotten: every sealed paper may have been, so the partner is asked.

    They become UNRESOLVED; leases of the node that made the copy are given back. Which papers that were.
    """
    doubtful = [
        ExchangeId(row[0])
        for row in tx.execute(
            select(EXCHANGE.c.id).where(EXCHANGE.c.direction == Direction.OUT, EXCHANGE.c.state == State.SEALED)
        )
    ]
    for exchange in doubtful:
        exchanges.move(tx, exchange, Direction.OUT, [State.SEALED], State.UNRESOLVED, now, RESTORED)
    evidence.add(tx, [EvidenceFact(exchange, now, Fact.NO_ANSWER, None, RESTORED) for exchange in doubtful])
    tx.execute(JOB.update().where(JOB.c.worker.is_not(None)).values(worker=None, lease_until=None))
    return doubtful


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
