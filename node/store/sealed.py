"""What sealing fixed for ever of each exchange, and document signatures, which alone may be made anew (protocol 2)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BindParameter, Select, func, select

from node.errors import RaceLost
from node.model.envelope import Place
from node.model.ids import Digest, ExchangeId, Leaf, MessageId
from node.store.columns import intact, pack_blobs, pack_path, unpack_blobs, unpack_path
from node.store.database import Tx
from node.store.sql import ListStatement, insertion, ms
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
    _INSERT.run_all(tx, [_row(one) for one in rows], lost=RaceLost())


def sealed(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, StoredSealed]:
    """What was sealed of these exchanges, with their latest signatures; those not sealed are missing."""
    anew = _signatures_made_anew(tx, ids)
    with intact("sealed"):
        found = {row[0]: _sealed_of(*row) for row in _LOAD.rows(tx, ids)}
    return found | {key: replace(found[key], signatures=signatures) for key, signatures in anew.items()}


def replace_signatures(tx: Tx, exchange: ExchangeId, signatures: Sequence[bytes], now: datetime) -> None:
    """From now on these document signatures travel with the paper; the earlier ones are kept."""
    _INSERT_ANEW.run(tx, exchange, pack_blobs(signatures), ms(now))


def _signatures_made_anew(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, tuple[bytes, ...]]:
    with intact("document_signature"):
        return {key: unpack_blobs(signatures) for key, signatures in _LOAD_ANEW.rows(tx, ids)}


def _row(one: StoredSealed) -> tuple[object, ...]:
    return (
        one.exchange,
        one.message_id,
        one.header,
        one.metadata,
        one.salt,
        one.body_digest,
        one.leaf,
        one.seal_id,
        one.place.leaf_index,
        pack_path(one.place.path),
        pack_blobs(one.signatures),
    )


def _sealed_of(
    exchange: ExchangeId,
    message_id: MessageId,
    header: bytes,
    metadata: bytes,
    salt: bytes,
    body_digest: Digest,
    leaf: Leaf,
    seal_id: str,
    leaf_index: int,
    path: bytes,
    signatures: bytes,
) -> StoredSealed:
    place = Place(leaf_index, unpack_path(path))
    blobs = unpack_blobs(signatures)
    return StoredSealed(exchange, message_id, header, metadata, salt, body_digest, leaf, seal_id, place, blobs)


def _latest_signatures(ids: Sequence[BindParameter[str]]) -> Select[tuple[str, bytes]]:
    table = DOCUMENT_SIGNATURE.c
    latest = select(func.max(table.id)).where(table.exchange_id.in_(ids)).group_by(table.exchange_id)
    return select(table.exchange_id, table.signatures).where(table.id.in_(latest))


_INSERT = insertion(SEALED)
_LOAD = ListStatement(lambda ids: select(SEALED).where(SEALED.c.exchange_id.in_(ids)))
_INSERT_ANEW = insertion(DOCUMENT_SIGNATURE, "exchange_id", "signatures", "made_at")
_LOAD_ANEW = ListStatement(_latest_signatures)
