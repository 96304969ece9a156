"""Group commit: writes share commits, failures share nothing, and nobody hears "done" too early."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from node.errors import RaceLost, StoreRefused, StoreUnavailable, Unexpected
from node.store import evidence, exchanges, writer
from node.store.actors import ActorKind, ensure
from node.store.database import Database, Tx, savepoint
from node.store.tables import EXCHANGE, SETTING
from node.store.writer import GROUP

if TYPE_CHECKING:
    from conftest import Trade

Together = Callable[[Database, list[Callable[[Tx], Any]]], list[Any]]


def put(name: str) -> Callable[[Tx], str]:
    def work(tx: Tx) -> str:
        tx.execute(SETTING.insert(), [{"name": name, "value": ""}])
        return name

    return work


def names(database: Database) -> set[str]:
    return set(database.read(lambda tx: tx.execute(SETTING.select()).scalars().all()))


def test_many_threads_share_commits_and_every_write_is_there(database: Database) -> None:
    threads, each = 16, 25
    before = database.commits

    def writes(number: int) -> None:
        for index in range(each):
            database.write(put(f"{number}-{index}"))

    running = [threading.Thread(target=writes, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(names(database)) == threads * each
    assert database.commits - before < threads * each / 2


def test_what_waits_is_committed_at_once_in_the_order_it_came(database: Database, together: Together) -> None:
    before = database.commits
    seen: list[int] = []
    outcomes = together(database, [lambda tx, n=n: seen.append(n) or n for n in range(GROUP)])  # type: ignore[misc]
    assert outcomes == seen == list(range(GROUP))
    assert database.commits - before == 2  # the one that held the writer up, and the group


def test_a_group_is_never_larger_than_its_limit(database: Database, together: Together) -> None:
    before = database.commits
    together(database, [put(str(n)) for n in range(GROUP + 1)])
    assert database.commits - before == 3


def test_a_failing_member_loses_only_its_own_changes(database: Database, together: Together) -> None:
    def half_done(tx: Tx) -> None:
        put("half")(tx)
        raise RaceLost

    outcomes = together(database, [put("a"), half_done, put("b")])
    assert outcomes[0] == "a"
    assert isinstance(outcomes[1], RaceLost)
    assert outcomes[2] == "b"
    assert names(database) == {"a", "b"}


def test_a_broken_constraint_in_one_member_leaves_the_neighbours_intact(database: Database, together: Together) -> None:
    outcomes = together(database, [put("same"), put("same"), put("other")])
    assert outcomes[0] == "same"
    assert isinstance(outcomes[1], StoreRefused)
    assert outcomes[2] == "other"
    assert names(database) == {"same", "other"}


def test_an_error_that_is_not_ours_reaches_its_caller_unchanged(database: Database) -> None:
    class Odd(BaseException):
        pass

    def odd(tx: Tx) -> None:
        raise Odd

    with pytest.raises(Odd):
        database.write(odd)
    assert database.write(put("after")) == "after"


def test_a_write_inside_a_write_fails_and_does_not_wait_for_itself(database: Database) -> None:
    with pytest.raises(Unexpected, match="inside a transaction"):
        database.write(lambda tx: database.write(put("inner")))
    with pytest.raises(Unexpected, match="inside a transaction"):
        database.write(lambda tx: database.read(lambda inner: None))
    assert names(database) == set()
    assert database.write(put("after")) == "after"


def test_a_write_or_read_inside_a_read_fails(database: Database) -> None:
    with pytest.raises(Unexpected, match="inside a transaction"):
        database.read(lambda tx: database.write(put("inner")))
    with pytest.raises(Unexpected, match="inside a transaction"):
        database.read(lambda tx: database.read(lambda inner: None))
    assert names(database) == set()


def test_a_read_sees_one_moment_while_others_write(database: Database) -> None:
    def look(tx: Tx) -> tuple[int, int]:
        first = len(tx.execute(SETTING.select()).all())
        thread = threading.Thread(target=database.write, args=(put("meanwhile"),))
        thread.start()
        thread.join()
        return first, len(tx.execute(SETTING.select()).all())

    assert database.read(look) == (0, 0)
    assert names(database) == {"meanwhile"}


class Interrupt(BaseException):
    """What Ctrl-C raises in the middle of whatever the thread is doing."""


@pytest.fixture
def interrupted_wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """From now on the threads named `interrupted` are interrupted while they wait; `before` happens first."""

    def install(before: Callable[[], None]) -> None:
        wait = writer._Member.wait

        def interrupt(member: writer._Member[object]) -> bool:
            if threading.current_thread().name != "interrupted":
                return wait(member)
            before()
            raise Interrupt

        monkeypatch.setattr(writer._Member, "wait", interrupt)

    return install


class Held:
    """A writer that is held up by a work in the middle of its commit."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.go = threading.Event()
        self.done: dict[str, object] = {}
        self._threads: list[threading.Thread] = []
        busy = threading.Event()
        self.start("holds", lambda tx: (busy.set(), self.go.wait(10)))
        assert busy.wait(10)

    def start(self, name: str, work: Callable[[Tx], object]) -> threading.Thread:
        def run() -> None:
            try:
                self.done[name] = self.database.write(work)
            except BaseException as error:
                self.done[name] = error

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def queued(self, count: int) -> None:
        while len(self.database._writer._queue) < count:
            time.sleep(0.001)

    def all_end(self) -> bool:
        self.go.set()
        for thread in self._threads:
            thread.join(10)
        ended = not any(thread.is_alive() for thread in self._threads)
        # A store that stopped would never close either, and the test would wait instead of failing.
        self.database._writer._busy = self.database._writer._busy and ended
        return ended


