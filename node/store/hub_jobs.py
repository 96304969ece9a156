"""What the hub is owed when the way to it changes: one that is given things needs jobs, one that watches needs none."""

from datetime import datetime

from sqlalchemy import literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from node.model.exchange import Direction, State
from node.model.job import Verb
from node.store.database import Tx
from node.store.tables import EXCHANGE, JOB

_TO_HUB = (Verb.HAND_OVER.value, Verb.TELL_HUB.value)


def forgive(tx: Tx) -> int:
    """End every job that gives something to the hub: it sees for itself; how many there were."""
    open_ones = update(JOB).where(JOB.c.verb.in_(_TO_HUB), JOB.c.due_at.is_not(None))
    nothing = open_ones.values(due_at=None, worker=None, lease_until=None, attempts=0, first_cause="")
    return tx.execute(nothing).rowcount


def owe(tx: Tx, now: datetime) -> int:
    """Give every paper that is RECEIVED its job for the hub, where it has none; how many that were."""
    columns = (
        "exchange_id", "partner", "verb", "priority", "due_at", "attempts", "fence", "first_cause", "created_at",
    )  # fmt: skip
    moment = literal(now, JOB.c.due_at.type)
    waiting = select(
        EXCHANGE.c.id, EXCHANGE.c.partner, literal(Verb.HAND_OVER.value), EXCHANGE.c.priority, moment,
        literal(0), literal(0), literal(""), moment,
    ).where(EXCHANGE.c.state == State.RECEIVED.value, EXCHANGE.c.direction == Direction.IN.value)  # fmt: skip
    build = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    added = build(JOB).from_select(columns, waiting).on_conflict_do_nothing().returning(JOB.c.exchange_id)
    new = len(tx.execute(added).all())
    received = select(EXCHANGE.c.id).where(
        EXCHANGE.c.state == State.RECEIVED.value, EXCHANGE.c.direction == Direction.IN.value
    )
    idle = update(JOB).where(JOB.c.exchange_id.in_(received), JOB.c.due_at.is_(None))
    again = tx.execute(idle.values(verb=Verb.HAND_OVER.value, due_at=now, created_at=now, fence=JOB.c.fence + 1))
    return new + again.rowcount
