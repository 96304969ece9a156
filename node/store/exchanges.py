"""Exchanges, their documents and submissions; what was sealed of them is re-exported, so that flows have one door."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Row, bindparam, case, select, update

from node.errors import RaceLost
from node.model.document import MediaType
from node.model.envelope import Chain
from node.model.exchange import Assurance, Direction, Exchange, State, require_move
from node.model.ids import Digest, ExchangeId, Leaf, MessageId, NodeCode
from node.store.columns import intact, pack_fields, pack_words, unpack_fields, unpack_words
from node.store.database import Tx
from node.store.sealed import StoredSealed, insert_sealed, replace_signatures, sealed
from node.store.seals import insert_seal, seals
from node.store.seam import unique_or
from node.store.sql import insert_rows, texts
from node.store.tables import DOCUMENT, EXCHANGE, SUBMISSION

__all__ = [
    "StoredDocument",
    "StoredSealed",
    "by_message",
    "documents",
    "exchange_of",
    "insert",
    "insert_documents",
    "insert_seal",
    "insert_sealed",
    "insert_submissions",
    "load",
    "move",
    "move_all",
    "note_cause",
    "replace_signatures",
    "sealed",
    "seals",
    "set_all_sealed",
    "submissions",
]


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """The exact bytes of a paper and what was read from them."""

    exchange: ExchangeId
    content: bytes
    media_type: MediaType
    ucr: tuple[str, ...] = ()
    chain: Chain | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


def insert(tx: Tx, rows: Sequence[Exchange]) -> None:
    """Store new exchanges; RaceLost when an id or a (direction, partner, message id) is taken."""
    insert_rows(tx, EXCHANGE, [_exchange_row(row) for row in rows], lost=RaceLost())


def load(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, Exchange]:
    """The exchanges with these ids; unknown ids are missing from the result."""
    query = select(EXCHANGE).where(EXCHANGE.c.id.in_(texts(ids)))
    return {ExchangeId(row.id): exchange_of(row) for row in tx.execute(query)}


def by_message(tx: Tx, partner: NodeCode, direction: Direction, message_ids: Collection[str]) -> dict[str, Exchange]:
    """The exchanges with a partner under these message ids; ids never used are missing from the result."""
    query = select(EXCHANGE).where(EXCHANGE.c.direction == direction.value, EXCHANGE.c.partner == partner)
    rows = tx.execute(query.where(EXCHANGE.c.message_id.in_(texts(message_ids))))
    return {row.message_id: exchange_of(row) for row in rows}


def insert_documents(tx: Tx, rows: Sequence[StoredDocument]) -> None:
    """Store bodies, once for ever; RaceLost when an exchange has one already."""
    insert_rows(tx, DOCUMENT, [_document_row(row) for row in rows], lost=RaceLost())


def documents(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, StoredDocument]:
    """The bodies of these exchanges; unknown and purged ones are missing from the result."""
    query = select(DOCUMENT).where(DOCUMENT.c.exchange_id.in_(texts(ids)))
    return {ExchangeId(row.exchange_id): _document_of(row) for row in tx.execute(query)}


def move(
    tx: Tx,
    exchange: ExchangeId,
    direction: Direction,
    from_: Collection[State],
    to: State,
    now: datetime,
    cause: str = "",
) -> bool:
    """Move one exchange by compare-and-set; False when it is in none of the states `from_` (any more).

    `cause` is an error code: the first one stays as first_cause, the latest is last_cause. Raises IllegalMove unless
    MOVES lists the move from every state of `from_`.
    """
    return exchange in move_all(tx, [exchange], direction, from_, to, now, cause)


def move_all(
    tx: Tx,
    ids: Collection[ExchangeId],
    direction: Direction,
    from_: Collection[State],
    to: State,
    now: datetime,
    cause: str = "",
) -> frozenset[ExchangeId]:
    """`move` for many exchanges in one statement; the ids that were moved."""
    for state in from_:
        require_move(direction, state, to)
    statement = (
        update(EXCHANGE)
        .where(EXCHANGE.c.id.in_(texts(ids)), EXCHANGE.c.direction == direction.value)
        .where(EXCHANGE.c.state.in_(texts([state.value for state in from_])))
        .values(state=to.value, updated_at=now, first_cause=_first(cause), last_cause=cause)
        .returning(EXCHANGE.c.id)
    )
    return frozenset(ExchangeId(moved) for moved in tx.execute(statement).scalars())


def note_cause(tx: Tx, exchange: ExchangeId, cause: str, now: datetime) -> None:
    """Remember why an exchange that stays in its state got no further this time."""
    statement = update(EXCHANGE).where(EXCHANGE.c.id == exchange)
    tx.execute(statement.values(updated_at=now, first_cause=_first(cause), last_cause=cause))


def set_all_sealed(tx: Tx, rows: Sequence[tuple[ExchangeId, MessageId, Leaf, datetime]]) -> None:
    """Write what sealing added to the exchanges' own rows: (exchange, message id, leaf, expires at).

    RaceLost when a message id is taken.
    """
    if not rows:
        return
    statement = (
        update(EXCHANGE)
        .where(EXCHANGE.c.id == bindparam("exchange"))
        .values(message_id=bindparam("message"), leaf=bindparam("its_leaf"), expires_at=bindparam("until"))
    )
    values = [
        {"exchange": exchange, "message": message_id, "its_leaf": leaf, "until": expires_at}
        for exchange, message_id, leaf, expires_at in rows
    ]
    with unique_or(RaceLost()):
        tx.execute(statement, values)


def submissions(tx: Tx, keys: Collection[str]) -> dict[str, tuple[ExchangeId, Digest]]:
    """Who took these idempotency keys, with the digest of what was submitted; keys never used are missing."""
    query = select(SUBMISSION).where(SUBMISSION.c.idempotency_key.in_(texts(keys)))
    return {
        row.idempotency_key: (ExchangeId(row.exchange_id), Digest(row.submitted_sha256)) for row in tx.execute(query)
    }


def insert_submissions(tx: Tx, rows: Sequence[tuple[str, Digest, ExchangeId]]) -> None:
    """Claim idempotency keys that `submissions` said are free; RaceLost when one was taken meanwhile."""
    values = [
        {"idempotency_key": key, "submitted_sha256": digest, "exchange_id": exchange} for key, digest, exchange in rows
    ]
    insert_rows(tx, SUBMISSION, values, lost=RaceLost())


def exchange_of(row: Row[tuple[object, ...]]) -> Exchange:
    """The exchange in a row of its table; raises StoreCorrupt when the row cannot be one."""
    with intact("exchange"):
        values = dict(row._mapping)
        values["direction"] = Direction(row.direction)
        values["assurance"] = Assurance(row.assurance)
        values["state"] = State(row.state)
        return Exchange(**values)


def _exchange_row(exchange: Exchange) -> dict[str, object]:
    # The columns are named as the fields; only the words of closed lists differ, as plain text that any driver takes.
    return {column.name: getattr(exchange, column.name) for column in EXCHANGE.columns} | {
        "direction": exchange.direction.value,
        "assurance": exchange.assurance.value,
        "state": exchange.state.value,
        "priority": int(exchange.priority),
    }


def _first(cause: str) -> ColumnElement[str]:
    return case((EXCHANGE.c.first_cause == "", cause), else_=EXCHANGE.c.first_cause)


def _document_row(document: StoredDocument) -> dict[str, object]:
    chain = document.chain
    return {
        "exchange_id": document.exchange,
        "content": document.content,
        "media_type": document.media_type.value,
        "ucr": pack_words(document.ucr),
        "chain_issuer": None if chain is None else chain.issuer,
        "chain_number": None if chain is None else chain.number,
        "predecessor": None if chain is None else chain.predecessor,
        "fields": pack_fields(document.fields),
    }


def _document_of(row: Row[tuple[object, ...]]) -> StoredDocument:
    with intact("document"):
        predecessor = None if row.predecessor is None else Digest(row.predecessor)
        return StoredDocument(
            exchange=ExchangeId(row.exchange_id),
            content=row.content,
            media_type=MediaType(row.media_type),
            ucr=unpack_words(row.ucr),
            chain=None if row.chain_issuer is None else Chain(row.chain_issuer, row.chain_number, predecessor),
            fields=unpack_fields(row.fields),
        )
