"""Statements are built once: every database understands them, and none of them reads more the fuller the store is."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.dialects import postgresql, sqlite

import node.store
from node.model.document import MediaType
from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, MessageId
from node.model.job import Verb
from node.store import exchanges, jobs, papers, receipts
from node.store.database import Database, Tx
from node.store.sql import ListStatement, Statement, _Ready

if TYPE_CHECKING:
    from conftest import Trade

DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}


def _prepared() -> Iterator[tuple[str, Statement]]:
    for found in pkgutil.iter_modules(node.store.__path__):
        module = importlib.import_module(f"node.store.{found.name}")
        for name, value in vars(module).items():
            if isinstance(value, ListStatement):
                value._filled(["a", "b", "c"])
                yield f"{found.name}.{name}", value._sizes[4]
            elif isinstance(value, Statement):
                yield f"{found.name}.{name}", value


PREPARED = dict(_prepared())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", PREPARED)
def test_every_statement_is_ready_for_both_databases_and_every_value_has_its_place(name: str, dialect: str) -> None:
    statement = PREPARED[name]
    built = statement._built[dialect] if isinstance(statement._built, dict) else statement._built
    ready = _Ready(built.compile(dialect=DIALECTS[dialect]), statement._names)
    values = [f"value {at}" for at in range(len(statement._names))]
    (given,) = ready.many([tuple(values)])
    assert given == ready.one(values)
    if isinstance(given, dict):
        assert set(re.findall(r"%\((\w+)\)s", ready.text)) == set(given)
        assert [given[place] for place in statement._names] == values
    else:
        assert ready.text.count("?") == len(given)
        assert set(values) <= set(given)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 64, 65, 300])
def test_a_list_of_any_length_is_asked_for_whole(database: Database, trade: "Trade", count: int) -> None:
    rows = [trade.exchange() for _ in range(count)]
    database.write(lambda tx: exchanges.insert(tx, rows))
    asked = [*(row.id for row in rows), ExchangeId("nobody")]
    assert set(database.read(lambda tx: exchanges.load(tx, asked))) == {row.id for row in rows}
    assert database.read(lambda tx: exchanges.load(tx, [])) == {}


def _hot(trade: "Trade") -> dict[str, Callable[[Tx], object]]:
    """What every batch asks the store."""
    ids = [ExchangeId(f"id-{n}") for n in range(5)]
    messages = [MessageId(one) for one in ids]
    keys = [("issuer", f"N-{n}") for n in range(5)]
    partner = trade.exchange().partner
    lane = jobs.Lane(partner, Verb.SEAL)

    def held(tx: Tx) -> object:
        return jobs.held(tx, jobs.claim(tx, lane, "w", 64, trade.now, timedelta(seconds=60)))

    return {
        "papers of a number": lambda tx: papers.known(tx, partner, Direction.IN, keys),
        "papers of a chain": lambda tx: papers.of_chains(tx, partner, Direction.IN, keys),
        "papers of a digest": lambda tx: papers.by_document(tx, partner, Direction.IN, [b"\x00" * 32] * 2),
        "exchanges": lambda tx: (exchanges.load(tx, ids), exchanges.documents(tx, ids), exchanges.sealed(tx, ids)),
        "moves": lambda tx: exchanges.move_all(tx, ids, Direction.OUT, [State.SEALED], State.DELIVERED, trade.now),
        "submissions": lambda tx: exchanges.submissions(tx, ids),
        "receipts": lambda tx: (receipts.held(tx, partner, messages), receipts.settled(tx, ids)),
        "jobs": held,
        "jobs waiting": lambda tx: (jobs.unblock_all(tx, ids), jobs.blocked_by(tx, ids[0])),
    }


HOT = ("papers of a number", "papers of a chain", "papers of a digest", "exchanges", "moves", "submissions",
       "receipts", "jobs", "jobs waiting")  # fmt: skip


@pytest.mark.parametrize("question", HOT)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # its statements are those of SQLite
def test_no_question_of_a_batch_walks_through_a_table(database: Database, trade: "Trade", question: str) -> None:
    """A store of ten years must not be slower than one of a day. SQLite tells its plan; SEARCH names what it uses."""
    row = trade.exchange(state=State.ACCEPTED)
    new = jobs.NewJob(row.id, row.partner, Verb.SEAL, trade.now, None, 2)
    database.write(lambda tx: (exchanges.insert(tx, [row]), jobs.add(tx, [new], trade.now)))
    asked: list[str] = []

    def ask(tx: Tx) -> None:
        driver = tx.connection.dbapi_connection
        driver.set_trace_callback(asked.append)
        _hot(trade)[question](tx)
        driver.set_trace_callback(None)

    database.write(ask)
    questions = [one for one in asked if re.match("SELECT|UPDATE|WITH", one)]
    assert questions
    for statement in questions:
        plan = database.read(lambda tx, text=statement: tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all())
        steps = [step[3] for step in plan]
        assert not [step for step in steps if re.match(r"SCAN (?!\d|CONSTANT|due)", step)], (statement, steps)
        # Partner and direction alone are half the store.
        assert not [step for step in steps if step.endswith("(partner=? AND direction=?)")], (statement, steps)


def test_a_media_type_and_a_chain_come_back_as_they_went(database: Database, trade: "Trade") -> None:
    row = trade.exchange()
    document = trade.document(row, b"{}")
    database.write(lambda tx: (exchanges.insert(tx, [row]), exchanges.insert_documents(tx, [document])))
    (found,) = database.read(lambda tx: exchanges.documents(tx, [row.id])).values()
    assert found == document
    assert isinstance(found.media_type, MediaType)
