"""Lookups as evidence: who was asked what, when, and the sealed answer. They are only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from node.model.envelope import Place, Purpose
from node.model.ids import NodeCode
from node.model.lookup import SealedAnswer
from node.store.columns import intact, pack_path, unpack_path
from node.store.database import Tx
from node.store.seals import insert_seal, seals
from node.store.tables import LOOKUP


@dataclass(frozen=True, slots=True)
class KeptLookup:
    """A question and its answer; `request` and `sealed.answer` are the bytes that the seal covers."""

    id: int
    partner: NodeCode
    asked_by_us: bool
    moment: datetime
    request: bytes
    sealed: SealedAnswer


def keep(tx: Tx, partner: NodeCode, request: bytes, sealed: SealedAnswer, *, asked_by_us: bool, now: datetime) -> int:
    """Keep a lookup whose seal holds, and return its number."""
    row = {
        "partner": partner,
        "asked_by_us": asked_by_us,
        "moment": now,
        "request": request,
        "answer": sealed.answer,
        "seal_id": insert_seal(tx, sealed.seal, Purpose.LOOKUPS, not asked_by_us, partner, now),
        "leaf_index": sealed.place.leaf_index,
        "path": pack_path(sealed.place.path),
    }
    return int(tx.execute(insert(LOOKUP).values(row).returning(LOOKUP.c.id)).scalar_one())


def newest(tx: Tx, limit: int, *, partner: NodeCode | None = None) -> list[KeptLookup]:
    """The last lookups, newest first."""
    query = select(LOOKUP).order_by(LOOKUP.c.id.desc()).limit(limit)
    return _kept(tx, tx.execute(query if partner is None else query.where(LOOKUP.c.partner == partner)).all())


def load(tx: Tx, number: int) -> KeptLookup | None:
    """The lookup with that number."""
    found = _kept(tx, tx.execute(select(LOOKUP).where(LOOKUP.c.id == number)).all())
    return found[0] if found else None


def _kept(tx: Tx, rows: Sequence[Any]) -> list[KeptLookup]:
    known = seals(tx, {row.seal_id for row in rows})
    with intact("lookup"):
        return [
            KeptLookup(
                id=row.id,
                partner=NodeCode(row.partner),
                asked_by_us=bool(row.asked_by_us),
                moment=row.moment,
                request=row.request,
                sealed=SealedAnswer(row.answer, known[row.seal_id], Place(row.leaf_index, unpack_path(row.path))),
            )
            for row in rows
        ]
