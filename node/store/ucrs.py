"""Which exchanges belong to a consignment: papers of every kind, both ways, by the UCR that they name."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import bindparam, select

from node.model.ids import ExchangeId
from node.store.database import Tx
from node.store.sql import ListStatement, Statement, insertion
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


def is_named(tx: Tx, ucr: str) -> bool:
    """Whether any paper names this consignment, however it is spelt."""
    return bool(_NAMED.rows(tx, normalised(ucr)))


def named_by(tx: Tx, exchanges: Collection[ExchangeId]) -> dict[ExchangeId, tuple[str, ...]]:
    """The references that the papers of these exchanges name, normalised; those that name none are missing."""
    found: dict[ExchangeId, tuple[str, ...]] = {}
    for exchange, ucr in _BY_EXCHANGE.rows(tx, exchanges):
        found[exchange] = (*found.get(exchange, ()), ucr)
    return found


_INSERT = insertion(UCR)
_NAMED = Statement(select(UCR.c.exchange_id).where(UCR.c.ucr == bindparam("its_ucr")).limit(1), "its_ucr")
_BY_EXCHANGE = ListStatement(
    lambda them: select(UCR.c.exchange_id, UCR.c.ucr).where(UCR.c.exchange_id.in_(them)).order_by(UCR.c.ucr)
)
