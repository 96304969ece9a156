"""Registers that were asked for, by partners and by us, and whether their lists came."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select, update

from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.register_request import KeptRequest
from node.store.columns import intact
from node.store.database import Tx
from node.store.operator_tables import REGISTER_REQUEST

_IT = REGISTER_REQUEST.c


def keep(
    tx: Tx, partner: NodeCode, direction: Direction, kind: str, after: int, now: datetime, sequence: int | None = None
) -> int:
    """Keep a request that was just made, and return its number; `sequence` once it is answered."""
    row = {
        "partner": partner,
        "direction": direction.value,
        "kind": kind,
        "after": after,
        "asked_at": now,
        "sequence": sequence,
    }
    return int(tx.execute(insert(REGISTER_REQUEST).values(row).returning(_IT.id)).scalar_one())


def answered(tx: Tx, number: int, sequence: int, done_at: datetime | None) -> None:
    """The partner took our request and named its sequence; `done_at` when nothing is missing here."""
    tx.execute(update(REGISTER_REQUEST).where(_IT.id == number).values(sequence=sequence, answered_at=done_at))


def come(tx: Tx, partner: NodeCode, direction: Direction, kind: str, sequence: int, whole: bool, now: datetime) -> None:
    """A list up to `sequence` is here: requests of that direction which waited for it are done.

    A complete list (`whole`) does for every request, a delta for those that asked for deltas up to it.
    """
    query = update(REGISTER_REQUEST).where(
        _IT.partner == partner, _IT.direction == direction.value, _IT.kind == kind, _IT.answered_at.is_(None)
    )
    if not whole:
        query = query.where(_IT.after > 0, or_(_IT.sequence.is_(None), _IT.sequence <= sequence))
    tx.execute(query.values(answered_at=now))


def newest(
    tx: Tx,
    partner: NodeCode | None = None,
    direction: Direction | None = None,
    kind: str | None = None,
    *,
    waiting: bool = False,
    limit: int = 1000,
) -> list[KeptRequest]:
    """The last requests, newest first; `waiting`: only those whose lists have not come."""
    query = select(REGISTER_REQUEST).order_by(_IT.id.desc()).limit(limit)
    for column, value in ((_IT.partner, partner), (_IT.direction, direction), (_IT.kind, kind)):
        if value is not None:
            query = query.where(column == str(value))
    if waiting:
        query = query.where(_IT.answered_at.is_(None))
    with intact("register_request"):
        return [_kept(row) for row in tx.execute(query)]


def _kept(row: Any) -> KeptRequest:  # noqa: ANN401 (a row of the driver)
    return KeptRequest(
        id=row.id,
        partner=NodeCode(row.partner),
        direction=Direction(row.direction),
        kind=row.kind,
        after=row.after,
        asked_at=row.asked_at,
        sequence=row.sequence,
        done_at=row.answered_at,
    )
