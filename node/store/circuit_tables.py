"""How it stands with partners: declarations only."""

from datetime import datetime

from sqlmodel import Field

from node.store.columns import Moment
from node.store.row import Row, table_of


class CircuitRow(Row, table=True):
    """A partner that does not answer, as the worker sees it; no row while papers go out."""

    __tablename__ = "circuit"

    partner: str = Field(primary_key=True)
    open_since: datetime = Field(sa_type=Moment)
    cause: str
    failures: int
    probe_at: datetime = Field(sa_type=Moment)


CIRCUIT = table_of(CircuitRow)
