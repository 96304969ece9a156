"""Who did what to which object, when. Entries are only ever added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from node.store.actors import ActorId, ActorKind
from node.store.columns import intact, pack_fields, unpack_fields
from node.store.database import Tx
from node.store.sql import insertion, ms
from node.store.tables import ACTOR, AUDIT

PAGE = 500
"""Entries in one reading unless told otherwise."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act; `detail` is small named texts, never payload."""

    id: int
    moment: datetime
    actor: str
    kind: ActorKind
    act: str
    object: str
    detail: Mapping[str, str] = field(default_factory=dict)


def add(tx: Tx, actor: ActorId, act: str, object_: str, detail: Mapping[str, str], now: datetime) -> None:
    """Add one act of `actor` on the object named so."""
    add_all(tx, actor, act, [(object_, detail)], now)


def add_all(tx: Tx, actor: ActorId, act: str, objects: Sequence[tuple[str, Mapping[str, str]]], now: datetime) -> None:
    """Add one act of `actor` on each object, with its detail, in one statement."""
    moment = ms(now)
    _INSERT.run_all(tx, [(moment, actor, act, name, pack_fields(detail)) for name, detail in objects])


def entries(tx: Tx, after: int = 0, limit: int = PAGE) -> list[AuditEntry]:
    """Entries with ids above `after`, oldest first, at most `limit`."""
    query = select(AUDIT, ACTOR.c.name.label("actor"), ACTOR.c.kind).join(ACTOR, ACTOR.c.id == AUDIT.c.actor_id)
    rows = tx.execute(query.where(AUDIT.c.id > after).order_by(AUDIT.c.id).limit(limit))
    with intact("audit"):
        return [
            AuditEntry(
                id=row.id,
                moment=row.moment,
                actor=row.actor,
                kind=ActorKind(row.kind),
                act=row.act,
                object=row.object,
                detail=unpack_fields(row.detail),
            )
            for row in rows
        ]


_INSERT = insertion(AUDIT, "moment", "actor_id", "act", "object", "detail")
