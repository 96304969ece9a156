"""The timeline of each exchange. Entries are only ever added."""

from collections.abc import Sequence

from sqlalchemy import func, select

from node.model.evidence import EvidenceFact, Fact
from node.model.ids import Digest, ExchangeId
from node.store.columns import intact
from node.store.database import Tx
from node.store.sql import insertion, ms
from node.store.tables import EVIDENCE


def add(tx: Tx, facts: Sequence[EvidenceFact]) -> None:
    """Add facts, in this order."""
    _INSERT.run_all(tx, [(one.exchange, ms(one.moment), one.fact.value, one.digest, one.detail) for one in facts])


def timeline(tx: Tx, exchange: ExchangeId) -> list[EvidenceFact]:
    """All facts about an exchange in the order they were stored."""
    query = select(EVIDENCE).where(EVIDENCE.c.exchange_id == exchange).order_by(EVIDENCE.c.id)
    with intact("evidence"):
        return [
            EvidenceFact(
                exchange=ExchangeId(row.exchange_id),
                moment=row.moment,
                fact=Fact(row.fact),
                digest=None if row.digest is None else Digest(row.digest),
                detail=row.detail,
            )
            for row in tx.execute(query)
        ]


def count(tx: Tx, exchange: ExchangeId, fact: Fact, detail_begins: str = "", since: Fact | None = None) -> int:
    """How often a fact stands in an exchange's timeline with a detail that begins so, behind the last `since`."""
    query = select(func.count()).where(EVIDENCE.c.exchange_id == exchange, EVIDENCE.c.fact == fact.value)
    if since is not None:
        of_it = (EVIDENCE.c.exchange_id == exchange, EVIDENCE.c.fact == since.value)
        last = select(func.coalesce(func.max(EVIDENCE.c.id), 0)).where(*of_it).scalar_subquery()
        query = query.where(EVIDENCE.c.id > last)
    return int(tx.execute(query.where(EVIDENCE.c.detail.startswith(detail_begins, autoescape=True))).scalar_one())


_INSERT = insertion(EVIDENCE, "exchange_id", "moment", "fact", "digest", "detail")
