"""Papers that leave only with the word of a second actor: handed in by whom, waiting until when, released by whom."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from node.model.exchange import State
from node.model.ids import ExchangeId
from node.store.actors import ActorId
from node.store.database import Tx
from node.store.retention_tables import RELEASE_GIVEN, RELEASE_WAIT
from node.store.sql import insert_rows, texts
from node.store.tables import ACTOR, EXCHANGE


@dataclass(frozen=True, slots=True)
class Wait:
    """One paper that waits, or waited: handed in by whom, until when, and who released it when and why."""

    exchange: ExchangeId
    actor_id: ActorId
    actor: str
    ends_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None
    reason: str | None = None


def hold_back(tx: Tx, ids: Collection[ExchangeId], actor: ActorId, ends_at: datetime) -> None:
    """These papers, handed in by `actor`, wait for another one until `ends_at`."""
    insert_rows(tx, RELEASE_WAIT, [{"exchange_id": one, "actor_id": actor, "ends_at": ends_at} for one in ids])


def give(tx: Tx, exchange: ExchangeId, actor: ActorId, reason: str, now: datetime) -> None:
    """The second actor's word. The database refuses the actor who handed the paper in (StoreRefused)."""
    row = {"exchange_id": exchange, "actor_id": actor, "reason": reason, "released_at": now}
    tx.execute(RELEASE_GIVEN.insert().values(row))


def waits(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, Wait]:
    """What is known of these papers' release; papers that need none are missing from the result."""
    first, second = ACTOR.alias(), ACTOR.alias()
    query = (
        select(
            RELEASE_WAIT,
            first.c.name.label("actor"),
            second.c.name.label("released_by"),
            RELEASE_GIVEN.c.released_at,
            RELEASE_GIVEN.c.reason,
        )
        .select_from(
            RELEASE_WAIT.join(first, first.c.id == RELEASE_WAIT.c.actor_id)
            .outerjoin(RELEASE_GIVEN, RELEASE_GIVEN.c.exchange_id == RELEASE_WAIT.c.exchange_id)
            .outerjoin(second, second.c.id == RELEASE_GIVEN.c.actor_id)
        )
        .where(RELEASE_WAIT.c.exchange_id.in_(texts(ids)))
    )
    return {
        ExchangeId(row.exchange_id): Wait(
            exchange=ExchangeId(row.exchange_id),
            actor_id=ActorId(row.actor_id),
            actor=row.actor,
            ends_at=row.ends_at,
            released_by=row.released_by,
            released_at=row.released_at,
            reason=row.reason,
        )
        for row in tx.execute(query)
    }


def too_late(tx: Tx, now: datetime, limit: int) -> list[ExchangeId]:
    """Papers that still wait though their time for a release is over."""
    query = (
        select(RELEASE_WAIT.c.exchange_id)
        .join(EXCHANGE, EXCHANGE.c.id == RELEASE_WAIT.c.exchange_id)
        .outerjoin(RELEASE_GIVEN, RELEASE_GIVEN.c.exchange_id == RELEASE_WAIT.c.exchange_id)
        .where(
            EXCHANGE.c.state == State.PARKED.value,
            RELEASE_GIVEN.c.exchange_id.is_(None),
            RELEASE_WAIT.c.ends_at <= now,
        )
        .order_by(RELEASE_WAIT.c.exchange_id)
        .limit(limit)
    )
    return [ExchangeId(row.exchange_id) for row in tx.execute(query)]
