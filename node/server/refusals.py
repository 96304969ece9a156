"""Who was turned away at the gate, into the audit: without holding up the gate or being flooded."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from node.clock import Clock
from node.errors import NodeError
from node.journal import Journal
from node.store import actors, audit
from node.store.database import Database, Tx

WAITING = 256
"""Refusals held in memory; beyond that they are only counted. Whoever is refused faster is attacking."""

PAUSE_S = 1.0
"""Refusals of one second share a commit."""


@dataclass(frozen=True, slots=True)
class _Turned:
    fingerprint: str
    code: str
    moment: datetime


class RefusalBook:
    """Collects refused calls and writes them down once a second."""

    def __init__(
        self, store: Database, clock: Clock, journal: Journal, who: actors.ActorKind = actors.ActorKind.PARTNER
    ) -> None:
        """`who` is what callers of this listener claim to be."""
        self._who = who
        self._store = store
        self._clock = clock
        self._journal = journal
        self._waiting: list[_Turned] = []

    def note(self, fingerprint: str, error: NodeError) -> None:
        """Remember one refusal; returns at once. Call it in the loop that runs `keep`."""
        self._journal("call.refused", fingerprint=fingerprint, error=error)
        if len(self._waiting) < WAITING:
            self._waiting.append(_Turned(fingerprint, error.code, self._clock.now()))
        else:
            self._journal.count("call.refused-unwritten")

    async def keep(self, stop: asyncio.Event) -> None:
        """Write down what was noted until `stop` is set, and once more then."""
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), PAUSE_S)
            except TimeoutError:
                await self._write()
        await self._write()

    async def _write(self) -> None:
        turned, self._waiting = self._waiting, []
        if not turned:
            return
        try:
            await asyncio.to_thread(self._store.write, lambda tx: _record(tx, turned, self._who))
        except NodeError as error:
            self._journal("call.refusals-lost", count=len(turned), error=error)


def _record(tx: Tx, turned: list[_Turned], who: actors.ActorKind) -> None:
    for one in turned:
        name = f"certificate {one.fingerprint}" if one.fingerprint else "no certificate"
        actor = actors.ensure(tx, name, who, one.moment)
        audit.add(tx, actor, "refused", "call", {"code": one.code}, one.moment)
