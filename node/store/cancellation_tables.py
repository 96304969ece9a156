"""The table of cancellations that were asked for: declarations only."""

from datetime import datetime

from sqlmodel import Field

from node.store.columns import SEQUENCE, Moment
from node.store.row import Row, table_of


class CancellationRow(Row, table=True):
    """Append-only: somebody wants a paper back that may have been sent, and why; the partner is asked, not told."""

    __tablename__ = "cancellation"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    actor_id: int = Field(foreign_key="actor.id", sa_type=SEQUENCE)
    reason: str
    asked_at: datetime = Field(sa_type=Moment)


CANCELLATION = table_of(CancellationRow)
