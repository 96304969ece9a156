"""What sealing fixed for ever of each exchange, and document signatures, which alone may be made anew (protocol 2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, func, select

from node.errors import RaceLost
from node.model.envelope import Place
from node.model.ids import Digest, ExchangeId, Leaf, MessageId
from node.store.columns import intact, pack_blobs, pack_path, unpack_blobs, unpack_path
from node.store.database import Tx
from node.store.sql import insert_rows, texts
from node.store.tables import DOCUMENT_SIGNATURE, SEALED


@dataclass(frozen=True, slots=True)
class StoredSealed:
    """What `seal` fixed for ever of one exchange, and where its leaf stands."""

    exchange: ExchangeId
    message_id: MessageId
    header: bytes
    metadata: bytes
    salt: bytes
    body_digest: Digest
    leaf: Leaf
    seal_id: str
    place: Place
    signatures: tuple[bytes, ...] = ()


def insert_sealed(tx: Tx, rows: Sequence[StoredSealed]) -> None:
    """Store what was sealed, once for ever; RaceLost when an exchange was sealed already."""
    insert_rows(tx, SEALED, [_row(one) for one in rows], lost=RaceLost())


def sealed(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, StoredSealed]:
    """What was sealed of these exchanges, with their latest signatures; those not sealed are missing."""
    anew = _signatures_made_anew(tx, ids)
    query = select(SEALED).where(SEALED.c.exchange_id.in_(texts(ids)))
    found = {ExchangeId(row.exchange_id): _sealed_of(row) for row in tx.execute(query)}
    return {key: replace(one, signatures=anew.get(key, one.signatures)) for key, one in found.items()}


def replace_signatures(tx: Tx, exchange: ExchangeId, signatures: Sequence[bytes], now: datetime) -> None:
    """From now on these document signatures travel with the paper; the earlier ones are kept."""
    row = {"exchange_id": exchange, "signatures": pack_blobs(signatures), "made_at": now}
    insert_rows(tx, DOCUMENT_SIGNATURE, [row])


def _signatures_made_anew(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, tuple[bytes, ...]]:
    table = DOCUMENT_SIGNATURE.c
    latest = select(func.max(table.id)).where(table.exchange_id.in_(texts(ids))).group_by(table.exchange_id)
    rows = tx.execute(select(table.exchange_id, table.signatures).where(table.id.in_(latest)))
    with intact("document_signature"):
        return {ExchangeId(row.exchange_id): unpack_blobs(row.signatures) for row in rows}


def _row(one: StoredSealed) -> dict[str, object]:
    return {
        "exchange_id": one.exchange,
        "message_id": one.message_id,
        "header": one.header,
        "particulars": one.metadata,
        "salt": one.salt,
        "body_digest": one.body_digest,
        "leaf": one.leaf,
        "seal_id": one.seal_id,
        "leaf_index": one.place.leaf_index,
        "path": pack_path(one.place.path),
        "signatures": pack_blobs(one.signatures),
    }


def _sealed_of(row: Row[tuple[object, ...]]) -> StoredSealed:
    with intact("sealed"):
        return StoredSealed(
            exchange=ExchangeId(row.exchange_id),
            message_id=MessageId(row.message_id),
            header=row.header,
            metadata=row.particulars,
            salt=row.salt,
            body_digest=Digest(row.body_digest),
            leaf=Leaf(row.leaf),
            seal_id=row.seal_id,
            place=Place(row.leaf_index, unpack_path(row.path)),
            signatures=unpack_blobs(row.signatures),
        )
