"""The door to the database: `write` shares commits, `read` sees one consistent moment, nothing else holds a connection.

    database = Database.open("sqlite:///node.db")
    database.migrate()
    database.write(lambda tx: exchanges.insert(tx, rows))
    found = database.read(lambda tx: exchanges.load(tx, ids))

What is handed to both runs to its end without waiting for anything else; inside a transaction there is no network.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self, TypeVar

from sqlalchemy import Connection, Engine

from node import kill_points
from node.errors import Unexpected
from node.store import schema
from node.store.engines import READERS, is_lasting, only_server, open_engines
from node.store.seam import run_plain, seam
from node.store.writer import GroupWriter

T = TypeVar("T")

Tx = Connection
"""An open transaction; the first argument of every function of the store."""


class Database:
    """One database of one node, usable from many threads at once."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._engines = (writer, reader)
        self._reader = reader
        self._writer = GroupWriter(writer)
        self._idle: deque[Tx] = deque()
        self._serving: Connection | None = None
        self._closed = False
        self._here = threading.local()

    @classmethod
    def open(cls, url: str) -> Self:
        """Open `sqlite:///path`, making the file when there is none.

        Raises SettingInvalid for a URL we cannot use, StoreUnavailable when it will not open, StoreCorrupt when the
        file is no database.
        """
        database = cls(*open_engines(url))
        try:
            database.read(schema.found)
        except BaseException:
            database.close()
            raise
        return database

    @property
    def commits(self) -> int:
        """How many commits the writer made; fewer than writes, because writes share them."""
        return self._writer.commits

    def migrate(self) -> None:
        """Bring the tables to the schema of this program, in one transaction; StoreVersion when they are newer."""
        self.write(schema.upgrade)

    def require_current(self) -> None:
        """Raise StoreVersion unless the tables have exactly the schema of this program; changes nothing."""
        self.read(schema.require_current)

    def write(self, work: Callable[[Tx], T], *, lasting: bool = True) -> T:
        """Run `work` in a savepoint of a shared transaction and return its result once that is committed.

        What `work` raises undoes its own changes only. Raises StoreUnavailable when the commit failed; then nothing was
        stored, or the outcome is unknown and the same work may be done again. What need not be `lasting` may be undone
        by a power cut, and waits for no disk: for work that is simply done again then.
        """
        self._require_outside()
        point = kill_points.ARMED.name(work) if kill_points.ARMED is not None else ""
        return self._writer.do(lambda tx: self._within(work, tx), lasting=lasting, point=point)

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on one consistent view of what is committed; a change inside is refused."""
        self._require_outside()
        with seam(), self._looking() as tx, tx.begin():
            return self._within(work, tx)

    def serve_alone(self) -> bool:
        """Keep other processes from serving this database until `close`; False where one serves it already.

        A SQLite file lies in one home, whose own lock does this.
        """
        if is_lasting(self._reader):
            return True
        with seam():
            self._serving = only_server(self._reader)
        return self._serving is not None

    def close(self) -> None:
        """Finish what waits to be written and let go of the file; closing twice is fine."""
        self._closed = True
        if self._serving is not None:
            self._serving.close()
        self._writer.close()
        self._keep_at_most(0)
        for engine in self._engines:
            engine.dispose()

    @contextmanager
    def _looking(self) -> Iterator[Tx]:
        """A connection that reads: one that is open and idle, where connections may be kept, else a new one."""
        if not is_lasting(self._reader):
            with self._reader.connect() as connection:
                yield connection
            return
        connection = self._idle.pop() if self._idle else self._reader.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        self._keep_at_most(READERS if not self._closed else 0)

    def _keep_at_most(self, count: int) -> None:
        while len(self._idle) > count:
            with suppress(IndexError):  # taken by another thread meanwhile
                self._idle.pop().close()

    def _within(self, work: Callable[[Tx], T], tx: Tx) -> T:
        self._here.inside = True
        try:
            return work(tx)
        finally:
            self._here.inside = False

    def _require_outside(self) -> None:
        # The writing thread would wait for itself for ever; a reader would hold its old view while it waits.
        if getattr(self._here, "inside", False):
            raise Unexpected(detail="read or write was called inside a transaction; pass its tx on instead")


@contextmanager
def savepoint(tx: Tx) -> Iterator[None]:
    """What is raised inside undoes what was done inside and nothing else: one envelope, not its neighbours."""
    run_plain(tx, "SAVEPOINT inner_part")
    try:
        yield
    except BaseException:
        run_plain(tx, "ROLLBACK TO SAVEPOINT inner_part")
        run_plain(tx, "RELEASE SAVEPOINT inner_part")
        raise
    run_plain(tx, "RELEASE SAVEPOINT inner_part")
