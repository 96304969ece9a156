"""The seam to the database: exceptions of SQLAlchemy and its drivers become errors of the node here and nowhere else.

Messages of SQLite name tables and columns, never values, and may be shown. Those of PostgreSQL may quote rows: shown is
its condition code, and for broken constraints the primary message, which names the constraint only.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, exc
from sqlalchemy.engine.interfaces import DBAPICursor

from node.errors import NodeError, StoreCorrupt, StoreRefused, StoreUnavailable, Unexpected

_UNIQUE_SQLITE = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_UNIQUE_SQLSTATE = "23505"
_CORRUPT_SQLITE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_INTEGRITY_SQLSTATE = "23"
_PROGRAMMING_SQLITE = "SQLITE_ERROR"
"""What SQLite calls a statement it cannot run at all, such as one naming an unknown table: never cured by waiting."""


def translated(error: BaseException) -> BaseException:
    """The error of the node that `error` stands for; anything that is not the database's is returned as it is."""
    if not isinstance(error, exc.SQLAlchemyError | sqlite3.Error):
        return error
    mine = _judged(error)
    mine.__cause__ = error
    return mine


def _judged(error: exc.SQLAlchemyError | sqlite3.Error) -> NodeError:
    name = _condition(error)
    if name.startswith(_CORRUPT_SQLITE):
        return StoreCorrupt(what="database file")
    if name == _PROGRAMMING_SQLITE:
        return Unexpected(detail=_plain(error))
    if isinstance(error, exc.IntegrityError | sqlite3.IntegrityError):
        return StoreRefused(rule=_plain(error))
    if isinstance(error, exc.OperationalError | exc.TimeoutError | exc.InterfaceError | sqlite3.OperationalError):
        return StoreUnavailable(detail=_plain(error))
    return Unexpected(detail=_plain(error))


def is_unique_violation(error: exc.IntegrityError) -> bool:
    """Whether a unique or primary key was taken, as opposed to any other broken constraint."""
    name = _condition(error)
    return name in _UNIQUE_SQLITE or name == _UNIQUE_SQLSTATE


class cursor_of:
    """A cursor of the driver in the transaction `tx`; what it raises is raised as SQLAlchemy would raise it."""

    __slots__ = ("_cursor", "_tx")

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._cursor: DBAPICursor = tx.connection.cursor()

    def __enter__(self) -> DBAPICursor:
        return self._cursor

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._cursor.close()
        if error is None:
            return
        base = self._tx.dialect.loaded_dbapi.Error
        if isinstance(error, base):
            raise exc.DBAPIError.instance(
                None, None, error, base, hide_parameters=True, dialect=self._tx.dialect
            ) from error


def run_plain(tx: Connection, statement: str) -> None:
    """Run a statement without values and without rows."""
    with cursor_of(tx) as cursor:
        cursor.execute(statement)


@contextmanager
def unique_or(lost: NodeError) -> Iterator[None]:
    """Raise `lost` when a statement inside finds its unique key taken; other broken constraints pass through."""
    try:
        yield
    except exc.IntegrityError as error:
        if is_unique_violation(error):
            raise lost from error
        raise


@contextmanager
def seam() -> Iterator[None]:
    """Whatever the database raises inside leaves as an error of the node."""
    try:
        yield
    except (exc.SQLAlchemyError, sqlite3.Error) as error:
        raise translated(error) from error


def _driver_error(error: BaseException) -> BaseException:
    return (error.orig or error) if isinstance(error, exc.StatementError) else error


def _condition(error: BaseException) -> str:
    driver = _driver_error(error)
    return str(getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None) or "")


def _plain(error: BaseException) -> str:
    driver = _driver_error(error)
    if isinstance(driver, sqlite3.Error):
        return str(driver)
    condition = _condition(error)
    if condition.startswith(_INTEGRITY_SQLSTATE):
        return str(getattr(getattr(driver, "diag", None), "message_primary", condition))
    return f"{type(driver).__name__} {condition}".strip()
