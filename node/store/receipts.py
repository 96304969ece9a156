"""Receipts: those we issued, repeated byte for byte for ever, and those that settled our own papers (protocol 3)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import ColumnElement, Row, select, update

from node.errors import RaceLost
from node.merkle import leaf_hash
from node.model.envelope import Place, Purpose, Seal
from node.model.ids import ExchangeId, Leaf, MessageId, NodeCode, sha256
from node.model.receipt import SignedReceipt, Verdict
from node.store import log
from node.store.columns import intact, pack_path, unpack_path
from node.store.database import Tx
from node.store.seals import insert_seal, seals
from node.store.sql import insert_if_absent, insert_rows, texts
from node.store.tables import RECEIPT, RECEIPT_DISPUTE, RECEIPT_LOG

_ISSUED = "issued"
_RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class HeldReceipt:
    """A stored receipt, ready to be given again; ABSENT carries no leaf, a received one is not asked for its leaf."""

    message_id: MessageId
    leaf: Leaf | None
    verdict: Verdict
    signed: SignedReceipt
    exchange: ExchangeId | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedReceipt:
    """A receipt of ours that is about to become final; its seal is stored already."""

    partner: NodeCode
    message_id: MessageId
    leaf: Leaf | None
    verdict: Verdict
    receipt: bytes
    seal_id: str
    place: Place
    exchange: ExchangeId | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ReceivedReceipt:
    """A verified receipt of the partner for one of our exchanges."""

    exchange: ExchangeId
    partner: NodeCode
    message_id: MessageId
    verdict: Verdict
    signed: SignedReceipt
    log_size: int | None = None
    """How large the partner's log was, by the checkpoint that came with it."""


class Settlement(Enum):
    """What a valid receipt meant for our exchange."""

    FIRST = "first"
    """It settles the exchange."""
    SAME = "same"
    """It is the one that settled it, again."""
    DISPUTED = "disputed"
    """Another one settled it; this one is kept as proof that the partner contradicts itself."""


def held(tx: Tx, partner: NodeCode, message_ids: Collection[str]) -> dict[str, HeldReceipt]:
    """Receipts that we issued to `partner` under these ids, as repeats; ids we hold nothing for are missing."""
    found = _find(tx, RECEIPT.c.partner == partner, RECEIPT.c.message_id.in_(texts(message_ids)), direction=_ISSUED)
    return {one.message_id: one for one in found}


def insert_issued(tx: Tx, rows: Sequence[IssuedReceipt]) -> None:
    """Make receipts final and number them in their partner's log, in the order of `rows`.

    Raises RaceLost when a (partner, message id) is taken: whichever answer commits first stands for ever.
    """
    partners = list(dict.fromkeys(row.partner for row in rows))
    counts = {partner: sum(row.partner == partner for row in rows) for partner in partners}
    following = {partner: _reserve(tx, partner, counts[partner]) for partner in partners}
    values = []
    for row in rows:
        values.append(_issued_row(row, following[row.partner]))
        following[row.partner] += 1
    insert_rows(tx, RECEIPT, values, lost=RaceLost())
    for partner in partners:
        leaves = [leaf_hash(row.receipt) for row in rows if row.partner == partner]
        log.append(tx, partner, following[partner] - len(leaves), leaves)


def settled(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, HeldReceipt]:
    """The partner's receipts that settled these exchanges of ours; unsettled ones are missing from the result."""
    return _by_exchange(tx, ids, _RECEIVED)


def issued(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, HeldReceipt]:
    """Our receipts for these inbound exchanges."""
    return _by_exchange(tx, ids, direction=_ISSUED)


def received(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, SignedReceipt]:
    """The signed receipts of `settled`."""
    return {exchange: one.signed for exchange, one in settled(tx, ids).items()}


def settle(
    tx: Tx,
    exchange: ExchangeId,
    partner: NodeCode,
    message_id: MessageId,
    verdict: Verdict,
    signed: SignedReceipt,
    now: datetime,
) -> Settlement:
    """Store a verified receipt of the partner for our exchange: the first settles, a differing one is a dispute."""
    seal_id = insert_seal(tx, signed.seal, Purpose.RECEIPTS, False, partner, now)
    row = _received_row(ReceivedReceipt(exchange, partner, message_id, verdict, signed), seal_id, now)
    if insert_if_absent(tx, RECEIPT, row):
        return Settlement.FIRST
    if _first_receipt(tx, partner, message_id) == signed.receipt:
        return Settlement.SAME
    _keep_aside(tx, row, signed.receipt)
    return Settlement.DISPUTED


def doubt(tx: Tx, one: ReceivedReceipt, now: datetime) -> None:
    """Keep a verified receipt that must not settle anything yet."""
    seal_id = insert_seal(tx, one.signed.seal, Purpose.RECEIPTS, False, one.partner, now)
    _keep_aside(tx, _received_row(one, seal_id, now), one.signed.receipt)


