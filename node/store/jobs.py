"""The job table: one job per exchange, leased to a worker, fenced against late results.

A claim raises the fence. Whoever commits a result shows the fence of its claim; after a newer claim, a release or a
stop it is refused. The row outlives its work with `due_at` NULL, so a fence never repeats.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, tuple_, update

from node.errors import LeaseLost, RaceLost
from node.model.ids import ExchangeId, NodeCode
from node.model.job import Job, Verb
from node.store.columns import intact
from node.store.database import Tx
from node.store.sql import insert_rows, texts
from node.store.tables import JOB

CLAIM = 64
"""Most jobs in one claim: as many as envelopes in a call."""

_FREE = {"worker": None, "lease_until": None}
_NOTHING_TO_DO = {**_FREE, "due_at": None, "blocked_by": None, "attempts": 0, "first_cause": ""}


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs that one call can serve together: a verb for a partner."""

    partner: NodeCode
    verb: Verb


@dataclass(frozen=True, slots=True)
class NewJob:
    """Something to do for an exchange from `due_at` on, and not before `blocked_by` is out of the way."""

    exchange: ExchangeId
    partner: NodeCode
    verb: Verb
    due_at: datetime
    blocked_by: ExchangeId | None
    priority: int


def add(tx: Tx, rows: Sequence[NewJob], now: datetime) -> None:
    """Add jobs. RaceLost when an exchange has an open one already."""
    again = _idle(tx, [row.exchange for row in rows])
    for row in rows:
        if row.exchange in again:
            tx.execute(update(JOB).where(JOB.c.exchange_id == row.exchange).values(**_opened(row, now)))
    new = [{"exchange_id": row.exchange, "fence": 0, **_opened(row, now)} for row in rows if row.exchange not in again]
    insert_rows(tx, JOB, new, lost=RaceLost())


def due_lanes(tx: Tx, now: datetime) -> list[Lane]:
    """Lanes in which something can be claimed now."""
    query = select(JOB.c.partner, JOB.c.verb).where(_claimable(now)).distinct().order_by(JOB.c.partner, JOB.c.verb)
    with intact("job"):
        return [Lane(NodeCode(row.partner), Verb(row.verb)) for row in tx.execute(query)]


def next_due(tx: Tx) -> datetime | None:
    """When something can be claimed next; a leased job counts from the end of its lease. None when there is nothing."""
    leased = and_(JOB.c.lease_until.is_not(None), JOB.c.lease_until > JOB.c.due_at)
    free_at = case((leased, JOB.c.lease_until), else_=JOB.c.due_at)
    query = select(func.min(free_at)).where(JOB.c.due_at.is_not(None), JOB.c.blocked_by.is_(None))
    found: datetime | None = tx.execute(query).scalar()
    return found


def claim(tx: Tx, lane: Lane, worker: str, limit: int, now: datetime, lease: timedelta) -> list[Job]:
    """Lease due jobs of a lane to `worker` until now + lease: the most urgent first, at most `limit` and CLAIM.

    Every claim counts as an attempt. A lease that ran out may be claimed again.
    """
    due = (
        select(JOB.c.exchange_id)
        .where(JOB.c.partner == lane.partner, JOB.c.verb == lane.verb.value, _claimable(now))
        .order_by(JOB.c.priority, JOB.c.due_at, JOB.c.exchange_id)
        .limit(min(limit, CLAIM))
        # Where several nodes share a database each takes rows that no other is taking; SQLite has one writer anyway.
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(JOB)
        .where(JOB.c.exchange_id.in_(select(due.c.exchange_id)))
        .values(worker=worker, lease_until=now + lease, attempts=JOB.c.attempts + 1, fence=JOB.c.fence + 1)
        .returning(JOB)
    )
    rows = sorted(tx.execute(taken), key=lambda row: (row.priority, row.due_at, row.exchange_id))
    with intact("job"):
        return [_job(row) for row in rows]


def hold(tx: Tx, job: Job) -> None:
    """Raise LeaseLost unless `job` is still ours; nobody can claim it before this transaction ends."""
    if not holds(tx, job):
        raise LeaseLost(exchange=job.exchange)


def holds(tx: Tx, job: Job) -> bool:
    """Whether `job` is still ours; if so nobody can claim it before this transaction ends."""
    ours = select(JOB.c.exchange_id).where(_ours(job)).with_for_update()
    return tx.execute(ours).first() is not None


def held(tx: Tx, jobs: Sequence[Job]) -> frozenset[ExchangeId]:
    """Exchanges whose job is still ours; nobody can claim those before this transaction ends."""
    if not jobs:
        return frozenset()
    query = select(JOB.c.exchange_id).where(_all_ours(jobs)).with_for_update()
    return frozenset(ExchangeId(found) for found in tx.execute(query).scalars())


def follow_all(tx: Tx, jobs: Sequence[Job], verb: Verb, due_at: datetime) -> None:
    """`follow` for jobs that `held` found ours in this transaction, in one statement."""
    if jobs:
        following = dict(_FREE, verb=verb.value, due_at=due_at, created_at=due_at, attempts=0, first_cause="")
        tx.execute(update(JOB).where(_all_ours(jobs)).values(**following))


