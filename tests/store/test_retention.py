"""Bodies go, proof stays."""

from itertools import product
from typing import TYPE_CHECKING

from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State
from node.model.ids import MessageId
from node.model.job import Verb
from node.store import actors, evidence, exchanges, jobs, receipts, retention
from node.store.actors import ActorKind
from node.store.database import Database, Tx

if TYPE_CHECKING:
    from conftest import Trade


def put(database: Database, trade: "Trade", **different: object) -> Exchange:
    exchange = trade.exchange(**different)

    def work(tx: Tx) -> None:
        exchanges.insert(tx, [exchange])
        exchanges.insert_documents(tx, [trade.document(exchange, b"MARKER of a paper")])

    database.write(work)
    assert isinstance(exchange, Exchange)
    return exchange


def purge(database: Database, trade: "Trade", **limit: int) -> int:
    def work(tx: Tx) -> int:
        actor = actors.ensure(tx, "n2n", ActorKind.SYSTEM, trade.now)
        return retention.purge_bodies(tx, trade.later(days=1), actor, "time is over", trade.later(days=2), **limit)

    return database.write(work)


def bodies(database: Database) -> set[str]:
    return set(database.read(lambda tx: tx.exec_driver_sql("SELECT exchange_id FROM document").scalars().all()))


def test_a_purged_paper_is_gone_and_its_duplicate_is_still_answered(database: Database, trade: "Trade") -> None:
    message = MessageId(trade.id())
    row = put(database, trade, direction=Direction.IN, state=State.HANDED_OVER, message_id=message)

    def prove(tx: Tx) -> None:
        receipts.insert_issued(tx, [trade.issued(tx, message_id=message, exchange=row.id)])
        evidence.add(tx, [EvidenceFact(row.id, trade.now, Fact.RECEIPT_ISSUED)])

    database.write(prove)
    before = database.read(lambda tx: receipts.held(tx, trade.partner, [message]))
    assert purge(database, trade) == 1
    assert bodies(database) == set()
    assert database.read(lambda tx: exchanges.documents(tx, [row.id])) == {}
    assert database.read(lambda tx: receipts.held(tx, trade.partner, [message])) == before
    assert database.read(lambda tx: exchanges.load(tx, [row.id])) == {row.id: row}
    assert len(database.read(lambda tx: evidence.timeline(tx, row.id))) == 1
    stones = database.read(
        lambda tx: tx.exec_driver_sql("SELECT exchange_id, document_sha256, reason FROM tombstone").all()
    )
    assert stones == [(row.id, row.document_sha256, "time is over")]
    assert purge(database, trade) == 0


def test_only_papers_that_nobody_needs_any_more_are_purged(database: Database, trade: "Trade") -> None:
    combinations = list(product(Direction, State))
    rows = [put(database, trade, direction=direction, state=state) for direction, state in combinations]
    purge(database, trade)
    kept = {pair for pair, row in zip(combinations, rows, strict=True) if row.id in bodies(database)}
    out = {(Direction.OUT, state) for state in State} - {
        (Direction.OUT, state)
        for state in (State.DELIVERED, State.ANSWERED, State.REFUSED, State.EXPIRED, State.CANCELLED)
    }
    into = {(Direction.IN, state) for state in State} - {
        (Direction.IN, state) for state in (State.HANDED_OVER, State.ANSWERED, State.REFUSED)
    }
    assert kept == out | into


def test_a_young_paper_and_one_with_work_to_do_stay(database: Database, trade: "Trade") -> None:
    young = put(database, trade, state=State.DELIVERED, updated_at=trade.later(days=1))
    busy = put(database, trade, state=State.DELIVERED)
    new = jobs.NewJob(busy.id, busy.partner, Verb.TELL_HUB, trade.now, None, 2)
    database.write(lambda tx: jobs.add(tx, [new], trade.now))
    assert purge(database, trade) == 0
    assert bodies(database) == {young.id, busy.id}


def test_a_large_purge_goes_in_portions(database: Database, trade: "Trade") -> None:
    for _ in range(5):
        put(database, trade, state=State.DELIVERED)
    assert [purge(database, trade, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_the_horizon_of_forgetting_only_moves_forward(database: Database, trade: "Trade") -> None:
    assert database.read(retention.forgotten_before) is None
    for moment in (trade.now, trade.later(days=1), trade.later(hours=1)):
        database.write(lambda tx, moment=moment: retention.forget_before(tx, moment))
    assert database.read(retention.forgotten_before) == trade.later(days=1)
