"""The register of certificates: what accepted papers say, read from where their own transaction put it.

Nothing of it lies in bodies, so that it answers the same after a purge.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select

from node.clock import from_ms
from node.model.certificate import Certificate, Filed, judge
from node.model.exchange import Direction, State
from node.model.ids import ExchangeId, NodeCode
from node.store.columns import intact
from node.store.database import Database, Tx
from node.store.sql import ListStatement, Statement
from node.store.tables import EXCHANGE, PAPER

PAGE = 500
"""Papers read together by whoever reads a whole register."""


def find(
    tx: Tx,
    number: str,
    on: date,
    known_at: datetime,
    *,
    direction: Direction = Direction.IN,
    partner: NodeCode | None = None,
    kind: str | None = None,
    issuer: str | None = None,
) -> list[Certificate]:
    """Certificates with that number, by partner, kind and issuer; what is None is not asked.

    `direction` says whose register it is: IN is what partners told us, OUT what we told them.
    """
    heads = {
        _key(one): one.chain_number
        for one in _filed(_BY_NUMBER.rows(tx, number, direction.value))
        if partner in (None, one.partner) and kind in (None, one.kind) and issuer in (None, one.issuer)
    }
    found = [
        judge(_chain(tx, direction, key, chain_number), number, on, known_at)
        for key, chain_number in sorted(heads.items())
    ]
    return [one for one in found if one is not None]


def every(
    store: Database,
    kind: str,
    on: date,
    known_at: datetime,
    *,
    direction: Direction = Direction.IN,
    partner: NodeCode | None = None,
) -> Iterator[Certificate]:
    """All certificates of a kind, in the order in which they became known; one page is in memory at a time."""
    after: int | None = 0
    while after is not None:
        read = partial(_page, kind=kind, direction=direction, partner=partner, after=after, on=on, known_at=known_at)
        after, page = store.read(read)
        yield from page


def _page(
    tx: Tx, kind: str, direction: Direction, partner: NodeCode | None, after: int, on: date, known_at: datetime
) -> tuple[int | None, list[Certificate]]:
    """Certificates whose first papers are the next ones behind `after`, and the last of these; None at the end."""
    wanted = [PAPER.c.kind == kind, PAPER.c.direction == direction.value, PAPER.c.id > after]
    if partner is not None:
        wanted.append(PAPER.c.partner == partner)
    rows = tx.execute(select(PAPER.c.id, *_columns()).where(*wanted, _JOINED).order_by(PAPER.c.id).limit(PAGE)).all()
    found = _filed([row[1:] for row in rows], parsed=True)
    chains = _chains(tx, found, direction)
    certificates = []
    for one in found:
        chain = chains[(*_key(one), one.chain_number)]
        # A number is told once: where its first paper stands.
        if next(each for each in chain if each.number == one.number).exchange == one.exchange:
            certificates.append(judge(chain, one.number, on, known_at))
    return (rows[-1][0] if rows else None), [one for one in certificates if one is not None]


_Key = tuple[NodeCode, str, str]
"""Partner, kind and issuer: within these a number names one certificate."""
_Chain = tuple[NodeCode, str, str, str]
"""The same, and the number that a chain began with."""


def _key(one: Filed) -> _Key:
    return one.partner, one.kind, one.issuer


def _chain(tx: Tx, direction: Direction, key: _Key, chain_number: str) -> list[Filed]:
    partner, kind, issuer = key
    rows = _BY_CHAIN.rows(tx, [chain_number], direction.value, partner, kind, issuer)
    return _filed(rows)


def _chains(
    tx: Tx, papers: Collection[Filed], direction: Direction
) -> dict[tuple[NodeCode, str, str, str], list[Filed]]:
    wanted: dict[_Key, set[str]] = {}
    for one in papers:
        wanted.setdefault(_key(one), set()).add(one.chain_number)
    chains: dict[_Chain, list[Filed]] = {}
    for (partner, kind, issuer), numbers in wanted.items():
        for one in _filed(_BY_CHAIN.rows(tx, sorted(numbers), direction.value, partner, kind, issuer)):
            chains.setdefault((*_key(one), one.chain_number), []).append(one)
    return chains


def _filed(rows: Iterable[Sequence[Any]], *, parsed: bool = False) -> list[Filed]:
    with intact("paper"):
        return [_paper(row, parsed) for row in rows]


def _paper(row: Sequence[Any], parsed: bool) -> Filed:
    """`parsed` rows come through SQLAlchemy's types, others as the driver gives them."""
    exchange, partner, direction, kind, issuer, number, version, chain_number, issued, valid_until, since, state = row
    return Filed(
        exchange=ExchangeId(exchange),
        partner=NodeCode(partner),
        direction=Direction(direction),
        kind=kind,
        issuer=issuer,
        number=number,
        version=version,
        chain_number=chain_number,
        issued=issued,
        valid_until=valid_until,
        known_since=since if parsed else from_ms(since),
        state=State(state),
    )


def _columns() -> list[ColumnElement[Any]]:
    paper = PAPER.c
    names = (paper.kind, paper.issuer, paper.number, paper.version, paper.chain_number, paper.issued, paper.valid_until)
    return [paper.exchange_id, paper.partner, paper.direction, *names, EXCHANGE.c.created_at, EXCHANGE.c.state]


_JOINED = EXCHANGE.c.id == PAPER.c.exchange_id


def _of(*conditions: ColumnElement[bool]) -> Select[tuple[Any, ...]]:
    # Not by exchange: ids drawn in one millisecond, as for one batch, are in no order.
    return select(*_columns()).where(_JOINED, *conditions).order_by(PAPER.c.id)


_DIRECTION = PAPER.c.direction == bindparam("its_direction")

_BY_NUMBER = Statement(
    _of(PAPER.c.number == bindparam("its_number"), _DIRECTION),
    "its_number", "its_direction",
)  # fmt: skip
_BY_CHAIN = ListStatement(
    lambda them: _of(
        _DIRECTION,
        PAPER.c.partner == bindparam("its_partner"),
        PAPER.c.kind == bindparam("its_kind"),
        PAPER.c.issuer == bindparam("its_issuer"),
        PAPER.c.chain_number.in_(them),
    ),
    "its_direction", "its_partner", "its_kind", "its_issuer",
)  # fmt: skip
