"""Everything that waits for a person, gathered from the store and the agreements; how it is said is others' work."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from node.errors import LogForked, NodeError, PartnerUnknown, PartnerUnreachable, ReleaseNeeded, Side, catalogue
from node.model.exchange import Direction, Exchange
from node.model.ids import NodeCode
from node.profiles.book import Book
from node.store import circuits, holds, operators, queue_top, witnessed
from node.store.circuits import Away
from node.store.database import Tx

AWAY_FOR = timedelta(hours=1)
"""A partner that is away for longer than this needs somebody who calls its people."""

HOLD_ENDS_IN = timedelta(days=7)
"""A hold that ends sooner than this is worth a thought: what it keeps may be purged then."""


class TaskKind(StrEnum):
    """Why a person is needed."""

    PARKED = "parked"
    RELEASE = "release"
    UNRESOLVED = "unresolved"
    AWAY = "away"
    LOG = "log"
    REGISTER = "register"
    HOLD = "hold"
    UNROUTABLE = "unroutable"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for a person: since when, and whose side must act.

    `subject` is the kind of a paper, the programme of a register or the id of a hold; `number` the list that came
    without those before it, or how many papers wait. `paper` is the exchange, for what is about one.
    """

    kind: TaskKind
    since: datetime | None
    side: Side
    partner: str = ""
    paper: Exchange | None = None
    cause: str = ""
    subject: str = ""
    number: int = 0


def waiting_for_people(tx: Tx, book: Book, limit: int, now: datetime) -> list[Task]:
    """What waits longest first; of papers the oldest `limit`."""
    return sorted(_gather(tx, book, limit, now), key=lambda one: (one.since is None, one.since or now))


def _gather(tx: Tx, book: Book, limit: int, now: datetime) -> Iterator[Task]:
    for paper in queue_top.parked(tx, limit):
        yield _parked(paper)
    yield from _unresolved(tx, book, limit, now)
    for away in circuits.away(tx):
        if now - away.open_since > AWAY_FOR:
            yield _away(away)
    for partner in sorted(witnessed.doubted(tx)):
        yield _log(tx, partner)
    yield from _registers(tx)
    for hold in holds.holds(tx):
        if hold.in_force(now) and hold.ends_at is not None and hold.ends_at - now < HOLD_ENDS_IN:
            yield Task(TaskKind.HOLD, hold.placed_at, Side.OURS, subject=str(hold.id))
    known = {partner.code for partner in book.partners}
    for lane in queue_top.lanes(tx, now):
        if lane.partner not in known:
            kind, cause = TaskKind.UNROUTABLE, PartnerUnknown.code
            yield Task(kind, lane.oldest, Side.OURS, lane.partner, cause=cause, number=lane.waiting)


def _parked(one: Exchange) -> Task:
    cause = one.last_cause or one.first_cause
    if cause == ReleaseNeeded.code:
        return Task(TaskKind.RELEASE, one.updated_at, Side.OURS, one.partner, one, cause, one.kind)
    error = catalogue().get(cause)
    side = Side.OURS if error is None else _side(error)
    return Task(TaskKind.PARKED, one.updated_at, side, one.partner, one, cause, one.kind)


def _side(error: type[NodeError]) -> Side:
    """What settles by itself is not parked: whoever reads this must act."""
    return Side.OURS if error.side is Side.NOBODY else error.side


def _unresolved(tx: Tx, book: Book, limit: int, now: datetime) -> Iterator[Task]:
    hours = [profile.retry.give_up_h for profile in book.profiles]
    before = now - timedelta(hours=min(hours, default=0.0))
    for one, since in queue_top.unresolved_since(tx, before, limit):
        allowed = [profile.retry.give_up_h for profile in book.profiles if profile.id == one.arrangement]
        if allowed and now - since < timedelta(hours=max(allowed)):
            continue
        cause = one.first_cause or one.last_cause
        yield Task(TaskKind.UNRESOLVED, since, Side.THEIRS, one.partner, one, cause, one.kind)


def _away(away: Away) -> Task:
    error = catalogue().get(away.cause, PartnerUnreachable)
    return Task(TaskKind.AWAY, away.open_since, _side(error), away.partner, cause=away.cause)


def _log(tx: Tx, partner: str) -> Task:
    alarm = witnessed.alarm(tx, NodeCode(partner))
    since = None if alarm is None else alarm.raised_at
    return Task(TaskKind.LOG, since, Side.THEIRS, partner, cause=LogForked.code)


def _registers(tx: Tx) -> Iterator[Task]:
    for one in operators.registers(tx):
        if one.direction is Direction.IN and one.gap is not None:
            yield Task(
                TaskKind.REGISTER, one.gap_since, Side.THEIRS, one.partner, subject=one.programme, number=one.gap
            )
