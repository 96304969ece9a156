"""Forgetting: bodies go when their time is over; ids, leaves, receipts and evidence stay as long as proof is wanted.

A body goes by the retention of its kind (`purge_bodies`), or by an order of its own (`purge`, `order`): because consent
was withdrawn, or because the paper names the day. What a legal hold keeps stays, and goes when the hold is over.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from node.clock import from_ms, to_ms
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, State
from node.model.ids import Digest, ExchangeId, NodeCode
from node.store import attachments, audit, evidence
from node.store.actors import ActorId
from node.store.columns import intact
from node.store.database import Tx
from node.store.holds import is_held
from node.store.retention_tables import PURGE_ORDER
from node.store.sql import Statement, insert_if_absent, insert_rows, texts
from node.store.tables import ACTOR, DOCUMENT, EXCHANGE, JOB, SETTING, TOMBSTONE

PURGE_BATCH = 500
"""Bodies purged in one transaction, so that papers coming in meanwhile wait a moment only; call again until 0."""

PURGEABLE = {
    Direction.OUT: (State.DELIVERED, State.ANSWERED, State.REFUSED, State.EXPIRED, State.CANCELLED),
    Direction.IN: (State.HANDED_OVER, State.ANSWERED, State.REFUSED),
}
"""States in which nobody needs the body any more to bring the exchange to its end."""

PURGED = "purged"
"""The act in the audit."""

_FORGOTTEN_BEFORE = "forgotten_before_ms"
_FORGOTTEN = Statement(select(SETTING.c.value).where(SETTING.c.name == bindparam("its_name")), "its_name")


@dataclass(frozen=True, slots=True, order=True)
class Lot:
    """The papers of one kind under one arrangement with one partner."""

    partner: NodeCode
    arrangement: str
    kind: str


@dataclass(frozen=True, slots=True)
class Portion:
    """Whose time is over: exchanges that ended before a moment; of one lot, or (None) of all but some.

    `valid_before`: only papers that name no last day of validity, or one before this. `dated`: only those that name
    one, or only those that do not; None: both.
    """

    ended_before: datetime
    only: Lot | None = None
    other_than: Collection[Lot] = ()
    valid_before: date | None = None
    dated: bool | None = None


@dataclass(frozen=True, slots=True)
class Purged:
    """What `purge` did: bodies that are gone, and those that go later, for they are held or still needed."""

    gone: tuple[ExchangeId, ...]
    later: tuple[ExchangeId, ...]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A body that was purged: when, by whom, and why."""

    exchange: ExchangeId
    document_sha256: Digest
    purged_at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """How many bodies of a lot are kept, were purged, and could go now but for holds."""

    lot: Lot
    kept: int
    purged: int
    held: int


def purge(tx: Tx, exchange_ids: Collection[ExchangeId], actor: ActorId, reason: str, now: datetime) -> Purged:
    """Purge the bodies of these exchanges now, whatever the retention of their kind says.

    What is held, or still needed to bring its exchange to its end, is ordered to go as soon as it may; what has no body
    any more is in neither list. Timeline and audit name `actor` and `reason`.
    """
    wanted = DOCUMENT.c.exchange_id.in_(texts(exchange_ids))
    gone = _bury(tx, _free(now).where(wanted), actor, reason, now)
    left = select(DOCUMENT.c.exchange_id).where(wanted).order_by(DOCUMENT.c.exchange_id)
    later = tuple(ExchangeId(row.exchange_id) for row in tx.execute(left))
    order(tx, later, now, actor, reason)
    return Purged(gone, later)


def order(
    tx: Tx, exchange_ids: Collection[ExchangeId], due_at: datetime, actor: ActorId, reason: str, *, firm: bool = False
) -> None:
    """From `due_at` on the purge job is to purge these bodies; of two orders about one body the earlier counts.

    A `firm` one does not wait until nobody needs the body: what is still under way then is ended (flows.forgetting).
    """
    for one in exchange_ids:
        row = {"exchange_id": one, "due_at": due_at, "firm": firm, "actor_id": actor, "reason": reason}
        if not insert_if_absent(tx, PURGE_ORDER, row):
            later = and_(PURGE_ORDER.c.exchange_id == one, PURGE_ORDER.c.due_at > due_at)
            tx.execute(update(PURGE_ORDER).where(later).values(row))


