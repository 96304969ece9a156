import asyncio
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from node.clock import StoppedClock
from node.errors import NodeError, PartnerUnreachable, StoreUnavailable, Unexpected
from node.jobs import worker as loop
from node.jobs.worker import Onward, Pace, VerbFlow, Worker, WorkerLimits
from node.model.exchange import Assurance, Direction, Exchange, State
from node.model.ids import ExchangeId, NodeCode, uuid7
from node.model.job import Job, Verb
from node.store import exchanges, jobs
from node.store.database import Database, Tx

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
T = TypeVar("T")

XB, XC = NodeCode("XB"), NodeCode("XC")
LEASE = timedelta(seconds=60)
SOON_S = 5
"""What takes longer than this does not happen at all."""


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("worker") / "empty.db"
    store = Database.open(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path.read_bytes()


class Bench:
    """A worker over a real job table; its flows belong to the test."""

    def __init__(self, store: Database) -> None:
        self.store = store
        self.clock = StoppedClock(NOW)
        self.given_back: list[tuple[list[ExchangeId], NodeError]] = []
        self.reported: Counter[str] = Counter()
        self.batches: list[int] = []

    def put(self, count: int = 1, partner: NodeCode = XB, verb: Verb = Verb.DELIVER, in_s: float = 0) -> list[str]:
        rows = [exchange(partner) for _ in range(count)]
        due = self.clock.now() + timedelta(seconds=in_s)
        new = [jobs.NewJob(row.id, partner, verb, due, None, 2) for row in rows]

        def insert(tx) -> None:
            exchanges.insert(tx, rows)
            jobs.add(tx, new, self.clock.now())

        self.store.write(insert)
        return [row.id for row in rows]

    def worker(
        self, flows: dict[Verb, VerbFlow], batch: int = 32, give_back: Callable[..., None] | None = None
    ) -> Worker:
        return Worker(
            self.store,
            self.clock,
            flows,
            give_back or self.give_back,
            WorkerLimits("bench", batch, LEASE),
            lambda action, error: self.reported.update([f"{action} {type(error).__name__}"]),
        )

    def give_back(self, claimed: Sequence[Job], error: NodeError) -> None:
        self.given_back.append(([job.exchange for job in claimed], error))
        self.finish(claimed)

    def finish(self, claimed: Sequence[Job]) -> None:
        self.store.write(lambda tx: [jobs.done(tx, job) for job in claimed])

    def again(self, claimed: Sequence[Job], in_s: float) -> None:
        due = self.clock.now() + timedelta(seconds=in_s)
        self.store.write(lambda tx: [jobs.again(tx, job, due, "N2N-DLV-002") for job in claimed])

    async def good(self, claimed: Sequence[Job]) -> Pace:
        """A flow that does its work."""
        self.batches.append(len(claimed))
        await asyncio.to_thread(self.finish, claimed)
        return Pace.STEADY

    async def silent(self, claimed: Sequence[Job]) -> Pace:
        """A flow whose partner does not answer."""
        self.batches.append(len(claimed))
        await asyncio.to_thread(self.again, claimed, 5)
        return Pace.NO_ANSWER

    def all_done(self) -> bool:
        return self.store.read(jobs.next_due) is None


def exchange(partner: NodeCode) -> Exchange:
    return Exchange(
        id=ExchangeId(uuid7(NOW, secrets.token_bytes)),
        direction=Direction.OUT,
        partner=partner,
        arrangement="xa-xb",
        arrangement_version=1,
        kind="certificate_of_origin",
        kind_version=1,
        assurance=Assurance.BATCH,
        state=State.SEALED,
        priority=2,
        issuer="issuer",
        number=secrets.token_hex(8),
        version="1",
        document_sha256=secrets.token_bytes(32),
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.fixture
def bench(tmp_path: Path, empty: bytes) -> Iterator[Bench]:
    (tmp_path / "node.db").write_bytes(empty)
    store = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    yield Bench(store)
    store.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not holds():
            await asyncio.sleep(0.005)


async def running(worker: Worker, story: Callable[[], object]) -> None:
    """Run the worker's loop while `story` happens, then stop it."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        await story()
    finally:
        stop.set()
        async with asyncio.timeout(SOON_S):
            await task


# --- lanes ------------------------------------------------------------------------------------------------------------


def test_a_lane_that_hangs_does_not_delay_another_partner_nor_another_verb(bench: Bench) -> None:
    async def story() -> None:
        release = asyncio.Event()

        async def hang(claimed: Sequence[Job]) -> Pace:
            if claimed[0].partner == XB:
                await release.wait()
            return await bench.good(claimed)

        bench.put(1, XB)
        bench.put(3, XC)
        bench.put(2, XB, Verb.SEAL)

        async def others_go() -> None:
            await until(lambda: sorted(bench.batches) == [2, 3])
            release.set()
            await until(bench.all_done)

        await running(bench.worker({Verb.DELIVER: hang, Verb.SEAL: bench.good}), others_go)

    asyncio.run(story())
    assert sorted(bench.batches) == [1, 2, 3]


def test_a_lane_is_served_by_one_batch_at_a_time(bench: Bench) -> None:
    at_once: list[int] = []
    busy = 0

    async def flow(claimed: Sequence[Job]) -> Pace:
        nonlocal busy
        busy += 1
        at_once.append(busy)
        await asyncio.sleep(0.01)
        busy -= 1
        return await bench.good(claimed)

    worker = bench.worker({Verb.DELIVER: flow}, batch=2)
    bench.put(6)

    async def wake_often() -> None:
        while not bench.all_done():
            worker.wake()
            await asyncio.sleep(0.001)

    asyncio.run(running(worker, wake_often))
    assert at_once == [1, 1, 1]


def test_a_batch_is_one_partner_and_one_verb_and_no_larger_than_its_limit(bench: Bench) -> None:
    seen = []

    async def flow(claimed: Sequence[Job]) -> Pace:
        seen.append({(job.partner, job.verb) for job in claimed})
        return await bench.good(claimed)

    bench.put(5, XB)
    bench.put(3, XC)
    bench.put(2, XC, Verb.SEAL)
    asyncio.run(bench.worker({Verb.DELIVER: flow, Verb.SEAL: flow}, batch=4).drain())
    assert all(len(lanes) == 1 for lanes in seen)
    assert sorted(bench.batches) == [1, 2, 3, 4]


def test_a_verb_without_a_flow_is_left_alone(bench: Bench) -> None:
    bench.put(1, XB, Verb.HAND_OVER)
    asyncio.run(bench.worker({Verb.DELIVER: bench.good}).drain())
    assert bench.store.read(jobs.next_due) == NOW


# --- the loop ---------------------------------------------------------------------------------------------------------


def test_waking_from_another_thread_makes_new_work_start_at_once(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(loop, "POLL_S", 3600)
    worker = bench.worker({Verb.DELIVER: bench.good})

    async def story() -> None:
        await asyncio.sleep(0.05)

        def hub() -> None:
            bench.put(1)
            worker.wake()

        await asyncio.to_thread(hub)
        await until(bench.all_done)

    asyncio.run(running(worker, story))
    assert bench.batches == [1]


def test_waking_a_worker_that_does_not_run_is_harmless(bench: Bench) -> None:
    worker = bench.worker({Verb.DELIVER: bench.good})
    worker.wake()
    bench.put(1)
    asyncio.run(running(worker, lambda: until(bench.all_done)))
    worker.wake()
    thread = threading.Thread(target=worker.wake)
    thread.start()
    thread.join()


def test_work_of_another_process_is_found_without_waking(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(loop, "POLL_S", 0.02)

    async def story() -> None:
        await asyncio.sleep(0.05)
        await asyncio.to_thread(bench.put, 1)
        await until(bench.all_done)

    asyncio.run(running(bench.worker({Verb.DELIVER: bench.good}), story))


def test_nothing_is_claimed_before_it_is_due_nor_twice_within_a_lease(bench: Bench) -> None:
    async def forget(claimed: Sequence[Job]) -> Pace:
        bench.batches.append(len(claimed))
        return Pace.STEADY  # neither done nor given back: as after a crash

    worker = bench.worker({Verb.DELIVER: forget})
    bench.put(1, in_s=10)
    asyncio.run(worker.drain())
    assert bench.batches == []
    bench.clock.advance(timedelta(seconds=10))
    asyncio.run(worker.drain())
    asyncio.run(worker.drain())
    assert bench.batches == [1]
    bench.clock.advance(LEASE)
    asyncio.run(worker.drain())
    assert bench.batches == [1, 1]


def test_draining_does_what_is_due_and_what_that_makes_due_and_returns(bench: Bench) -> None:
    async def seal(claimed: Sequence[Job]) -> Pace:
        bench.store.write(lambda tx: [jobs.follow(tx, job, Verb.DELIVER, bench.clock.now()) for job in claimed])
        return Pace.STEADY

    bench.put(3, XB, Verb.SEAL)
    bench.put(1, XB, Verb.SEAL, in_s=60)
    asyncio.run(bench.worker({Verb.SEAL: seal, Verb.DELIVER: bench.good}).drain())
    assert bench.batches == [3]
    assert bench.store.read(jobs.next_due) == NOW + timedelta(seconds=60)


def test_stopping_finishes_the_batch_under_way_and_claims_nothing_more(bench: Bench) -> None:
    async def story() -> None:
        stop, begun = asyncio.Event(), asyncio.Event()

        async def slow(claimed: Sequence[Job]) -> Pace:
            begun.set()
            await stop.wait()
            await asyncio.sleep(0.05)
            return await bench.good(claimed)

        bench.put(6)
        task = asyncio.create_task(bench.worker({Verb.DELIVER: slow}, batch=2).run(stop))
        await begun.wait()
        stop.set()
        async with asyncio.timeout(SOON_S):
            await task

    asyncio.run(story())
    assert bench.batches == [2]
    assert bench.store.write(lambda tx: len(jobs.claim(tx, jobs.Lane(XB, Verb.DELIVER), "next", 64, NOW, LEASE))) == 4


def test_a_worker_told_to_stop_before_it_began_does_nothing(bench: Bench) -> None:
    async def story() -> None:
        stop = asyncio.Event()
        stop.set()
        async with asyncio.timeout(SOON_S):
            await bench.worker({Verb.DELIVER: bench.good}).run(stop)

    bench.put(1)
    asyncio.run(story())
    assert bench.batches == []


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_defect_in_a_flow_gives_the_whole_batch_back_and_others_go_on(bench: Bench) -> None:
    async def broken(_: Sequence[Job]) -> Pace:
        raise ZeroDivisionError

    broken_ones = bench.put(3, XB)
    bench.put(2, XC, Verb.SEAL)
    asyncio.run(bench.worker({Verb.DELIVER: broken, Verb.SEAL: bench.good}).drain())
    ((ids, error),) = bench.given_back
    assert sorted(ids) == sorted(broken_ones)
    assert isinstance(error, Unexpected)
    assert error.fields == {"detail": "ZeroDivisionError"}
    assert bench.reported == {"worker.defect ZeroDivisionError": 1}
    assert bench.batches == [2]


def test_an_error_of_the_node_gives_the_batch_back_as_it_is(bench: Bench) -> None:
    failure = PartnerUnreachable(partner="XB")

    async def failing(_: Sequence[Job]) -> Pace:
        raise failure

    bench.put(2)
    asyncio.run(bench.worker({Verb.DELIVER: failing}).drain())
    assert [error for _, error in bench.given_back] == [failure]
    assert not bench.reported


class Away:
    """A store that is away for its first calls."""

    def __init__(self, store: Database, reads: int = 0, writes: int = 0) -> None:
        self._store = store
        self._left = {"read": reads, "write": writes}

    def read(self, work: Callable[[Tx], T]) -> T:
        return self._do("read", work)

    def write(self, work: Callable[[Tx], T], **how: bool) -> T:
        return self._do("write", work, **how)

    def _do(self, act: str, work: Callable[[Tx], T], **how: bool) -> T:
        if self._left[act]:
            self._left[act] -= 1
            raise StoreUnavailable(detail="disk full")
        return getattr(self._store, act)(work, **how)


@pytest.mark.parametrize("away", [{"reads": 3}, {"writes": 3}], ids=["cannot look", "cannot claim"])
def test_a_store_that_is_away_for_a_while_does_not_end_the_loop(bench: Bench, monkeypatch, away) -> None:
    monkeypatch.setattr(loop, "POLL_S", 0.01)
    bench.put(2)
    worker = bench.worker({Verb.DELIVER: bench.good})
    monkeypatch.setattr(worker, "_store", Away(bench.store, **away))
    asyncio.run(running(worker, lambda: until(bench.all_done)))
    assert bench.batches == [2]
    assert sum(bench.reported.values()) == 3


def test_a_store_that_stays_away_is_looked_at_once_a_poll_and_not_in_a_rush(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(loop, "POLL_S", 0.05)
    bench.put(1)
    worker = bench.worker({Verb.DELIVER: bench.good})
    monkeypatch.setattr(worker, "_store", Away(bench.store, writes=10_000))
    asyncio.run(running(worker, lambda: asyncio.sleep(0.5)))
    assert 1 <= sum(bench.reported.values()) <= 11


def test_draining_with_a_store_that_is_away_comes_to_an_end(bench: Bench, monkeypatch) -> None:
    bench.put(1, XB)
    worker = bench.worker({Verb.DELIVER: bench.good})
    monkeypatch.setattr(worker, "_store", Away(bench.store, writes=1))
    asyncio.run(worker.drain())
    assert bench.batches == []
    asyncio.run(worker.drain())
    assert bench.batches == [1]


@pytest.mark.parametrize("failure", [StoreUnavailable(detail="full"), KeyError("row")], ids=["store", "defect"])
def test_a_batch_that_cannot_even_be_given_back_returns_when_its_lease_is_over(bench: Bench, failure) -> None:
    async def failing(claimed: Sequence[Job]) -> Pace:
        if claimed[0].attempts == 1:
            raise PartnerUnreachable
        return await bench.good(claimed)

    def cannot(*_: object) -> None:
        raise failure

    bench.put(2)
    worker = bench.worker({Verb.DELIVER: failing}, give_back=cannot)
    asyncio.run(worker.drain())
    assert bench.reported == {f"worker.lane-stopped {type(failure).__name__}": 1}
    assert bench.batches == []
    bench.clock.advance(LEASE)
    asyncio.run(worker.drain())
    assert bench.batches == [2]


# --- the size of batches ----------------------------------------------------------------------------------------------


def test_batches_halve_without_answer_down_to_one_and_grow_back(bench: Bench) -> None:
    flow = {"now": bench.silent}
    worker = bench.worker({Verb.DELIVER: lambda claimed: flow["now"](claimed)}, batch=32)
    bench.put(32)
    asyncio.run(worker.drain())
    bench.clock.advance(timedelta(seconds=5))
    asyncio.run(worker.drain())
    assert bench.batches == [32, 16, 8, 4, 2, 1, 1]

    bench.batches.clear()
    flow["now"] = bench.good
    bench.put(40)
    bench.clock.advance(timedelta(seconds=5))
    asyncio.run(worker.drain())
    assert bench.batches == [1, 2, 4, 8, 16, 32, 9]


def test_one_partners_silence_does_not_shrink_another_partners_batches(bench: Bench) -> None:
    async def flow(claimed: Sequence[Job]) -> Pace:
        return await (bench.silent if claimed[0].partner == XB else bench.good)(claimed)

    worker = bench.worker({Verb.DELIVER: flow}, batch=8)
    bench.put(8, XB)
    asyncio.run(worker.drain())
    bench.batches.clear()
    bench.put(8, XC)
    asyncio.run(worker.drain())
    assert bench.batches == [8]


# --- batches that go on -----------------------------------------------------------------------------------------------


class Relay:
    """Seals that go on to delivery at once, as wiring has them; what delivery does belongs to the test."""

    def __init__(self, bench: Bench, deliver: VerbFlow, batch: int = 2) -> None:
        self._bench = bench
        self._deliver = deliver
        self.sealed = 0
        self.worker = bench.worker({Verb.SEAL: self.seal, Verb.DELIVER: deliver}, batch=batch)

    async def seal(self, claimed: Sequence[Job]) -> Pace | Onward:
        self.sealed += 1
        now = self._bench.clock.now()
        well = self.worker.well(jobs.Lane(claimed[0].partner, Verb.DELIVER, claimed[0].priority))
        if not well:
            self._bench.store.write(lambda tx: jobs.follow_all(tx, claimed, Verb.DELIVER, now))
            return Pace.STEADY
        mine = self._bench.store.write(lambda tx: jobs.go_on(tx, claimed, Verb.DELIVER, now, LEASE))
        return Onward(Verb.DELIVER, mine, lambda: self._deliver(mine))


def test_a_batch_goes_on_beside_its_lane_and_never_more_than_two_at_once(bench: Bench) -> None:
    underway: list[int] = []
    busy = 0

    async def deliver(claimed: Sequence[Job]) -> Pace:
        nonlocal busy
        busy += 1
        underway.append(busy)
        await asyncio.sleep(0.03)
        busy -= 1
        return await bench.good(claimed)

    relay = Relay(bench, deliver)
    bench.put(10, XB, Verb.SEAL)
    asyncio.run(relay.worker.drain())
    assert bench.batches == [2] * 5
    assert max(underway) == loop.AHEAD == 2
    assert bench.all_done()


def test_a_batch_that_fails_on_its_way_is_given_back_under_the_claim_it_went_on_with(bench: Bench) -> None:
    failure = PartnerUnreachable(partner="XB")
    seen: list[Job] = []

    async def deliver(claimed: Sequence[Job]) -> Pace:
        seen.extend(claimed)
        raise failure

    bench.put(2, XB, Verb.SEAL)
    asyncio.run(Relay(bench, deliver).worker.drain())
    assert [error for _, error in bench.given_back] == [failure]
    assert {(job.verb, job.attempts, job.fence) for job in seen} == {(Verb.DELIVER, 1, 2)}
    assert bench.all_done(), "whoever gave it back held it"


def test_after_silence_nothing_goes_on_until_batches_have_their_size_again(bench: Bench) -> None:
    flow = {"now": bench.silent}
    relay = Relay(bench, lambda claimed: flow["now"](claimed), batch=4)
    bench.put(4, XB, Verb.SEAL)
    asyncio.run(relay.worker.drain())
    assert bench.batches == [4]
    flow["now"] = bench.good
    bench.put(4, XB, Verb.SEAL)
    asyncio.run(relay.worker.drain())
    assert bench.batches == [4, 2, 2]
    bench.put(4, XB, Verb.SEAL)
    asyncio.run(relay.worker.drain())
    assert bench.batches == [4, 2, 2, 4]


def test_stopping_waits_for_what_goes_on(bench: Bench) -> None:
    async def story() -> None:
        stop, begun = asyncio.Event(), asyncio.Event()

        async def slow(claimed: Sequence[Job]) -> Pace:
            begun.set()
            await stop.wait()
            await asyncio.sleep(0.05)
            return await bench.good(claimed)

        bench.put(2, XB, Verb.SEAL)
        task = asyncio.create_task(Relay(bench, slow).worker.run(stop))
        await begun.wait()
        stop.set()
        async with asyncio.timeout(SOON_S):
            await task

    asyncio.run(story())
    assert bench.batches == [2]
    assert bench.all_done()


def test_a_batch_on_its_way_that_cannot_be_given_back_returns_when_its_lease_is_over(bench: Bench) -> None:
    async def deliver(claimed: Sequence[Job]) -> Pace:
        if claimed[0].attempts == 1:
            raise PartnerUnreachable
        return await bench.good(claimed)

    def cannot(*_: object) -> None:
        raise StoreUnavailable(detail="full")

    relay = Relay(bench, deliver)
    relay.worker = bench.worker({Verb.SEAL: relay.seal, Verb.DELIVER: deliver}, give_back=cannot)
    bench.put(2, XB, Verb.SEAL)
    asyncio.run(relay.worker.drain())
    assert bench.reported == {"worker.lane-stopped StoreUnavailable": 1}
    bench.clock.advance(LEASE)
    asyncio.run(relay.worker.drain())
    assert bench.batches == [2]
