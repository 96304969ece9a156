"""Rows are read and written by place: every place is that of the column it is taken for."""

import inspect
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Table

from node.model.document import MediaType
from node.model.envelope import Chain, Place, Purpose
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.ids import ExchangeId, Leaf, MessageId, NodeCode
from node.model.receipt import SignedReceipt, Verdict
from node.store import exchanges, receipts, sealed
from node.store.database import Database, Tx
from node.store.exchanges import StoredDocument
from node.store.receipts import IssuedReceipt, ReceivedReceipt
from node.store.sealed import StoredSealed
from node.store.tables import DOCUMENT, EXCHANGE, RECEIPT, SEALED

if TYPE_CHECKING:
    from conftest import Trade

READERS = {
    "exchange": (exchanges._loaded, EXCHANGE, ()),
    "document": (exchanges._document_of, DOCUMENT, ("with_fields",)),
    "receipt": (receipts._receipt_of, RECEIPT, ("seal",)),
    "sealed": (sealed._sealed_of, SEALED, ()),
}
"""Each with what it is given before the row."""

SHORTER = {"key": "id", "exchange": "exchange_id", "metadata": "particulars"}
"""What a reader may call a column otherwise."""


@pytest.mark.parametrize("name", READERS)
def test_a_reader_names_its_places_as_the_table_names_its_columns(name: str) -> None:
    reader, table, before = READERS[name]
    assert places(reader) == [*before, *columns(table)]


def places(reader: Callable[..., object]) -> list[str]:
    """What a reader calls its places; those it does not use begin with an underscore."""
    names = [name.removeprefix("_") for name in inspect.signature(reader).parameters]
    return [SHORTER.get(name, name) for name in names]


def columns(table: Table) -> list[str]:
    return [column.name for column in table.columns]


# --- written by place, read by name, and the other way round --------------------------------------------------------


@pytest.fixture
def odd(trade: "Trade") -> Exchange:
    """An exchange of which no two fields are alike."""
    moments = [trade.now + timedelta(minutes=each) for each in range(3)]
    exchange = Exchange(
        id=ExchangeId(trade.id()),
        direction=Direction.OUT,
        partner=NodeCode("XB"),
        arrangement="arrangement",
        arrangement_version=11,
        kind="kind",
        kind_version=12,
        assurance=Assurance.DOCUMENT,
        state=State.DELIVERED,
        priority=2,
        issuer="issuer",
        number="number",
        version="version",
        document_sha256=b"d" * 32,
        created_at=moments[0],
        updated_at=moments[1],
        message_id=MessageId(trade.id()),
        leaf=Leaf(b"l" * 32),
        expires_at=moments[2],
        idempotency_key="idempotency key",
        conversation_id="conversation",
        refers_to="refers to",
        first_cause="first cause",
        last_cause="last cause",
        follows=ExchangeId(trade.id()),
        already_known=True,
    )
    values = [getattr(exchange, field.name) for field in fields(exchange)]
    assert len(set(values)) == len(values)
    return exchange


def test_an_exchange_is_the_same_read_by_place_and_by_name(database: Database, odd: Exchange) -> None:
    database.write(lambda tx: exchanges.insert(tx, [odd]))
    by_place = database.read(lambda tx: exchanges.load(tx, [odd.id]))
    by_name = database.read(lambda tx: exchanges.by_message(tx, odd.partner, odd.direction, [str(odd.message_id)]))
    assert by_place == {odd.id: odd}
    assert by_name == {odd.message_id: odd}


def by_name(tx: Tx, table: Table) -> dict[str, object]:
    """The one row of a table."""
    return dict(tx.execute(table.select()).one()._mapping)


def test_every_column_of_a_document_holds_what_it_is_named_after(database: Database, odd: Exchange) -> None:
    chain = Chain("chain issuer", "chain number", b"p" * 32)
    document = StoredDocument(odd.id, b"content", MediaType.JSON, ("ucr",), chain, {"field": "text"})
    database.write(lambda tx: (exchanges.insert(tx, [odd]), exchanges.insert_documents(tx, [document])))
    assert database.read(lambda tx: by_name(tx, DOCUMENT)) == {
        "exchange_id": odd.id,
        "content": b"content",
        "media_type": MediaType.JSON.value,
        "ucr": '["ucr"]',
        "chain_issuer": "chain issuer",
        "chain_number": "chain number",
        "predecessor": b"p" * 32,
        "fields": '{"field":"text"}',
    }
    assert database.read(lambda tx: exchanges.documents(tx, [odd.id])) == {odd.id: document}


