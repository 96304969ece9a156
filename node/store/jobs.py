"""The job table: one job per exchange, leased to a worker, fenced against late results.

A claim raises the fence. Whoever commits a result shows the fence of its claim; after a newer claim, a release or a
stop it is refused. The row outlives its work with `due_at` NULL, so a fence never repeats.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from node.clock import from_ms
from node.errors import LeaseLost, RaceLost
from node.model.ids import ExchangeId, NodeCode
from node.model.job import Job, Verb
from node.store.columns import intact
from node.store.database import Tx
from node.store.sql import ListStatement, Statement, ms, texts
from node.store.tables import JOB

CLAIM = 64
"""Most jobs in one claim: as many as envelopes in a call."""

CLAIMED = (
    JOB.c.priority, JOB.c.due_at, JOB.c.exchange_id, JOB.c.partner, JOB.c.verb, JOB.c.attempts, JOB.c.fence,
    JOB.c.created_at, JOB.c.first_cause,
)  # fmt: skip
"""What a claim returns of each job, in the order that `job_of` takes."""

_FREE = {"worker": None, "lease_until": None}
_NOTHING_TO_DO = {**_FREE, "due_at": None, "blocked_by": None, "attempts": 0, "first_cause": ""}


@dataclass(frozen=True, slots=True)
class Lane:
    """Jobs that one call can serve together: a verb for a partner, of one priority; without one, of all in turn."""

    partner: NodeCode
    verb: Verb
    priority: int | None = None


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
    idle = frozenset(found[0] for found in _IDLE.rows(tx, [row.exchange for row in rows]))
    _REOPEN.run_all(tx, [_opened(row, now) for row in rows if row.exchange in idle])
    _INSERT.run_all(tx, [_opened(row, now) for row in rows if row.exchange not in idle], lost=RaceLost())


def due_lanes(tx: Tx, now: datetime) -> list[Lane]:
    """Lanes in which something can be claimed now, the urgent first.

    One look for each lane there is, not for each job that waits: a million of them cost no more than a thousand.
    """
    due: list[Lane] = []
    with intact("job"):
        at = ("", "", -1)
        while found := _next_lane(tx, *at):
            at = found
            if _CAN_CLAIM.rows(tx, *at, ms(now)):
                due.append(Lane(NodeCode(at[0]), Verb(at[1]), at[2]))
    return sorted(due, key=lambda lane: (lane.priority or 0, lane.partner, lane.verb))


def _next_lane(tx: Tx, partner: str, verb: str, priority: int) -> tuple[str, str, int] | None:
    """The first lane after that place; each question finds it by the index, whatever waits in the lane before it."""
    found = (
        _NEXT_PRIORITY.rows(tx, partner, verb, priority)
        or _NEXT_VERB.rows(tx, partner, verb)
        or _NEXT_PARTNER.rows(tx, partner)
    )
    return (str(found[0][0]), str(found[0][1]), int(found[0][2])) if found else None


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
    until = ms(now + lease)
    place = (lane.partner, lane.verb.value, ms(now), min(limit, CLAIM), worker, until)
    rows = _CLAIM.rows(tx, *place) if lane.priority is None else _CLAIM_ONE.rows(tx, *place, lane.priority)
    with intact("job"):
        # By priority, moment and id: the columns that come first.
        return [job_of(*row) for row in sorted(map(tuple, rows))]


def claim_older(tx: Tx, lane: Lane, worker: str, before: datetime, now: datetime, lease: timedelta) -> list[Job]:
    """`claim` for what began before `before`, CLAIM at most; it counts as an attempt."""
    place = (lane.partner, lane.verb.value, ms(now), CLAIM, worker, ms(now + lease))
    with intact("job"):
        return [job_of(*row) for row in _CLAIM_OLDER.rows(tx, *place, ms(before))]


def hold(tx: Tx, job: Job) -> None:
    """Raise LeaseLost unless `job` is still ours; nobody can claim it before this transaction ends."""
    if not holds(tx, job):
        raise LeaseLost(exchange=job.exchange)


def holds(tx: Tx, job: Job) -> bool:
    """Whether `job` is still ours; if so nobody can claim it before this transaction ends."""
    return bool(held(tx, [job]))


def held(tx: Tx, jobs: Sequence[Job]) -> frozenset[ExchangeId]:
    """Exchanges whose job is still ours; nobody can claim those before this transaction ends."""
    fences = {job.exchange: job.fence for job in jobs}
    return frozenset(exchange for exchange, fence in _LEASED.rows(tx, fences) if fences[exchange] == fence)


def follow_all(tx: Tx, jobs: Sequence[Job], verb: Verb, due_at: datetime) -> None:
    """`follow` for jobs that `held` found ours in this transaction, in one statement."""
    due = ms(due_at)
    _FOLLOW.run_all(tx, [(verb.value, due, job.exchange, job.fence) for job in jobs])


def go_on(tx: Tx, jobs: Sequence[Job], verb: Verb, now: datetime, lease: timedelta) -> list[Job]:
    """`follow_all`, and claim what follows at once for the same worker: its first attempt, under a new fence."""
    due, until = ms(now), ms(now + lease)
    _GO_ON.run_all(tx, [(verb.value, due, until, job.exchange, job.fence) for job in jobs])
    return [
        replace(job, verb=verb, due_at=now, attempts=1, fence=job.fence + 1, created_at=now, first_cause="")
        for job in jobs
    ]


def done_all(tx: Tx, jobs: Sequence[Job]) -> None:
    """`done` for many jobs in one statement; jobs that are not ours any more stay as they are."""
    _DONE.run_all(tx, [(job.exchange, job.fence) for job in jobs])


def done(tx: Tx, job: Job) -> None:
    """Nothing is left to do for the exchange; LeaseLost when the job is not ours any more."""
    _require(job, _DONE.run(tx, job.exchange, job.fence))


def follow(tx: Tx, job: Job, verb: Verb, due_at: datetime) -> None:
    """The next verb of the walk, with attempts and hours of its own; LeaseLost when the job is not ours any more."""
    _require(job, _FOLLOW.run(tx, verb.value, ms(due_at), job.exchange, job.fence))


def again(tx: Tx, job: Job, due_at: datetime, cause: str) -> None:
    """The same verb at `due_at`; the first cause stays. LeaseLost when the job is not ours any more."""
    _require(job, _AGAIN.run(tx, ms(due_at), cause, job.exchange, job.fence))


def remove(tx: Tx, exchange: ExchangeId) -> bool:
    """Stop whatever was to be done for an exchange, leased or not; a result on its way will be refused."""
    return _REMOVE.run(tx, exchange) == 1


def unblock_all(tx: Tx, exchanges: Collection[ExchangeId]) -> int:
    """Let go what waited for any of `exchanges`; how many jobs that were."""
    return _UNBLOCK.run(tx, exchanges)


def blocked_by(tx: Tx, exchange: ExchangeId) -> list[ExchangeId]:
    """The exchanges that wait for `exchange`."""
    return [ExchangeId(row[0]) for row in _BLOCKED.rows(tx, exchange)]


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


def _require(job: Job, changed: int) -> None:
    if changed != 1:
        raise LeaseLost(exchange=job.exchange)


def _opened(row: NewJob, now: datetime) -> tuple[object, ...]:
    due, created = ms(row.due_at), ms(now)
    return (row.partner, row.verb.value, int(row.priority), due, row.blocked_by, created, row.exchange)


def job_of(
    priority: int,
    due_at: int,
    exchange: ExchangeId,
    partner: NodeCode,
    verb: str,
    attempts: int,
    fence: int,
    created_at: int,
    first_cause: str,
) -> Job:
    """The job that a row of CLAIMED tells."""
    due, created = from_ms(due_at), from_ms(created_at)
    return Job(exchange, exchange, partner, _VERBS[verb], due, attempts, fence, created, first_cause, priority)


_VERBS = {verb.value: verb for verb in Verb}


def _claimable() -> ColumnElement[bool]:
    free = or_(JOB.c.lease_until.is_(None), JOB.c.lease_until <= bindparam("now"))
    return and_(JOB.c.due_at.is_not(None), JOB.c.due_at <= bindparam("now"), free, JOB.c.blocked_by.is_(None))


def _claiming(*lane: ColumnElement[bool]) -> Update:
    due = (
        select(JOB.c.exchange_id)
        .where(JOB.c.partner == bindparam("its_partner"), JOB.c.verb == bindparam("its_verb"), *lane, _claimable())
        .order_by(JOB.c.priority, JOB.c.due_at, JOB.c.exchange_id)
        .limit(bindparam("most"))
        # Where several nodes share a database each takes rows that no other is taking; SQLite has one writer anyway.
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(JOB)
        .where(JOB.c.exchange_id.in_(select(due.c.exchange_id)))
        .values(
            worker=bindparam("who"),
            lease_until=bindparam("until"),
            attempts=JOB.c.attempts + 1,
            fence=JOB.c.fence + 1,
        )
        .returning(*CLAIMED)
    )


def _ours(statement: Update) -> Update:
    """Only while the claim that `its_fence` shows is the latest."""
    mine = (JOB.c.exchange_id == bindparam("its_exchange"), JOB.c.fence == bindparam("its_fence"))
    return statement.where(*mine, JOB.c.lease_until.is_not(None))


def _opening() -> dict[str, BindParameter[object]]:
    places = {"partner": "to", "verb": "what", "priority": "rank", "due_at": "due", "blocked_by": "before"}
    return {column: bindparam(place) for column, place in (places | {"created_at": "created"}).items()}


_OPENED = ("to", "what", "rank", "due", "before", "created", "which")

_INSERT = Statement(
    insert(JOB).values({**_NOTHING_TO_DO, **_opening(), "exchange_id": bindparam("which"), "fence": 0}), *_OPENED
)
_REOPEN = Statement(
    update(JOB).values({**_NOTHING_TO_DO, **_opening()}).where(JOB.c.exchange_id == bindparam("which")), *_OPENED
)
_IDLE = ListStatement(
    lambda ids: select(JOB.c.exchange_id).where(JOB.c.exchange_id.in_(ids), JOB.c.due_at.is_(None)).with_for_update()
)
_OPEN = and_(JOB.c.due_at.is_not(None), JOB.c.blocked_by.is_(None))
_PLACE = (JOB.c.partner, JOB.c.verb, JOB.c.priority)
_FIRST_LANE = select(*_PLACE).where(_OPEN).order_by(*_PLACE).limit(1)
_SAME_PARTNER, _SAME_VERB = JOB.c.partner == bindparam("its"), JOB.c.verb == bindparam("what")
# Not one comparison of tuples: SQLite then walks through all of the lane before (160 ms for a million jobs).
_NEXT_PRIORITY = Statement(
    _FIRST_LANE.where(_SAME_PARTNER, _SAME_VERB, JOB.c.priority > bindparam("rank")), "its", "what", "rank"
)
_NEXT_VERB = Statement(_FIRST_LANE.where(_SAME_PARTNER, JOB.c.verb > bindparam("what")), "its", "what")
_NEXT_PARTNER = Statement(_FIRST_LANE.where(JOB.c.partner > bindparam("its")), "its")
_IN_LANE = (JOB.c.partner == bindparam("its"), JOB.c.verb == bindparam("what"), JOB.c.priority == bindparam("rank"))
_CAN_CLAIM = Statement(select(JOB.c.exchange_id).where(*_IN_LANE, _claimable()).limit(1), "its", "what", "rank", "now")
_CLAIMED_BY = ("its_partner", "its_verb", "now", "most", "who", "until")
_CLAIM = Statement(_claiming(), *_CLAIMED_BY)
_CLAIM_OLDER = Statement(_claiming(JOB.c.created_at <= bindparam("before")), *_CLAIMED_BY, "before")
_CLAIM_ONE = Statement(_claiming(JOB.c.priority == bindparam("its_priority")), *_CLAIMED_BY, "its_priority")
_LEASED = ListStatement(
    lambda ids: (
        select(JOB.c.exchange_id, JOB.c.fence)
        .where(JOB.c.exchange_id.in_(ids), JOB.c.lease_until.is_not(None))
        .with_for_update()
    )
)
_FOLLOW = Statement(
    _ours(
        update(JOB).values(
            **_FREE, verb=bindparam("next"), due_at=bindparam("due"), created_at=bindparam("due"), attempts=0,
            first_cause="",
        )
    ),
    "next", "due", "its_exchange", "its_fence",
)  # fmt: skip
_GO_ON = Statement(
    _ours(
        update(JOB).values(
            verb=bindparam("next"), due_at=bindparam("due"), created_at=bindparam("due"), attempts=1, first_cause="",
            fence=JOB.c.fence + 1, lease_until=bindparam("until"),
        )
    ),
    "next", "due", "until", "its_exchange", "its_fence",
)  # fmt: skip
_DONE = Statement(_ours(update(JOB).values(**_NOTHING_TO_DO)), "its_exchange", "its_fence")
_FIRST = case((JOB.c.first_cause == "", bindparam("cause")), else_=JOB.c.first_cause)
_AGAIN = Statement(
    _ours(update(JOB).values(**_FREE, due_at=bindparam("due"), first_cause=_FIRST)),
    "due", "cause", "its_exchange", "its_fence",
)  # fmt: skip
_REMOVE = Statement(
    update(JOB).values(**_NOTHING_TO_DO).where(JOB.c.exchange_id == bindparam("which"), JOB.c.due_at.is_not(None)),
    "which",
)
_UNBLOCK = ListStatement(lambda ids: update(JOB).values(blocked_by=None).where(JOB.c.blocked_by.in_(ids)))
_BLOCKED = Statement(
    select(JOB.c.exchange_id).where(JOB.c.blocked_by == bindparam("which")).order_by(JOB.c.exchange_id), "which"
)
