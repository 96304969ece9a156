"""What rests on SQLite itself: its failures, its settings, its file."""

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import exc, select

from node.errors import (
    NodeError,
    RaceLost,
    SettingInvalid,
    StoreCorrupt,
    StoreRefused,
    StoreUnavailable,
    Unexpected,
)
from node.model.exchange import State
from node.store import actors, exchanges, retention, seam
from node.store.database import Database, Tx
from node.store.tables import EXCHANGE, SETTING

if TYPE_CHECKING:
    from conftest import Trade

Together = Callable[[Database, list[Callable[[Tx], Any]]], list[Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.db"


@pytest.fixture
def store(path: Path, empty_sqlite: Path) -> Iterator[Database]:
    shutil.copy(empty_sqlite, path)
    database = Database.open(f"sqlite:///{path}")
    yield database
    database.close()


def put(name: str, value: str = "") -> Callable[[Tx], str]:
    def work(tx: Tx) -> str:
        tx.execute(SETTING.insert(), [{"name": name, "value": value}])
        return name

    return work


def names(database: Database) -> set[str]:
    return set(database.read(lambda tx: tx.execute(select(SETTING.c.name)).scalars().all()))


def pragma(tx: Tx, name: str) -> object:
    return tx.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_when_the_commit_fails_every_member_hears_so_and_nothing_is_stored(store: Database, together: Together) -> None:
    def orphan(tx: Tx) -> None:
        # Checked at commit only: the failure comes after every member did its work.
        tx.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        tx.exec_driver_sql("INSERT INTO document_signature (exchange_id, signatures, made_at) VALUES ('none', x'', 0)")

    def refused(tx: Tx) -> None:
        raise RaceLost

    outcomes = together(store, [put("a"), orphan, refused, put("b")])
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 4
    assert len({id(outcome) for outcome in outcomes}) == 4
    assert names(store) == set()
    assert store.write(put("later")) == "later"


def test_when_a_failure_has_ended_the_transaction_nobody_hears_done(store: Database, together: Together) -> None:
    def disk_full(tx: Tx) -> None:
        # What SQLite does by itself when the disk is full: the whole transaction is gone, not only this savepoint.
        tx.exec_driver_sql("ROLLBACK")
        raise OSError("full")

    outcomes = together(store, [put("before"), disk_full, put("after")])
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
    assert names(store) == set()
    assert store.write(put("later")) == "later"


def test_a_read_cannot_change_anything(store: Database) -> None:
    with pytest.raises(StoreUnavailable, match="readonly"):
        store.read(put("sneaked"))
    assert names(store) == set()


@pytest.mark.parametrize("act", ["read", "write"])
def test_every_connection_is_durable_and_strict(store: Database, act: str) -> None:
    def settings(tx: Tx) -> dict[str, object]:
        asked = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "secure_delete")
        return {name: pragma(tx, name) for name in asked}

    assert getattr(store, act)(settings) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "secure_delete": 1,
    }


def test_a_write_that_need_not_last_waits_for_no_disk_and_the_next_one_does(store: Database) -> None:
    assert store.write(lambda tx: pragma(tx, "synchronous"), lasting=False) == 1
    assert store.write(lambda tx: pragma(tx, "synchronous")) == 2
    with pytest.raises(RaceLost):
        store.write(_lose, lasting=False)
    assert store.write(lambda tx: pragma(tx, "synchronous")) == 2


def _lose(tx: Tx) -> None:
    raise RaceLost


def test_one_lasting_member_makes_its_whole_group_wait_for_the_disk(store: Database) -> None:
    busy, go = threading.Event(), threading.Event()
    seen: dict[bool, object] = {}

    def hold_up(tx: Tx) -> None:
        busy.set()
        go.wait(10)

    def look(lasting: bool) -> None:
        seen[lasting] = store.write(lambda tx: pragma(tx, "synchronous"), lasting=lasting)

    threads = [threading.Thread(target=store.write, args=(hold_up,))]
    threads[0].start()
    assert busy.wait(10)
    for lasting in (False, True):
        threads.append(threading.Thread(target=look, args=(lasting,)))
        threads[-1].start()
    while len(store._writer._queue) < 2:
        threads[-1].join(0.001)
    go.set()
    for thread in threads:
        thread.join(10)
    assert seen == {False: 2, True: 2}


def test_the_file_and_its_log_are_for_the_owner_only(store: Database, path: Path) -> None:
    store.write(put("a"))
    for name in (path, path.with_name("node.db-wal"), path.with_name("node.db-shm")):
        assert name.stat().st_mode & 0o077 == 0


