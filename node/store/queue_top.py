"""What waits and why: counts by lane and partner, quick however much there is.

Lanes are counted in their own index, without a look at the rows; an exchange's id tells when it came.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select

from node.model.exchange import Direction, Exchange, State
from node.model.ids import ExchangeId, NodeCode, uuid7_moment
from node.model.job import Verb
from node.store.columns import intact
from node.store.database import Tx
from node.store.exchanges import exchange_of, load
from node.store.tables import EXCHANGE, JOB


@dataclass(frozen=True, slots=True)
class LaneTop:
    """One lane: how much waits, how much of it is due, at work, or behind another paper; when the oldest came."""

    partner: NodeCode
    verb: Verb
    priority: int
    waiting: int
    due: int
    leased: int
    blocked: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class CauseTop:
    """Papers for a partner that are parked or unresolved for one reason, the oldest first found."""

    partner: NodeCode
    state: State
    first_cause: str
    last_cause: str
    count: int
    oldest: datetime | None


def lanes(tx: Tx, now: datetime) -> list[LaneTop]:
    """Every lane in which something waits; the urgent first for each partner."""
    by = (JOB.c.partner, JOB.c.verb, JOB.c.priority)
    due = func.sum(case((JOB.c.due_at <= now, 1), else_=0))
    free = select(*by, func.count(), due, func.min(JOB.c.exchange_id)).where(
        JOB.c.due_at.is_not(None), JOB.c.blocked_by.is_(None)
    )
    leased = select(*by, func.count()).where(JOB.c.lease_until > now, JOB.c.due_at.is_not(None))
    blocked = select(*by, func.count(), func.min(JOB.c.exchange_id)).where(JOB.c.blocked_by.is_not(None))
    with intact("job"):
        waiting = {tuple(row[:3]): row[3:] for row in tx.execute(free.group_by(*by))}
        held = {tuple(row[:3]): row[3] for row in tx.execute(leased.group_by(*by))}
        behind = {tuple(row[:3]): row[3:] for row in tx.execute(blocked.group_by(*by))}
        found = []
        for lane in sorted({*waiting, *behind}, key=lambda lane: (lane[0], lane[2], lane[1])):
            count, is_due, first = waiting.get(lane, (0, 0, None))
            stuck, first_stuck = behind.get(lane, (0, None))
            oldest = min((one for one in (first, first_stuck) if one is not None), default=None)
            place = (NodeCode(lane[0]), Verb(lane[1]), int(lane[2]))
            found.append(LaneTop(*place, count + stuck, int(is_due), held.get(lane, 0), stuck, _came(oldest)))
        return found


def causes(tx: Tx) -> list[CauseTop]:
    """What is parked or unresolved, by partner and cause, the most frequent first."""
    by = (EXCHANGE.c.partner, EXCHANGE.c.state, EXCHANGE.c.first_cause, EXCHANGE.c.last_cause)
    query = (
        select(*by, func.count().label("papers"), func.min(EXCHANGE.c.id))
        .where(_troubled(State.PARKED, State.UNRESOLVED))
        .group_by(*by)
        .order_by(EXCHANGE.c.partner, func.count().desc(), *by)
    )
    with intact("exchange"):
        return [
            CauseTop(NodeCode(partner), State(state), first, last, count, _came(oldest))
            for partner, state, first, last, count, oldest in tx.execute(query)
        ]


def parked(tx: Tx, limit: int) -> list[Exchange]:
    """Papers that wait for a human, the oldest first."""
    query = select(EXCHANGE).where(_troubled(State.PARKED)).order_by(EXCHANGE.c.id).limit(limit)
    return [exchange_of(row) for row in tx.execute(query)]


def unresolved_since(tx: Tx, before: datetime, limit: int) -> list[tuple[Exchange, datetime]]:
    """Papers that may have been sent and whose delivery began before `before`, with that moment; the oldest first."""
    query = (
        select(JOB.c.exchange_id, JOB.c.created_at)
        .join(EXCHANGE, EXCHANGE.c.id == JOB.c.exchange_id)
        .where(_troubled(State.UNRESOLVED), JOB.c.created_at < before)
        .order_by(JOB.c.exchange_id)
        .limit(limit)
    )
    since = {ExchangeId(row.exchange_id): row.created_at for row in tx.execute(query)}
    rows = load(tx, since.keys())
    return [(rows[one], moment) for one, moment in since.items()]


def _troubled(*states: State) -> ColumnElement[bool]:
    return and_(EXCHANGE.c.state.in_([state.value for state in states]), EXCHANGE.c.direction == Direction.OUT.value)


def _came(exchange: str | None) -> datetime | None:
    return None if exchange is None else uuid7_moment(exchange)
