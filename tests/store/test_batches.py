"""What is done for many in one statement is what would have been done for each."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from node.errors import RaceLost
from node.model.exchange import Direction, Exchange, State
from node.model.ids import Digest, ExchangeId, Leaf, MessageId
from node.model.job import Job, Verb
from node.model.receipt import SignedReceipt, Verdict
from node.store import actors, audit, exchanges, jobs, papers, receipts
from node.store.database import Database, Tx
from node.store.jobs import Lane, NewJob
from node.store.papers import NewPaper
from node.store.receipts import ReceivedReceipt, Settlement

if TYPE_CHECKING:
    from conftest import Trade

LEASE = timedelta(minutes=1)


def load(database: Database, rows: Sequence[Exchange]) -> list[Exchange]:
    found = database.read(lambda tx: exchanges.load(tx, [row.id for row in rows]))
    return [found[row.id] for row in rows]


def test_sealing_writes_each_exchange_its_own(database: Database, trade: "Trade") -> None:
    rows = trade.put(database, 3)
    sealed = [
        (row.id, MessageId(trade.id()), trade.leaf(), trade.later(days=day)) for day, row in enumerate(rows, start=1)
    ]
    database.write(lambda tx: exchanges.set_all_sealed(tx, sealed))
    found = load(database, rows)
    assert [(row.id, row.message_id, row.leaf, row.expires_at) for row in found] == sealed
    database.write(lambda tx: exchanges.set_all_sealed(tx, []))


def test_a_message_id_taken_by_another_undoes_the_whole_sealing(database: Database, trade: "Trade") -> None:
    rows = trade.put(database, 2)
    same = MessageId(trade.id())
    sealed = [(row.id, same, Leaf(b"l" * 32), trade.now) for row in rows]
    with pytest.raises(RaceLost):
        database.write(lambda tx: exchanges.set_all_sealed(tx, sealed))
    assert load(database, rows) == rows


def test_keys_are_claimed_together_or_not_at_all(database: Database, trade: "Trade") -> None:
    claims = [(f"key-{n}", Digest(bytes([n]) * 32), ExchangeId(trade.id())) for n in range(3)]
    database.write(lambda tx: exchanges.insert_submissions(tx, claims[:2]))
    with pytest.raises(RaceLost):
        database.write(lambda tx: exchanges.insert_submissions(tx, [claims[2], claims[0]]))
    found = database.read(lambda tx: exchanges.submissions(tx, ["key-0", "key-1", "key-2"]))
    assert found == {key: (exchange, digest) for key, digest, exchange in claims[:2]}
    database.write(lambda tx: exchanges.insert_submissions(tx, []))
    assert database.read(lambda tx: exchanges.submissions(tx, [])) == {}


# --- jobs -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lane(trade: "Trade") -> Lane:
    return Lane(trade.partner, Verb.DELIVER)


@pytest.fixture
def taken_over(database: Database, trade: "Trade", lane: Lane) -> tuple[list[Job], list[Job]]:
    """Four jobs claimed by a worker that then froze, and the two of them that another worker has claimed since."""
    trade.put_jobs(database, 4)
    frozen = database.write(lambda tx: jobs.claim(tx, lane, "a", 4, trade.now, LEASE))
    late = trade.now + LEASE
    return frozen, database.write(lambda tx: jobs.claim(tx, lane, "b", 2, late, LEASE))


def test_of_many_jobs_those_are_held_that_nobody_took_over(
    database: Database, taken_over: tuple[list[Job], list[Job]]
) -> None:
    frozen, theirs = taken_over
    lost = {job.exchange for job in theirs}
    ours = {job.exchange for job in frozen} - lost
    assert database.write(lambda tx: jobs.held(tx, frozen)) == ours
    assert database.write(lambda tx: jobs.held(tx, theirs)) == lost
    assert database.write(lambda tx: jobs.held(tx, [])) == frozenset()


@pytest.mark.parametrize("act", ["done", "follow"])
def test_late_results_for_many_jobs_change_only_those_still_held(
    database: Database, trade: "Trade", lane: Lane, taken_over: tuple[list[Job], list[Job]], act: str
) -> None:
    frozen, theirs = taken_over

    def result(tx: Tx) -> None:
        if act == "done":
            jobs.done_all(tx, frozen)
            jobs.done_all(tx, [])
        else:
            jobs.follow_all(tx, frozen, Verb.TELL_HUB, trade.later(minutes=9))
            jobs.follow_all(tx, [], Verb.TELL_HUB, trade.now)

    database.write(result)
    assert database.write(lambda tx: jobs.held(tx, theirs)) == {job.exchange for job in theirs}
    next_lane = Lane(trade.partner, Verb.TELL_HUB)
    following = database.write(lambda tx: jobs.claim(tx, next_lane, "c", 64, trade.later(minutes=9), LEASE))
    ours = {job.exchange for job in frozen} - {job.exchange for job in theirs}
    assert {job.exchange for job in following} == (ours if act == "follow" else set())
    assert all((job.attempts, job.created_at) == (1, trade.later(minutes=9)) for job in following)
    later = database.write(lambda tx: jobs.claim(tx, lane, "c", 64, trade.later(days=1), LEASE))
    assert {job.exchange for job in later} == {job.exchange for job in theirs}


def test_successors_of_many_are_let_go_at_once(database: Database, trade: "Trade", lane: Lane) -> None:
    first, second, after_first, after_second, after_other, other = trade.put(database, 6)
    waits = [(after_first, first), (after_second, second), (after_other, other)]
    new = [NewJob(row.id, trade.partner, Verb.DELIVER, trade.now, before.id, 2) for row, before in waits]
    database.write(lambda tx: jobs.add(tx, new, trade.now))
    assert database.write(lambda tx: jobs.unblock_all(tx, [first.id, second.id])) == 2
    assert database.write(lambda tx: jobs.unblock_all(tx, [])) == 0
    free = database.write(lambda tx: jobs.claim(tx, lane, "a", 64, trade.now, LEASE))
    assert {job.exchange for job in free} == {after_first.id, after_second.id}


# --- receipts, papers, audit ------------------------------------------------------------------------------------------


def test_the_receipts_of_one_answer_are_each_judged_on_their_own(database: Database, trade: "Trade") -> None:
    rows = trade.put(database, 4, state=State.UNRESOLVED)
    ids = [MessageId(trade.id()) for _ in rows]
    seal = trade.seal()

    def received(index: int, content: bytes) -> ReceivedReceipt:
        signed = SignedReceipt(content, seal, trade.signed().place)
        return ReceivedReceipt(rows[index].id, trade.partner, ids[index], Verdict.ACCEPTED, signed)

    first = [received(0, b"a"), received(1, b"b")]
    outcomes = database.write(lambda tx: receipts.settle_all(tx, first, trade.now))
    assert outcomes == {rows[0].id: Settlement.FIRST, rows[1].id: Settlement.FIRST}
    second = [received(0, b"a"), received(1, b"other"), received(2, b"c"), received(3, b"d")]
    outcomes = database.write(lambda tx: receipts.settle_all(tx, second, trade.now))
    assert outcomes == {
        rows[0].id: Settlement.SAME,
        rows[1].id: Settlement.DISPUTED,
        rows[2].id: Settlement.FIRST,
        rows[3].id: Settlement.FIRST,
    }
    settled = database.read(lambda tx: receipts.received(tx, [row.id for row in rows]))
    assert [settled[row.id].receipt for row in rows] == [b"a", b"b", b"c", b"d"]
    disputes = database.read(lambda tx: tx.exec_driver_sql("SELECT receipt FROM receipt_dispute").scalars().all())
    assert disputes == [b"other"]
    assert database.write(lambda tx: receipts.settle_all(tx, [], trade.now)) == {}


def test_papers_of_a_chain_are_found_under_the_number_it_began_with(database: Database, trade: "Trade") -> None:
    inbound = {"direction": Direction.IN, "state": State.RECEIVED}
    root, second, alone = (trade.put(database, number=number, **inbound)[0] for number in ("1", "2", "3"))
    new = [NewPaper.of(root), NewPaper.of(second, chain_number="1"), NewPaper.of(alone)]
    database.write(lambda tx: papers.record(tx, new))

    def of(*numbers: str) -> list[str]:
        chains = [(root.issuer, number) for number in numbers]
        return [one.number for one in database.read(
            lambda tx: papers.of_chains(tx, trade.partner, Direction.IN, chains)
        )]  # fmt: skip

    assert (of("1"), of("2"), of("3"), of("1", "3"), of()) == (["1", "2"], [], ["3"], ["1", "2", "3"], [])


def test_many_acts_are_audited_in_their_order(database: Database, trade: "Trade") -> None:
    def act(tx: Tx) -> None:
        actor = actors.ensure(tx, "hub", actors.ActorKind.HUB, trade.now)
        audit.add_all(tx, actor, "accepted", [("one", {"key": "1"}), ("two", {})], trade.now)
        audit.add_all(tx, actor, "accepted", [], trade.now)

    database.write(act)
    entries = database.read(audit.entries)
    assert [(one.object, one.detail, one.act) for one in entries] == [
        ("one", {"key": "1"}, "accepted"),
        ("two", {}, "accepted"),
    ]
