"""Every point at which the fault bench may kill a node: what it means there, and what brings a node to it.

Derived from our own walk: each commit of the store (both sides of it), each call to a partner (before, on its way,
answered; and the same at who is called), each file for the hub. A commit of the node that is neither in COMMITS nor in
EXEMPT fails a test (tests/house).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from node.kill_points import COMMITTED, UNCOMMITTED


class Reached(StrEnum):
    """What brings a node to a point."""

    TRAFFIC = "traffic"
    """Papers both ways."""
    TROUBLE = "trouble"
    """A partner or a hub that is away, beside the traffic."""
    START = "start"
    """Every start of the node."""
    PULL = "pull"
    """A partner that collects."""
    ACT = "act"
    """A person or a domestic system asks for something."""


COMMITS: Final[Mapping[str, Reached]] = {
    # On the way out.
    "flows.outbound.accept": Reached.TRAFFIC,
    "jobs.worker.Worker._claim": Reached.TRAFFIC,
    "flows.sealing.commit": Reached.TRAFFIC,
    "flows.settling.settle": Reached.TRAFFIC,
    "flows.outbound.tell_hub": Reached.TRAFFIC,
    # On the way in.
    "flows.inbound.commit": Reached.TRAFFIC,
    "flows.inbound.hand_over": Reached.TRAFFIC,
    # At every start, and on the hour.
    "service.serve": Reached.START,
    "store.database.Database.migrate": Reached.START,
    "flows.releasing.expire_unreleased": Reached.START,
    "flows.forgetting.purge_batch": Reached.START,
    "flows.checkpoints.sign_acts": Reached.START,
    # When something is away.
    "flows.settling.no_answer": Reached.TROUBLE,
    "flows.settling.try_again": Reached.TROUBLE,
    "flows.settling.again_for_hub": Reached.TROUBLE,
    "roads.Roads._failed": Reached.TROUBLE,
    "roads.Roads._reached": Reached.TROUBLE,
    # With a partner that collects.
    "flows.pulling._claim": Reached.PULL,
    "flows.pulling.collect": Reached.PULL,
    "flows.pulling.confirm": Reached.PULL,
    "flows.pulling._settle": Reached.PULL,
    "flows.pulling.sweep": Reached.PULL,
    # When somebody acts.
    "flows.answering.answer": Reached.ACT,
    "flows.asking._believed": Reached.ACT,
    "flows.control.announce_keys": Reached.ACT,
    "flows.hub_desk.HubDesk.acknowledge": Reached.ACT,
    "flows.lookups.answer": Reached.ACT,
    "flows.acts.perform": Reached.ACT,
    "flows.draining.close": Reached.ACT,
    "flows.draining.reopen": Reached.ACT,
    "flows.parking.park": Reached.ACT,
    "flows.parking.resume": Reached.ACT,
    "flows.releasing.release": Reached.ACT,
    "archive.backups.restore": Reached.ACT,
}
"""Each function that commits; the points are `<function>/uncommitted` and `<function>/committed`."""

EXEMPT: Final[Mapping[str, str]] = {
    "flows.calls.load": "ends jobs whose papers are settled already; nothing is said to anybody after it",
    "flows.calls.offer_statement": "a statement that is lost is offered again with the next Deferred KEY",
    "flows.settling.expire_unsent": "needs a clock that passes the expiry: journeys do that, without a kill",
    "flows.overdue.give_up": "needs a partner that is away for hours: the journeys with a moved clock do that",
    "flows.holding.place": "a hold is answered after its commit to whoever asked; nothing follows from it",
    "flows.holding.release": "as placing a hold",
    "flows.register_requests.take": "a request that is lost before its answer is asked again, and kept once",
    "flows.register_lists._hand_in": "lists and the end of the request are one commit: before it the request waits",
    "flows.register_asking.ask": "kept before it is sent: one without an answer is seen, and asked again in an hour",
    "flows.witness.clear": "a person's act on an alarm; nothing follows from it",
    "wiring.wire": "a start notes whose store this is; lost before its commit, the next start notes it",
    "cli.node_access.make_store": "as a start",
    "sandbox.demo_uses._past_the_ledger": "part of the demonstration, of no node",
    "server.refusals.RefusalBook._write": "counts of calls that were turned away; at most a second of them is lost",
}
"""Commits without a point of the bench, and why."""

OTHERS: Final[Mapping[str, Reached]] = {
    "transport.call/unconnected": Reached.TRAFFIC,
    "transport.call/connected": Reached.TRAFFIC,
    "transport.call/on-its-way": Reached.TRAFFIC,
    "transport.call/answered": Reached.TRAFFIC,
    "server.call/read": Reached.TRAFFIC,
    "server.call/unanswered": Reached.TRAFFIC,
    "server.call/answered": Reached.TRAFFIC,
    "hub.files/unnamed": Reached.TRAFFIC,
    "hub.files/unmarked": Reached.TRAFFIC,
    "hub.folder/untold": Reached.TRAFFIC,
    "hub.folder/told": Reached.TRAFFIC,
    "hub.folder/moved": Reached.TRAFFIC,
    "store.backup/copied": Reached.ACT,
}
"""Points between the commits."""


@dataclass(frozen=True, slots=True)
class KillPoint:
    """One point, and what brings a node to it."""

    name: str
    reached: Reached


def kill_points(*reached: Reached) -> Iterator[KillPoint]:
    """Every point that one of these brings a node to; without any, every point there is."""
    for commit, how in COMMITS.items():
        if not reached or how in reached:
            yield from (KillPoint(f"{commit}/{side}", how) for side in (UNCOMMITTED, COMMITTED))
    yield from (KillPoint(name, how) for name, how in OTHERS.items() if not reached or how in reached)
