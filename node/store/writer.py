"""Group commit: one thread writes, and everything that waits shares one commit.

A commit costs one flush of the disk however much it carries, so under load sixty-four callers pay for one. Each
caller's work has a savepoint of its own: a failing one loses its own changes and no others. Nobody hears "done" before
the commit.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection, Engine, NestedTransaction

from node.errors import StoreUnavailable
from node.store.seam import translated

T = TypeVar("T")

GROUP = 64
"""Most works that share a commit; as many as envelopes in a call, so one commit stays short."""


class _Waiting(Protocol):
    def run(self, tx: Connection) -> None: ...
    def committed(self) -> None: ...
    def lost(self, error: BaseException) -> None: ...


class _Member(Generic[T]):
    """One caller's work, and what came of it."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.future: Future[T] = Future()
        self._work = work
        self._result: list[T] = []
        self._error: BaseException | None = None

    def run(self, tx: Connection) -> None:
        """Do the work in a savepoint. An error of the work is kept; an error of the savepoint itself ends the group."""
        savepoint = tx.begin_nested()
        try:
            self._result.append(self._work(tx))
        except BaseException as error:
            self._error = translated(error)
            _return_to(savepoint, self._error)
        else:
            savepoint.commit()

    def committed(self) -> None:
        """The group's commit succeeded: hand the caller what its own work came to."""
        if self._error is not None:
            self.future.set_exception(self._error)
        else:
            self.future.set_result(self._result[0])

    def lost(self, error: BaseException) -> None:
        """The group's commit failed: nothing of it is stored, or nobody can tell."""
        unavailable = error if isinstance(error, StoreUnavailable) else StoreUnavailable(detail=str(error))
        failure = StoreUnavailable(**unavailable.fields)
        failure.__cause__ = self._error or error
        self.future.set_exception(failure)


def _return_to(savepoint: NestedTransaction, cause: BaseException) -> None:
    """Undo one member's work. Where its failure has already ended the transaction there is nothing left to return to.

    SQLite does that by itself when the disk is full. The neighbours must not hear "done" then: StoreUnavailable.
    """
    try:
        savepoint.rollback()
    except Exception as gone:
        detail = cause.fields["detail"] if isinstance(cause, StoreUnavailable) else "a failure ended the transaction"
        raise StoreUnavailable(detail=detail) from gone


class GroupWriter:
    """The writing thread of one database, started with the first work."""

    def __init__(self, engine: Engine) -> None:
        self.commits = 0
        self._engine = engine
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        # Guards `_thread` and `_closed`: nothing may be queued behind the mark that ends the thread.
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def do(self, work: Callable[[Connection], T]) -> T:
        """Run `work` with others in one transaction and return after its commit; raises what the work raised."""
        member = _Member(work)
        with self._gate:
            if self._closed:
                raise StoreUnavailable(detail="the store is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="store-writer", daemon=True)
                self._thread.start()
            self._queue.put(member)
        return member.future.result()

    def close(self) -> None:
        """Finish what waits, then end the thread; closing twice is fine."""
        with self._gate:
            self._closed = True
            if self._thread is not None:
                self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    def _write(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group, ended = self._collect(first)
            self._commit_together(group)
            if ended:
                return

    def _collect(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        group = [first]
        while len(group) < GROUP:
            try:
                member = self._queue.get_nowait()
            except Empty:
                break
            if member is None:
                return group, True
            group.append(member)
        return group, False

    def _commit_together(self, group: list[_Waiting]) -> None:
        try:
            with self._engine.begin() as tx:
                for member in group:
                    member.run(tx)
                if tx.invalidated:
                    raise StoreUnavailable(detail="the connection was lost")
        except BaseException as error:
            # The thread must outlive every failure, or all later callers would wait for ever.
            failure = translated(error)
            for member in group:
                member.lost(failure)
        else:
            self.commits += 1
            for member in group:
                member.committed()
