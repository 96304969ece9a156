"""Parking and resuming: a paper of ours waits for a human, who puts it back where it was, or took it off the road.

What humans do acts on all the papers named or on none, beside a running node, and the audit keeps who did it and why.
"""

from collections.abc import Sequence
from datetime import datetime

from node.errors import ExchangeUnknown, NotParked, ReleaseNeeded
from node.flows.ports import ActorName, Node
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State, may_move, require_move
from node.model.ids import ExchangeId
from node.model.job import Verb
from node.store import acted, actors, audit, evidence, exchanges, jobs, releases
from node.store.database import Tx

BY_HAND = "by hand"
"""The cause of a paper that no error parked."""

_UNDER_WAY = frozenset({State.ACCEPTED, State.SEALED, State.UNRESOLVED, State.PARKED})
"""Where a predecessor may still arrive."""

_PARKABLE = [state for state in State if may_move(Direction.OUT, state, State.PARKED)]


def park_row(tx: Tx, exchange: ExchangeId, cause: str, now: datetime) -> None:
    """PARKED with its cause, and no job until a human resumes it."""
    if exchanges.move(tx, exchange, Direction.OUT, _PARKABLE, State.PARKED, now, cause):
        evidence.add(tx, [EvidenceFact(exchange, now, Fact.PARKED, None, cause)])
    jobs.remove(tx, exchange)


def park(node: Node, ids: Sequence[ExchangeId], by: ActorName, reason: str) -> None:
    """Stop whatever is to be done for these papers until a human resumes them; a call under way may still settle them.

    Raises ExchangeUnknown, and IllegalMove for a paper that has arrived or ended, or is another's.
    """
    now = node.clock.now()

    def commit(tx: Tx) -> None:
        for one in _load(tx, ids):
            park_one(tx, one, by, reason, now)

    node.store.write(commit)


def park_one(tx: Tx, one: Exchange, by: ActorName, reason: str, now: datetime) -> None:
    """`park` for one paper. Raises IllegalMove, before anything is changed."""
    require_move(one.direction, one.state, State.PARKED)
    park_row(tx, one.id, BY_HAND, now)
    note(tx, by, "parked", one, reason, now)


def resume(node: Node, ids: Sequence[ExchangeId], by: ActorName, reason: str = "") -> dict[ExchangeId, State]:
    """Put parked papers back to work, with attempts and hours of their own; where each stands now.

    One that was not sealed is ACCEPTED again. A sealed one is UNRESOLVED: nothing stored proves that no call carried
    it, so the partner is asked before anything is sent (protocol 3). Raises ExchangeUnknown, NotParked, ReleaseNeeded.
    """
    now = node.clock.now()

    def commit(tx: Tx) -> dict[ExchangeId, State]:
        return {one.id: resume_one(tx, one, by, reason, now) for one in _load(tx, ids)}

    states = node.store.write(commit)
    node.wake()
    return states


def resume_one(tx: Tx, one: Exchange, by: ActorName, reason: str, now: datetime) -> State:
    """`resume` for one paper; where it stands now. Raises NotParked, ReleaseNeeded, before anything is changed."""
    sealed = one.message_id is not None
    if any(wait.released_at is None for wait in releases.waits(tx, [one.id]).values()):
        raise ReleaseNeeded(exchange=one.id)
    target, verb = (State.UNRESOLVED, Verb.DELIVER) if sealed else (State.ACCEPTED, Verb.SEAL)
    if one.state is not State.PARKED:
        raise NotParked(exchange=one.id, state=one.state)
    exchanges.move(tx, one.id, one.direction, [State.PARKED], target, now)
    # Whoever resumes it has seen to its cause: should it stop again, that cause is the first.
    acted.new_causes(tx, [one.id])
    jobs.add(tx, [jobs.NewJob(one.id, one.partner, verb, now, waits_for(tx, one), one.priority)], now)
    evidence.add(tx, [EvidenceFact(one.id, now, Fact.RESUMED, None, target)])
    note(tx, by, "resumed", one, reason, now)
    return target


def waits_for(tx: Tx, one: Exchange) -> ExchangeId | None:
    """The predecessor that is still under way. One that ended does not hold it: whoever resumes it has seen to that."""
    if one.follows is None or exchanges.load(tx, [one.follows])[one.follows].state not in _UNDER_WAY:
        return None
    return one.follows


def _load(tx: Tx, ids: Sequence[ExchangeId]) -> list[Exchange]:
    """Each paper once, in the order they were named."""
    found = exchanges.load(tx, ids)
    for one in ids:
        if one not in found:
            raise ExchangeUnknown(exchange=one)
    return [found[one] for one in dict.fromkeys(ids)]


def note(tx: Tx, by: ActorName, act: str, one: Exchange, reason: str, now: datetime) -> None:
    """Write into the audit who did what to a paper, and why."""
    actor = actors.ensure(tx, by.name, actors.ActorKind(by.kind), now)
    detail = {"partner": one.partner, "from": one.state.value, "reason": reason}
    audit.add(tx, actor, act, one.id, detail, now)
