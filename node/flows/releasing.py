"""The second person: a guarded paper is accepted and parked until another actor than who handed it in releases it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from node.errors import ExchangeUnknown, NotWaiting, ReleaseNeeded, ReleaseTooLate
from node.flows import forgetting
from node.flows.four_eyes import require_another
from node.flows.parking import park_row, waits_for
from node.flows.ports import ActorName, Node
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State
from node.model.guarded import GUARDED
from node.model.ids import ExchangeId
from node.model.job import Verb
from node.store import actors, audit, evidence, exchanges, jobs, releases
from node.store.database import Tx

CAUSE = ReleaseNeeded.code
"""The cause of a paper that is parked for its release."""

RELEASED = "released"
"""The act in the audit."""


def hold_back(node: Node, tx: Tx, taken: Sequence[Exchange], by: ActorName, now: datetime) -> None:
    """Park the guarded ones of what was just taken in; who handed them in is remembered."""
    guarded = [one for one in taken if one.kind in GUARDED]
    if not guarded:
        return
    actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
    for one in guarded:
        terms = node.book.agreement(one.partner, one.kind, now)[1].terms.enforcement
        hours = terms.release_within_h if terms is not None else 0.0
        releases.hold_back(tx, [one.id], actor, now + timedelta(hours=hours))
        park_row(tx, one.id, CAUSE, now)


def release(node: Node, exchange: ExchangeId, by: ActorName, reason: str) -> State:
    """Let a waiting paper go; a running node carries it.

    Raises ExchangeUnknown, NotWaiting, ReleaseTooLate, and SecondActorNeeded for whoever handed it in.
    """
    now = node.clock.now()

    def commit(tx: Tx) -> State:
        one, wait = exchanges.load(tx, [exchange]).get(exchange), releases.waits(tx, [exchange]).get(exchange)
        if one is None:
            raise ExchangeUnknown(exchange=exchange)
        if wait is None or wait.released_at is not None or one.state is not State.PARKED:
            raise NotWaiting(exchange=exchange)
        if wait.ends_at <= now:
            raise ReleaseTooLate(exchange=exchange)
        require_another(wait.actor, by.name, "releasing this paper", shared_accounts=node.shared_accounts)
        actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
        releases.give(tx, exchange, actor, reason, now)
        exchanges.move(tx, exchange, Direction.OUT, [State.PARKED], State.ACCEPTED, now)
        jobs.add(tx, [jobs.NewJob(exchange, one.partner, Verb.SEAL, now, waits_for(tx, one), one.priority)], now)
        evidence.add(tx, [EvidenceFact(exchange, now, Fact.RELEASED, None, "")])
        audit.add(tx, actor, RELEASED, exchange, {"partner": one.partner, "reason": reason}, now)
        return State.ACCEPTED

    state = node.store.write(commit)
    node.wake()
    return state


def expire_unreleased(node: Node, limit: int = 500) -> int:
    """End what nobody released in time; how many that were. The hub that handed it in is told."""
    now = node.clock.now()

    def commit(tx: Tx) -> int:
        ids = releases.too_late(tx, now, limit)
        for one in exchanges.load(tx, ids).values():
            forgetting.expire(tx, one, ReleaseTooLate.code, now)
            if node.hub_pushed:
                jobs.add(tx, [jobs.NewJob(one.id, one.partner, Verb.TELL_HUB, now, None, one.priority)], now)
        return len(ids)

    return node.store.write(commit)
