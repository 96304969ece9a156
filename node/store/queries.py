"""Questions people ask: which exchange is this, what is there, how much of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, func, or_, select

from node.errors import ExchangeUnknown
from node.model.exchange import Direction, Exchange, State
from node.model.guarded import GUARDED
from node.model.ids import ExchangeId, NodeCode
from node.store.columns import intact
from node.store.database import Database, Tx
from node.store.exchanges import exchange_of
from node.store.tables import EXCHANGE

PAGE = 50
"""Exchanges in one list unless told otherwise: a screenful."""

_ID_OR_BEGINNING = re.compile(r"[0-9a-f-]{1,36}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExchangeFilter:
    """What to list; what is not given is not asked. `text` is looked for in number and issuer.

    `cause` is the first or the last one of an exchange, as a code of the catalogue; `before` is when it came at the
    latest.
    """

    direction: Direction | None = None
    partner: NodeCode | None = None
    kind: str | None = None
    states: frozenset[State] = frozenset()
    text: str = ""
    since: datetime | None = None
    limit: int = PAGE
    cause: str | None = None
    before: datetime | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many exchanges with a partner are in a state."""

    partner: NodeCode
    direction: Direction
    state: State
    count: int


def find(tx: Tx, prefix: str) -> Exchange:
    """The exchange with this id or unique beginning of one; ExchangeUnknown when there is none, or more than one."""
    if not _ID_OR_BEGINNING.fullmatch(prefix):
        raise ExchangeUnknown(exchange=prefix)
    rows = tx.execute(select(EXCHANGE).where(EXCHANGE.c.id.startswith(prefix, autoescape=True)).limit(2)).all()
    if len(rows) != 1:
        raise ExchangeUnknown(exchange=prefix)
    return exchange_of(rows[0])


def list_exchanges(tx: Tx, wanted: ExchangeFilter) -> list[Exchange]:
    """Exchanges that match, newest first."""
    query = select(EXCHANGE).where(*_conditions(wanted)).order_by(EXCHANGE.c.id.desc()).limit(wanted.limit)
    return [exchange_of(row) for row in tx.execute(query)]


def count(tx: Tx, wanted: ExchangeFilter) -> int:
    """How many exchanges match, whatever the filter's limit."""
    return int(tx.execute(select(func.count()).select_from(EXCHANGE).where(*_conditions(wanted))).scalar_one())


def ids_from(tx: Tx, wanted: ExchangeFilter, behind: ExchangeId | None, limit: int) -> list[ExchangeId]:
    """Ids that match, oldest first, behind `behind`: a page for whoever changes what it finds."""
    conditions = _conditions(wanted)
    if behind is not None:
        conditions.append(EXCHANGE.c.id > behind)
    rows = tx.execute(select(EXCHANGE.c.id).where(*conditions).order_by(EXCHANGE.c.id).limit(limit))
    return [ExchangeId(row.id) for row in rows]


def portions(store: Database, wanted: ExchangeFilter, size: int) -> Iterator[list[ExchangeId]]:
    """All ids that match, oldest first, `size` at a time: whoever takes them may change what they are the ids of."""
    last: ExchangeId | None = None
    while page := store.read(partial(ids_from, wanted=wanted, behind=last, limit=size)):
        yield page
        last = page[-1]


def counts(tx: Tx) -> list[Count]:
    """How many exchanges there are by partner, direction and state."""
    by = (EXCHANGE.c.partner, EXCHANGE.c.direction, EXCHANGE.c.state)
    with intact("exchange"):
        return [
            Count(NodeCode(partner), Direction(direction), State(state), count)
            for partner, direction, state, count in tx.execute(select(*by, func.count()).group_by(*by).order_by(*by))
        ]


def _conditions(wanted: ExchangeFilter) -> list[ColumnElement[bool]]:
    table = EXCHANGE.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.direction is not None:
        conditions.append(table.direction == wanted.direction.value)
    if wanted.partner is not None:
        conditions.append(table.partner == wanted.partner)
    if wanted.kind is not None:
        conditions.append(table.kind == wanted.kind)
    if wanted.states:
        conditions.append(table.state.in_(sorted(state.value for state in wanted.states)))
    if wanted.text:
        conditions.append(
            # Nobody finds out by searching what a guarded paper's number or issuer is.
            table.kind.not_in(sorted(GUARDED)),
        )
        conditions.append(
            or_(
                table.number.icontains(wanted.text, autoescape=True),
                table.issuer.icontains(wanted.text, autoescape=True),
            )
        )
    if wanted.since is not None:
        conditions.append(table.created_at >= wanted.since)
    if wanted.before is not None:
        conditions.append(table.created_at <= wanted.before)
    if wanted.cause is not None:
        conditions.append(or_(table.first_cause == wanted.cause, table.last_cause == wanted.cause))
    if wanted.priority is not None:
        conditions.append(table.priority == wanted.priority)
    return conditions
