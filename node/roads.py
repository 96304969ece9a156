"""The roads to partners: their connections, and whether anything is sent on them now.

A partner that is away costs a health question a minute and nothing else: its papers wait untried. When it is back, what
waited for it is due at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from node.errors import NoAnswer, NodeError, PartnerUnreachable, TlsFailed
from node.flows import asking, calls, outbound, overdue, pulling
from node.flows.ports import ActorName, Node, Transport
from node.jobs.circuit import Circuit, Circuits
from node.jobs.worker import Pace
from node.model.hub_registers import Told
from node.model.ids import NodeCode
from node.model.job import Job, Verb
from node.model.lookup import Question
from node.store import circuits
from node.store.database import Tx
from node.store.jobs import Lane

PROBE_S = 10.0
"""A health question that takes longer comes from a partner that cannot take papers either."""


class Roads:
    """What the worker asks about partners (jobs.worker.Partners), and the two verbs that call them."""

    def __init__(self, node: Node, transport_to: Callable[[NodeCode], Transport]) -> None:
        self._node = node
        self._transport_to = transport_to
        self._circuits = Circuits(node.clock, node.luck)
        self._errors: dict[NodeCode, NodeError] = {}

    def open_to(self, partner: NodeCode) -> bool:
        """Whether papers may be sent to `partner` now."""
        return not self._circuits.holds(partner) and not pulling.is_pulled(self._node, partner)

    def holds(self, lane: Lane) -> bool:
        """Whether this lane has to wait: nothing is delivered to partners that are away, or that collect."""
        return lane.verb is Verb.DELIVER and not self.open_to(lane.partner)

    async def deliver(self, claimed: Sequence[Job]) -> Pace:
        """Carry sealed papers to their partner."""
        partner = claimed[0].partner
        return self._pace(partner, await outbound.deliver(self._node, self._transport_to(partner), claimed))

    async def send(self, partner: NodeCode, sealed: calls.Sealed) -> Pace:
        """Carry what was sealed this moment."""
        return self._pace(partner, await outbound.send(self._node, self._transport_to(partner), sealed))

    async def ask(self, partner: NodeCode, question: Question, client: str) -> Told:
        """Put a domestic system's question to a partner; raises PartnerUnknown and what `asking.ask` raises."""
        self._node.book.partner(partner)
        who = ActorName(f"hub client {client}", "hub")
        return await asking.ask(self._node, self._transport_to(partner), partner, question, who)

    def _pace(self, partner: NodeCode, failed: NodeError | None) -> Pace:
        match failed:
            case None:
                return Pace.STEADY
            case NoAnswer():
                pace = Pace.NO_ANSWER
            case PartnerUnreachable() | TlsFailed():
                pace = Pace.AWAY
            case _:
                return Pace.STEADY
        self._errors[partner] = failed
        return pace

    async def went(self, partner: NodeCode, pace: Pace) -> None:
        """A batch for the partner ended so."""
        if pace is Pace.STEADY:
            await self._reached(partner)
        else:
            await self._failed(partner, certain=pace is Pace.AWAY)

    def next_probe(self) -> datetime | None:
        """When a partner that is away is asked next."""
        return self._circuits.next_probe()

    async def to_probe(self) -> Sequence[NodeCode]:
        """Partners that are away and may be back, or that somebody wants asked now (`n2n queue retry`)."""
        if self._circuits.away():
            for away in await asyncio.to_thread(self._node.store.read, circuits.away):
                self._circuits.hasten(away.partner, away.probe_at)
        return self._circuits.to_probe()

    async def probe(self, partner: NodeCode) -> None:
        """Ask a partner whether it is back."""
        if await self._transport_to(partner).healthy(PROBE_S):
            await self._reached(partner)
        else:
            await self._failed(partner, certain=True)
            await asyncio.to_thread(overdue.give_up, self._node, partner, self._error(partner))

    def _error(self, partner: NodeCode) -> NodeError:
        address = self._node.book.partner(partner).channel.address
        unreachable = PartnerUnreachable(partner=partner, address=address, detail="no answer to a health question")
        return self._errors.get(partner, unreachable)

    async def _reached(self, partner: NodeCode) -> None:
        if not self._circuits.reached(partner):
            return
        self._errors.pop(partner, None)
        now = self._node.clock.now()
        waited = await asyncio.to_thread(self._node.store.write, lambda tx: _back(tx, partner, now))
        self._node.report("partner.back", partner=partner, waited=waited)
        self._node.wake()

    async def _failed(self, partner: NodeCode, *, certain: bool) -> None:
        was_open = self._circuits.holds(partner)
        error = self._error(partner)
        circuit = self._circuits.failed(partner, error.code, certain=certain)
        if not circuit.is_open:
            return
        if not was_open:
            self._node.report("partner.away", partner=partner, error=error)
        await asyncio.to_thread(self._node.store.write, lambda tx: _away(tx, circuit), lasting=False)


def _back(tx: Tx, partner: NodeCode, now: datetime) -> int:
    circuits.forget(tx, [partner])
    return circuits.due_again(tx, partner, now)


def _away(tx: Tx, circuit: Circuit) -> None:
    if circuit.open_since is not None and circuit.probe_at is not None:
        away = circuits.Away(circuit.partner, circuit.open_since, circuit.cause, circuit.failures, circuit.probe_at)
        circuits.note_away(tx, away)
