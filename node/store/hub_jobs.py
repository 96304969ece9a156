"""What the hub is owed when the way to it changes: one that is given things needs jobs, one that watches needs none."""

from datetime import datetime

from sqlalchemy import and_, exists, literal, select, update

from node.model.exchange import Direction, State
from node.model.job import Verb
from node.store.database import Tx
from node.store.sql import insert_for
from node.store.tables import DOCUMENT, EXCHANGE, JOB

_TO_HUB = (Verb.HAND_OVER.value, Verb.TELL_HUB.value)
_WAITS_FOR_HUB = and_(
    EXCHANGE.c.state == State.RECEIVED.value,
    EXCHANGE.c.direction == Direction.IN.value,
    exists().where(DOCUMENT.c.exchange_id == EXCHANGE.c.id),
)


def forgive(tx: Tx) -> int:
    """End every job that gives something to the hub: it sees for itself; how many there were."""
    open_ones = update(JOB).where(JOB.c.verb.in_(_TO_HUB), JOB.c.due_at.is_not(None))
    nothing = open_ones.values(due_at=None, worker=None, lease_until=None, attempts=0, first_cause="")
    return tx.execute(nothing).rowcount


def owe(tx: Tx, now: datetime) -> int:
    """Give every paper that is RECEIVED its job for the hub, where it has none; how many that were.

    What became of outgoing papers while the hub watched stands in its feed alone, and gets no job.
    """
    columns = (
        "exchange_id", "partner", "verb", "priority", "due_at", "attempts", "fence", "first_cause", "created_at",
    )  # fmt: skip
    moment = literal(now, JOB.c.due_at.type)
    waiting = select(
        EXCHANGE.c.id, EXCHANGE.c.partner, literal(Verb.HAND_OVER.value), EXCHANGE.c.priority, moment,
        literal(0), literal(0), literal(""), moment,
    ).where(_WAITS_FOR_HUB)  # fmt: skip
    added = (
        insert_for(tx.dialect.name)(JOB)
        .from_select(columns, waiting)
        .on_conflict_do_nothing()
        .returning(JOB.c.exchange_id)
    )
    new = len(tx.execute(added).all())
    received = select(EXCHANGE.c.id).where(_WAITS_FOR_HUB)
    idle = update(JOB).where(JOB.c.exchange_id.in_(received), JOB.c.due_at.is_(None))
    again = tx.execute(idle.values(verb=Verb.HAND_OVER.value, due_at=now, created_at=now, fence=JOB.c.fence + 1))
    return new + again.rowcount
