"""Receipts: those we issued, repeated byte for byte for ever, and those that settled our own papers (protocol 3)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import bindparam, select, update

from node.clock import from_ms
from node.errors import RaceLost
from node.merkle import leaf_hash
from node.model.envelope import Place, Purpose, Seal
from node.model.ids import ExchangeId, Leaf, MessageId, NodeCode, sha256
from node.model.receipt import SignedReceipt, Verdict
from node.store import log
from node.store.columns import intact, pack_path, unpack_path
from node.store.database import Tx
from node.store.seals import insert_seal, seals
from node.store.sql import ListStatement, Statement, insert_if_absent, insertion, insertion_if_absent, ms
from node.store.tables import RECEIPT, RECEIPT_DISPUTE, RECEIPT_LOG, ReceiptSide


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
    found = _held(tx, _BY_ID.rows(tx, message_ids, ReceiptSide.ISSUED.value, partner))
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
    _INSERT.run_all(tx, values, lost=RaceLost())
    for partner in partners:
        leaves = [leaf_hash(row.receipt) for row in rows if row.partner == partner]
        log.append(tx, partner, following[partner] - len(leaves), leaves)


def settled(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, HeldReceipt]:
    """The partner's receipts that settled these exchanges of ours; unsettled ones are missing from the result."""
    return _by_exchange(tx, ids, ReceiptSide.RECEIVED)


def issued(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, HeldReceipt]:
    """Our receipts for these inbound exchanges."""
    return _by_exchange(tx, ids, ReceiptSide.ISSUED)


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
    one = ReceivedReceipt(exchange, partner, message_id, verdict, signed)
    if _INSERT_FIRST.rows(tx, *_received_row(one, seal_id, now)):
        return Settlement.FIRST
    if _first_receipt(tx, partner, message_id) == signed.receipt:
        return Settlement.SAME
    _keep_aside(tx, one, seal_id, now)
    return Settlement.DISPUTED


def doubt(tx: Tx, one: ReceivedReceipt, now: datetime) -> None:
    """Keep a verified receipt that must not settle anything yet."""
    seal_id = insert_seal(tx, one.signed.seal, Purpose.RECEIPTS, False, one.partner, now)
    _keep_aside(tx, one, seal_id, now)


def _keep_aside(tx: Tx, one: ReceivedReceipt, seal_id: str, now: datetime) -> None:
    insert_if_absent(tx, RECEIPT_DISPUTE, _disputing_row(one, seal_id, now))


def settle_all(tx: Tx, rows: Sequence[ReceivedReceipt], now: datetime) -> dict[ExchangeId, Settlement]:
    """`settle` for the receipts of one answer: what is new goes in by one statement."""
    if not rows:
        return {}
    partner = rows[0].partner
    known = {row[0] for row in _KNOWN.rows(tx, [one.message_id for one in rows], ReceiptSide.RECEIVED.value, partner)}
    fresh = [one for one in rows if one.message_id not in known]
    seal_ids = {seal: insert_seal(tx, seal, Purpose.RECEIPTS, False, partner, now) for seal in _seals_of(fresh)}
    _INSERT.run_all(tx, [_received_row(one, seal_ids[one.signed.seal], now) for one in fresh], lost=RaceLost())
    again = [one for one in rows if one.message_id in known]
    repeated = {
        one.exchange: settle(tx, one.exchange, partner, one.message_id, one.verdict, one.signed, now) for one in again
    }
    return {one.exchange: Settlement.FIRST for one in fresh} | repeated


def _seals_of(rows: Sequence[ReceivedReceipt]) -> list[Seal]:
    return list(dict.fromkeys(one.signed.seal for one in rows))


def _received_row(one: ReceivedReceipt, seal_id: str, now: datetime) -> tuple[object, ...]:
    """The columns of the table in their order; what a partner issued is not asked for its leaf, nor in our log."""
    place = one.signed.place
    return (
        one.partner,
        ReceiptSide.RECEIVED.value,
        one.message_id,
        None,
        int(one.verdict),
        one.signed.receipt,
        seal_id,
        place.leaf_index,
        pack_path(place.path),
        one.exchange,
        ms(now),
        None,
        one.log_size,
    )