def test_a_full_disk_is_unavailable_nothing_half_done_stays_and_it_resumes_when_cured(store: Database) -> None:
    store.write(put("before"))
    # A table that may not grow is to SQLite the same as a disk that is full.
    pages = store.write(lambda tx: pragma(tx, "page_count"))
    store.write(lambda tx: pragma(tx, f"max_page_count={pages}"))

    def two(tx: Tx) -> None:
        put("small")(tx)
        put("large", "x" * 1_000_000)(tx)

    with pytest.raises(StoreUnavailable, match="full"):
        store.write(two)
    assert names(store) == {"before"}
    store.write(lambda tx: pragma(tx, "max_page_count=1000000"))
    store.write(two)
    assert names(store) == {"before", "small", "large"}


def test_with_a_full_disk_no_member_of_a_group_is_told_done_unless_it_is_stored(
    store: Database, together: Together
) -> None:
    pages = store.write(lambda tx: pragma(tx, "page_count"))
    store.write(lambda tx: pragma(tx, f"max_page_count={pages}"))
    works = [put("a"), put("large", "x" * 1_000_000), put("b")]
    outcomes = together(store, works)
    assert isinstance(outcomes[1], StoreUnavailable)
    assert names(store) == {outcome for outcome in outcomes if isinstance(outcome, str)}


