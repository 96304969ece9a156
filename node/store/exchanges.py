"""Exchanges, their documents and submissions; what was sealed of them is re-exported, so that flows have one door."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Update, bindparam, case, select, update

from node.clock import from_ms
from node.errors import RaceLost
from node.model.document import MediaType
from node.model.envelope import Chain
from node.model.exchange import Assurance, Direction, Exchange, State, require_move
from node.model.ids import Digest, ExchangeId, Leaf, MessageId, NodeCode
from node.store import ucrs
from node.store.columns import intact, pack_fields, pack_words, unpack_fields, unpack_words
from node.store.database import Tx
from node.store.sealed import StoredSealed, insert_sealed, replace_signatures, sealed
from node.store.seals import insert_seal, seals
from node.store.sql import ListStatement, Statement, insertion, ms, ms_or_none, texts
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
    _INSERT.run_all(tx, [_exchange_row(row) for row in rows], lost=RaceLost())


def load(tx: Tx, ids: Collection[ExchangeId]) -> dict[ExchangeId, Exchange]:
    """The exchanges with these ids; unknown ids are missing from the result."""
    with intact("exchange"):
        return {row[0]: _loaded(*row) for row in _LOAD.rows(tx, ids)}


def by_message(tx: Tx, partner: NodeCode, direction: Direction, message_ids: Collection[str]) -> dict[str, Exchange]:
    """The exchanges with a partner under these message ids; ids never used are missing from the result."""
    query = select(EXCHANGE).where(EXCHANGE.c.direction == direction.value, EXCHANGE.c.partner == partner)
    rows = tx.execute(query.where(EXCHANGE.c.message_id.in_(texts(message_ids))))
    return {row.message_id: exchange_of(row) for row in rows}


def insert_documents(tx: Tx, rows: Sequence[StoredDocument]) -> None:
    """Store bodies, once for ever, and which consignments they name; RaceLost when an exchange has one already."""
    _INSERT_DOCUMENT.run_all(tx, [_document_row(row) for row in rows], lost=RaceLost())
    ucrs.record(tx, [(row.exchange, row.ucr) for row in rows if row.ucr])


def documents(tx: Tx, ids: Collection[ExchangeId], *, fields: bool = True) -> dict[ExchangeId, StoredDocument]:
    """The bodies of these exchanges, or all but their `fields`; unknown and purged ones are missing from the result."""
    with intact("document"):
        return {row[0]: _document_of(fields, *row) for row in _LOAD_DOCUMENTS.rows(tx, ids)}


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
    if not from_:
        return frozenset()
    states = sorted(state.value for state in from_)
    states += states[-1:] * (_SOURCES - len(states))
    moved = _MOVE.rows(tx, ids, to.value, ms(now), cause, direction.value, *states)
    return frozenset(ExchangeId(row[0]) for row in moved)


def note_cause(tx: Tx, exchange: ExchangeId, cause: str, now: datetime) -> None:
    """Remember why an exchange that stays in its state got no further this time."""
    _NOTE_CAUSE.run(tx, ms(now), cause, exchange)


def set_all_sealed(tx: Tx, rows: Sequence[tuple[ExchangeId, MessageId, Leaf, datetime]]) -> None:
    """Write what sealing added to the exchanges' own rows: (exchange, message id, leaf, expires at).

    RaceLost when a message id is taken.
    """
    values = [(message_id, leaf, ms(expires_at), exchange) for exchange, message_id, leaf, expires_at in rows]
    _SET_SEALED.run_all(tx, values, lost=RaceLost())


def submissions(tx: Tx, keys: Collection[str]) -> dict[str, tuple[ExchangeId, Digest]]:
    """Who took these idempotency keys, with the digest of what was submitted; keys never used are missing."""
    return {key: (exchange, digest) for key, digest, exchange in _LOAD_SUBMISSIONS.rows(tx, keys)}


def insert_submissions(tx: Tx, rows: Sequence[tuple[str, Digest, ExchangeId]]) -> None:
    """Claim idempotency keys that `submissions` said are free; RaceLost when one was taken meanwhile."""
    _INSERT_SUBMISSION.run_all(tx, rows, lost=RaceLost())


def exchange_of(row: Row[tuple[object, ...]]) -> Exchange:
    """The exchange in a row of its table; raises StoreCorrupt when the row cannot be one."""
    with intact("exchange"):
        values = dict(row._mapping)
        values["direction"] = Direction(row.direction)
        values["assurance"] = Assurance(row.assurance)
        values["state"] = State(row.state)
        return Exchange(**values)


def _loaded(
    key: ExchangeId,
    direction: str,
    partner: NodeCode,
    arrangement: str,
    arrangement_version: int,
    kind: str,
    kind_version: int,
    assurance: str,
    state: str,
    priority: int,
    issuer: str,
    number: str,
    version: str,
    document_sha256: bytes,
    created_at: int,
    updated_at: int,
    message_id: str | None,
    leaf: bytes | None,
    expires_at: int | None,
    idempotency_key: str | None,
    conversation_id: str,
    refers_to: str,
    first_cause: str,
    last_cause: str,
    follows: ExchangeId | None,
    already_known: int,
) -> Exchange:
    """The exchange in a row as the driver gives it, columns in the order of their table."""
    return Exchange(
        key,
        _DIRECTIONS[direction],
        partner,
        arrangement,
        arrangement_version,
        kind,
        kind_version,
        _ASSURANCES[assurance],
        _STATES[state],
        priority,
        issuer,
        number,
        version,
        document_sha256,
        from_ms(created_at),
        from_ms(updated_at),
        message_id,
        leaf,
        None if expires_at is None else from_ms(expires_at),
        idempotency_key,
        conversation_id,
        refers_to,
        first_cause,
        last_cause,
        follows,
        bool(already_known),
    )


def _exchange_row(exchange: Exchange) -> tuple[object, ...]:
    """The columns of the table in their order; only words of closed lists and moments differ from the fields."""
    return (
        exchange.id,
        exchange.direction.value,
        exchange.partner,
        exchange.arrangement,
        exchange.arrangement_version,
        exchange.kind,
        exchange.kind_version,
        exchange.assurance.value,
        exchange.state.value,
        int(exchange.priority),
        exchange.issuer,
        exchange.number,
        exchange.version,
        exchange.document_sha256,
        ms(exchange.created_at),
        ms(exchange.updated_at),
        exchange.message_id,
        exchange.leaf,
        ms_or_none(exchange.expires_at),
        exchange.idempotency_key,
        exchange.conversation_id,
        exchange.refers_to,
        exchange.first_cause,
        exchange.last_cause,
        exchange.follows,
        exchange.already_known,
    )


def _document_row(document: StoredDocument) -> tuple[object, ...]:
    chain = document.chain
    return (
        document.exchange,
        document.content,
        document.media_type.value,
        pack_words(document.ucr),
        None if chain is None else chain.issuer,
        None if chain is None else chain.number,
        None if chain is None else chain.predecessor,
        pack_fields(document.fields),
    )


def _document_of(
    with_fields: bool,
    exchange: ExchangeId,
    content: bytes,
    media_type: str,
    ucr: str,
    chain_issuer: str | None,
    chain_number: str | None,
    predecessor: Digest | None,
    fields: str,
) -> StoredDocument:
    return StoredDocument(
        exchange=exchange,
        content=content,
        media_type=MediaType(media_type),
        ucr=unpack_words(ucr),
        chain=None if chain_issuer is None or chain_number is None else Chain(chain_issuer, chain_number, predecessor),
        fields=unpack_fields(fields) if with_fields else {},
    )


def _with_cause() -> Update:
    """The first cause stays, the latest is kept beside it."""
    first: ColumnElement[str] = case((EXCHANGE.c.first_cause == "", bindparam("cause")), else_=EXCHANGE.c.first_cause)
    return update(EXCHANGE).values(updated_at=bindparam("now"), first_cause=first, last_cause=bindparam("cause"))


# A look into a mapping is many times quicker than asking the closed list.
_DIRECTIONS = {one.value: one for one in Direction}
_ASSURANCES = {one.value: one for one in Assurance}
_STATES = {one.value: one for one in State}
_SOURCES = len(State)
_FROM = tuple(f"from_{at}" for at in range(_SOURCES))

_INSERT = insertion(EXCHANGE)
_LOAD = ListStatement(lambda ids: select(EXCHANGE).where(EXCHANGE.c.id.in_(ids)))
_MOVE = ListStatement(
    lambda ids: (
        _with_cause()
        .values(state=bindparam("to"))
        .where(EXCHANGE.c.id.in_(ids), EXCHANGE.c.direction == bindparam("its_direction"))
        .where(EXCHANGE.c.state.in_([bindparam(name) for name in _FROM]))
        .returning(EXCHANGE.c.id)
    ),
    "to", "now", "cause", "its_direction", *_FROM,
)  # fmt: skip
_NOTE_CAUSE = Statement(_with_cause().where(EXCHANGE.c.id == bindparam("exchange")), "now", "cause", "exchange")
_SET_SEALED = Statement(
    update(EXCHANGE)
    .values(message_id=bindparam("message"), leaf=bindparam("its_leaf"), expires_at=bindparam("until"))
    .where(EXCHANGE.c.id == bindparam("exchange")),
    "message", "its_leaf", "until", "exchange",
)  # fmt: skip
_INSERT_DOCUMENT = insertion(DOCUMENT)
_LOAD_DOCUMENTS = ListStatement(lambda ids: select(DOCUMENT).where(DOCUMENT.c.exchange_id.in_(ids)))
_INSERT_SUBMISSION = insertion(SUBMISSION)
_LOAD_SUBMISSIONS = ListStatement(lambda keys: select(SUBMISSION).where(SUBMISSION.c.idempotency_key.in_(keys)))
