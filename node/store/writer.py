"""Group commit: one writes at a time, and everything that waits shares one commit.

A commit costs one flush of the disk however much it carries, so under load sixty-four callers pay for one. Whoever
finds the writer free writes for all that wait; no thread hands work to another. Each caller's work has a savepoint of
its own: a failing one loses its own changes and no others. Nobody hears "done" before the commit.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection, Engine

from node import kill_points
from node.errors import StoreUnavailable
from node.store.engines import is_lasting, no_flush, refuse_half_undone, without_flush
from node.store.seam import run_plain, translated

T = TypeVar("T")

GROUP = 64
"""Most works that share a commit; as many as envelopes in a call, so one commit stays short."""

_SAVEPOINT = "SAVEPOINT member"
_RELEASE = "RELEASE SAVEPOINT member"
_RETURN = "ROLLBACK TO SAVEPOINT member"


class _Waiting(Protocol):
    @property
    def lasting(self) -> bool: ...
    @property
    def point(self) -> str: ...
    def woken(self) -> None: ...
    def run(self, tx: Connection) -> None: ...
    def run_alone(self, tx: Connection) -> bool: ...
    def committed(self) -> None: ...
    def lost(self, error: BaseException) -> None: ...


class _Member(Generic[T]):
    """One caller's work, and what came of it."""

    def __init__(self, work: Callable[[Connection], T], lasting: bool, point: str) -> None:
        self.lasting = lasting
        self.point = point
        self._ended = False
        self._waiting = threading.Lock()
        self._waiting.acquire()
        self._work = work
        self._result: list[T] = []
        self._error: BaseException | None = None

    def wait(self) -> bool:
        """Wait for what others do; whether the work is done, or else it is our turn to write."""
        self._waiting.acquire()
        return self._ended

    def woken(self) -> None:
        """End `wait`."""
        self._waiting.release()

    def run(self, tx: Connection) -> None:
        """Do the work in a savepoint. An error of the work is kept; an error of the savepoint itself ends the group."""
        run_plain(tx, _SAVEPOINT)
        if self.run_alone(tx):
            run_plain(tx, _RELEASE)
        else:
            _return_to_savepoint(tx, self._error)

    def run_alone(self, tx: Connection) -> bool:
        """Do the work in a transaction that nobody shares; whether it is to be committed."""
        try:
            self._result.append(self._work(tx))
        except Exception as error:
            # Anything else is an interrupt of the thread that writes, whosever work this is: it ends the group.
            self._error = translated(error)
            return False
        return True

    def committed(self) -> None:
        """What the work came to stands: it was committed, or undone because it failed."""
        self._ended = True

    def lost(self, error: BaseException) -> None:
        """The group's commit failed: nothing of it is stored, or nobody can tell."""
        unavailable = error if isinstance(error, StoreUnavailable) else StoreUnavailable(detail=str(error))
        failure = StoreUnavailable(**unavailable.fields)
        failure.__cause__ = self._error or error
        self._error = failure
        self._ended = True

    def outcome(self) -> T:
        """The work's result; raises what it, or the commit, failed with."""
        if self._error is not None:
            raise self._error
        return self._result[0]


def _return_to_savepoint(tx: Connection, cause: BaseException | None) -> None:
    """Undo one member's work. Where its failure has already ended the transaction there is nothing left to return to.

    SQLite does that by itself when the disk is full. The neighbours must not hear "done" then: StoreUnavailable.
    """
    try:
        run_plain(tx, _RETURN)
        run_plain(tx, _RELEASE)
    except Exception as gone:
        detail = cause.fields["detail"] if isinstance(cause, StoreUnavailable) else "a failure ended the transaction"
        raise StoreUnavailable(detail=detail) from gone