def done_all(tx: Tx, jobs: Sequence[Job]) -> None:
    """`done` for many jobs in one statement; jobs that are not ours any more stay as they are."""
    if jobs:
        tx.execute(update(JOB).where(_all_ours(jobs)).values(**_NOTHING_TO_DO))


def done(tx: Tx, job: Job) -> None:
    """Nothing is left to do for the exchange; LeaseLost when the job is not ours any more."""
    _change(tx, job, **_NOTHING_TO_DO)


def follow(tx: Tx, job: Job, verb: Verb, due_at: datetime) -> None:
    """The next verb of the walk, with attempts and hours of its own; LeaseLost when the job is not ours any more."""
    _change(tx, job, **_FREE, verb=verb.value, due_at=due_at, created_at=due_at, attempts=0, first_cause="")


def again(tx: Tx, job: Job, due_at: datetime, cause: str) -> None:
    """The same verb at `due_at`; the first cause stays. LeaseLost when the job is not ours any more."""
    first = case((JOB.c.first_cause == "", cause), else_=JOB.c.first_cause)
    _change(tx, job, **_FREE, due_at=due_at, first_cause=first)


def remove(tx: Tx, exchange: ExchangeId) -> bool:
    """Stop whatever was to be done for an exchange, leased or not; a result on its way will be refused."""
    mine = and_(JOB.c.exchange_id == exchange, JOB.c.due_at.is_not(None))
    return tx.execute(update(JOB).where(mine).values(**_NOTHING_TO_DO)).rowcount == 1


def unblock(tx: Tx, exchange: ExchangeId) -> int:
    """Let go what waited for `exchange`; how many jobs that were."""
    return unblock_all(tx, [exchange])


def unblock_all(tx: Tx, exchanges: Collection[ExchangeId]) -> int:
    """Let go what waited for any of `exchanges`; how many jobs that were."""
    waiting = update(JOB).where(JOB.c.blocked_by.in_(texts(exchanges)))
    return tx.execute(waiting.values(blocked_by=None)).rowcount if exchanges else 0


def blocked_by(tx: Tx, exchange: ExchangeId) -> list[ExchangeId]:
    """The exchanges that wait for `exchange`."""
    query = select(JOB.c.exchange_id).where(JOB.c.blocked_by == exchange).order_by(JOB.c.exchange_id)
    return [ExchangeId(found) for found in tx.execute(query).scalars()]


def release_all(tx: Tx, worker: str) -> int:
    """Give back every lease of `worker`, at its end or after its crash; how many there were."""
    return tx.execute(update(JOB).where(JOB.c.worker == worker).values(**_FREE)).rowcount


def pull_forward(tx: Tx, exchanges: Collection[ExchangeId], now: datetime) -> int:
    """Make the open jobs of these exchanges due now; how many were waiting for later."""
    later = and_(JOB.c.exchange_id.in_(texts(exchanges)), JOB.c.due_at > now)
    return tx.execute(update(JOB).where(later).values(due_at=now)).rowcount


def anew(tx: Tx, exchanges: Collection[ExchangeId], verb: Verb, now: datetime) -> None:
    """Do `verb` for exchanges whose walk had ended, now; what is still under way for them comes back too late."""
    if exchanges:
        opened = dict(_NOTHING_TO_DO, verb=verb.value, due_at=now, created_at=now, fence=JOB.c.fence + 1)
        tx.execute(update(JOB).where(JOB.c.exchange_id.in_(texts(exchanges))).values(**opened))


def _claimable(now: datetime) -> ColumnElement[bool]:
    free = or_(JOB.c.lease_until.is_(None), JOB.c.lease_until <= now)
    return and_(JOB.c.due_at <= now, free, JOB.c.blocked_by.is_(None))


def _ours(job: Job) -> ColumnElement[bool]:
    return and_(JOB.c.exchange_id == job.exchange, JOB.c.fence == job.fence, JOB.c.lease_until.is_not(None))


def _all_ours(jobs: Sequence[Job]) -> ColumnElement[bool]:
    claims = sorted((job.exchange, job.fence) for job in jobs)
    return and_(tuple_(JOB.c.exchange_id, JOB.c.fence).in_(claims), JOB.c.lease_until.is_not(None))


def _change(tx: Tx, job: Job, **values: object) -> None:
    if tx.execute(update(JOB).where(_ours(job)).values(**values)).rowcount != 1:
        raise LeaseLost(exchange=job.exchange)


def _idle(tx: Tx, exchanges: Collection[ExchangeId]) -> frozenset[str]:
    query = select(JOB.c.exchange_id).where(JOB.c.exchange_id.in_(texts(exchanges)), JOB.c.due_at.is_(None))
    return frozenset(tx.execute(query.with_for_update()).scalars())


def _opened(row: NewJob, now: datetime) -> dict[str, object]:
    return {
        **_NOTHING_TO_DO,
        "partner": row.partner,
        "verb": row.verb.value,
        "priority": int(row.priority),
        "due_at": row.due_at,
        "blocked_by": row.blocked_by,
        "created_at": now,
    }


def _job(row: Row[tuple[object, ...]]) -> Job:
    return Job(
        id=row.exchange_id,
        exchange=ExchangeId(row.exchange_id),
        partner=NodeCode(row.partner),
        verb=Verb(row.verb),
        due_at=row.due_at,
        attempts=row.attempts,
        fence=row.fence,
        created_at=row.created_at,
        first_cause=row.first_cause,
    )
