"""Papers that somebody wants back though they may have been sent: whoever carries them asks the partner instead."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from node.model.ids import ExchangeId
from node.store.actors import ActorId
from node.store.cancellation_tables import CANCELLATION
from node.store.database import Tx
from node.store.sql import ListStatement, insert_if_absent
from node.store.tables import ACTOR


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Who wants the paper back, why and since when."""

    actor: str
    reason: str
    asked_at: datetime


def ask(tx: Tx, exchange: ExchangeId, actor: ActorId, reason: str, now: datetime) -> bool:
    """Remember that the paper is to be cancelled; False when somebody asked for that before."""
    row = {"exchange_id": exchange, "actor_id": actor, "reason": reason, "asked_at": now}
    return insert_if_absent(tx, CANCELLATION, row)


def asked(tx: Tx, ids: Collection[ExchangeId]) -> frozenset[ExchangeId]:
    """Those of `ids` that somebody wants back."""
    return frozenset(ExchangeId(row[0]) for row in _ASKED.rows(tx, ids))


def of(tx: Tx, exchange: ExchangeId) -> Cancellation | None:
    """Who wants this paper back; None when nobody does."""
    joined = CANCELLATION.join(ACTOR, ACTOR.c.id == CANCELLATION.c.actor_id)
    query = select(CANCELLATION.c.reason, CANCELLATION.c.asked_at, ACTOR.c.name).select_from(joined)
    row = tx.execute(query.where(CANCELLATION.c.exchange_id == exchange)).first()
    return None if row is None else Cancellation(row.name, row.reason, row.asked_at)


_ASKED = ListStatement(lambda ids: select(CANCELLATION.c.exchange_id).where(CANCELLATION.c.exchange_id.in_(ids)))