def _keep_aside(tx: Tx, row: Mapping[str, object], receipt: bytes) -> None:
    kept = {name: value for name, value in row.items() if name not in ("direction", "log_size")}
    insert_if_absent(tx, RECEIPT_DISPUTE, kept | {"receipt_sha256": sha256(receipt)})


def settle_all(tx: Tx, rows: Sequence[ReceivedReceipt], now: datetime) -> dict[ExchangeId, Settlement]:
    """`settle` for the receipts of one answer: what is new goes in by one statement."""
    if not rows:
        return {}
    partner = rows[0].partner
    before = _find(
        tx, RECEIPT.c.partner == partner, RECEIPT.c.message_id.in_(texts([one.message_id for one in rows])),
        direction=_RECEIVED,
    )  # fmt: skip
    known = {one.message_id for one in before}
    fresh = [one for one in rows if one.message_id not in known]
    seal_ids = {seal: insert_seal(tx, seal, Purpose.RECEIPTS, False, partner, now) for seal in _seals_of(fresh)}
    insert_rows(tx, RECEIPT, [_received_row(one, seal_ids[one.signed.seal], now) for one in fresh], lost=RaceLost())
    again = [one for one in rows if one.message_id in known]
    repeated = {
        one.exchange: settle(tx, one.exchange, partner, one.message_id, one.verdict, one.signed, now) for one in again
    }
    return {one.exchange: Settlement.FIRST for one in fresh} | repeated


def _seals_of(rows: Sequence[ReceivedReceipt]) -> list[Seal]:
    return list(dict.fromkeys(one.signed.seal for one in rows))


def _received_row(one: ReceivedReceipt, seal_id: str, now: datetime) -> dict[str, object]:
    return {
        "partner": one.partner,
        "direction": _RECEIVED,
        "message_id": one.message_id,
        "verdict": int(one.verdict),
        "receipt": one.signed.receipt,
        "seal_id": seal_id,
        "leaf_index": one.signed.place.leaf_index,
        "path": pack_path(one.signed.place.path),
        "exchange_id": one.exchange,
        "received_at": now,
        "log_size": one.log_size,
    }


def _first_receipt(tx: Tx, partner: NodeCode, message_id: MessageId) -> bytes:
    mine = (RECEIPT.c.partner == partner, RECEIPT.c.direction == _RECEIVED, RECEIPT.c.message_id == message_id)
    return bytes(tx.execute(select(RECEIPT.c.receipt).where(*mine)).scalar_one())


def _reserve(tx: Tx, partner: NodeCode, count: int) -> int:
    """The first of `count` numbers of the partner's log; its row stays locked until commit, so there are no gaps."""
    mine = update(RECEIPT_LOG).where(RECEIPT_LOG.c.partner == partner)
    grow = mine.values(size=RECEIPT_LOG.c.size + count).returning(RECEIPT_LOG.c.size)
    size = tx.execute(grow).scalar()
    if size is None:
        insert_if_absent(tx, RECEIPT_LOG, {"partner": partner, "size": 0})
        size = tx.execute(grow).scalar_one()
    return int(size) - count


def _issued_row(row: IssuedReceipt, log_index: int) -> dict[str, object]:
    return {
        "partner": row.partner,
        "direction": _ISSUED,
        "message_id": row.message_id,
        "leaf": row.leaf,
        "verdict": int(row.verdict),
        "receipt": row.receipt,
        "seal_id": row.seal_id,
        "leaf_index": row.place.leaf_index,
        "path": pack_path(row.place.path),
        "exchange_id": row.exchange,
        "received_at": row.received_at,
        "log_index": log_index,
    }


def _by_exchange(tx: Tx, ids: Collection[ExchangeId], direction: str) -> dict[ExchangeId, HeldReceipt]:
    found = _find(tx, RECEIPT.c.exchange_id.in_(texts(ids)), direction=direction)
    return {one.exchange: one for one in found if one.exchange is not None}


def _find(tx: Tx, *where: ColumnElement[bool], direction: str) -> list[HeldReceipt]:
    rows = tx.execute(select(RECEIPT).where(RECEIPT.c.direction == direction, *where)).all()
    # Many receipts share a seal, which is far larger than they are: it is read once.
    known = seals(tx, {row.seal_id for row in rows})
    return [_held(row, known) for row in rows]


def _held(row: Row[tuple[object, ...]], known: Mapping[str, Seal]) -> HeldReceipt:
    with intact("receipt"):
        signed = SignedReceipt(
            receipt=row.receipt,
            seal=known[row.seal_id],
            place=Place(row.leaf_index, unpack_path(row.path)),
            repeat=row.direction == _ISSUED,
        )
        return HeldReceipt(
            message_id=MessageId(row.message_id),
            leaf=None if row.leaf is None else Leaf(row.leaf),
            verdict=Verdict(row.verdict),
            signed=signed,
            exchange=None if row.exchange_id is None else ExchangeId(row.exchange_id),
            received_at=row.received_at,
        )
