"""Legal holds: orders that bodies are kept whatever their retention says. Placed by one actor, released by another."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from node.errors import HoldUnknown, NothingToHold
from node.model.ids import ExchangeId
from node.store.actors import ActorId
from node.store.columns import intact
from node.store.database import Tx
from node.store.retention_tables import LEGAL_HOLD, LEGAL_HOLD_PAPER, LEGAL_HOLD_RELEASE
from node.store.sql import insert_rows, texts
from node.store.tables import ACTOR, DOCUMENT


@dataclass(frozen=True, slots=True)
class Hold:
    """One order: who, why, from when, until when (None: until released), over how many bodies; and its release."""

    id: int
    actor: str
    reason: str
    placed_at: datetime
    ends_at: datetime | None
    papers: int
    released_by: str | None = None
    released_at: datetime | None = None
    release_reason: str | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether it keeps anything at `now`."""
        return self.released_at is None and (self.ends_at is None or self.ends_at > now)


def place(
    tx: Tx, ids: Collection[ExchangeId], actor: ActorId, reason: str, now: datetime, ends_at: datetime | None = None
) -> tuple[int, list[ExchangeId]]:
    """Order that the bodies of these exchanges are kept; the hold's number and which of them had a body to keep.

    Raises NothingToHold when none has.
    """
    query = bodies_to_hold(ids)
    there = sorted(ExchangeId(row.exchange_id) for row in tx.execute(query))
    if not there:
        raise NothingToHold
    values = {"actor_id": actor, "reason": reason, "placed_at": now, "ends_at": ends_at}
    number = int(tx.execute(LEGAL_HOLD.insert().values(values).returning(LEGAL_HOLD.c.id)).scalar_one())
    insert_rows(tx, LEGAL_HOLD_PAPER, [{"exchange_id": one, "hold_id": number} for one in there])
    return number, there


def bodies_to_hold(ids: Collection[ExchangeId]) -> Select[tuple[str]]:
    """Which of these exchanges have a body, locked until the hold stands.

    A purge at the same moment either came first, and the hold does not cover what is gone, or waits and finds the hold.
    """
    return select(DOCUMENT.c.exchange_id).where(DOCUMENT.c.exchange_id.in_(texts(ids))).with_for_update()


def release(tx: Tx, number: int, actor: ActorId, reason: str, now: datetime) -> None:
    """The hold is over. The database refuses the actor who placed it (StoreRefused)."""
    row = {"hold_id": number, "actor_id": actor, "reason": reason, "released_at": now}
    tx.execute(LEGAL_HOLD_RELEASE.insert().values(row))


def hold(tx: Tx, number: int) -> Hold:
    """The hold of this number; raises HoldUnknown."""
    found = holds(tx, LEGAL_HOLD.c.id == number)
    if not found:
        raise HoldUnknown(hold=number)
    return found[0]


def holds(tx: Tx, *only: ColumnElement[bool]) -> list[Hold]:
    """All holds that ever were, in order."""
    placed, released = ACTOR.alias(), ACTOR.alias()
    gone = LEGAL_HOLD_RELEASE
    papers = (
        select(func.count())
        .where(LEGAL_HOLD_PAPER.c.hold_id == LEGAL_HOLD.c.id)
        .correlate(LEGAL_HOLD)
        .scalar_subquery()
    )
    query = (
        select(
            LEGAL_HOLD,
            placed.c.name.label("placed_by"),
            released.c.name.label("released_by"),
            gone.c.released_at,
            gone.c.reason.label("release_reason"),
            papers.label("papers"),
        )
        .select_from(
            LEGAL_HOLD.join(placed, placed.c.id == LEGAL_HOLD.c.actor_id)
            .outerjoin(gone, gone.c.hold_id == LEGAL_HOLD.c.id)
            .outerjoin(released, released.c.id == gone.c.actor_id)
        )
        .where(*only)
        .order_by(LEGAL_HOLD.c.id)
    )
    with intact("legal_hold"):
        return [
            Hold(
                id=row.id,
                actor=row.placed_by,
                reason=row.reason,
                placed_at=row.placed_at,
                ends_at=row.ends_at,
                papers=row.papers,
                released_by=row.released_by,
                released_at=row.released_at,
                release_reason=row.release_reason,
            )
            for row in tx.execute(query)
        ]


def holds_of(tx: Tx, exchange: ExchangeId) -> list[Hold]:
    """The holds over one exchange, in order."""
    mine = select(LEGAL_HOLD_PAPER.c.hold_id).where(LEGAL_HOLD_PAPER.c.exchange_id == exchange)
    return holds(tx, LEGAL_HOLD.c.id.in_(mine))


def is_held(exchange: ColumnElement[str], now: datetime) -> ColumnElement[bool]:
    """The condition that a hold keeps the body of `exchange` at `now`; the trigger on `document` asks the same."""
    return exists().where(
        LEGAL_HOLD_PAPER.c.exchange_id == exchange,
        LEGAL_HOLD.c.id == LEGAL_HOLD_PAPER.c.hold_id,
        or_(LEGAL_HOLD.c.ends_at.is_(None), LEGAL_HOLD.c.ends_at > now),
        ~exists().where(LEGAL_HOLD_RELEASE.c.hold_id == LEGAL_HOLD.c.id),
    )
