"""Who did what to which object, when. Entries are only ever added, each chained to all before it.

Whoever changes, removes or moves a row breaks the chain there; whoever chains the rest anew contradicts the ends of it
that were signed meanwhile (flows.checkpoints).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, Select, and_, bindparam, exists, or_, select, type_coerce

from node.model.ids import NodeCode
from node.store.actors import ActorId, ActorKind
from node.store.columns import intact, pack_fields, unpack_fields
from node.store.database import Tx
from node.store.sql import Statement, as_bytes, as_text, insertion, ms
from node.store.tables import ACTOR, AUDIT, EXCHANGE

PAGE = 500
"""Entries in one reading unless told otherwise."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Made once: every act of every batch is written with it."""

FIRST_LINK = bytes(32)
"""What the first act is chained to."""


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
    """Add one act of `actor` on each object, with its detail, in one statement; each is chained to the one before."""
    if not objects:
        return
    link, who = _end_and_actor(tx, actor)
    moment, rows = ms(now), []
    for name, detail in objects:
        packed = pack_fields(detail)
        link = link_after(link, moment, *who, act, name, packed)
        rows.append((moment, actor, act, name, packed, link))
    _INSERT.run_all(tx, rows)


def link_after(link: bytes, *act: str | int) -> bytes:
    """The link of an act to all before it: SHA-256 over the link before (32 bytes) and the act as a JSON array.

    The array holds the moment in milliseconds, kind and name of the actor – so that renaming one shows –, act, object,
    and the detail as the text that is stored.
    """
    return hashlib.sha256(link + _ENCODER.encode(act).encode("utf-8")).digest()


def _end_and_actor(tx: Tx, actor: ActorId) -> tuple[bytes, tuple[str, str]]:
    """The last link, and the actor's kind and name, in one statement; whoever writes holds the store's one lock."""
    ((kind, name, link),) = _END_AND_ACTOR.rows(tx, actor)
    return bytes(link or FIRST_LINK), (kind, name)


@dataclass(frozen=True, slots=True)
class Act:
    """One row as it is stored, whatever that is: what the chain is checked with."""

    id: int
    said: tuple[str | int, ...]
    link: bytes | None

    @property
    def act(self) -> object:
        """What was done."""
        return self.said[3]

    @property
    def object(self) -> object:
        """To what."""
        return self.said[4]

    def follows(self, link: bytes) -> bool:
        """Whether this act was chained to `link`."""
        try:
            return self.link == link_after(link, *self.said)
        except (TypeError, ValueError):
            return False


def acts(tx: Tx, after: int = 0, limit: int = PAGE) -> list[Act]:
    """Rows with ids above `after`, oldest first, at most `limit`."""
    # As they are: what no act of ours can have been must be found by its link, not stop the search.
    texts = (ACTOR.c.kind, ACTOR.c.name, AUDIT.c.act, AUDIT.c.object, AUDIT.c.detail)
    columns = (AUDIT.c.id, as_bytes(tx.dialect.name, AUDIT.c.link), type_coerce(AUDIT.c.moment, BigInteger))
    of = ACTOR.c.id == AUDIT.c.actor_id
    query = (
        select(*columns, *(as_bytes(tx.dialect.name, one) for one in texts))
        .select_from(AUDIT)
        .join(ACTOR, of, isouter=True)
    )
    rows = tx.execute(query.where(AUDIT.c.id > after).order_by(AUDIT.c.id).limit(limit))
    return [Act(at, (moment, *map(as_text, said)), link) for at, link, moment, *said in rows]


def last(tx: Tx) -> tuple[int, bytes]:
    """Id and link of the last act; 0 and FIRST_LINK when there is none."""
    row = tx.execute(select(AUDIT.c.id, AUDIT.c.link).order_by(AUDIT.c.id.desc()).limit(1)).first()
    return (0, FIRST_LINK) if row is None else (row.id, bytes(row.link or FIRST_LINK))


def link_of(tx: Tx, identifier: int) -> bytes | None:
    """The link of that act; None when there is no such act."""
    link = tx.execute(select(AUDIT.c.link).where(AUDIT.c.id == identifier)).scalar()
    return None if link is None else bytes(link)


def entries(
    tx: Tx, after: int = 0, limit: int = PAGE, *, partner: NodeCode | None = None, act: str | None = None
) -> list[AuditEntry]:
    """Entries with ids above `after`, oldest first, at most `limit`; those of one partner, or of one act."""
    query = _filtered(partner, act).where(AUDIT.c.id > after).order_by(AUDIT.c.id).limit(limit)
    return _read(tx, query)


def newest(tx: Tx, limit: int, *, partner: NodeCode | None = None, act: str | None = None) -> list[AuditEntry]:
    """The last `limit` entries, oldest first; those of one partner, or of one act."""
    return _read(tx, _filtered(partner, act).order_by(AUDIT.c.id.desc()).limit(limit))[::-1]


def _listed() -> Select[tuple[object, ...]]:
    query = select(AUDIT, ACTOR.c.name.label("actor"), ACTOR.c.kind)
    return query.join(ACTOR, ACTOR.c.id == AUDIT.c.actor_id, isouter=True)


def _filtered(partner: NodeCode | None, act: str | None) -> Select[tuple[object, ...]]:
    """An entry is of a partner that did it, that it is about, or whose exchange it is about."""
    query = _listed()
    if act is not None:
        query = query.where(AUDIT.c.act == act)
    if partner is not None:
        named = pack_fields({"partner": partner}).strip("{}")
        of = select(EXCHANGE.c.id).where(EXCHANGE.c.id == AUDIT.c.object, EXCHANGE.c.partner == partner)
        did = and_(ACTOR.c.kind == ActorKind.PARTNER.value, ACTOR.c.name == partner)
        about = or_(AUDIT.c.object == partner, AUDIT.c.detail.contains(named, autoescape=True), exists(of))
        query = query.where(or_(did, about))
    return query


def _read(tx: Tx, query: Select[tuple[object, ...]]) -> list[AuditEntry]:
    rows = tx.execute(query)
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


_INSERT = insertion(AUDIT, "moment", "actor_id", "act", "object", "detail", "link")
_END_AND_ACTOR = Statement(
    select(
        ACTOR.c.kind,
        ACTOR.c.name,
        select(AUDIT.c.link).order_by(AUDIT.c.id.desc()).limit(1).scalar_subquery(),
    ).where(ACTOR.c.id == bindparam("actor")),
    "actor",
)
