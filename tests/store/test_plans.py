"""What is asked for every paper is found by an index that names it, however many papers there are."""

from collections.abc import Iterator

import pytest
from sqlalchemy.dialects import sqlite

from node.store import jobs, papers
from node.store.database import Database, Tx
from node.store.sql import ListStatement, Statement

PLANS = {
    "a paper by its number": (papers._BY_NUMBER, "ix_paper_number (number=? AND issuer=?)"),
    "a paper by its document": (
        papers._BY_DOCUMENT,
        "ix_paper_document (partner=? AND direction=? AND document_sha256=?)",
    ),
    "the papers of a chain": (
        papers._BY_CHAIN,
        "ix_paper_chain (partner=? AND direction=? AND issuer=? AND chain_number=?)",
    ),
    "the next partner with work": (jobs._NEXT_PARTNER, "ix_job_lane (partner>?)"),
    "its next verb": (jobs._NEXT_VERB, "ix_job_lane (partner=? AND verb>?)"),
    "the next priority of that": (jobs._NEXT_PRIORITY, "ix_job_lane (partner=? AND verb=? AND priority>?)"),
    "whether a lane has work": (
        jobs._CAN_CLAIM,
        "ix_job_lane (partner=? AND verb=? AND priority=? AND due_at>? AND due_at<?)",
    ),
    "the work of a lane": (
        jobs._CLAIM_ONE,
        "ix_job_lane (partner=? AND verb=? AND priority=? AND due_at>? AND due_at<?)",
    ),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Plans of PostgreSQL depend on what its tables hold; those of SQLite do not."""
    made = Database.open(f"sqlite:///{tmp_path_factory.mktemp('plans') / 'node.db'}")
    made.migrate()
    yield made
    made.close()


@pytest.mark.parametrize(("statement", "used"), PLANS.values(), ids=PLANS.keys())
def test_the_plan_names_what_is_looked_for(store: Database, statement: Statement | ListStatement, used: str) -> None:
    one = statement._filled(["a", "b"])[0] if isinstance(statement, ListStatement) else statement
    sql = str(one._built.compile(dialect=sqlite.dialect()))

    def plan(tx: Tx) -> list[str]:
        rows = tx.connection.cursor().execute(f"EXPLAIN QUERY PLAN {sql}", ["x"] * sql.count("?"))
        return [row[3] for row in rows]

    steps = store.read(plan)
    assert any(step.endswith(used) for step in steps), steps
    assert not [step for step in steps if step.startswith("SCAN") and "due" not in step], steps
