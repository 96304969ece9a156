"""Group commit: writes share commits, failures share nothing, and nobody hears "done" too early."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from node.errors import RaceLost, StoreRefused, StoreUnavailable, Unexpected
from node.store import evidence, exchanges
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

    def writer(number: int) -> None:
        for index in range(each):
            database.write(put(f"{number}-{index}"))

    running = [threading.Thread(target=writer, args=(number,)) for number in range(threads)]
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
