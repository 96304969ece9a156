"""What rests on PostgreSQL itself: writers of many processes take turns, and a frozen one holds up nobody for ever."""

import subprocess
import sys
from pathlib import Path

import pytest

from node.errors import StoreUnavailable
from node.store import audit, engines
from node.store.database import Database, Tx
from node.store.tables import SETTING

PROCESSES, EACH = 4, 25

WRITER = """
import sys
from datetime import UTC, datetime
from node.store import actors, audit
from node.store.database import Database
from node.store.sql import Statement
from node.store.tables import SETTING
from sqlalchemy import insert, select, update

now = datetime(2026, 11, 22, tzinfo=UTC)
database = Database.open(sys.argv[1])

def count(tx):
    found = int(tx.execute(select(SETTING.c.value)).scalar_one())
    tx.execute(update(SETTING).values(value=str(found + 1)))
    audit.add(tx, actors.ensure(tx, "n2n", actors.ActorKind.SYSTEM, now), "counted", str(found), {}, now)

for _ in range(int(sys.argv[2])):
    database.write(count)
database.close()
"""

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def put(tx: Tx) -> None:
    tx.execute(SETTING.insert(), [{"name": "count", "value": "0"}])


def test_processes_that_read_before_they_write_lose_nothing_and_keep_one_chain(
    database: Database, database_url: str
) -> None:
    database.write(put)
    command = [sys.executable, "-c", WRITER, database_url, str(EACH)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(PROCESSES)]
    for one in running:
        _, said = one.communicate(timeout=120)
        assert one.returncode == 0, said
    assert database.read(lambda tx: tx.execute(SETTING.select()).one().value) == str(PROCESSES * EACH)
    link, acts = audit.FIRST_LINK, database.read(lambda tx: audit.acts(tx, limit=1000))
    assert [act.object for act in acts] == [str(number) for number in range(PROCESSES * EACH)]
    for act in acts:
        assert act.follows(link)
        assert act.link is not None
        link = act.link


def test_a_failed_statement_that_is_passed_over_is_never_taken_for_a_commit(database: Database) -> None:
    def swallow(tx: Tx) -> str:
        put(tx)
        with pytest.raises(Exception, match="no_such_table"):
            tx.exec_driver_sql("SELECT 1 FROM no_such_table")
        return "done"

    with pytest.raises(StoreUnavailable):
        database.write(swallow)
    assert database.read(lambda tx: tx.execute(SETTING.select()).all()) == []
    database.write(put)
    assert len(database.read(lambda tx: tx.execute(SETTING.select()).all())) == 1


def test_a_frozen_writer_is_undone_and_its_lock_goes_to_the_next(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engines, "FROZEN_S", 1)
    frozen = Database.open(database_url)

    def freeze(tx: Tx) -> None:
        put(tx)
        database.write(lambda other: put(other))  # waits until PostgreSQL has ended the frozen transaction
        tx.execute(SETTING.select())

    with pytest.raises(StoreUnavailable):
        frozen.write(freeze)
    frozen.close()
    assert len(database.read(lambda tx: tx.execute(SETTING.select()).all())) == 1


def test_one_process_serves_a_database_until_its_connection_ends(database: Database, database_url: str) -> None:
    other = Database.open(database_url)
    assert database.serve_alone()
    assert not other.serve_alone()
    # Between two looks it is in no transaction, which the server would end for doing nothing.
    waiting = "SELECT state FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock(_______)'"
    assert other.read(lambda tx: tx.exec_driver_sql(waiting).scalars().all()) == ["idle"]
    database.close()
    assert other.serve_alone()
    other.close()
