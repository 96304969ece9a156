"""What a hub that calls us watches: partners' papers as they were committed, and the moves of our own.

Inbound papers need no table of their own. Every paper that is taken gets a receipt, and receipts are numbered in their
partner's log under a lock held until commit: a number is never seen before a smaller one. A place in the feed is
therefore one number for each partner, and no paper can be skipped. Moves are numbered by a trigger in the same way.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, NodeCode
from node.store.columns import intact
from node.store.database import Tx
from node.store.tables import DOCUMENT, EXCHANGE, EXCHANGE_MOVE, RECEIPT, RECEIPT_LOG

SCAN = 256
"""Receipts looked at in one reading; those of acknowledged papers are passed over."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A paper that nobody has acknowledged; `following` is the place behind it."""

    exchange: ExchangeId
    kind: str
    size: int
    following: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a partner's log: what waits there, and the place behind all of it."""

    waiting: tuple[Waiting, ...]
    following: int


@dataclass(frozen=True, slots=True)
class Move:
    """One move of an exchange of ours; `number` is its place in the feed."""

    number: int
    exchange: ExchangeId
    state: State
    cause: str
    moment: datetime
    partner: NodeCode
    kind: str
    key: str


def log_sizes(tx: Tx) -> dict[NodeCode, int]:
    """How far each partner's log reaches; a place beyond it is none of this store's."""
    return {NodeCode(row.partner): int(row.size) for row in tx.execute(select(RECEIPT_LOG))}


def stretch(tx: Tx, partner: NodeCode, place: int, end: int) -> Stretch:
    """What waits in a partner's log from `place` on, at most SCAN receipts further and before `end`."""
    query = (
        select(
            RECEIPT.c.log_index,
            EXCHANGE.c.id,
            EXCHANGE.c.state,
            EXCHANGE.c.kind,
            func.length(DOCUMENT.c.content).label("size"),
        )
        .select_from(
            RECEIPT.outerjoin(EXCHANGE, EXCHANGE.c.id == RECEIPT.c.exchange_id).outerjoin(
                DOCUMENT, DOCUMENT.c.exchange_id == RECEIPT.c.exchange_id
            )
        )
        .where(RECEIPT.c.partner == partner, RECEIPT.c.log_index >= place, RECEIPT.c.log_index < end)
        .order_by(RECEIPT.c.log_index)
        .limit(SCAN)
    )
    rows = tx.execute(query).all()
    waiting = tuple(
        Waiting(ExchangeId(row.id), row.kind, row.size, row.log_index + 1)
        for row in rows
        if row.state == State.RECEIVED.value and row.size is not None
    )
    if len(rows) == SCAN and not waiting:
        return Stretch((), _next_waiting(tx, partner, rows[-1].log_index + 1, end))
    return Stretch(waiting, rows[-1].log_index + 1 if rows else end)


def _next_waiting(tx: Tx, partner: NodeCode, place: int, end: int) -> int:
    """The next place where something waits: a hub that begins anew does not walk through years of papers it has."""
    received = (EXCHANGE.c.state == State.RECEIVED.value, EXCHANGE.c.direction == Direction.IN.value)
    query = (
        select(func.min(RECEIPT.c.log_index))
        .join(EXCHANGE, EXCHANGE.c.id == RECEIPT.c.exchange_id)
        .where(*received, EXCHANGE.c.partner == partner, RECEIPT.c.partner == partner, RECEIPT.c.log_index >= place)
    )
    found: int | None = tx.execute(query).scalar()
    return end if found is None else min(found, end)


def last_move(tx: Tx) -> int:
    """The number of the newest move; 0 before the first."""
    return int(tx.execute(select(func.max(EXCHANGE_MOVE.c.id))).scalar() or 0)


def moves(tx: Tx, after: int, limit: int) -> list[Move]:
    """Moves behind the number `after`, in commit order, at most `limit`."""
    query = (
        select(EXCHANGE_MOVE, EXCHANGE.c.partner, EXCHANGE.c.kind, EXCHANGE.c.idempotency_key)
        .join(EXCHANGE, EXCHANGE.c.id == EXCHANGE_MOVE.c.exchange_id)
        .where(EXCHANGE_MOVE.c.id > after)
        .order_by(EXCHANGE_MOVE.c.id)
        .limit(limit)
    )
    with intact("exchange_move"):
        return [
            Move(
                number=row.id,
                exchange=ExchangeId(row.exchange_id),
                state=State(row.state),
                cause=row.cause,
                moment=row.moment,
                partner=NodeCode(row.partner),
                kind=row.kind,
                key=row.idempotency_key or "",
            )
            for row in tx.execute(query)
        ]
