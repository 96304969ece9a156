"""The few statements that every topic needs, those that are built once, and the one place where databases differ."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnElement,
    Connection,
    Insert,
    LargeBinary,
    Table,
    bindparam,
    cast,
    insert,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.compiler import Compiled, SQLCompiler

from node.clock import to_ms
from node.errors import NodeError, Unexpected
from node.store.database import Tx
from node.store.seam import cursor_of, is_unique_violation, unique_or

Value: TypeAlias = object
"""What a column takes; the table's types judge it."""

_Parameters: TypeAlias = Any
"""What the driver takes for one run: a tuple, or a mapping for drivers that name their places."""


class Statement:
    """A statement built and compiled once, and run with plain values in the order of `names`.

    Building costs SQLAlchemy ten times what running costs the database. Values go to the driver as they are and rows
    come as it gives them: moments are milliseconds, words of closed lists plain text. It runs on the driver's own
    cursor, which costs a fifth of what an execution through SQLAlchemy costs.
    """

    def __init__(self, built: "ClauseElement | Mapping[str, ClauseElement]", *names: str) -> None:
        """`built` by the name of the database where databases differ."""
        self._built = built
        self._names = names
        self._ready: dict[str, _Ready] = {}

    def rows(self, tx: Tx, *values: Value) -> Sequence[Sequence[Any]]:
        """Run it and read all rows it gives."""
        ready = self._for(tx)
        with cursor_of(tx) as cursor:
            cursor.execute(ready.text, ready.one(values))
            return cursor.fetchall()

    def run(self, tx: Tx, *values: Value) -> int:
        """Run it; how many rows it changed."""
        ready = self._for(tx)
        with cursor_of(tx) as cursor:
            cursor.execute(ready.text, ready.one(values))
            return cursor.rowcount

    def run_all(self, tx: Tx, rows: Sequence[tuple[Value, ...]], lost: NodeError | None = None) -> int:
        """Run it once for each of `rows`; how many rows that changed. A taken unique key raises `lost` when given."""
        if not rows:
            return 0
        ready = self._for(tx)
        try:
            with cursor_of(tx) as cursor:
                cursor.executemany(ready.text, ready.many(rows))
                return cursor.rowcount
        except IntegrityError as error:
            if lost is not None and is_unique_violation(error):
                raise lost from error
            raise

    def _for(self, tx: Connection) -> "_Ready":
        ready = self._ready.get(tx.dialect.name)
        if ready is None:
            built = self._built[tx.dialect.name] if isinstance(self._built, Mapping) else self._built
            compiled = built.compile(dialect=tx.dialect)
            ready = self._ready[tx.dialect.name] = _Ready(compiled, self._names)
        return ready


class ListStatement:
    """A statement with a list of values in it, for IN: one `Statement` for each power of two that a list is filled to.

    `build` is given the list's places. An empty list runs nothing.
    """

    def __init__(self, build: Callable[[Sequence[BindParameter[Any]]], ClauseElement], *names: str) -> None:
        self._build = build
        self._names = names
        self._sizes: dict[int, Statement] = {}

    def rows(self, tx: Tx, listed: Collection[Value], *values: Value) -> Sequence[Sequence[Any]]:
        """Run it for the values in `listed`, of which none may be None, and read all rows."""
        if not listed:
            return []
        statement, filled = self._filled(listed)
        return statement.rows(tx, *values, *filled)

    def run(self, tx: Tx, listed: Collection[Value], *values: Value) -> int:
        """Run it for the values in `listed`; how many rows it changed."""
        if not listed:
            return 0
        statement, filled = self._filled(listed)
        return statement.run(tx, *values, *filled)

    def _filled(self, listed: Collection[Value]) -> tuple[Statement, list[Value]]:
        filled = list(listed)
        size = 1 << (len(filled) - 1).bit_length()
        filled += filled[-1:] * (size - len(filled))
        statement = self._sizes.get(size)
        if statement is None:
            places: list[BindParameter[Any]] = [bindparam(f"listed_{at}") for at in range(size)]
            built = self._build(places)
            statement = self._sizes[size] = Statement(built, *self._names, *(place.key for place in places))
        return statement, filled


class _Ready:
    """A statement's text for one kind of database, and where in it each value goes."""

    def __init__(self, compiled: Compiled, names: Sequence[str]) -> None:
        self.text = str(compiled)
        if not isinstance(compiled, SQLCompiler):
            raise Unexpected(detail="not a statement that takes values")
        fixed = compiled.params
        self._named = None if compiled.positional else (names, {key: fixed[key] for key in fixed if key not in names})
        order = compiled.positiontup or []
        self._plain = list(order) == list(names)
        where = {name: at for at, name in enumerate(names)}
        self._places = [(where.get(name, -1), fixed.get(name)) for name in order]

    def one(self, values: Sequence[Value]) -> _Parameters:
        if self._named is not None:
            names, fixed = self._named
            return {**fixed, **dict(zip(names, values, strict=True))}
        if self._plain:
            return tuple(values)
        return tuple([fixed if at < 0 else values[at] for at, fixed in self._places])

    def many(self, rows: Sequence[tuple[Value, ...]]) -> Sequence[_Parameters]:
        return rows if self._named is None and self._plain else [self.one(row) for row in rows]


def insert_for(dialect: str) -> Callable[[Table], postgresql.Insert | sqlite.Insert]:
    """The insert of that kind of database, which can leave alone what is there already."""
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def insertion(table: Table, *columns: str) -> Statement:
    """The statement that inserts a row with these columns, or with all that the table has."""
    names = columns or tuple(column.name for column in table.columns)
    return Statement(insert(table).values({name: bindparam(name) for name in names}), *names)


def insertion_if_absent(table: Table) -> Statement:
    """The statement that inserts a whole row unless one of its unique keys is taken; it gives the key it inserted."""
    names = tuple(column.name for column in table.columns)
    values: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in names}
    built: dict[str, ClauseElement] = {
        name: insert_for(name)(table).values(values).on_conflict_do_nothing().returning(*table.primary_key)
        for name in ("sqlite", "postgresql")
    }
    return Statement(built, *names)


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
    return insert_for(dialect)(table).on_conflict_do_nothing().returning(*table.primary_key)


def as_bytes(dialect: str, column: ColumnElement[object]) -> ColumnElement[object]:
    """A column as the bytes that lie there: SQLite lets anything lie there, and broken text would stop a reading."""
    return cast(column, LargeBinary) if dialect == "sqlite" else column


def as_text(value: bytes | str | None) -> str:
    """What `as_bytes` found, as text; what was none comes out as text that nothing of ours can have been."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value or ""


def texts(values: Collection[str]) -> list[str]:
    """Distinct texts in a fixed order, for IN: equal questions are equal statements."""
    return sorted(set(values))


def ms(moment: datetime) -> int:
    """A moment as its column holds it. Raises Unexpected for a naive one."""
    try:
        return to_ms(moment)
    except ValueError as error:
        raise Unexpected(detail=str(error)) from error


def ms_or_none(moment: datetime | None) -> int | None:
    """`ms`, for a column that may be empty."""
    return None if moment is None else ms(moment)
