"""Bodies go, proof stays."""

from dataclasses import replace
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.dialects import postgresql

from node.errors import NothingToHold, StoreRefused
from node.model.evidence import EvidenceFact, Fact
from node.model.exchange import Direction, Exchange, State
from node.model.ids import ExchangeId, MessageId
from node.model.job import Verb
from node.store import actors, audit, evidence, exchanges, holds, jobs, receipts, retention
from node.store.actors import ActorKind
from node.store.database import Database, Tx
from node.store.retention import Lot, Portion
from node.store.tables import DOCUMENT, TOMBSTONE

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
    told = database.read(lambda tx: evidence.timeline(tx, row.id))
    assert [one.fact for one in told] == [Fact.RECEIPT_ISSUED, Fact.PURGED]
    stone = database.read(lambda tx: retention.tombstones(tx, [row.id]))[row.id]
    assert (stone.purged_at, stone.actor, stone.reason) == (trade.later(days=2), "n2n", "time is over")
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


# --- by order, by lot, and not at all under a hold --------------------------------------------------------------------


def actor_of(tx: Tx, trade: "Trade", name: str = "clerk") -> actors.ActorId:
    return actors.ensure(tx, name, ActorKind.HUMAN, trade.now)


def test_purging_by_name_takes_what_is_free_and_orders_the_rest(database: Database, trade: "Trade") -> None:
    done = put(database, trade, state=State.DELIVERED)
    under_way = put(database, trade, state=State.UNRESOLVED)
    wanted = [done.id, under_way.id, trade.exchange().id]

    def withdraw(tx: Tx) -> retention.Purged:
        return retention.purge(tx, wanted, actor_of(tx, trade), "consent withdrawn", trade.later(days=1))

    assert database.write(withdraw) == retention.Purged((done.id,), (under_way.id,))
    assert database.write(withdraw) == retention.Purged((), (under_way.id,))
    assert database.write(lambda tx: retention.purge_ordered(tx, trade.later(days=2))) == 0
    moved = ([State.UNRESOLVED], State.DELIVERED, trade.later(days=2))
    database.write(lambda tx: exchanges.move(tx, under_way.id, Direction.OUT, *moved))
    assert database.write(lambda tx: retention.purge_ordered(tx, trade.later(days=2))) == 1
    stones = database.read(lambda tx: retention.tombstones(tx, wanted))
    assert {one.exchange: (one.actor, one.reason) for one in stones.values()} == dict.fromkeys(
        (done.id, under_way.id), ("clerk", "consent withdrawn")
    )
    acts = database.read(lambda tx: audit.entries(tx, act="purged"))
    assert [(one.actor, one.object, one.detail["reason"]) for one in acts] == [
        ("clerk", done.id, "consent withdrawn"),
        ("clerk", under_way.id, "consent withdrawn"),
    ]


def test_of_two_orders_the_earlier_counts(database: Database, trade: "Trade") -> None:
    row = put(database, trade, state=State.DELIVERED)
    for days in (5, 3, 4):
        database.write(
            lambda tx, days=days: retention.order(
                tx, [row.id], trade.later(days=days), actor_of(tx, trade), f"day {days}"
            )
        )
    assert database.write(lambda tx: retention.purge_ordered(tx, trade.later(days=2))) == 0
    assert database.write(lambda tx: retention.purge_ordered(tx, trade.later(days=3))) == 1
    assert database.read(lambda tx: retention.tombstones(tx, [row.id]))[row.id].reason == "day 3"


def test_what_may_not_go_yet_does_not_stand_before_what_may(database: Database, trade: "Trade") -> None:
    under_way = {"state": State.UNRESOLVED, "expires_at": trade.later(days=5)}
    first = [put(database, trade, message_id=MessageId(trade.id()), **under_way) for _ in range(3)]
    unsent = put(database, trade, state=State.ACCEPTED, message_id=None)
    coming = put(database, trade, direction=Direction.IN, state=State.RECEIVED, message_id=MessageId(trade.id()))
    ids = [one.id for one in (*first, unsent, coming)]
    database.write(lambda tx: retention.order(tx, ids, trade.later(days=1), actor_of(tx, trade), "day", firm=True))
    found = database.read(lambda tx: retention.overdue(tx, trade.later(days=2), limit=2))
    assert set(found) == {unsent.id, coming.id}
    assert set(database.read(lambda tx: retention.overdue(tx, trade.later(days=6)))) == set(ids)


