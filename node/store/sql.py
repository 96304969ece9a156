"""The few statements that every topic needs, and the one place where databases differ."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import ColumnElement, LargeBinary, Table, cast, insert
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
    build = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    # Not rowcount: for an INSERT not every driver tells it.
    statement = build(table).values(**row).on_conflict_do_nothing().returning(*table.primary_key)
    return tx.execute(statement).first() is not None


def as_bytes(tx: Tx, column: ColumnElement[object]) -> ColumnElement[object]:
    """A column as the bytes that lie there: SQLite lets anything lie there, and broken text would stop a reading."""
    return cast(column, LargeBinary) if tx.dialect.name == "sqlite" else column


def as_text(value: bytes | str | None) -> str:
    """What `as_bytes` found, as text; what was none comes out as text that nothing of ours can have been."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value or ""


def texts(values: Collection[str]) -> list[str]:
    """Distinct texts in a fixed order, for IN: equal questions are equal statements."""
    return sorted(set(values))
