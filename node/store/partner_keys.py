"""Key statements of partners. Each replaces the whole set before it; the highest sequence is in force (protocol 2)."""

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from node.model.ids import NodeCode
from node.model.receipt import KeyStatement
from node.store.database import Tx
from node.store.sql import Statement, insert_if_absent
from node.store.tables import PARTNER_KEY_STATEMENT


class Offer(Enum):
    """What became of a verified key statement."""

    STORED = "stored"
    """It is newer than what we had, and in force now."""
    OLDER = "older"
    """We have a newer one; nothing changed."""
    SAME = "same"
    """It is the one in force; its newer signature is kept."""
    CONFLICT = "conflict"
    """The same sequence with another content: nothing changed, and somebody must look."""


class _Statement(NamedTuple):
    sequence: int
    document: bytes
    signature: bytes


def offer(tx: Tx, partner: NodeCode, sequence: int, statement: KeyStatement, now: datetime) -> Offer:
    """Store a verified key statement if it is newer than the current one."""
    newest = _newest(tx, partner)
    if newest is not None and sequence < newest.sequence:
        return Offer.OLDER
    if newest is not None and sequence == newest.sequence:
        if newest.document != statement.document:
            return Offer.CONFLICT
        # The same keys, signed again with a renewed sign key: the old signature will soon not verify any more.
        mine = (PARTNER_KEY_STATEMENT.c.partner == partner, PARTNER_KEY_STATEMENT.c.sequence == sequence)
        tx.execute(update(PARTNER_KEY_STATEMENT).where(*mine).values(signature=statement.signature))
        return Offer.SAME
    row = {
        "partner": partner,
        "sequence": sequence,
        "document": statement.document,
        "signature": statement.signature,
        "stored_at": now,
    }
    if insert_if_absent(tx, PARTNER_KEY_STATEMENT, row):
        return Offer.STORED
    # Another node of ours stored this sequence a moment ago: judge again beside it.
    return offer(tx, partner, sequence, statement, now)


def current(tx: Tx, partner: NodeCode) -> KeyStatement | None:
    """The statement in force; None when the partner never sent one."""
    newest = _newest(tx, partner)
    return None if newest is None else KeyStatement(newest.document, newest.signature)


def _newest(tx: Tx, partner: NodeCode) -> _Statement | None:
    rows = _NEWEST.rows(tx, partner)
    return _Statement(*rows[0]) if rows else None


_NEWEST = Statement(
    select(PARTNER_KEY_STATEMENT.c.sequence, PARTNER_KEY_STATEMENT.c.document, PARTNER_KEY_STATEMENT.c.signature)
    .where(PARTNER_KEY_STATEMENT.c.partner == bindparam("its_partner"))
    .order_by(PARTNER_KEY_STATEMENT.c.sequence.desc())
    .limit(1),
    "its_partner",
)
