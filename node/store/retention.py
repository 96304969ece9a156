"""Forgetting: bodies go when their time is over; ids, leaves, receipts and evidence stay as long as proof is wanted."""

from datetime import datetime

from sqlalchemy import and_, bindparam, delete, exists, or_, select

from node.clock import from_ms, to_ms
from node.model.exchange import Direction, State
from node.store.actors import ActorId
from node.store.columns import intact
from node.store.database import Tx
from node.store.sql import Statement, insert_if_absent, insert_rows
from node.store.tables import DOCUMENT, EXCHANGE, JOB, SETTING, TOMBSTONE

PURGE_BATCH = 500
"""Bodies purged in one transaction, so that papers coming in meanwhile wait a moment only; call again until 0."""

PURGEABLE = {
    Direction.OUT: (State.DELIVERED, State.ANSWERED, State.REFUSED, State.EXPIRED, State.CANCELLED),
    Direction.IN: (State.HANDED_OVER, State.ANSWERED, State.REFUSED),
}
"""States in which nobody needs the body any more to bring the exchange to its end."""

_FORGOTTEN_BEFORE = "forgotten_before_ms"
_FORGOTTEN = Statement(select(SETTING.c.value).where(SETTING.c.name == bindparam("its_name")), "its_name")


def purge_bodies(tx: Tx, before: datetime, actor: ActorId, reason: str, now: datetime, limit: int = PURGE_BATCH) -> int:
    """Delete bodies of exchanges that ended and were last touched before `before`; how many, at most `limit`.

    Each leaves a tombstone. Receipts, leaves and evidence stay: a duplicate is still answered with the stored receipt.
    """
    ended = or_(
        *(
            and_(EXCHANGE.c.direction == direction.value, EXCHANGE.c.state.in_([state.value for state in states]))
            for direction, states in PURGEABLE.items()
        )
    )
    busy = exists().where(JOB.c.exchange_id == EXCHANGE.c.id, JOB.c.due_at.is_not(None))
    query = (
        select(EXCHANGE.c.id, EXCHANGE.c.document_sha256)
        .join(DOCUMENT, DOCUMENT.c.exchange_id == EXCHANGE.c.id)
        .where(ended, EXCHANGE.c.updated_at < before, ~busy)
        .order_by(EXCHANGE.c.id)
        .limit(limit)
    )
    found = tx.execute(query).all()
    stones = [
        {
            "exchange_id": row.id,
            "document_sha256": row.document_sha256,
            "purged_at": now,
            "actor_id": actor,
            "reason": reason,
        }
        for row in found
    ]
    insert_rows(tx, TOMBSTONE, stones)
    tx.execute(delete(DOCUMENT).where(DOCUMENT.c.exchange_id.in_([row.id for row in found])))
    return len(found)


def forgotten_before(tx: Tx) -> datetime | None:
    """Evidence of ids older than this is gone: they may have been accepted once, so they get NotHeld, never ABSENT."""
    stored = _FORGOTTEN.rows(tx, _FORGOTTEN_BEFORE)
    with intact("setting"):
        return from_ms(int(stored[0][0])) if stored else None


def forget_before(tx: Tx, moment: datetime) -> None:
    """Move the horizon of `forgotten_before` forward; it never moves back, because what is forgotten stays so."""
    present = forgotten_before(tx)
    if present is not None and present >= moment:
        return
    value = str(to_ms(moment))
    if not insert_if_absent(tx, SETTING, {"name": _FORGOTTEN_BEFORE, "value": value}):
        tx.execute(SETTING.update().where(SETTING.c.name == _FORGOTTEN_BEFORE).values(value=value))
