"""Proof cannot be changed through the database, not even by statements the store never makes."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Table, func, select

from node.errors import StoreRefused
from node.model.answer import AnswerVerdict
from node.model.envelope import Purpose
from node.model.evidence import EvidenceFact, Fact
from node.model.receipt import Verdict
from node.store import (
    actors,
    answers,
    audit,
    cancellations,
    evidence,
    exchanges,
    holds,
    log,
    receipts,
    releases,
    retention,
    witnessed,
)
from node.store.database import Database, Tx
from node.store.tables import APPEND_ONLY, DOCUMENT, LOG_ALARM, METADATA, TOMBSTONE

if TYPE_CHECKING:
    from conftest import Trade


@pytest.fixture
def full(database: Database, trade: "Trade") -> Database:
    """A row in every append-only table."""
    kept, purged = trade.exchange(), trade.exchange(state=exchanges.State.EXPIRED)

    def fill(tx: Tx) -> None:
        actor = actors.ensure(tx, "n2n", actors.ActorKind.SYSTEM, trade.now)
        audit.add(tx, actor, "accepted", kept.id, {}, trade.now)
        exchanges.insert(tx, [kept, purged])
        exchanges.insert_documents(tx, [trade.document(kept), trade.document(purged)])
        seal = exchanges.insert_seal(tx, trade.seal(), Purpose.PAPERS, True, trade.partner, trade.now)
        sealed = trade.sealed(kept, seal)
        exchanges.insert_sealed(tx, [sealed])
        exchanges.replace_signatures(tx, kept.id, (b"new",), trade.now)
        evidence.add(tx, [EvidenceFact(kept.id, trade.now, Fact.SEALED)])
        for content in (b"first", b"differs"):
            signed = trade.signed(content)
            receipts.settle(tx, kept.id, trade.partner, sealed.message_id, Verdict.ACCEPTED, signed, trade.now)
        decided = answers.StoredAnswer(kept.id, purged.id, AnswerVerdict.REJECTED, trade.digest(b"no"), trade.now)
        answers.record(tx, [decided])
        log.append(tx, trade.partner, 0, [trade.leaf()])
        log.keep_issued(tx, trade.partner, 1, b"note")
        second = actors.ensure(tx, "second", actors.ActorKind.HUMAN, trade.now)
        hold, _ = holds.place(tx, [purged.id], actor, "a case", trade.now)
        holds.release(tx, hold, second, "the case is closed", trade.now)
        cancellations.ask(tx, kept.id, actor, "wanted back", trade.now)
        releases.hold_back(tx, [kept.id], actor, trade.later(days=1))
        releases.give(tx, kept.id, second, "seen", trade.now)
        retention.purge_bodies(tx, trade.later(days=1), actor, "time is over", trade.now)

    database.write(fill)
    return database


def count(database: Database, table: Table) -> int:
    return database.read(lambda tx: int(tx.execute(select(func.count()).select_from(table)).scalar_one()))


@pytest.mark.parametrize("name", APPEND_ONLY)
def test_a_row_of_proof_is_neither_deleted_nor_changed(full: Database, name: str) -> None:
    table = METADATA.tables[name]
    before = full.read(lambda tx: tx.execute(table.select()).all())
    assert before
    with pytest.raises(StoreRefused, match="append-only"):
        full.write(lambda tx: tx.execute(table.delete()))
    for column in table.columns:
        with pytest.raises(StoreRefused, match="append-only"):
            full.write(lambda tx, column=column: tx.execute(table.update().values({column: column})))
    assert full.read(lambda tx: tx.execute(table.select()).all()) == before


@pytest.mark.parametrize("name", [*APPEND_ONLY, "document"])
def test_a_row_of_proof_is_not_replaced_by_inserting_over_it(full: Database, name: str) -> None:
    table = METADATA.tables[name]
    before = full.read(lambda tx: tx.execute(table.select()).all())

    keys = [column.name for column in table.primary_key]
    replacing = f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}"
    upserting = (
        f"INSERT INTO {name} SELECT * FROM {name} ON CONFLICT ON CONSTRAINT pk_{name} "
        f"DO UPDATE SET {keys[0]} = EXCLUDED.{keys[0]}"
    )

    def over(tx: Tx) -> None:
        tx.exec_driver_sql(replacing if tx.dialect.name == "sqlite" else upserting)

    with pytest.raises(StoreRefused, match=r"append-only|document"):
        full.write(over)
    assert full.read(lambda tx: tx.execute(table.select()).all()) == before


def test_a_document_is_never_updated(full: Database) -> None:
    with pytest.raises(StoreRefused, match="never updated"):
        full.write(lambda tx: tx.execute(DOCUMENT.update().values(content=b"other")))


def test_a_document_without_a_tombstone_is_not_deleted(full: Database) -> None:
    with pytest.raises(StoreRefused, match="tombstone"):
        full.write(lambda tx: tx.execute(DOCUMENT.delete()))
    assert count(full, DOCUMENT) == 1
    assert count(full, TOMBSTONE) == 1


@pytest.fixture
def doubted(full: Database, trade: "Trade") -> Database:
    """An alarm stands about a partner, after one that was cleared."""

    def fill(tx: Tx) -> None:
        actor = actors.ensure(tx, "n2n", actors.ActorKind.SYSTEM, trade.now)
        for act in (witnessed.FORKED, witnessed.CLEARED, witnessed.FORKED):
            audit.add(tx, actor, act, trade.partner, {}, trade.now)
        witnessed.raise_alarm(tx, witnessed.Alarm(trade.partner, trade.now, b"known", b"shown"))

    full.write(fill)
    return full


def test_an_alarm_is_never_changed(doubted: Database) -> None:
    for column in LOG_ALARM.columns:
        with pytest.raises(StoreRefused, match="never updated"):
            doubted.write(lambda tx, column=column: tx.execute(LOG_ALARM.update().values({column: column})))


def test_an_alarm_goes_only_behind_the_act_that_clears_this_one(doubted: Database, trade: "Trade") -> None:
    def cleared(about: str) -> None:
        def work(tx: Tx) -> None:
            actor = actors.ensure(tx, "n2n", actors.ActorKind.SYSTEM, trade.now)
            audit.add(tx, actor, witnessed.CLEARED, about, {}, trade.now)

        doubted.write(work)

    def remove() -> None:
        doubted.write(lambda tx: tx.execute(LOG_ALARM.delete()))

    with pytest.raises(StoreRefused, match="only behind the act"):
        remove()
    cleared("XC")
    with pytest.raises(StoreRefused, match="only behind the act"):
        remove()
    assert count(doubted, LOG_ALARM) == 1
    cleared(trade.partner)
    remove()
    assert count(doubted, LOG_ALARM) == 0


def test_an_exchange_with_proof_cannot_be_deleted(full: Database) -> None:
    with pytest.raises(StoreRefused, match=r"(?i)foreign key"):
        full.write(lambda tx: tx.execute(METADATA.tables["exchange"].delete()))
