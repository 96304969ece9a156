"""The tables that registers are built on: accepted papers by what names them, and consignments by their UCR."""

from sqlalchemy import Index, text
from sqlmodel import Field

from node.store.columns import SEQUENCE
from node.store.row import Row, table_of


class PaperRow(Row, table=True):
    """Accepted papers by their identity, for the rules about the same paper and the same number (protocol 3)."""

    __tablename__ = "paper"
    __table_args__ = (
        # Only what comes in has one effect per paper; our own hub may send the same paper twice.
        Index(
            "ux_paper_inbound", "partner", "issuer", "number", "version", "document_sha256", unique=True,
            sqlite_where=text("direction = 'in'"), postgresql_where=text("direction = 'in'"),
        ),
        # The number stands first: people often have nothing else.
        Index("ix_paper_number", "number", "issuer", "partner", "direction"),
        Index("ix_paper_document", "partner", "direction", "document_sha256"),
        Index("ix_paper_chain", "partner", "direction", "issuer", "chain_number"),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    exchange_id: str = Field(foreign_key="exchange.id", unique=True)
    partner: str
    direction: str
    issuer: str
    number: str
    version: str
    document_sha256: bytes
    kind: str
    chain_number: str
    """The number at the root of the paper's chain; its own when it follows nothing."""
    issued: str | None = None
    """The day the paper says it was issued, YYYY-MM-DD; here and not only in `document`, which may be purged."""
    valid_until: str | None = None
    """The last day the paper says it is good for, YYYY-MM-DD; absent when it names none."""


class UcrRow(Row, table=True):
    """Which papers name a consignment: WCO unique consignment references in the one form that `ucrs.normalised` gives.

    Stays when the body is purged: it is how an exchange is found at all.
    """

    __tablename__ = "ucr"
    # Clustered by its key in SQLite: what names one consignment lies together.
    __table_args__ = ({"sqlite_with_rowid": False},)

    ucr: str = Field(primary_key=True)
    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id", index=True)


PAPER = table_of(PaperRow)
UCR = table_of(UcrRow)
