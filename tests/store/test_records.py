"""Papers, partner keys, actors, audit, evidence: small memories with one rule each."""

from typing import TYPE_CHECKING

import pytest

from node.errors import RaceLost
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State
from node.model.ids import Digest
from node.model.receipt import KeyStatement
from node.store import actors, audit, evidence, papers, partner_keys
from node.store.actors import ActorKind
from node.store.database import Database, Tx
from node.store.papers import KnownPaper, NewPaper
from node.store.partner_keys import Offer

if TYPE_CHECKING:
    from conftest import Trade

IN = Direction.IN


def known(exchange: Exchange) -> KnownPaper:
    digest = Digest(exchange.document_sha256)
    return KnownPaper(
        exchange.issuer, exchange.number, exchange.version, digest, exchange.id, exchange.kind, exchange.number
    )


def inbound(trade: "Trade", database: Database, **different: object) -> Exchange:
    (row,) = trade.put(database, direction=IN, state=State.RECEIVED, **different)
    assert isinstance(row, Exchange)
    return row


def record(database: Database, *rows: Exchange) -> None:
    database.write(lambda tx: papers.record(tx, [NewPaper.of(row) for row in rows]))


# --- papers -----------------------------------------------------------------------------------------------------------


def test_papers_are_found_by_number_oldest_first_and_by_content(database: Database, trade: "Trade") -> None:
    first = inbound(trade, database, number="7")
    second = inbound(trade, database, number="7", version="withdrawn", created_at=trade.later(hours=1))
    other = inbound(trade, database, number="8")
    record(database, first, second, other)
    key = (first.issuer, "7")
    found = database.read(lambda tx: papers.known(tx, trade.partner, IN, [key, (first.issuer, "9")]))
    assert found == {key: (known(first), known(second))}
    wanted = [other.document_sha256, b"x" * 32]
    by_document = database.read(lambda tx: papers.by_document(tx, trade.partner, IN, wanted))
    assert by_document == {other.document_sha256: known(other)}


def test_papers_of_one_batch_are_known_in_the_order_they_were_accepted(database: Database, trade: "Trade") -> None:
    """Their exchanges have ids of one millisecond, which are in no order; a successor must find the latest of them."""
    rows = trade.put(database, 12, number="7")
    record(database, *rows[:5])
    record(database, *rows[5:])
    key = (rows[0].issuer, "7")
    found = database.read(lambda tx: papers.known(tx, trade.partner, Direction.OUT, [key]))[key]
    assert [one.exchange for one in found] == [row.id for row in rows]


def test_papers_of_another_sender_or_direction_do_not_count(database: Database, trade: "Trade") -> None:
    row = inbound(trade, database, number="7")
    record(database, row)
    key = (row.issuer, "7")
    assert database.read(lambda tx: papers.known(tx, "XC", IN, [key])) == {}
    assert database.read(lambda tx: papers.known(tx, trade.partner, Direction.OUT, [key])) == {}
    assert database.read(lambda tx: papers.by_document(tx, "XC", IN, [row.document_sha256])) == {}
    assert database.read(lambda tx: papers.known(tx, trade.partner, IN, [])) == {}


def test_the_same_paper_of_a_partner_has_one_effect(database: Database, trade: "Trade") -> None:
    first = inbound(trade, database, number="7")
    again = inbound(trade, database, number="7", document_sha256=first.document_sha256)
    changed = inbound(trade, database, number="7")
    record(database, first)
    with pytest.raises(RaceLost):
        record(database, again)
    record(database, changed)


def test_our_hub_may_send_the_same_paper_twice(database: Database, trade: "Trade") -> None:
    first, again = trade.put(database, 2, number="7", document_sha256=b"s" * 32)
    record(database, first, again)
    found = database.read(lambda tx: papers.by_document(tx, trade.partner, Direction.OUT, [b"s" * 32]))
    assert found[Digest(b"s" * 32)].exchange == first.id


# --- partner keys -----------------------------------------------------------------------------------------------------


