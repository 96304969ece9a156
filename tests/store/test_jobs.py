"""Jobs: claimed once, leased, fenced; a late result changes nothing."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from node.errors import LeaseLost, RaceLost
from node.model.exchange import Direction, Exchange, State
from node.model.ids import NodeCode
from node.model.job import Job, Verb
from node.store import exchanges, jobs
from node.store.database import Database, Tx
from node.store.jobs import Lane, NewJob

if TYPE_CHECKING:
    from conftest import Trade

LEASE = timedelta(minutes=1)


@pytest.fixture
def lane(trade: "Trade") -> Lane:
    return Lane(trade.partner, Verb.DELIVER)


def claim(database: Database, lane: Lane, now: datetime, limit: int = 64, worker: str = "a") -> list[Job]:
    return database.write(lambda tx: jobs.claim(tx, lane, worker, limit, now, LEASE))


def new(row: Exchange, due: datetime, **different: object) -> NewJob:
    values = {"partner": row.partner, "verb": Verb.DELIVER, "blocked_by": None, "priority": 2, **different}
    return NewJob(exchange=row.id, due_at=due, **values)


def test_a_claimed_job_tells_what_was_added(database: Database, trade: "Trade", lane: Lane) -> None:
    (row,) = trade.put(database)
    database.write(lambda tx: jobs.add(tx, [new(row, trade.later(seconds=-1))], trade.later(seconds=-2)))
    (job,) = claim(database, lane, trade.now)
    assert job == Job(
        id=row.id,
        exchange=row.id,
        partner=trade.partner,
        verb=Verb.DELIVER,
        due_at=trade.later(seconds=-1),
        attempts=1,
        fence=1,
        created_at=trade.later(seconds=-2),
    )


def test_a_job_is_claimed_when_it_is_due_and_not_before(database: Database, trade: "Trade", lane: Lane) -> None:
    (row,) = trade.put(database)
    due = trade.later(minutes=5)
    database.write(lambda tx: jobs.add(tx, [new(row, due)], trade.now))
    early = due - timedelta(milliseconds=1)
    assert claim(database, lane, early) == []
    assert database.read(lambda tx: jobs.due_lanes(tx, early)) == []
    assert database.read(jobs.next_due) == due
    assert database.read(lambda tx: jobs.due_lanes(tx, due)) == [replace(lane, priority=2)]
    assert len(claim(database, lane, due)) == 1


def test_the_most_urgent_come_first_then_the_longest_due_then_the_oldest(
    database: Database, trade: "Trade", lane: Lane
) -> None:
    rows = [trade.exchange(created_at=trade.later(seconds=n)) for n in range(5)]
    database.write(lambda tx: exchanges.insert(tx, rows))
    urgent, early, old, young, calm = rows[4], rows[3], rows[1], rows[2], rows[0]
    database.write(
        lambda tx: jobs.add(
            tx,
            [
                new(calm, trade.later(minutes=-9), priority=3),
                new(young, trade.later(minutes=-1)),
                new(old, trade.later(minutes=-1)),
                new(early, trade.later(minutes=-2)),
                new(urgent, trade.now, priority=1),
            ],
            trade.now,
        )
    )
    first = claim(database, lane, trade.now, limit=2)
    rest = claim(database, lane, trade.now)
    assert [job.exchange for job in (*first, *rest)] == [row.id for row in (urgent, early, old, young, calm)]


def test_a_claim_takes_at_most_64_whatever_is_asked(database: Database, trade: "Trade", lane: Lane) -> None:
    trade.put_jobs(database, 70)
    assert len(claim(database, lane, trade.now, limit=1000)) == 64
    assert len(claim(database, lane, trade.now, limit=1000)) == 6


def test_lanes_do_not_mix(database: Database, trade: "Trade", lane: Lane) -> None:
    ours, theirs, other = trade.exchange(), trade.exchange(partner="XC"), trade.exchange()
    database.write(lambda tx: exchanges.insert(tx, [ours, theirs, other]))
    database.write(
        lambda tx: jobs.add(
            tx, [new(ours, trade.now), new(theirs, trade.now), new(other, trade.now, verb=Verb.SEAL)], trade.now
        )
    )
    lanes = database.read(lambda tx: jobs.due_lanes(tx, trade.now))
    assert lanes == [
        replace(lane, priority=2),
        Lane(trade.partner, Verb.SEAL, 2),
        Lane(NodeCode("XC"), Verb.DELIVER, 2),
    ]
    assert [job.exchange for job in claim(database, lane, trade.now)] == [ours.id]


def test_four_threads_claim_two_thousand_jobs_and_none_twice(database: Database, trade: "Trade", lane: Lane) -> None:
    rows = trade.put_jobs(database, 2000)
    claimed: list[Job] = []

    def work(name: str) -> None:
        while taken := claim(database, lane, trade.now, limit=10, worker=name):
            claimed.extend(taken)

    threads = [threading.Thread(target=work, args=(f"worker-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 2000
    assert {job.exchange for job in claimed} == {row.id for row in rows}


def test_a_leased_job_is_free_again_when_its_lease_is_over(database: Database, trade: "Trade", lane: Lane) -> None:
    trade.put_jobs(database)
    (first,) = claim(database, lane, trade.now, worker="a")
    assert claim(database, lane, trade.now + LEASE - timedelta(milliseconds=1), worker="b") == []
    assert database.read(jobs.next_due) == trade.now + LEASE
    (second,) = claim(database, lane, trade.now + LEASE, worker="b")
    assert (second.attempts, second.fence) == (first.attempts + 1, first.fence + 1)


@pytest.mark.parametrize("act", ["done", "follow", "again", "hold"])
def test_the_late_result_of_a_frozen_worker_is_refused_with_all_it_did(
    database: Database, trade: "Trade", lane: Lane, act: str
) -> None:
    (row,) = trade.put_jobs(database)
    (frozen,) = claim(database, lane, trade.now, worker="same name")
    (taken_over,) = claim(database, lane, trade.now + LEASE, worker="same name")

    def result(tx: Tx, job: Job) -> None:
        exchanges.move(tx, row.id, Direction.OUT, [State.ACCEPTED], State.PARKED, trade.now)
        arguments = {"follow": (Verb.HAND_OVER, trade.now), "again": (trade.now, "N2N-DLV-001")}.get(act, ())
        getattr(jobs, act)(tx, job, *arguments)

    with pytest.raises(LeaseLost):
        database.write(lambda tx: result(tx, frozen))
    assert not database.write(lambda tx: jobs.holds(tx, frozen))
    assert database.read(lambda tx: exchanges.load(tx, [row.id]))[row.id].state is State.ACCEPTED
    database.write(lambda tx: result(tx, taken_over))
    assert database.read(lambda tx: exchanges.load(tx, [row.id]))[row.id].state is State.PARKED


def test_a_lease_that_is_over_but_not_taken_is_still_ours(database: Database, trade: "Trade", lane: Lane) -> None:
    trade.put_jobs(database)
    (job,) = claim(database, lane, trade.now)
    assert database.write(lambda tx: jobs.holds(tx, job))
    database.write(lambda tx: jobs.done(tx, job))


def test_a_job_that_is_done_is_not_claimed_and_cannot_be_done_twice(
    database: Database, trade: "Trade", lane: Lane
) -> None:
    trade.put_jobs(database)
    (job,) = claim(database, lane, trade.now)
    database.write(lambda tx: jobs.done(tx, job))
    assert claim(database, lane, trade.later(days=1)) == []
    assert database.read(jobs.next_due) is None
    with pytest.raises(LeaseLost):
        database.write(lambda tx: jobs.done(tx, job))


def test_a_fence_never_repeats_even_when_the_exchange_gets_a_new_job(
    database: Database, trade: "Trade", lane: Lane
) -> None:
    """Otherwise a worker frozen in the first job could end the second one."""
    (row,) = trade.put_jobs(database)
    (frozen,) = claim(database, lane, trade.now)
    database.write(lambda tx: jobs.release_all(tx, "a"))
    (job,) = claim(database, lane, trade.now)
    database.write(lambda tx: jobs.done(tx, job))
    database.write(lambda tx: jobs.add(tx, [new(row, trade.now)], trade.now))
    (resumed,) = claim(database, lane, trade.now)
    assert resumed.fence > job.fence > frozen.fence
    for late in (frozen, job):
        with pytest.raises(LeaseLost):
            database.write(lambda tx, late=late: jobs.done(tx, late))
    assert (resumed.attempts, resumed.first_cause) == (1, "")


def test_an_exchange_has_one_open_job(database: Database, trade: "Trade", lane: Lane) -> None:
    (row,) = trade.put_jobs(database)
    with pytest.raises(RaceLost):
        database.write(lambda tx: jobs.add(tx, [new(row, trade.now, verb=Verb.SEAL)], trade.now))
    assert len(claim(database, lane, trade.now)) == 1


def test_the_next_verb_starts_with_attempts_and_time_of_its_own(database: Database, trade: "Trade", lane: Lane) -> None:
    trade.put_jobs(database, verb=Verb.SEAL)
    (job,) = claim(database, Lane(trade.partner, Verb.SEAL), trade.now)
    due = trade.later(minutes=3)
    database.write(lambda tx: jobs.again(tx, job, trade.now, "N2N-SIG-019"))
    (job,) = claim(database, Lane(trade.partner, Verb.SEAL), trade.now)
    database.write(lambda tx: jobs.follow(tx, job, Verb.DELIVER, due))
    assert claim(database, Lane(trade.partner, Verb.SEAL), due) == []
    (following,) = claim(database, lane, due)
    assert (following.attempts, following.first_cause, following.created_at) == (1, "", due)


def test_trying_again_keeps_count_and_first_cause(database: Database, trade: "Trade", lane: Lane) -> None:
    trade.put_jobs(database)
    for attempt, cause in enumerate(["N2N-DLV-001", "N2N-DLV-002"], start=1):
        (job,) = claim(database, lane, trade.later(minutes=attempt))
        assert job.attempts == attempt
        again = trade.later(minutes=attempt + 1)
        database.write(lambda tx, job=job, again=again, cause=cause: jobs.again(tx, job, again, cause))
    assert claim(database, lane, trade.later(minutes=2)) == []
    (job,) = claim(database, lane, trade.later(minutes=3))
    assert (job.attempts, job.first_cause, job.created_at) == (3, "N2N-DLV-001", trade.now)


def test_a_successor_waits_until_its_predecessor_lets_it_go(database: Database, trade: "Trade", lane: Lane) -> None:
    first, second, third = trade.put(database, 3)
    added = [
        new(first, trade.now),
        new(second, trade.now, blocked_by=first.id),
        new(third, trade.now, blocked_by=first.id),
    ]
    database.write(lambda tx: jobs.add(tx, added, trade.now))
    assert [job.exchange for job in claim(database, lane, trade.now)] == [first.id]
    assert database.read(lambda tx: jobs.due_lanes(tx, trade.now)) == []
    assert database.read(lambda tx: jobs.blocked_by(tx, first.id)) == sorted([second.id, third.id])
    assert database.write(lambda tx: jobs.unblock_all(tx, [first.id])) == 2
    assert database.read(lambda tx: jobs.blocked_by(tx, first.id)) == []
    assert {job.exchange for job in claim(database, lane, trade.now)} == {second.id, third.id}


def test_what_is_blocked_is_not_due_next(database: Database, trade: "Trade") -> None:
    first, second = trade.put(database, 2)
    added = [new(first, trade.later(hours=2)), new(second, trade.now, blocked_by=first.id)]
    database.write(lambda tx: jobs.add(tx, added, trade.now))
    assert database.read(jobs.next_due) == trade.later(hours=2)


def test_release_frees_the_leases_of_one_worker_and_refuses_its_late_results(
    database: Database, trade: "Trade", lane: Lane
) -> None:
    trade.put_jobs(database, 4)
    mine = claim(database, lane, trade.now, limit=3, worker="a")
    claim(database, lane, trade.now, limit=3, worker="b")
    assert database.write(lambda tx: jobs.release_all(tx, "a")) == 3
    with pytest.raises(LeaseLost):
        database.write(lambda tx: jobs.done(tx, mine[0]))
    again = claim(database, lane, trade.now, worker="c")
    assert {job.exchange for job in again} == {job.exchange for job in mine}


def test_a_removed_job_is_gone_even_from_under_its_worker(database: Database, trade: "Trade", lane: Lane) -> None:
    (row,) = trade.put_jobs(database)
    (job,) = claim(database, lane, trade.now)
    assert database.write(lambda tx: jobs.remove(tx, row.id))
    assert not database.write(lambda tx: jobs.remove(tx, row.id))
    with pytest.raises(LeaseLost):
        database.write(lambda tx: jobs.done(tx, job))
    assert claim(database, lane, trade.later(days=1)) == []


def test_what_waits_for_later_can_be_pulled_forward(database: Database, trade: "Trade", lane: Lane) -> None:
    rows = trade.put(database, 3)
    dues = [trade.later(hours=1), trade.later(hours=2), trade.later(minutes=-1)]
    database.write(lambda tx: jobs.add(tx, [new(row, due) for row, due in zip(rows, dues, strict=True)], trade.now))
    pulled = database.write(lambda tx: jobs.pull_forward(tx, [rows[0].id, rows[2].id], trade.now))
    assert pulled == 1
    assert {job.exchange for job in claim(database, lane, trade.now)} == {rows[0].id, rows[2].id}


def test_no_jobs_are_fine(database: Database, trade: "Trade", lane: Lane) -> None:
    database.write(lambda tx: jobs.add(tx, [], trade.now))
    assert claim(database, lane, trade.now) == []
    assert database.read(jobs.next_due) is None


def test_what_goes_on_is_claimed_anew_and_the_claim_before_it_is_over(
    database: Database, trade: "Trade", lane: Lane
) -> None:
    rows = trade.put(database, 2)
    seal = Lane(trade.partner, Verb.SEAL)
    database.write(lambda tx: jobs.add(tx, [new(row, trade.now, verb=Verb.SEAL) for row in rows], trade.now))
    before = claim(database, seal, trade.now)
    after = database.write(lambda tx: jobs.go_on(tx, before, Verb.DELIVER, trade.later(seconds=1), LEASE))
    assert {(job.verb, job.attempts, job.created_at) for job in after} == {(Verb.DELIVER, 1, trade.later(seconds=1))}
    assert [job.fence for job in after] == [job.fence + 1 for job in before]
    assert database.write(lambda tx: (jobs.held(tx, before), jobs.held(tx, after))) == (
        frozenset(),
        frozenset(row.id for row in rows),
    )
    assert claim(database, lane, trade.later(seconds=1) + LEASE - timedelta(milliseconds=1), worker="b") == []
    late = claim(database, lane, trade.later(seconds=1) + LEASE, worker="b")
    assert {job.attempts for job in late} == {2}, "the first claim may have been used: nobody can tell"
    assert database.write(lambda tx: jobs.held(tx, after)) == frozenset()


def test_what_is_not_ours_any_more_does_not_go_on(database: Database, trade: "Trade", lane: Lane) -> None:
    (row,) = trade.put(database)
    database.write(lambda tx: jobs.add(tx, [new(row, trade.now, verb=Verb.SEAL)], trade.now))
    mine = claim(database, Lane(trade.partner, Verb.SEAL), trade.now)
    database.write(lambda tx: jobs.remove(tx, row.id))
    database.write(lambda tx: jobs.go_on(tx, mine, Verb.DELIVER, trade.now, LEASE))
    assert database.read(jobs.next_due) is None
    assert claim(database, lane, trade.later(minutes=5)) == []
