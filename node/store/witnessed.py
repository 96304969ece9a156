"""What we know of partners' logs: the largest checkpoint each showed us, and which are known to be rewritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, func, select, update

from node.model.checkpoint import Checkpoint
from node.model.ids import MessageId, NodeCode
from node.store.audit import Act
from node.store.database import Tx
from node.store.sql import insert_if_absent
from node.store.tables import CHECKPOINT, LOG_ALARM, RECEIPT, ReceiptSide

NAMED_ENTRIES = 5
"""Receipts that an alarm names one by one; the rest it counts."""


FORKED = "log-forked"
"""The act that raises an alarm; its object is the partner."""

CLEARED = "log-alarm-cleared"
"""The act that alone lets an alarm be taken back; the table's own guard asks for it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A log that was rewritten: the two signed notes that cannot both be true."""

    partner: NodeCode
    raised_at: datetime
    known: bytes
    shown: bytes


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Receipts of the partner that the log it shows now has no room for, or cannot be trusted to hold."""

    count: int
    first: Sequence[MessageId]


_KNOWN = select(CHECKPOINT.c.note).where(CHECKPOINT.c.partner == bindparam("of"))

_ADVANCE = (
    update(CHECKPOINT)
    .where(CHECKPOINT.c.partner == bindparam("of"), CHECKPOINT.c.note == bindparam("named"))
    .where(~exists().where(LOG_ALARM.c.partner == CHECKPOINT.c.partner))
    .values(size=bindparam("size"), note=bindparam("note"))
)
"""Both built once, and one statement each, because every call asks them."""


def known(tx: Tx, partner: NodeCode) -> bytes:
    """The largest checkpoint of the partner that we proved to follow from those before; empty when there is none."""
    return bytes(tx.execute(_KNOWN, {"of": partner}).scalar() or b"")


def advance(tx: Tx, named: bytes, shown: Checkpoint) -> bool:
    """Remember `shown`, which follows from `named` (empty: the first); False when another call came first.

    What follows from an older checkpoint than the one remembered now proves nothing about that one. Nothing moves while
    an alarm stands.
    """
    if not named:
        return insert_if_absent(tx, CHECKPOINT, {"partner": shown.signer, "size": shown.size, "note": shown.note})
    found = tx.execute(_ADVANCE, {"of": shown.signer, "named": named, "size": shown.size, "note": shown.note})
    return found.rowcount == 1


def alarm(tx: Tx, partner: NodeCode) -> Alarm | None:
    """The alarm that stands for the partner."""
    row = tx.execute(select(LOG_ALARM).where(LOG_ALARM.c.partner == partner)).first()
    return None if row is None else Alarm(NodeCode(row.partner), row.raised_at, bytes(row.known), bytes(row.shown))


def doubted(tx: Tx) -> frozenset[str]:
    """The partners about whom an alarm stands."""
    return frozenset(tx.execute(select(LOG_ALARM.c.partner)).scalars())


def follow(raised: dict[str, int], act: Act) -> None:
    """Keep in `raised`, act by act, which of them raised the alarm that should stand about a partner."""
    if act.act == FORKED:
        raised[str(act.object)] = act.id
    elif act.act == CLEARED:
        raised.pop(str(act.object), None)


def raise_alarm(tx: Tx, new: Alarm) -> bool:
    """Raise it unless one stands already; whether it was raised now."""
    row = {"partner": new.partner, "raised_at": new.raised_at, "known": new.known, "shown": new.shown}
    return insert_if_absent(tx, LOG_ALARM, row)


def clear(tx: Tx, partner: NodeCode) -> Alarm | None:
    """Take the alarm back and forget the checkpoint: the next one is the first. None when there was no alarm.

    Its act, CLEARED, must be written down before; raises StoreRefused without.
    """
    stood = alarm(tx, partner)
    if stood is not None:
        tx.execute(delete(LOG_ALARM).where(LOG_ALARM.c.partner == partner))
        tx.execute(delete(CHECKPOINT).where(CHECKPOINT.c.partner == partner))
    return stood


def uncovered(tx: Tx, partner: NodeCode, size: int) -> Uncovered:
    """Receipts that the partner gave us when its log was larger than `size`, the oldest first."""
    mine = (RECEIPT.c.partner == partner, RECEIPT.c.direction == ReceiptSide.RECEIVED, RECEIPT.c.log_size > size)
    count = int(tx.execute(select(func.count()).select_from(RECEIPT).where(*mine)).scalar_one())
    order = (RECEIPT.c.log_size, RECEIPT.c.message_id)
    first = tx.execute(select(RECEIPT.c.message_id).where(*mine).order_by(*order).limit(NAMED_ENTRIES)).scalars()
    return Uncovered(count, [MessageId(each) for each in first])
