"""The schema: up, down, up again; what the migrations make is what the tables say."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select

from node import merkle
from node.clock import to_ms
from node.errors import StoreRefused, StoreVersion
from node.model.ids import ExchangeId, NodeCode
from node.store import audit, feed, log, schema, ucrs
from node.store.database import Database, Tx
from node.store.tables import APPEND_ONLY, AUDIT, LOG_NODE, METADATA, PAPER

if TYPE_CHECKING:
    from conftest import Trade


def differences(tx: Tx) -> list[Any]:
    context = MigrationContext.configure(tx, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, METADATA))


def table_names(tx: Tx) -> set[str]:
    return set(inspect(tx).get_table_names())


def test_the_migrations_make_exactly_the_tables_that_are_declared(database: Database) -> None:
    assert database.read(differences) == []
    assert database.read(table_names) == {*METADATA.tables, "alembic_version"}


def test_a_difference_between_migrations_and_tables_would_be_seen(database: Database) -> None:
    database.write(lambda tx: tx.exec_driver_sql("ALTER TABLE setting ADD COLUMN extra VARCHAR"))
    assert database.read(differences) != []


def test_down_leaves_nothing_and_up_again_is_the_same(database: Database) -> None:
    database.write(lambda tx: schema.to(tx, "base"))
    assert database.read(table_names) == {"alembic_version"}
    database.migrate()
    assert database.read(differences) == []


def test_down_works_with_rows_in_append_only_tables(database: Database, trade: "Trade") -> None:
    trade.put(database)
    database.write(trade.issued)
    database.write(lambda tx: schema.to(tx, "base"))
    assert database.read(table_names) == {"alembic_version"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its statements are those of SQLite
def test_receipts_and_acts_of_the_first_release_are_brought_into_tree_and_chain(database: Database) -> None:
    contents = [b"receipt %d" % number for number in range(1021)]
    said = [(1_795_358_106_123 + number, 7, "refused", f"文件 {number}", f'{{"n":"{number}"}}') for number in range(9)]

    def as_the_first_release_wrote(tx: Tx) -> None:
        schema.to(tx, "base")
        schema.to(tx, "0001")
        tx.exec_driver_sql("INSERT INTO seal VALUES ('s', 'receipts', 1, 'XB', x'00', x'00', 0)")
        tx.exec_driver_sql("INSERT INTO receipt_log VALUES ('XB', 1021)")
        values = [(f"m{number}", content, number) for number, content in enumerate(contents)]
        receipt = "VALUES ('XB', 'issued', ?, NULL, 3, ?, 's', 0, x'', NULL, 0, ?)"
        tx.exec_driver_sql(f"INSERT INTO receipt {receipt}", values)
        tx.exec_driver_sql("INSERT INTO actor VALUES (7, 'human', '書記', 0)")
        audit_row = "audit (moment, actor_id, act, object, detail) VALUES (?, ?, ?, ?, ?)"
        tx.exec_driver_sql(f"INSERT INTO {audit_row}", said)

    database.write(as_the_first_release_wrote)
    database.migrate()
    root = merkle.root([merkle.leaf_hash(content) for content in contents])
    assert database.read(lambda tx: log.stand(tx, NodeCode("XB"))) == log.Stand(1021, root)
    assert database.read(lambda tx: len(tx.execute(LOG_NODE.select()).all())) == 2 * 1021 - (1021).bit_count()
    link = audit.FIRST_LINK
    for act in database.read(audit.acts):
        assert act.follows(link)
        assert act.link is not None
        link = act.link
    assert database.read(audit.last) == (9, link)
    with pytest.raises(StoreRefused, match="append-only"):
        database.write(lambda tx: tx.execute(AUDIT.update().values(link=b"")))
    assert database.read(differences) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its statements are those of SQLite
def test_what_the_hub_of_the_first_release_was_still_to_be_told_is_in_the_feed_it_watches_now(
    database: Database,
) -> None:
    exchange = "VALUES (?, 'out', 'XB', 'a', 1, 'k', 1, 'batch', ?, 2, 'I', ?, '1', x'00', 5, ?, NULL, NULL, NULL, ?"
    rows = [
        # id, state, number, updated_at, key, last cause
        ("e-late", "REFUSED", "1", 1_795_358_106_300, "XB/late", "RULE"),
        ("e-told", "DELIVERED", "2", 1_795_358_106_100, "XB/told", ""),
        ("e-under-way", "SEALED", "3", 1_795_358_106_000, "XB/way", ""),
        ("e-early", "DELIVERED", "4", 1_795_358_106_200, "XB/early", ""),
        ("e-early-too", "EXPIRED", "5", 1_795_358_106_200, "XB/too", "N2N-TIME-001"),
    ]
    jobs_left = [
        ("e-late", "tell_hub", 9), ("e-told", "tell_hub", None), ("e-under-way", "deliver", 9),
        ("e-early", "tell_hub", 9), ("e-early-too", "tell_hub", 9),
    ]  # fmt: skip

    def as_the_first_release_left_it(tx: Tx) -> None:
        schema.to(tx, "base")
        schema.to(tx, "0001")
        tx.exec_driver_sql(f"INSERT INTO exchange {exchange}, '', '', '', ?, NULL, 0)", rows)
        job = "VALUES (?, 'XB', ?, 2, ?, NULL, 0, 0, NULL, NULL, '', 5)"
        tx.exec_driver_sql(f"INSERT INTO job {job}", jobs_left)

    database.write(as_the_first_release_left_it)
    database.migrate()
    moves = database.read(lambda tx: feed.moves(tx, 0, 10))
    assert [(move.exchange, move.state.value, move.cause, move.key) for move in moves] == [
        ("e-early", "DELIVERED", "", "XB/early"),
        ("e-early-too", "EXPIRED", "N2N-TIME-001", "XB/too"),
        ("e-late", "REFUSED", "RULE", "XB/late"),
    ]
    assert [to_ms(move.moment) for move in moves] == [1_795_358_106_200, 1_795_358_106_200, 1_795_358_106_300]
    database.write(lambda tx: tx.exec_driver_sql("UPDATE exchange SET state = 'DELIVERED' WHERE id = 'e-under-way'"))
    assert database.read(lambda tx: feed.moves(tx, moves[-1].number, 10))[0].exchange == "e-under-way"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its statements are those of SQLite
def test_days_and_references_of_papers_of_earlier_releases_are_in_the_registers(database: Database) -> None:
    paper = "VALUES (?, 'XB', 'in', 'I', ?, '1', x'00', 'k', ?)"
    exchange = "VALUES (?, 'in', 'XB', 'a', 1, 'k', 1, 'batch', 'HANDED_OVER', 2, 'I', '1', '1', x'00', 5, 5"
    bodies = [
        ("e-1", '[" GB  1","gb 1"]', '{"issued":"2026-11-22T08:00:00.000Z","valid_until":"2027-05-21"}'),
        ("e-2", "[]", "{}"),
    ]

    def as_an_earlier_release_left_it(tx: Tx) -> None:
        schema.to(tx, "base")
        schema.to(tx, "0004")
        for name, ucr, fields in bodies:
            tx.exec_driver_sql(
                f"INSERT INTO exchange {exchange}, NULL, NULL, NULL, NULL, '', '', '', '', NULL, 0)", (name,)
            )
            tx.exec_driver_sql(
                "INSERT INTO document VALUES (?, x'00', 'x', ?, NULL, NULL, NULL, ?)", (name, ucr, fields)
            )
            columns = "exchange_id, partner, direction, issuer, number, version, document_sha256, kind, chain_number"
            tx.exec_driver_sql(f"INSERT INTO paper ({columns}) {paper}", (name, name, name))

    database.write(as_an_earlier_release_left_it)
    database.migrate()
    days = select(PAPER.c.issued, PAPER.c.valid_until).order_by(PAPER.c.exchange_id)
    filed = database.read(lambda tx: tx.execute(days).all())
    assert list(map(tuple, filed)) == [("2026-11-22", "2027-05-21"), (None, None)]
    assert database.read(lambda tx: ucrs.named_by(tx, [ExchangeId("e-1"), ExchangeId("e-2")])) == {"e-1": ("gb 1",)}
    assert database.read(lambda tx: ucrs.is_named(tx, "Gb 1 "))


def test_the_revision_this_program_needs_is_the_newest_there_is() -> None:
    scripts = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    assert scripts.get_heads() == [schema.NEEDED]


def test_opening_a_store_does_not_wait_for_the_migration_tool(database: Database, database_url: str) -> None:
    code = (
        "import sys; from node.store.database import Database; "
        f"store = Database.open({database_url!r}); store.migrate(); store.require_current(); store.close(); "
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_migrating_twice_changes_nothing(database: Database) -> None:
    database.migrate()
    assert database.read(schema.found) == schema.NEEDED


def test_a_database_of_a_newer_program_is_refused_and_untouched(database: Database) -> None:
    database.write(lambda tx: tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreVersion) as refusal:
        database.migrate()
    assert refusal.value.fields == {"found": "9999", "needed": schema.NEEDED}
    assert database.read(schema.found) == "9999"
    with pytest.raises(StoreVersion):
        database.require_current()


def test_an_empty_database_is_not_current(database_url: str) -> None:
    database = Database.open(database_url)
    with pytest.raises(StoreVersion) as refusal:
        database.require_current()
    assert refusal.value.fields["found"] == "none"
    database.migrate()
    database.require_current()
    database.close()


def test_the_list_of_append_only_tables_names_tables(database: Database) -> None:
    assert set(APPEND_ONLY) <= database.read(table_names)
