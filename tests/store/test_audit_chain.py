"""Acts are chained: whatever is done to a row shows at it, or at the one behind it."""

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from node.model.ids import NodeCode
from node.store import actors, audit
from node.store.database import Database, Tx
from node.store.tables import AUDIT

if TYPE_CHECKING:
    from conftest import Trade

XB = NodeCode("XB")


@pytest.fixture
def kept(database: Database, trade: "Trade") -> Database:
    """Six acts by two actors, in two statements and one."""

    def work(tx: Tx) -> None:
        clerk = actors.ensure(tx, "clerk", actors.ActorKind.HUMAN, trade.now)
        partner = actors.ensure(tx, "XB", actors.ActorKind.PARTNER, trade.now)
        audit.add(tx, clerk, "accepted", "one", {"key": "鑰匙"}, trade.now)
        audit.add_all(
            tx, clerk, "accepted", [(f"paper {number}", {"n": str(number)}) for number in range(3)], trade.now
        )
        audit.add(tx, partner, "refused", "call", {"code": "x"}, trade.now)
        audit.add(tx, clerk, "announced-keys", "e", {"partner": "XB"}, trade.later(days=1))

    database.write(work)
    return database


def first_unfit(database: Database) -> int | None:
    link = audit.FIRST_LINK
    for act in database.read(audit.acts):
        if not act.follows(link):
            return act.id
        assert act.link is not None
        link = act.link
    return None


def spoil(database: Database, *statements: str) -> None:
    def work(tx: Tx) -> None:
        for act in ("update", "delete"):
            tx.exec_driver_sql(f"DROP TRIGGER audit_no_{act}")
        tx.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for statement in statements:
            tx.exec_driver_sql(statement)

    database.write(work)


def test_what_was_written_fits(kept: Database) -> None:
    assert first_unfit(kept) is None
    assert [act.id for act in kept.read(audit.acts)] == [1, 2, 3, 4, 5, 6]
    last = kept.read(lambda tx: tx.execute(AUDIT.select().where(AUDIT.c.id == 6)).one())
    assert kept.read(audit.last) == (6, last.link)


@pytest.mark.parametrize(
    ("statement", "at"),
    [
        ("UPDATE audit SET detail = replace(detail, '1', '2') WHERE id = 3", 3),
        ("UPDATE audit SET moment = moment + 1 WHERE id = 2", 2),
        ("UPDATE audit SET moment = 'noon' WHERE id = 2", 2),
        ("UPDATE audit SET moment = 9000000000000000000 WHERE id = 2", 2),
        ("UPDATE audit SET act = x'00ff' WHERE id = 2", 2),
        ("UPDATE audit SET act = CAST(x'ff' AS TEXT) WHERE id = 2", 2),
        ("UPDATE audit SET act = 'refused' WHERE id = 1", 1),
        ("UPDATE audit SET object = 'two' WHERE id = 1", 1),
        ("UPDATE audit SET actor_id = 1 WHERE id = 5", 5),
        ("UPDATE audit SET link = zeroblob(32) WHERE id = 4", 4),
        ("UPDATE audit SET link = NULL WHERE id = 4", 4),
        ("UPDATE actor SET name = 'nobody' WHERE id = 2", 5),
        ("UPDATE actor SET kind = 'system' WHERE id = 1", 1),
        ("DELETE FROM audit WHERE id = 1", 2),
        ("DELETE FROM audit WHERE id = 4", 5),
        ("UPDATE audit SET id = 7 WHERE id = 2", 3),
        ("INSERT INTO audit SELECT 7, moment, actor_id, act, object, detail, link FROM audit WHERE id = 6", 7),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its statements are those of SQLite
def test_a_changed_removed_moved_or_added_row_is_found(kept: Database, statement: str, at: int) -> None:
    spoil(kept, statement)
    assert first_unfit(kept) == at


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its statements are those of SQLite
def test_two_rows_that_changed_places_are_found(kept: Database) -> None:
    spoil(
        kept,
        "UPDATE audit SET id = 99 WHERE id = 2",
        "UPDATE audit SET id = 2 WHERE id = 3",
        "UPDATE audit SET id = 3 WHERE id = 99",
    )
    assert first_unfit(kept) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its statements are those of SQLite
def test_acts_of_one_batch_cost_one_reading_more(kept: Database, trade: "Trade") -> None:
    counted: list[str] = []

    def work(tx: Tx) -> None:
        actor = actors.ensure(tx, "clerk", actors.ActorKind.HUMAN, trade.now)
        driver = tx.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(counted.append)
        audit.add_all(tx, actor, "accepted", [(str(number), {}) for number in range(64)], trade.now)
        driver.set_trace_callback(None)

    kept.write(work)
    # The database is asked once where the chain ends; the rows go in as one statement that is run for each.
    assert Counter(statement.split()[0] for statement in counted) == {"SELECT": 1, "INSERT": 64}
    assert first_unfit(kept) is None


def test_acts_are_found_by_partner_and_by_act(kept: Database, trade: "Trade") -> None:
    (row,) = trade.put(kept)
    clerk = kept.write(lambda tx: actors.ensure(tx, "clerk", actors.ActorKind.HUMAN, trade.now))
    kept.write(lambda tx: audit.add(tx, clerk, "accepted", row.id, {}, trade.now))
    assert [one.id for one in kept.read(lambda tx: audit.newest(tx, 50, partner=XB))] == [5, 6, 7]
    assert [one.id for one in kept.read(lambda tx: audit.newest(tx, 2))] == [6, 7]
    assert [one.id for one in kept.read(lambda tx: audit.entries(tx, 1, 2, act="accepted"))] == [2, 3]
    assert kept.read(lambda tx: audit.newest(tx, 50, partner=NodeCode("X"))) == []
