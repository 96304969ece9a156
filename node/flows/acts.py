"""Acts of people on what waits: try now, park, resume, cancel – each on many papers, with a result for every one.

One transaction does what can be done and says of the rest why not; the audit keeps who did it and why. All of it runs
beside a working node: what is changed is locked first, and a result of a call that is under way is judged by its fence.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from node.errors import (
    CancelAsked,
    ExchangeUnknown,
    NodeError,
    NothingWaits,
    ParkedByHand,
    UnderWayNow,
    WaitsForAnother,
)
from node.flows import endings, parking
from node.flows.ports import ActorName, Node
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State, may_move, require_move
from node.model.ids import ExchangeId
from node.model.job import Verb
from node.store import acted, actors, cancellations, circuits, evidence, exchanges, jobs
from node.store.acted import Work
from node.store.database import Tx

CHUNK = 200
"""Papers of one transaction: a running node waits a moment for it, not longer."""


class Act(StrEnum):
    """What a person does to papers that wait."""

    RETRY = "retry"
    PARK = "park"
    RESUME = "resume"
    CANCEL = "cancel"


REACH: Mapping[Act, frozenset[State]] = {
    Act.RETRY: frozenset({State.ACCEPTED, State.SEALED, State.UNRESOLVED, State.PARKED, State.RECEIVED}),
    Act.PARK: frozenset({State.ACCEPTED, State.SEALED, State.UNRESOLVED}),
    Act.RESUME: frozenset({State.PARKED}),
    Act.CANCEL: frozenset({State.ACCEPTED, State.SEALED, State.UNRESOLVED, State.PARKED}),
}
"""The states that an act is for; a filter without states means these."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an act came to for one exchange: its state before and after, or why nothing was done.

    `asked`: the paper may have been sent, so the partner is asked, and its receipt decides.
    """

    exchange: ExchangeId
    before: State | None
    after: State | None = None
    asked: bool = False
    error: NodeError | None = None


def perform(node: Node, act: Act, ids: Sequence[ExchangeId], by: ActorName, reason: str) -> list[Done]:
    """Do `act` to these papers, CHUNK at most, predecessors before their successors; one result for each.

    Nothing is raised for one paper: its result says what is in the way, and the others are not touched by that.
    """
    now = node.clock.now()

    def commit(tx: Tx) -> list[Done]:
        return list(_each(act, ids, _Hand(node, tx, by, reason, now)))

    done = node.store.write(commit)
    node.report("acts.done", act=act.value, done=sum(one.error is None for one in done), of=len(done))
    node.wake()
    return done


@dataclass(frozen=True, slots=True)
class _Hand:
    """Whoever acts, and when."""

    node: Node
    tx: Tx
    by: ActorName
    reason: str
    now: datetime

    def note(self, act: str, one: Exchange) -> None:
        parking.note(self.tx, self.by, act, one, self.reason, self.now)


def _each(act: Act, ids: Sequence[ExchangeId], hand: _Hand) -> Iterator[Done]:
    tx = hand.tx
    acted.works(tx, ids)  # locks them all, before anything is read of the exchanges
    rows = exchanges.load(tx, ids)
    for exchange in _in_order(ids, rows):
        # Loaded anew: what was done to a predecessor may have moved it.
        one = exchanges.load(tx, [exchange]).get(exchange)
        if one is None:
            yield Done(exchange, None, error=ExchangeUnknown(exchange=exchange))
            continue
        try:
            yield _ACTS[act](hand, one, acted.works(tx, [exchange]).get(exchange))
        except NodeError as error:
            yield Done(exchange, one.state, error=error)


def _in_order(ids: Sequence[ExchangeId], rows: Mapping[ExchangeId, Exchange]) -> list[ExchangeId]:
    """Each once, and none before the one that it follows."""
    ordered: dict[ExchangeId, None] = {}
    wanted = set(ids)
    for first in dict.fromkeys(ids):
        chain = [first]
        while (row := rows.get(chain[-1])) is not None and row.follows in wanted and row.follows not in ordered:
            chain.append(row.follows)
        ordered.update(dict.fromkeys(reversed(chain)))
    return list(ordered)


def _retry(hand: _Hand, one: Exchange, work: Work | None) -> Done:
    if one.state is State.PARKED:
        if one.last_cause == parking.BY_HAND:
            raise ParkedByHand(exchange=one.id)
        return _resume(hand, one, work)
    if work is None:
        raise NothingWaits(exchange=one.id, state=one.state)
    if work.leased(hand.now):
        raise UnderWayNow(exchange=one.id)
    if work.blocked_by is not None:
        raise WaitsForAnother(exchange=one.id, predecessor=work.blocked_by)
    acted.due_now(hand.tx, [one.id], hand.now)
    if work.verb is Verb.DELIVER:
        circuits.probe_now(hand.tx, [one.partner], hand.now)
    hand.note("retried", one)
    return Done(one.id, one.state, one.state)


def _park(hand: _Hand, one: Exchange, _: Work | None) -> Done:
    parking.park_one(hand.tx, one, hand.by, hand.reason, hand.now)
    return Done(one.id, one.state, State.PARKED)


def _resume(hand: _Hand, one: Exchange, _: Work | None) -> Done:
    state = parking.resume_one(hand.tx, one, hand.by, hand.reason, hand.now)
    if state is State.UNRESOLVED:
        circuits.probe_now(hand.tx, [one.partner], hand.now)
    return Done(one.id, one.state, state)


def _cancel(hand: _Hand, one: Exchange, work: Work | None) -> Done:
    """What was never sent ends at once; what may have been sent is never sent again, and the partner is asked."""
    require_move(one.direction, one.state, State.CANCELLED)
    if one.message_id is None or (one.state is State.SEALED and work is not None and work.never_claimed):
        _end(hand, one)
        return Done(one.id, one.state, State.CANCELLED)
    actor = actors.ensure(hand.tx, hand.by.name, actors.ActorKind(hand.by.kind), hand.now)
    if not cancellations.ask(hand.tx, one.id, actor, hand.reason, hand.now) and one.state is not State.PARKED:
        raise CancelAsked(exchange=one.id)
    state = one.state
    if state is State.PARKED:
        state = parking.resume_one(hand.tx, one, hand.by, hand.reason, hand.now)
    acted.ask_first(hand.tx, one.id, hand.now)
    circuits.probe_now(hand.tx, [one.partner], hand.now)
    evidence.add(hand.tx, [EvidenceFact(one.id, hand.now, Fact.CANCEL_ASKED)])
    hand.note("cancel-asked", one)
    return Done(one.id, one.state, state, asked=True)


def _end(hand: _Hand, one: Exchange) -> None:
    tx, now = hand.tx, hand.now
    movable = [state for state in State if may_move(Direction.OUT, state, State.CANCELLED)]
    exchanges.move(tx, one.id, Direction.OUT, movable, State.CANCELLED, now)
    evidence.add(tx, [EvidenceFact(one.id, now, Fact.CANCELLED, None, "never sent")])
    jobs.remove(tx, one.id)
    endings.ended(tx, [one], State.CANCELLED, now)
    if hand.node.hub_pushed:
        jobs.add(tx, [jobs.NewJob(one.id, one.partner, Verb.TELL_HUB, now, None, one.priority)], now)
    hand.note("cancelled", one)


_ACTS: Mapping[Act, Callable[[_Hand, Exchange, Work | None], Done]] = {
    Act.RETRY: _retry,
    Act.PARK: _park,
    Act.RESUME: _resume,
    Act.CANCEL: _cancel,
}