def _disputing_row(one: ReceivedReceipt, seal_id: str, now: datetime) -> dict[str, object]:
    return {
        "partner": one.partner,
        "receipt_sha256": sha256(one.signed.receipt),
        "message_id": one.message_id,
        "verdict": int(one.verdict),
        "receipt": one.signed.receipt,
        "seal_id": seal_id,
        "leaf_index": one.signed.place.leaf_index,
        "path": pack_path(one.signed.place.path),
        "exchange_id": one.exchange,
        "received_at": now,
    }


def _first_receipt(tx: Tx, partner: NodeCode, message_id: MessageId) -> bytes:
    received = RECEIPT.c.direction == ReceiptSide.RECEIVED
    mine = (RECEIPT.c.partner == partner, received, RECEIPT.c.message_id == message_id)
    return bytes(tx.execute(select(RECEIPT.c.receipt).where(*mine)).scalar_one())


def _reserve(tx: Tx, partner: NodeCode, count: int) -> int:
    """The first of `count` numbers of the partner's log; its row stays locked until commit, so there are no gaps."""
    grown = _GROW.rows(tx, count, partner)
    if not grown:
        insert_if_absent(tx, RECEIPT_LOG, {"partner": partner, "size": 0})
        grown = _GROW.rows(tx, count, partner)
    return int(grown[0][0]) - count


def _issued_row(row: IssuedReceipt, log_index: int) -> tuple[object, ...]:
    """The columns of the table in their order."""
    return (
        row.partner,
        ReceiptSide.ISSUED.value,
        row.message_id,
        row.leaf,
        int(row.verdict),
        row.receipt,
        row.seal_id,
        row.place.leaf_index,
        pack_path(row.place.path),
        row.exchange,
        ms(row.received_at),
        log_index,
        None,
    )


def _by_exchange(tx: Tx, ids: Collection[ExchangeId], side: ReceiptSide) -> dict[ExchangeId, HeldReceipt]:
    found = _held(tx, _BY_EXCHANGE.rows(tx, ids, side.value))
    return {one.exchange: one for one in found if one.exchange is not None}


def _held(tx: Tx, rows: Sequence[Sequence[Any]]) -> list[HeldReceipt]:
    # Many receipts share a seal, which is far larger than they are: it is read once.
    known = seals(tx, {row[_SEAL_ID] for row in rows})
    with intact("receipt"):
        return [_receipt_of(known[row[_SEAL_ID]], *row) for row in rows]


def _receipt_of(
    seal: Seal,
    _partner: NodeCode,
    direction: str,
    message_id: MessageId,
    leaf: Leaf | None,
    verdict: int,
    receipt: bytes,
    _seal_id: str,
    leaf_index: int,
    path: bytes,
    exchange: ExchangeId | None,
    received_at: int,
    _log_index: int | None,
    _log_size: int | None,
) -> HeldReceipt:
    """The receipt in a row as the driver gives it, columns in the order of their table."""
    signed = SignedReceipt(receipt, seal, Place(leaf_index, unpack_path(path)), repeat=direction == ReceiptSide.ISSUED)
    return HeldReceipt(message_id, leaf, Verdict(verdict), signed, exchange, from_ms(received_at))


_SEAL_ID = list(RECEIPT.columns).index(RECEIPT.c.seal_id)
"""Where the seal's id stands in a row as the driver gives it."""

_OF = RECEIPT.c.direction == bindparam("its_direction")
_WITH = RECEIPT.c.partner == bindparam("its_partner")

_INSERT = insertion(RECEIPT)
_INSERT_FIRST = insertion_if_absent(RECEIPT)
_BY_ID = ListStatement(
    lambda ids: select(RECEIPT).where(_OF, _WITH, RECEIPT.c.message_id.in_(ids)), "its_direction", "its_partner"
)
_BY_EXCHANGE = ListStatement(lambda ids: select(RECEIPT).where(_OF, RECEIPT.c.exchange_id.in_(ids)), "its_direction")
_KNOWN = ListStatement(
    lambda ids: select(RECEIPT.c.message_id).where(_OF, _WITH, RECEIPT.c.message_id.in_(ids)),
    "its_direction", "its_partner",
)  # fmt: skip
_GROW = Statement(
    update(RECEIPT_LOG)
    .values(size=RECEIPT_LOG.c.size + bindparam("more"))
    .where(RECEIPT_LOG.c.partner == bindparam("its_partner"))
    .returning(RECEIPT_LOG.c.size),
    "more", "its_partner",
)  # fmt: skip
