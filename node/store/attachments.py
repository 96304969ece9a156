"""Which content travels beside which paper, and what of the uploads is therefore kept."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select

from node.model.envelope import Attachment
from node.model.exchange import Exchange
from node.model.ids import Digest, ExchangeId, NodeCode
from node.store import exchanges
from node.store.columns import intact
from node.store.database import Tx
from node.store.exchanges import StoredDocument
from node.store.sql import ListStatement, insertion
from node.store.upload_tables import ATTACHMENT

Attached = tuple[ExchangeId, NodeCode, tuple[Attachment, ...]]
"""Whose paper, with which partner, and its attachments in their order."""


def insert(tx: Tx, rows: Sequence[Attached]) -> None:
    """Store the attachments of new exchanges."""
    _INSERT.run_all(
        tx,
        [
            (exchange, at, partner, one.name, one.media_type, one.size, one.sha256, one.upload_sha256, one.key)
            for exchange, partner, listed in rows
            for at, one in enumerate(listed)
        ],
    )


def load(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, tuple[Attachment, ...]]:
    """The attachments of these exchanges, in order; those without are missing from the result."""
    found: dict[ExchangeId, tuple[Attachment, ...]] = {}
    with intact("attachment"):
        for exchange, name, media_type, size, sha256, upload_sha256, key in _LOAD.rows(tx, ids):
            one = Attachment(name, media_type, size, Digest(bytes(sha256)), Digest(bytes(upload_sha256)), bytes(key))
            found[exchange] = (*found.get(exchange, ()), one)
    return found


def with_papers(
    tx: Tx, ids: Collection[ExchangeId]
) -> tuple[dict[ExchangeId, Exchange], dict[ExchangeId, StoredDocument], dict[ExchangeId, tuple[Attachment, ...]]]:
    """Exchanges, their bodies and what travels beside them: all that a hub is given."""
    return exchanges.load(tx, ids), exchanges.documents(tx, ids), load(tx, ids)


def kept(tx: Tx) -> set[tuple[NodeCode, Digest]]:
    """The ciphertext that some paper still names."""
    rows = tx.execute(select(ATTACHMENT.c.partner, ATTACHMENT.c.upload_sha256))
    return {(NodeCode(partner), Digest(bytes(digest))) for partner, digest in rows}


def forget(tx: Tx, ids: Collection[ExchangeId]) -> None:
    """The bodies of these exchanges went, and their attachments with them."""
    tx.execute(delete(ATTACHMENT).where(ATTACHMENT.c.exchange_id.in_(list(ids))))


_INSERT = insertion(ATTACHMENT)
_LOAD = ListStatement(
    lambda ids: (
        select(
            ATTACHMENT.c.exchange_id,
            ATTACHMENT.c.name,
            ATTACHMENT.c.media_type,
            ATTACHMENT.c.size,
            ATTACHMENT.c.sha256,
            ATTACHMENT.c.upload_sha256,
            ATTACHMENT.c.key,
        )
        .where(ATTACHMENT.c.exchange_id.in_(ids))
        .order_by(ATTACHMENT.c.exchange_id, ATTACHMENT.c.position)
    )
)