class GroupWriter:
    """The one writer of a process, shared by all threads; on PostgreSQL the database lets processes take turns."""

    def __init__(self, engine: Engine) -> None:
        self.commits = 0
        self._engine = engine
        self._queue: deque[_Waiting] = deque()
        # Guards `_closed`, `_busy` and `_turn`: nothing may be queued that nobody would write.
        self._gate = threading.Condition()
        self._closed = False
        self._busy = False
        self._turn: _Waiting | None = None
        self._connection: Connection | None = None

    def do(self, work: Callable[[Connection], T], *, lasting: bool = True, point: str = "") -> T:
        """Run `work` with others in one transaction and return after its commit; raises what the work raised.

        The commit waits for the disk when any of them is `lasting`. `point` is the commit's name for tests that kill.
        """
        member = _Member(work, lasting, point)
        with self._gate:
            if self._closed:
                raise StoreUnavailable(detail="the store is closed")
            self._queue.append(member)
            ours, self._busy = not self._busy, True
            if ours:
                self._turn = member
        try:
            done = not ours and member.wait()
        except BaseException:
            # An interrupt: nobody may be kept waiting for a caller that is gone.
            self._give_up(member)
            raise
        if not done:
            self._write_for_all(member)
        return member.outcome()

    def _write_for_all(self, member: _Waiting) -> None:
        """Take the turn that is ours."""
        group: list[_Waiting] = []
        try:
            group = self._collect()
            self._commit_together(group)
        finally:
            self._pass_on()
            for other in group:
                if other is not member:
                    other.woken()

    def close(self) -> None:
        """Wait until all is written and let the connection go; closing twice is fine."""
        with self._gate:
            self._closed = True
            self._gate.wait_for(lambda: not self._busy)
            self._let_go()

    def _pass_on(self) -> None:
        """The next turn is of whoever waits longest; its work is still in the queue and goes first."""
        with self._gate:
            self._pass_on_within()

    def _pass_on_within(self) -> None:
        self._turn = self._queue[0] if self._queue else None
        if self._turn is not None:
            self._turn.woken()
            return
        self._busy = False
        if self._closed:
            self._gate.notify_all()

    def _give_up(self, member: _Waiting) -> None:
        """Take work back that nobody has begun; what somebody has begun with goes on, and nobody hears of it."""
        with self._gate:
            if member not in self._queue:
                return
            self._queue.remove(member)
            if self._turn is member:
                self._pass_on_within()

    def _collect(self) -> list[_Waiting]:
        with self._gate:
            return [self._queue.popleft() for _ in range(min(GROUP, len(self._queue)))]

    def _commit_together(self, group: list[_Waiting]) -> None:
        try:
            stored = self._transact(group)
        except BaseException as error:
            # Everyone who waits must hear of it, or would wait for ever.
            failure = translated(error)
            for member in group:
                member.lost(failure)
            # Whatever state the connection is in: the next transaction begins on a new one.
            self._let_go(broken=True)
            if not isinstance(error, Exception):
                raise
        else:
            self.commits += stored
            for member in group:
                member.committed()

    def _transact(self, group: list[_Waiting]) -> bool:
        """Whether there was something to commit."""
        if self._connection is None:
            self._connection = self._engine.connect()
        tx = self._connection
        lasting = any(member.lasting for member in group)
        with nullcontext() if lasting else without_flush(tx):
            stored = self._transact_on(tx, group, lasting=lasting)
        if not is_lasting(self._engine):
            self._let_go()
        return stored

    def _transact_on(self, tx: Connection, group: list[_Waiting], *, lasting: bool) -> bool:
        transaction = tx.begin()
        try:
            if not lasting:
                no_flush(tx)
            if len(group) == 1:
                # Nobody shares it, so that undoing it all is undoing this one.
                stored = group[0].run_alone(tx)
            else:
                stored = True
                for member in group:
                    member.run(tx)
            if tx.invalidated:
                raise StoreUnavailable(detail="the connection was lost")
            if stored:
                refuse_half_undone(tx)
        except BaseException:
            transaction.rollback()
            raise
        if stored:
            _at(group, kill_points.UNCOMMITTED)
            transaction.commit()
            _at(group, kill_points.COMMITTED)
        else:
            transaction.rollback()
        return stored

    def _let_go(self, *, broken: bool = False) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            if broken:
                connection.invalidate()
            connection.close()


def _at(group: Sequence[_Waiting], side: str) -> None:
    """Say for each work of a group on which side of the commit we are."""
    if kill_points.ARMED is not None:
        for member in group:
            kill_points.reach(f"{member.point}/{side}")
