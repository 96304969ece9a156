"""The operator register as a whole, as of a day and as known at a moment, for whoever reads all of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, or_, select

from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.operator import OperatorState
from node.store.database import Database, Tx
from node.store.operator_rows import COLUMNS, VERSIONS, state_of
from node.store.operator_tables import OPERATOR, OPERATOR_VERSION
from node.store.sql import ListStatement, ms

PAGE = 500
"""Operators read together."""


def every(
    store: Database,
    on: datetime,
    known_at: datetime,
    *,
    direction: Direction = Direction.IN,
    partner: NodeCode | None = None,
) -> Iterator[OperatorState]:
    """All operators, one state for each, in the order in which they became known; one page is in memory at a time.

    What was not yet in force `on`, not yet known at `known_at`, or forgotten since, is left out. Raises StoreCorrupt.
    """
    after: int | None = 0
    while after is not None:
        read = partial(_page, direction=direction, partner=partner, after=after, on=on, known_at=known_at)
        after, page = store.read(read)
        yield from page


def _page(
    tx: Tx, direction: Direction, partner: NodeCode | None, after: int, on: datetime, known_at: datetime
) -> tuple[int | None, list[OperatorState]]:
    """The next operators behind `after`, and the last of these; None at the end."""
    wanted = [OPERATOR.c.direction == direction.value, OPERATOR.c.id > after]
    if partner is not None:
        wanted.append(OPERATOR.c.partner == partner)
    ids = tx.execute(select(OPERATOR.c.id).where(*wanted).order_by(OPERATOR.c.id).limit(PAGE)).scalars().all()
    newest: dict[int, Sequence[Any]] = {}
    for row in _AS_OF.rows(tx, ids, ms(on), ms(known_at)):
        newest.setdefault(row[0], row)
    return (ids[-1] if ids else None), [state_of(row, on) for row in newest.values()]


_VERSION = OPERATOR_VERSION.c
_KNOWN_AT: BindParameter[Any] = bindparam("known_at")
_KNOWN = and_(
    _VERSION.known_from <= _KNOWN_AT,
    or_(_VERSION.known_to.is_(None), _VERSION.known_to > _KNOWN_AT),
)
_AS_OF = ListStatement(
    lambda them: (
        select(*COLUMNS)
        .select_from(VERSIONS)
        .where(OPERATOR.c.id.in_(them), _VERSION.effective <= bindparam("moment"), _KNOWN)
        .order_by(OPERATOR.c.id, _VERSION.effective.desc(), _VERSION.serial.desc())
    ),
    "moment", "known_at",
)  # fmt: skip
