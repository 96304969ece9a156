"""The operator register as it is asked: who is behind a code, and how did that operator stand on a day, as we knew it?

    states = operators.find(tx, "AEOXB 2021-0043", partner=partner, on=moment)

Two times: `on` is the moment of the trade (was it in force then?), `known_at` what we knew then (what could an officer
have seen?). Without `known_at` it is all that we know now.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, or_, select

from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.operator import OperatorState, RegisterState
from node.model.operator_key import folded
from node.store.columns import intact
from node.store.database import Tx
from node.store.operator_rows import COLUMNS, VERSIONS, state_of
from node.store.operator_tables import OPERATOR, OPERATOR_KEY, OPERATOR_SERIES, OPERATOR_VERSION
from node.store.sql import Statement, ms

_FOR_EVER = 2**62
"""Milliseconds: later than every moment that is stored."""


def find(
    tx: Tx,
    code: str,
    *,
    partner: NodeCode | None = None,
    direction: Direction = Direction.IN,
    on: datetime,
    known_at: datetime | None = None,
) -> tuple[OperatorState, ...]:
    """Operators with this certificate number, TIN, national number or partner-assigned code, one state for each.

    The code is compared as the arrangement says, at least without separators and in capitals. What was not yet in force
    `on`, not yet known at `known_at`, or forgotten since, is not found. Raises StoreCorrupt.
    """
    rows = _found(tx, code, partner, direction, ms(on), _FOR_EVER if known_at is None else ms(known_at))
    newest: dict[int, Sequence[Any]] = {}
    for row in rows:
        newest.setdefault(row[0], row)
    return tuple(state_of(row, on) for row in newest.values())


def history(
    tx: Tx,
    code: str,
    *,
    partner: NodeCode | None = None,
    direction: Direction = Direction.IN,
    on: datetime,
) -> tuple[OperatorState, ...]:
    """Every version that was ever known of the operators with this code, the newest of each first.

    `on` only decides which of them have expired. Raises StoreCorrupt.
    """
    rows = _HISTORY.rows(tx, folded(code), direction.value)
    return tuple(state_of(row, on) for row in rows if _is_meant(row, code, partner))


def registers(tx: Tx, partner: NodeCode | None = None, direction: Direction | None = None) -> tuple[RegisterState, ...]:
    """How far each series of lists has come, by partner."""
    counted = (
        select(func.count())
        .select_from(OPERATOR)
        .where(OPERATOR.c.series_id == OPERATOR_SERIES.c.id, OPERATOR.c.forgotten_at.is_(None))
        .scalar_subquery()
    )
    table = OPERATOR_SERIES.c
    query = select(OPERATOR_SERIES, counted).order_by(table.partner, table.direction, table.authority, table.programme)
    if partner is not None:
        query = query.where(table.partner == partner)
    if direction is not None:
        query = query.where(table.direction == direction.value)
    with intact("operator_series"):
        return tuple(
            RegisterState(
                partner=NodeCode(row.partner),
                direction=Direction(row.direction),
                authority=row.authority,
                programme=row.programme,
                sequence=row.sequence,
                list_number=row.list_number,
                operators=row[-1],
                incoming=row.incoming,
                parts=row.parts,
                parts_held=row.parts_held,
                gap=row.gap,
                gap_since=row.gap_since,
                updated_at=row.updated_at,
            )
            for row in tx.execute(query)
        )


def state_after(
    tx: Tx, partner: NodeCode, direction: Direction, after: str, on: datetime, limit: int
) -> tuple[OperatorState, ...]:
    """The newest version of each operator of a register, in the order of certificate numbers behind `after`.

    For exports and for lists composed anew; at most `limit`.
    """
    rows = _NEWEST.rows(tx, partner, direction.value, after, limit)
    return tuple(state_of(row, on) for row in rows)


def _found(
    tx: Tx, code: str, partner: NodeCode | None, direction: Direction, on: int, known_at: int
) -> list[Sequence[Any]]:
    key = folded(code)
    if not key:
        return []
    rows = _FIND.rows(tx, key, direction.value, on, known_at)
    return [row for row in rows if _is_meant(row, code, partner)]


def _is_meant(row: Sequence[Any], code: str, partner: NodeCode | None) -> bool:
    """Asked for the partner too, SQLite might walk through all its operators instead of the few with this code."""
    return row[-1] in ("", code.strip()) and (partner is None or row[1] == partner)


# --- statements -----------------------------------------------------------------------------------------------------


def _by_code() -> Select[tuple[Any, ...]]:
    keyed = VERSIONS.join(OPERATOR_KEY, OPERATOR_KEY.c.operator_id == OPERATOR.c.id)
    return (
        select(*COLUMNS, OPERATOR_KEY.c.exact)
        .select_from(keyed)
        .where(OPERATOR_KEY.c.folded == bindparam("its_key"), OPERATOR.c.direction == bindparam("its_direction"))
        .order_by(OPERATOR.c.partner, OPERATOR.c.id)
    )


def _in_force() -> Select[tuple[Any, ...]]:
    table = OPERATOR_VERSION.c
    known_at: BindParameter[Any] = bindparam("known_at")
    return (
        _by_code()
        .where(table.effective <= bindparam("moment"), table.known_from <= known_at)
        .where(or_(table.known_to.is_(None), table.known_to > known_at))
        .order_by(table.effective.desc(), table.serial.desc())
    )


_PARTNER: BindParameter[Any] = bindparam("its_partner")
_FIND = Statement(_in_force(), "its_key", "its_direction", "moment", "known_at")
_HISTORY = Statement(_by_code().order_by(OPERATOR_VERSION.c.serial.desc()), "its_key", "its_direction")
_NEWEST = Statement(
    select(*COLUMNS)
    .select_from(VERSIONS)
    .where(OPERATOR.c.partner == _PARTNER, OPERATOR.c.direction == bindparam("its_direction"))
    .where(OPERATOR.c.certificate_number > bindparam("behind"), OPERATOR_VERSION.c.serial == OPERATOR.c.serial)
    .order_by(OPERATOR.c.certificate_number)
    .limit(bindparam("most")),
    "its_partner",
    "its_direction",
    "behind",
    "most",
)
