"""The tables of keeping and forgetting: legal holds, orders to purge, and papers that wait for a second actor."""

from datetime import datetime

from sqlmodel import Field

from node.store.columns import SEQUENCE, Moment
from node.store.row import Row, table_of

APPEND_ONLY = ("legal_hold", "legal_hold_paper", "legal_hold_release", "release_given", "release_wait")
"""Tables of these whose rows are never changed and never deleted."""


class LegalHoldRow(Row, table=True):
    """Append-only: somebody ordered that bodies are kept, why, and until when; NULL: until it is released."""

    __tablename__ = "legal_hold"

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    actor_id: int = Field(foreign_key="actor.id", sa_type=SEQUENCE)
    reason: str
    placed_at: datetime = Field(sa_type=Moment)
    ends_at: datetime | None = Field(default=None, sa_type=Moment)


class LegalHoldPaperRow(Row, table=True):
    """Append-only: which exchanges a hold keeps. A trigger refuses to delete their documents."""

    __tablename__ = "legal_hold_paper"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    hold_id: int = Field(primary_key=True, foreign_key="legal_hold.id", sa_type=SEQUENCE)


class LegalHoldReleaseRow(Row, table=True):
    """Append-only: a hold is over. A trigger refuses a release by the actor who placed the hold."""

    __tablename__ = "legal_hold_release"

    hold_id: int = Field(
        primary_key=True,
        foreign_key="legal_hold.id",
        sa_type=SEQUENCE,
        sa_column_kwargs={"autoincrement": False},
    )
    actor_id: int = Field(foreign_key="actor.id", sa_type=SEQUENCE)
    reason: str
    released_at: datetime = Field(sa_type=Moment)


class PurgeOrderRow(Row, table=True):
    """From `due_at` on this body is to go, whatever the retention of its kind; `firm`: also if it is still needed."""

    __tablename__ = "purge_order"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    due_at: datetime = Field(sa_type=Moment, index=True)
    firm: bool
    actor_id: int = Field(foreign_key="actor.id", sa_type=SEQUENCE)
    reason: str


class ReleaseWaitRow(Row, table=True):
    """Append-only: this paper leaves only once another actor than `actor_id` has released it, at the latest `ends_at`.

    A trigger refuses to bring it back to work without that.
    """

    __tablename__ = "release_wait"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    actor_id: int = Field(foreign_key="actor.id", sa_type=SEQUENCE)
    ends_at: datetime = Field(sa_type=Moment)


class ReleaseGivenRow(Row, table=True):
    """Append-only: the second actor's word. A trigger refuses that of the actor who handed the paper in."""

    __tablename__ = "release_given"

    exchange_id: str = Field(primary_key=True, foreign_key="release_wait.exchange_id")
    actor_id: int = Field(foreign_key="actor.id", sa_type=SEQUENCE)
    reason: str
    released_at: datetime = Field(sa_type=Moment)


LEGAL_HOLD = table_of(LegalHoldRow)
LEGAL_HOLD_PAPER = table_of(LegalHoldPaperRow)
LEGAL_HOLD_RELEASE = table_of(LegalHoldReleaseRow)
PURGE_ORDER = table_of(PurgeOrderRow)
RELEASE_WAIT = table_of(ReleaseWaitRow)
RELEASE_GIVEN = table_of(ReleaseGivenRow)
