"""The table of lookups: what partners and we asked each other's registers, and the sealed answers."""

from datetime import datetime

from sqlmodel import Field

from node.store.columns import SEQUENCE, Moment
from node.store.row import Row, table_of


class LookupRow(Row, table=True):
    """Append-only: request and answer as they travelled, which the seal covers."""

    __tablename__ = "lookup"

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    partner: str
    asked_by_us: bool
    moment: datetime = Field(sa_type=Moment)
    request: bytes
    answer: bytes
    seal_id: str = Field(foreign_key="seal.id")
    leaf_index: int
    path: bytes


LOOKUP = table_of(LookupRow)
