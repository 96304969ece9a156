"""Bounded intake: a queue or disk that fills up refuses what is new, before anything that was accepted suffers.

A refusal is OVERLOADED with a time to come back; nothing is stored, and it ends by itself when there is room again.
Urgent papers (lane A: control, suspension, revocation) pass a full queue, never a full disk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from node.clock import Clock, to_xml
from node.errors import DiskNearlyFull, IntakeClosed, NodeError, QueueFull
from node.model.envelope import Priority
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.settings import IntakeLimits
from node.store.database import Database
from node.store.intake_gate import closed_since
from node.store.room import waiting_beyond

LOOK_EVERY = timedelta(seconds=1)
"""What was found holds for so long; a second's papers beyond a limit do no harm."""

RETRY_AFTER_S = 30
"""What a refused caller is told to wait, seconds: a queue that filled up does not empty in a moment."""


@dataclass(frozen=True, slots=True)
class _Found:
    until: datetime
    error: NodeError | None


class Capacity:
    """Asked before anything new is taken; safe from any thread."""

    def __init__(
        self,
        store: Database,
        clock: Clock,
        limits: IntakeLimits,
        free_bytes: Callable[[], int | None],
        report: Callable[..., None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits
        self._free_bytes = free_bytes
        self._report = report
        self._found: dict[tuple[Direction, NodeCode], _Found] = {}
        self._disk: _Found | None = None
        self._gate: _Found | None = None
        self._lock = Lock()

    def full(self, direction: Direction, partner: NodeCode, priority: Priority) -> NodeError | None:
        """Why nothing new may be taken for or from `partner`: IntakeClosed, QueueFull, DiskNearlyFull."""
        return self.closed() or (None if priority is Priority.A else self._queue_full(direction, partner))

    def closed(self) -> NodeError | None:
        """Why nothing new is taken at all: IntakeClosed by people (`n2n queue drain`), else `disk_full`."""
        with self._lock:
            gate, now = self._gate, self._clock.now()
        if gate is None or gate.until <= now:
            since = self._store.read(closed_since)
            error = IntakeClosed(since=to_xml(since), seconds=RETRY_AFTER_S) if since is not None else None
            with self._lock:
                self._tell(gate, error, "all")
                self._gate = gate = _Found(now + LOOK_EVERY, error)
        return gate.error or self.disk_full()

    def disk_full(self) -> NodeError | None:
        """DiskNearlyFull while the disk holds no more than is kept for what was accepted."""
        with self._lock:
            before, now = self._disk, self._clock.now()
            if before is None or before.until <= now:
                free = self._free_bytes()
                reserve = self._limits.reserve_bytes
                short = free is not None and free < reserve
                error = DiskNearlyFull(free=free, reserve=reserve, seconds=RETRY_AFTER_S) if short else None
                self._disk = _Found(now + LOOK_EVERY, error)
                self._tell(before, error, "disk")
            return self._disk.error if self._disk is not None else None

    def _queue_full(self, direction: Direction, partner: NodeCode) -> NodeError | None:
        key = (direction, partner)
        with self._lock:
            before, now = self._found.get(key), self._clock.now()
            if before is not None and before.until > now:
                return before.error
        most = self._limits.outbound if direction is Direction.OUT else self._limits.inbound
        full = self._store.read(lambda tx: waiting_beyond(tx, partner, direction, most - 1))
        error = QueueFull(partner=partner, direction=direction, most=most, seconds=RETRY_AFTER_S) if full else None
        with self._lock:
            self._found[key] = _Found(now + LOOK_EVERY, error)
            self._tell(before, error, f"{direction} {partner}")
        return error

    def _tell(self, before: _Found | None, error: NodeError | None, what: str) -> None:
        """Once when it fills up, once when there is room again."""
        was = before.error if before is not None else None
        if error is not None and was is None:
            self._report("intake.full", what=what, error=error)
        elif error is None and was is not None:
            self._report("intake.open", what=what)