def test_another_process_that_holds_the_file_too_long_is_unavailable(
    store: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(lambda tx: pragma(tx, "busy_timeout=50"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.write(put("late"))
    other.execute("ROLLBACK")
    other.close()
    assert store.write(put("later")) == "later"


def test_two_processes_that_read_and_then_write_lose_nothing(store: Database, path: Path) -> None:
    """A transaction that begins as a reader and writes later would be refused, or would overwrite what it never saw."""
    store.write(put("counter", "0"))
    other = Database.open(f"sqlite:///{path}")
    failures: list[BaseException] = []

    def count(tx: Tx) -> None:
        mine = SETTING.c.name == "counter"
        present = int(tx.execute(select(SETTING.c.value).where(mine)).scalar_one())
        tx.execute(SETTING.update().where(mine).values(value=str(present + 1)))

    def many(database: Database) -> None:
        try:
            for _ in range(50):
                database.write(count)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=many, args=(database,)) for database in (store, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert failures == []
    assert store.read(lambda tx: tx.execute(select(SETTING.c.value)).scalar_one()) == "200"


def test_readers_do_not_wait_for_a_writer(store: Database) -> None:
    busy, go = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        put("unseen")(tx)
        busy.set()
        go.wait(10)

    writing = threading.Thread(target=store.write, args=(slow,))
    writing.start()
    assert busy.wait(10)
    assert names(store) == set()
    go.set()
    writing.join()
    assert names(store) == {"unseen"}


def test_a_file_that_is_no_database_is_corrupt(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreCorrupt):
        Database.open(f"sqlite:///{path}")


def test_a_damaged_database_is_corrupt(store: Database, path: Path, trade: "Trade") -> None:
    trade.put(store, 200)
    store.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))

    def look() -> None:
        damaged = Database.open(f"sqlite:///{path}")
        damaged.read(lambda tx: tx.execute(EXCHANGE.select()).all())

    with pytest.raises(StoreCorrupt):
        look()


def test_a_row_that_we_cannot_have_written_is_corrupt(store: Database, trade: "Trade") -> None:
    (row,) = trade.put(store)
    store.write(lambda tx: tx.execute(EXCHANGE.update().values(state="SOMEWHERE")))
    with pytest.raises(StoreCorrupt, match="exchange"):
        store.read(lambda tx: exchanges.load(tx, [row.id]))


@pytest.mark.parametrize("url", ["", "node.db", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory"])
def test_a_url_that_names_no_file_is_a_setting_to_correct(url: str) -> None:
    with pytest.raises(SettingInvalid, match=r"store\.url"):
        Database.open(url)


def test_a_folder_that_is_not_there_is_unavailable_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="No such file"):
        Database.open(f"sqlite:///{tmp_path / 'nowhere' / 'node.db'}")
    assert not (tmp_path / "nowhere").exists()


def test_tables_that_are_missing_are_a_defect_not_a_reason_to_wait(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    with pytest.raises(Unexpected, match="no such table"):
        database.read(lambda tx: tx.execute(EXCHANGE.select()).all())
    database.close()


def test_a_naive_moment_is_refused(store: Database, trade: "Trade") -> None:
    with pytest.raises(Unexpected):
        trade.put(store, updated_at=datetime(2026, 11, 22))
    assert store.read(lambda tx: tx.execute(EXCHANGE.select()).all()) == []


def test_a_moment_comes_back_in_utc_to_the_millisecond(store: Database, trade: "Trade") -> None:
    (row,) = trade.put(store)
    found = store.read(lambda tx: exchanges.load(tx, [row.id]))[row.id]
    assert found.created_at == trade.now
    assert found.created_at.utcoffset() == trade.now.utcoffset()


def test_values_of_papers_do_not_appear_in_errors(store: Database, trade: "Trade") -> None:
    (row,) = trade.put(store, number="SECRET-NUMBER")
    with pytest.raises(RaceLost) as lost:
        store.write(lambda tx: exchanges.insert(tx, [row]))
    error: BaseException | None = lost.value
    while error is not None:
        assert "SECRET-NUMBER" not in str(error)
        error = error.__cause__
    store.write(lambda tx: tx.exec_driver_sql("CREATE UNIQUE INDEX planted ON setting (value)"))
    store.write(put("a", "SECRET-VALUE"))
    with pytest.raises(StoreRefused) as refused:
        store.write(put("b", "SECRET-VALUE"))
    assert "SECRET-VALUE" not in str(refused.value) + str(refused.value.__cause__)


def test_a_url_of_injection_strings_stays_one_value(store: Database, trade: "Trade") -> None:
    hostile = ["'; DROP TABLE exchange; --", "%' OR 1=1 --", "\\", "_%", "\x00", "\u202e", "臺"]
    rows = [trade.exchange(number=text, issuer=text) for text in hostile]
    store.write(lambda tx: exchanges.insert(tx, rows))
    found = store.read(lambda tx: exchanges.load(tx, [row.id for row in rows]))
    assert [found[row.id].number for row in rows] == hostile


def _sqlalchemy_errors() -> list[type[exc.SQLAlchemyError]]:
    def below(cls: type[exc.SQLAlchemyError]) -> Iterator[type[exc.SQLAlchemyError]]:
        for child in cls.__subclasses__():
            yield child
            yield from below(child)

    return sorted(set(below(exc.SQLAlchemyError)), key=lambda cls: cls.__name__)


@pytest.mark.parametrize("cls", _sqlalchemy_errors(), ids=lambda cls: cls.__name__)
def test_no_exception_of_the_database_library_escapes(cls: type[exc.SQLAlchemyError]) -> None:
    error = cls.__new__(cls)
    assert isinstance(seam.translated(error), NodeError)


@pytest.mark.parametrize(
    "cls", [sqlite3.Error, *sqlite3.Error.__subclasses__(), *sqlite3.DatabaseError.__subclasses__()]
)
def test_no_exception_of_the_driver_escapes(cls: type[sqlite3.Error]) -> None:
    with pytest.raises(NodeError), seam.seam():
        raise cls("x")


def test_two_nodes_may_migrate_in_one_process_at_once(tmp_path: Path) -> None:
    databases = [Database.open(f"sqlite:///{tmp_path / str(n)}.db") for n in range(4)]
    failures: list[BaseException] = []

    def migrate(database: Database) -> None:
        try:
            database.migrate()
            database.require_current()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for database in databases:
        database.close()


def test_a_copy_of_the_closed_file_is_the_whole_store(
    store: Database, path: Path, tmp_path: Path, trade: "Trade"
) -> None:
    (row,) = trade.put(store)
    store.close()
    assert not os.path.exists(f"{path}-wal")
    shutil.copy(path, tmp_path / "copy.db")
    copy = Database.open(f"sqlite:///{tmp_path / 'copy.db'}")
    copy.require_current()
    assert row.id in copy.read(lambda tx: exchanges.load(tx, [row.id]))
    copy.close()


def test_a_purged_body_cannot_be_read_from_the_file(store: Database, path: Path, trade: "Trade") -> None:
    exchange = trade.exchange(state=State.DELIVERED)

    def keep(tx: Tx) -> None:
        exchanges.insert(tx, [exchange])
        exchanges.insert_documents(tx, [trade.document(exchange, b"MARKER of a paper")])

    def purge(tx: Tx) -> int:
        actor = actors.ensure(tx, "n2n", actors.ActorKind.SYSTEM, trade.now)
        return retention.purge_bodies(tx, trade.later(days=1), actor, "time is over", trade.later(days=2))

    store.write(keep)
    assert store.write(purge) == 1
    store.close()
    assert b"MARKER" not in path.read_bytes()