def test_only_a_higher_sequence_changes_the_keys_of_a_partner(database: Database, trade: "Trade") -> None:
    def offer(sequence: int, document: bytes, signature: bytes = b"s") -> Offer:
        statement = KeyStatement(document, signature)
        return database.write(lambda tx: partner_keys.offer(tx, trade.partner, sequence, statement, trade.now))

    def current() -> KeyStatement | None:
        return database.read(lambda tx: partner_keys.current(tx, trade.partner))

    assert current() is None
    assert offer(10, b"ten") is Offer.STORED
    assert offer(9, b"nine") is Offer.OLDER
    assert offer(10, b"ten") is Offer.SAME
    assert offer(10, b"ten", b"signed anew") is Offer.SAME
    assert offer(10, b"another ten") is Offer.CONFLICT
    assert current() == KeyStatement(b"ten", b"signed anew")
    assert offer(1_789_000_000_000, b"later") is Offer.STORED
    assert offer(10, b"ten") is Offer.OLDER
    assert current() == KeyStatement(b"later", b"s")
    assert database.read(lambda tx: partner_keys.current(tx, "XC")) is None


# --- actors, audit, evidence ------------------------------------------------------------------------------------------


def test_an_actor_is_made_once_per_kind_and_name(database: Database, trade: "Trade") -> None:
    def ensure(name: str, kind: ActorKind) -> int:
        return database.write(lambda tx: actors.ensure(tx, name, kind, trade.now))

    chen = ensure("陳", ActorKind.HUMAN)
    assert ensure("陳", ActorKind.HUMAN) == chen
    assert len({chen, ensure("陳", ActorKind.PARTNER), ensure("林", ActorKind.HUMAN)}) == 3


def test_the_audit_tells_who_did_what_in_order_and_page_by_page(database: Database, trade: "Trade") -> None:
    def act(tx: Tx) -> None:
        hub = actors.ensure(tx, "hub", ActorKind.HUB, trade.now)
        chen = actors.ensure(tx, "陳", ActorKind.HUMAN, trade.now)
        audit.add(tx, hub, "accepted", "exchange-1", {"key": "k\r\n1"}, trade.now)
        audit.add(tx, chen, "parked", "exchange-1", {}, trade.later(minutes=1))
        audit.add(tx, chen, "resumed", "exchange-1", {}, trade.later(minutes=2))

    database.write(act)
    first = database.read(lambda tx: audit.entries(tx, limit=2))
    rest = database.read(lambda tx: audit.entries(tx, after=first[-1].id))
    assert [(one.actor, one.kind, one.act) for one in (*first, *rest)] == [
        ("hub", ActorKind.HUB, "accepted"),
        ("陳", ActorKind.HUMAN, "parked"),
        ("陳", ActorKind.HUMAN, "resumed"),
    ]
    assert first[0].detail == {"key": "k\r\n1"}
    assert first[1].moment == trade.later(minutes=1)


def test_a_timeline_keeps_the_order_in_which_facts_were_stored(database: Database, trade: "Trade") -> None:
    row, other = trade.put(database, 2)
    facts = [
        EvidenceFact(row.id, trade.later(seconds=9), Fact.SUBMITTED, Digest(b"d" * 32), "hub-1"),
        EvidenceFact(row.id, trade.later(seconds=1), Fact.SEALED),
        EvidenceFact(row.id, trade.now, Fact.DEFERRED, None, "N2N-DLV-007 KEY"),
        EvidenceFact(row.id, trade.now, Fact.DEFERRED, None, "N2N-DLV-007 BODY"),
        EvidenceFact(row.id, trade.now, Fact.DEFERRED, None, "N2N-DLV-004 OVERLOAD"),
    ]
    noise = [EvidenceFact(other.id, trade.now, Fact.DEFERRED, None, "N2N-DLV-007")]
    database.write(lambda tx: evidence.add(tx, [*noise, *facts]))
    assert database.read(lambda tx: evidence.timeline(tx, row.id)) == facts

    def count(*arguments: str) -> int:
        return database.read(lambda tx: evidence.count(tx, row.id, Fact.DEFERRED, *arguments))

    assert (count(), count("N2N-DLV-007"), count("%"), count("N2N_DLV")) == (3, 2, 0, 0)


def test_no_facts_are_fine(database: Database, trade: "Trade") -> None:
    database.write(lambda tx: evidence.add(tx, []))
    database.write(lambda tx: papers.record(tx, []))
    assert database.read(lambda tx: evidence.timeline(tx, trade.id())) == []
