"""Jobs of partners that take their papers home: offered, taken over by whoever brings answers, given back."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update

from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, NodeCode
from node.model.job import Job, Verb
from node.store.columns import intact
from node.store.database import Tx
from node.store.jobs import CLAIMED, job_of
from node.store.sql import ListStatement, Statement, ms
from node.store.tables import EXCHANGE, JOB

_WAITS = and_(JOB.c.verb == Verb.DELIVER.value, JOB.c.due_at.is_not(None), JOB.c.blocked_by.is_(None))


def unconfirmed(tx: Tx, partner: NodeCode, now: datetime, most: int) -> list[ExchangeId]:
    """Papers that the partner took and brought no answer for before its lease ended."""
    ended = and_(JOB.c.partner == partner, _WAITS, JOB.c.lease_until <= now)
    return _ids(tx.execute(select(JOB.c.exchange_id).where(ended).order_by(JOB.c.exchange_id).limit(most)).all())


def is_due(tx: Tx, partner: NodeCode, now: datetime) -> bool:
    """Whether a claim would find something for the partner, or a lease of its has ended."""
    return bool(_DUE.rows(tx, partner, ms(now)))


def take_over(tx: Tx, exchanges: Collection[ExchangeId], worker: str, now: datetime, lease: timedelta) -> list[Job]:
    """Claim these deliver jobs whoever holds them: the old holder comes too late. It counts as no attempt."""
    with intact("job"):
        return [job_of(*row) for row in _TAKE_OVER.rows(tx, exchanges, worker, ms(now + lease))]


def give_back(tx: Tx, jobs: Sequence[Job]) -> None:
    """What was claimed and neither offered nor answered is free again, and the claim counts as no attempt."""
    _GIVE_BACK.run_all(tx, [(job.exchange, job.fence) for job in jobs])


def release(tx: Tx, jobs: Sequence[Job]) -> None:
    """What was taken over and not changed is free again."""
    _RELEASE.run_all(tx, [(job.exchange, job.fence) for job in jobs])


def never_collected(tx: Tx, partner: NodeCode, now: datetime, most: int) -> list[ExchangeId]:
    """Papers past their expiry that the partner never took."""
    return _overdue(tx, partner, now, most, and_(JOB.c.attempts == 0, EXCHANGE.c.state == State.SEALED.value))


def never_answered(tx: Tx, partner: NodeCode, now: datetime, most: int) -> list[ExchangeId]:
    """Papers past their expiry that the partner took, or may have, and brings no answer for."""
    taken = or_(JOB.c.attempts > 0, EXCHANGE.c.state == State.UNRESOLVED.value)
    free = or_(JOB.c.lease_until.is_(None), JOB.c.lease_until <= now)
    return _overdue(tx, partner, now, most, and_(taken, free, JOB.c.due_at <= now))


def _overdue(tx: Tx, partner: NodeCode, now: datetime, most: int, *conditions: ColumnElement[bool]) -> list[ExchangeId]:
    query = (
        select(JOB.c.exchange_id)
        .join(EXCHANGE, EXCHANGE.c.id == JOB.c.exchange_id)
        .where(
            JOB.c.partner == partner, _WAITS, EXCHANGE.c.direction == Direction.OUT.value, EXCHANGE.c.expires_at < now,
            *conditions,
        )
        .order_by(JOB.c.exchange_id)
        .limit(most)
    )  # fmt: skip
    return _ids(tx.execute(query).all())


def _ids(rows: Sequence[Sequence[object]]) -> list[ExchangeId]:
    return [ExchangeId(str(row[0])) for row in rows]


_FREE_NOW = and_(JOB.c.due_at <= bindparam("now"), JOB.c.lease_until.is_(None))
_DUE = Statement(
    select(JOB.c.exchange_id)
    .where(JOB.c.partner == bindparam("its_partner"), _WAITS, or_(_FREE_NOW, JOB.c.lease_until <= bindparam("now")))
    .limit(1),
    "its_partner", "now",
)  # fmt: skip
_OURS = and_(JOB.c.exchange_id == bindparam("its_exchange"), JOB.c.fence == bindparam("its_fence"))
_FREE = {"worker": None, "lease_until": None}
_RELEASE = Statement(update(JOB).where(_OURS).values(_FREE), "its_exchange", "its_fence")
_GIVE_BACK = Statement(
    update(JOB).where(_OURS).values(**_FREE, attempts=JOB.c.attempts - 1), "its_exchange", "its_fence"
)
_TAKE_OVER = ListStatement(
    lambda ids: (
        update(JOB)
        .where(JOB.c.exchange_id.in_(ids), _WAITS)
        .values(worker=bindparam("who"), lease_until=bindparam("until"), fence=JOB.c.fence + 1)
        .returning(*CLAIMED)
    ),
    "who", "until",
)  # fmt: skip