def test_every_column_of_what_was_sealed_holds_what_it_is_named_after(
    database: Database, trade: "Trade", odd: Exchange
) -> None:
    digests = {name: name.encode().ljust(32) for name in ("salt", "body", "leaf", "path")}

    def put(tx: Tx) -> StoredSealed:
        exchanges.insert(tx, [odd])
        seal_id = exchanges.insert_seal(tx, trade.seal(), Purpose.PAPERS, True, trade.partner, trade.now)
        one = StoredSealed(
            odd.id, MessageId(trade.id()), b"header", b"metadata", digests["salt"], digests["body"],
            digests["leaf"], seal_id, Place(7, (digests["path"],)), (b"signature",),
        )  # fmt: skip
        exchanges.insert_sealed(tx, [one])
        return one

    one = database.write(put)
    assert database.read(lambda tx: by_name(tx, SEALED)) == {
        "exchange_id": odd.id,
        "message_id": one.message_id,
        "header": b"header",
        "particulars": b"metadata",
        "salt": digests["salt"],
        "body_digest": digests["body"],
        "leaf": digests["leaf"],
        "seal_id": one.seal_id,
        "leaf_index": 7,
        "path": digests["path"],
        "signatures": b"\0\0\0\x09signature",
    }
    assert database.read(lambda tx: exchanges.sealed(tx, [odd.id])) == {odd.id: one}


def test_every_column_of_an_issued_receipt_holds_what_it_is_named_after(
    database: Database, trade: "Trade", odd: Exchange
) -> None:
    path = b"h" * 32

    def put(tx: Tx) -> IssuedReceipt:
        exchanges.insert(tx, [odd])
        one = trade.issued(
            tx, verdict=Verdict.REFUSED, place=Place(7, (path,)), exchange=odd.id, received_at=trade.later(minutes=9)
        )
        receipts.insert_issued(tx, [one])
        return one

    one = database.write(put)
    assert database.read(lambda tx: by_name(tx, RECEIPT)) == {
        "partner": one.partner,
        "direction": "issued",
        "message_id": one.message_id,
        "leaf": one.leaf,
        "verdict": int(Verdict.REFUSED),
        "receipt": one.receipt,
        "seal_id": one.seal_id,
        "leaf_index": 7,
        "path": path,
        "exchange_id": odd.id,
        "received_at": one.received_at,
        "log_index": 0,
        "log_size": None,
    }
    held = database.read(lambda tx: receipts.issued(tx, [odd.id]))[odd.id]
    assert (held.message_id, held.leaf, held.verdict, held.received_at) == (
        one.message_id, one.leaf, one.verdict, one.received_at,
    )  # fmt: skip
    assert (held.signed.receipt, held.signed.place, held.signed.repeat) == (one.receipt, one.place, True)


def test_every_column_of_a_received_receipt_holds_what_it_is_named_after(
    database: Database, trade: "Trade", odd: Exchange
) -> None:
    path, now = b"h" * 32, trade.later(minutes=9)
    signed = SignedReceipt(b"receipt", trade.seal(), Place(7, (path,)))
    one = ReceivedReceipt(odd.id, trade.partner, MessageId(trade.id()), Verdict.REFUSED, signed, 1021)
    database.write(lambda tx: (exchanges.insert(tx, [odd]), receipts.settle_all(tx, [one], now)))
    row = database.read(lambda tx: by_name(tx, RECEIPT))
    assert row | {"seal_id": None} == {
        "partner": one.partner,
        "direction": "received",
        "message_id": one.message_id,
        "leaf": None,
        "verdict": int(Verdict.REFUSED),
        "receipt": b"receipt",
        "seal_id": None,
        "leaf_index": 7,
        "path": path,
        "exchange_id": odd.id,
        "received_at": now,
        "log_index": None,
        "log_size": 1021,
    }
    assert database.read(lambda tx: receipts.received(tx, [odd.id])) == {odd.id: signed}