def purge_ordered(tx: Tx, now: datetime, limit: int = PURGE_BATCH) -> int:
    """Purge bodies whose order is due and that nobody needs any more; how many, at most `limit`."""
    due = (
        _free(now)
        .join(PURGE_ORDER, PURGE_ORDER.c.exchange_id == EXCHANGE.c.id)
        .where(PURGE_ORDER.c.due_at <= now)
        .add_columns(PURGE_ORDER.c.actor_id, PURGE_ORDER.c.reason)
        .limit(limit)
    )
    by: dict[tuple[ActorId, str], list[ExchangeId]] = {}
    for row in tx.execute(due).all():
        by.setdefault((ActorId(row.actor_id), row.reason), []).append(ExchangeId(row.id))
    return sum(len(purge(tx, ids, actor, reason, now).gone) for (actor, reason), ids in by.items())


def overdue(tx: Tx, now: datetime, limit: int = PURGE_BATCH) -> list[ExchangeId]:
    """Exchanges under way whose body is to go by a firm order that is due, and that no hold keeps.

    What may have left us is not among them before its envelope has expired.
    """
    unheard_of = and_(EXCHANGE.c.direction == Direction.OUT.value, EXCHANGE.c.message_id.is_not(None))
    may_go = or_(~unheard_of, EXCHANGE.c.expires_at < now)
    query = (
        select(PURGE_ORDER.c.exchange_id)
        .join(DOCUMENT, DOCUMENT.c.exchange_id == PURGE_ORDER.c.exchange_id)
        .join(EXCHANGE, EXCHANGE.c.id == PURGE_ORDER.c.exchange_id)
        .where(
            PURGE_ORDER.c.due_at <= now, PURGE_ORDER.c.firm.is_(True), ~_ended(), ~is_held(EXCHANGE.c.id, now), may_go
        )
        .order_by(PURGE_ORDER.c.exchange_id)
        .limit(limit)
    )
    return [ExchangeId(row.exchange_id) for row in tx.execute(query)]


def bury(tx: Tx, exchange_ids: Collection[ExchangeId], now: datetime) -> int:
    """Purge bodies of `overdue` exchanges, by their orders, though these have not ended; how many."""
    query = select(PURGE_ORDER).where(PURGE_ORDER.c.exchange_id.in_(texts(exchange_ids)))
    count = 0
    for row in tx.execute(query).all():
        one = _with_body().where(EXCHANGE.c.id == row.exchange_id, ~is_held(EXCHANGE.c.id, now))
        count += len(_bury(tx, one, ActorId(row.actor_id), row.reason, now))
    return count


def purge_bodies(
    tx: Tx,
    before: datetime | Portion,
    actor: ActorId,
    reason: str,
    now: datetime,
    limit: int = PURGE_BATCH,
) -> int:
    """Delete bodies whose time is over: of exchanges that ended and were last touched before `before`, or a portion.

    How many, at most `limit`. Each leaves a tombstone. Receipts, leaves and evidence stay: a duplicate is still
    answered with the stored receipt.
    """
    portion = before if isinstance(before, Portion) else Portion(before)
    due = _free(now).where(*_of(tx, portion)).order_by(EXCHANGE.c.id).limit(limit)
    return len(_bury(tx, due, actor, reason, now))


def due(tx: Tx, portion: Portion, now: datetime) -> dict[Lot, int]:
    """How many bodies of each lot `purge_bodies` would delete now."""
    counted = _free(now).where(*_of(tx, portion)).subquery()
    lots = (counted.c.partner, counted.c.arrangement, counted.c.kind)
    query = select(*lots, func.count().label("bodies")).group_by(*lots)
    return {Lot(NodeCode(row.partner), row.arrangement, row.kind): row.bodies for row in tx.execute(query)}


def keeping(tx: Tx, now: datetime) -> list[Keeping]:
    """What is kept, by lot."""
    lots = (EXCHANGE.c.partner, EXCHANGE.c.arrangement, EXCHANGE.c.kind)
    held = and_(DOCUMENT.c.exchange_id.is_not(None), is_held(EXCHANGE.c.id, now))
    query = (
        select(
            *lots,
            func.count(DOCUMENT.c.exchange_id).label("kept"),
            func.count(TOMBSTONE.c.exchange_id).label("purged"),
            func.sum(case((held, 1), else_=0)).label("held"),
        )
        .select_from(
            EXCHANGE.outerjoin(DOCUMENT, DOCUMENT.c.exchange_id == EXCHANGE.c.id).outerjoin(
                TOMBSTONE, TOMBSTONE.c.exchange_id == EXCHANGE.c.id
            )
        )
        .group_by(*lots)
        .order_by(*lots)
    )
    return [
        Keeping(Lot(NodeCode(row.partner), row.arrangement, row.kind), row.kept, row.purged, int(row.held))
        for row in tx.execute(query)
    ]


