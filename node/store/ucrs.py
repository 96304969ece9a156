"""Which exchanges belong to a consignment: papers of every kind, both ways, by the UCR that they name."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select

from node.model.ids import ExchangeId
from node.store.database import Tx
from node.store.sql import ListStatement, insertion
from node.store.tables import UCR


def normalised(ucr: str) -> str:
    """The one form in which references are compared: outer and repeated blanks gone, case folded.

    The paper keeps its own spelling.
    """
    return " ".join(ucr.split()).casefold()


def record(tx: Tx, named: Iterable[tuple[ExchangeId, Sequence[str]]]) -> None:
    """Note which consignments the papers of these exchanges name; an exchange is noted once."""
    rows = [
        (one, exchange)
        for exchange, ucrs in named
        for one in dict.fromkeys(map(normalised, ucrs))
        if one
    ]  # fmt: skip
    _INSERT.run_all(tx, rows)


def exchanges_of(tx: Tx, ucrs: Collection[str]) -> list[ExchangeId]:
    """The exchanges whose papers name one of these, however it is spelt."""
    return [row[0] for row in _BY_UCR.rows(tx, sorted({normalised(one) for one in ucrs}))]


def named_by(tx: Tx, exchanges: Collection[ExchangeId]) -> dict[ExchangeId, tuple[str, ...]]:
    """The references that the papers of these exchanges name, normalised; those that name none are missing."""
    found: dict[ExchangeId, tuple[str, ...]] = {}
    for exchange, ucr in _BY_EXCHANGE.rows(tx, exchanges):
        found[exchange] = (*found.get(exchange, ()), ucr)
    return found


_INSERT = insertion(UCR)
_BY_UCR = ListStatement(lambda them: select(UCR.c.exchange_id).where(UCR.c.ucr.in_(them)).distinct())
_BY_EXCHANGE = ListStatement(
    lambda them: select(UCR.c.exchange_id, UCR.c.ucr).where(UCR.c.exchange_id.in_(them)).order_by(UCR.c.ucr)
)
