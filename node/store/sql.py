"""The few statements that every topic needs, and the one place where databases differ."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import TypeAlias

from sqlalchemy import ColumnElement, Insert, LargeBinary, Table, cast, insert
from sqlalchemy.dialects import postgresql, sqlite

from node.errors import NodeError
from node.store.database import Tx
from node.store.seam import unique_or

Value: TypeAlias = object
"""What a column takes; the table's types judge it."""


def insert_rows(tx: Tx, table: Table, rows: Sequence[Mapping[str, Value]], lost: NodeError | None = None) -> None:
    """Insert `rows` in one statement; none is fine. A taken unique key raises `lost` when given."""
    if not rows:
        return
    values = [dict(row) for row in rows]
    if lost is None:
        tx.execute(insert(table), values)
        return
    with unique_or(lost):
        tx.execute(insert(table), values)


def insert_if_absent(tx: Tx, table: Table, row: Mapping[str, Value]) -> bool:
    """Insert `row` unless one of its unique keys is taken; whether it was inserted."""
    # Not rowcount: for an INSERT not every driver tells it.
    return tx.execute(_unless_taken(tx.dialect.name, table), dict(row)).first() is not None


@cache
def _unless_taken(dialect: str, table: Table) -> Insert:
    """Built once: a statement that is the same object is compiled and looked up more cheaply."""
    build = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return build(table).on_conflict_do_nothing().returning(*table.primary_key)


def as_bytes(dialect: str, column: ColumnElement[object]) -> ColumnElement[object]:
    """A column as the bytes that lie there: SQLite lets anything lie there, and broken text would stop a reading."""
    return cast(column, LargeBinary) if dialect == "sqlite" else column


def as_text(value: bytes | str | None) -> str:
    """What `as_bytes` found, as text; what was none comes out as text that nothing of ours can have been."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value or ""


def texts(values: Collection[str]) -> list[str]:
    """Distinct texts in a fixed order, for IN: equal questions are equal statements."""
    return sorted(set(values))