def tombstones(tx: Tx, exchange_ids: Collection[ExchangeId]) -> Mapping[ExchangeId, Tombstone]:
    """What became of the bodies of these exchanges; those that are still there are missing from the result."""
    query = (
        select(TOMBSTONE, ACTOR.c.name.label("actor"))
        .join(ACTOR, ACTOR.c.id == TOMBSTONE.c.actor_id)
        .where(TOMBSTONE.c.exchange_id.in_(texts(exchange_ids)))
    )
    return {
        ExchangeId(row.exchange_id): Tombstone(
            ExchangeId(row.exchange_id), Digest(row.document_sha256), row.purged_at, row.actor, row.reason
        )
        for row in tx.execute(query)
    }


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


def _with_body() -> Select[tuple[object, ...]]:
    """Exchanges whose body is still there."""
    columns = (EXCHANGE.c.id, EXCHANGE.c.document_sha256, EXCHANGE.c.partner, EXCHANGE.c.arrangement, EXCHANGE.c.kind)
    return select(*columns).join(DOCUMENT, DOCUMENT.c.exchange_id == EXCHANGE.c.id)


def _free(now: datetime) -> Select[tuple[object, ...]]:
    """Those whose body nobody needs and no hold keeps."""
    busy = exists().where(JOB.c.exchange_id == EXCHANGE.c.id, JOB.c.due_at.is_not(None))
    return _with_body().where(_ended(), ~busy, ~is_held(EXCHANGE.c.id, now))


def _ended() -> ColumnElement[bool]:
    return or_(
        *(
            and_(EXCHANGE.c.direction == direction.value, EXCHANGE.c.state.in_([state.value for state in states]))
            for direction, states in PURGEABLE.items()
        )
    )


def _of(tx: Tx, portion: Portion) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [EXCHANGE.c.updated_at < portion.ended_before]
    if portion.only is not None:
        conditions.append(_is(portion.only))
    conditions += [~_is(lot) for lot in sorted(portion.other_than)]
    if portion.dated is None and portion.valid_before is None:
        return conditions
    last_day = _valid_until(tx)
    if portion.dated is not None:
        conditions.append(last_day.is_not(None) if portion.dated else last_day.is_(None))
    if portion.valid_before is not None:
        # Days are written YYYY-MM-DD, so their texts are in the order of the days.
        conditions.append(or_(last_day.is_(None), func.substr(last_day, 1, 10) < portion.valid_before.isoformat()))
    return conditions


def _is(lot: Lot) -> ColumnElement[bool]:
    return and_(
        EXCHANGE.c.partner == lot.partner, EXCHANGE.c.arrangement == lot.arrangement, EXCHANGE.c.kind == lot.kind
    )


def _valid_until(tx: Tx) -> ColumnElement[str]:
    """The field `valid_until` of a paper; NULL when it names none."""
    if tx.dialect.name == "sqlite":
        found: ColumnElement[str] = func.json_extract(DOCUMENT.c.fields, "$.valid_until")
    else:
        found = func.json_extract_path_text(cast(DOCUMENT.c.fields, JSON), "valid_until")
    return func.nullif(found, "")


def _bury(
    tx: Tx, query: Select[tuple[object, ...]], actor: ActorId, reason: str, now: datetime
) -> tuple[ExchangeId, ...]:
    """Delete the bodies that `query` finds; each leaves a tombstone, a line in its timeline and an act in the audit."""
    found = tx.execute(query).all()
    if not found:
        return ()
    ids = [ExchangeId(row.id) for row in found]
    stones: Sequence[Mapping[str, object]] = [
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
    tx.execute(delete(DOCUMENT).where(DOCUMENT.c.exchange_id.in_(ids)))
    attachments.forget(tx, ids)
    facts = [EvidenceFact(ExchangeId(row.id), now, Fact.PURGED, Digest(row.document_sha256), reason) for row in found]
    evidence.add(tx, facts)
    audit.add_all(tx, actor, PURGED, [(row.id, {"partner": row.partner, "reason": reason}) for row in found], now)
    return tuple(ids)