@pytest.mark.parametrize("ends", [None, 10])
def test_what_is_held_stays_until_another_actor_releases_it(
    database: Database, trade: "Trade", ends: int | None
) -> None:
    row = put(database, trade, state=State.DELIVERED)
    until = None if ends is None else trade.later(days=ends)
    number, kept = database.write(
        lambda tx: holds.place(tx, [row.id], actor_of(tx, trade), "court file", trade.now, until)
    )
    assert kept == [row.id]
    assert purge(database, trade) == 0
    by_name = database.write(
        lambda tx: retention.purge(tx, [row.id], actor_of(tx, trade), "consent withdrawn", trade.later(days=1))
    )
    assert by_name == retention.Purged((), (row.id,))
    with pytest.raises(StoreRefused, match="another actor"):
        database.write(lambda tx: holds.release(tx, number, actor_of(tx, trade), "over", trade.later(days=1)))
    assert database.write(lambda tx: retention.purge_ordered(tx, trade.later(days=9))) == 0
    if ends is None:
        database.write(lambda tx: holds.release(tx, number, actor_of(tx, trade, "judge"), "over", trade.later(days=1)))
    assert database.write(lambda tx: retention.purge_ordered(tx, trade.later(days=10))) == 1
    (told,) = database.read(holds.holds)
    assert (told.actor, told.papers, told.released_by) == ("clerk", 1, "judge" if ends is None else None)
    assert not told.in_force(trade.later(days=10))


def test_the_database_itself_keeps_what_is_held(database: Database, trade: "Trade") -> None:
    row = put(database, trade, state=State.DELIVERED)
    database.write(lambda tx: holds.place(tx, [row.id], actor_of(tx, trade), "court file", trade.now))

    def by_force(tx: Tx) -> None:
        stone = {"exchange_id": row.id, "document_sha256": b"", "purged_at": trade.later(days=99)}
        tx.execute(TOMBSTONE.insert().values(**stone, actor_id=actor_of(tx, trade), reason="by force"))
        tx.execute(DOCUMENT.delete())

    with pytest.raises(StoreRefused, match="legal hold"):
        database.write(by_force)
    assert bodies(database) == {row.id}


def test_nothing_is_held_where_no_body_is_left(database: Database, trade: "Trade") -> None:
    put(database, trade, state=State.DELIVERED)
    purge(database, trade)
    with pytest.raises(NothingToHold):
        database.write(lambda tx: holds.place(tx, [trade.exchange().id], actor_of(tx, trade), "late", trade.now))


def test_a_lot_goes_by_its_own_days_and_by_the_last_day_of_validity(database: Database, trade: "Trade") -> None:
    lot = Lot(trade.partner, "special", "certificate_of_origin")

    def add(valid_until: str, arrangement: str = "special") -> Exchange:
        row = trade.exchange(state=State.DELIVERED, arrangement=arrangement)
        document = replace(trade.document(row), fields={"valid_until": valid_until} if valid_until else {})

        def work(tx: Tx) -> None:
            exchanges.insert(tx, [row])
            exchanges.insert_documents(tx, [document])

        database.write(work)
        assert isinstance(row, Exchange)
        return row

    past, to_come, undated, other = add("2026-01-31"), add("2027-01-31"), add(""), add("2026-01-31", "other")

    def left(portion: Portion) -> set[str]:
        """What one purge of `portion` would leave, undone again."""
        found: set[str] = set()

        def work(tx: Tx) -> None:
            counted = sum(retention.due(tx, portion, trade.later(days=2)).values())
            assert retention.purge_bodies(tx, portion, actor_of(tx, trade), "over", trade.later(days=2)) == counted
            found.update(tx.exec_driver_sql("SELECT exchange_id FROM document").scalars())
            raise KeyError

        with pytest.raises(KeyError):
            database.write(work)
        return found

    end, day = trade.later(days=1), date(2026, 6, 1)
    assert left(Portion(end, lot)) == {other.id}
    assert left(Portion(end, other_than=(lot,))) == {past.id, to_come.id, undated.id}
    assert left(Portion(end, lot, valid_before=day)) == {to_come.id, other.id}
    assert left(Portion(end, lot, valid_before=day, dated=True)) == {to_come.id, undated.id, other.id}
    assert left(Portion(end, lot, dated=False)) == {past.id, to_come.id, other.id}
    assert left(Portion(end, lot, valid_before=date(2026, 1, 31))) == {past.id, to_come.id, other.id}
    kept = {one.lot.arrangement: (one.kept, one.purged, one.held) for one in database.read(
        lambda tx: retention.keeping(tx, trade.now))}  # fmt: skip
    assert kept == {"special": (3, 0, 0), "other": (1, 0, 0)}


def test_no_purge_passes_a_hold_that_is_being_placed() -> None:
    """Measured on PostgreSQL: without the lock both committed, and a body was held that was gone."""
    query = holds.bodies_to_hold([ExchangeId("one")])
    assert str(query.compile(dialect=postgresql.dialect())).endswith("FOR UPDATE")