def test_work_whose_caller_is_interrupted_before_its_turn_is_taken_back(
    database: Database, interrupted_wait: Callable[[Callable[[], None]], None]
) -> None:
    interrupted_wait(lambda: None)
    held = Held(database)
    held.start("interrupted", put("gone")).join(10)
    held.start("behind", put("behind"))
    held.queued(1)
    assert held.all_end()
    assert isinstance(held.done["interrupted"], Interrupt)
    assert held.done["behind"] == "behind"
    assert names(database) == {"behind"}
    assert database.write(put("later")) == "later"


def test_a_turn_whose_caller_is_interrupted_as_it_comes_is_passed_on(
    database: Database, interrupted_wait: Callable[[Callable[[], None]], None]
) -> None:
    held = Held(database)

    def until_it_is_our_turn() -> None:
        assert held.go.wait(10)
        while database._writer._turn is not first[0]:
            time.sleep(0.001)

    interrupted_wait(until_it_is_our_turn)
    held.start("interrupted", put("gone"))
    held.queued(1)
    first = [database._writer._queue[0]]
    held.start("behind", put("behind"))
    held.queued(2)
    assert held.all_end()
    assert isinstance(held.done["interrupted"], Interrupt)
    assert names(database) == {"behind"}
    closing = threading.Thread(target=database.close, daemon=True)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()


def test_an_interrupt_reaches_the_thread_that_writes_and_never_a_neighbour(database: Database) -> None:
    held = Held(database)

    def interrupted(tx: Tx) -> None:
        put("gone")(tx)
        raise Interrupt

    held.start("writes", put("writes"))
    held.queued(1)
    held.start("neighbour", interrupted)
    held.queued(2)
    assert held.all_end()
    assert isinstance(held.done["writes"], Interrupt)
    assert isinstance(held.done["neighbour"], StoreUnavailable)
    assert names(database) == set()
    assert database.write(put("later")) == "later"


def test_after_close_a_write_fails_and_closing_twice_is_fine(database_url: str) -> None:
    database = Database.open(database_url)
    database.migrate()
    database.close()
    database.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        database.write(put("late"))


def test_close_finishes_what_was_waiting(database: Database) -> None:
    busy, go = threading.Event(), threading.Event()
    done: list[str] = []

    def hold_up(tx: Tx) -> None:
        busy.set()
        go.wait(10)

    threads = [threading.Thread(target=database.write, args=(hold_up,))]
    threads[0].start()
    assert busy.wait(10)
    threads += [threading.Thread(target=lambda n=n: done.append(database.write(put(str(n))))) for n in range(20)]
    for thread in threads[1:]:
        thread.start()
    while len(database._writer._queue) < 20:
        time.sleep(0.001)
    closing = threading.Thread(target=database.close)
    closing.start()
    go.set()
    for thread in (*threads, closing):
        thread.join(10)
    assert sorted(done) == sorted(str(n) for n in range(20))


def test_a_savepoint_undoes_one_envelope_and_not_its_neighbours(database: Database, trade: "Trade") -> None:
    first, second, third = (trade.exchange() for _ in range(3))

    def work(tx: Tx) -> None:
        exchanges.insert(tx, [first])
        with suppress(RaceLost), savepoint(tx):
            exchanges.insert(tx, [second])
            exchanges.insert(tx, [first])
        exchanges.insert(tx, [third])

    database.write(work)
    kept = database.read(lambda tx: exchanges.load(tx, [first.id, second.id, third.id]))
    assert set(kept) == {first.id, third.id}


def test_what_a_failing_write_did_in_several_tables_is_all_undone(database: Database, trade: "Trade") -> None:
    exchange = trade.exchange()

    def work(tx: Tx) -> None:
        exchanges.insert(tx, [exchange])
        ensure(tx, "someone", ActorKind.HUMAN, trade.now)
        evidence.timeline(tx, exchange.id)
        raise RaceLost

    with pytest.raises(RaceLost):
        database.write(work)
    assert database.read(lambda tx: tx.execute(EXCHANGE.select()).all()) == []
