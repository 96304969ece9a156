"""The tables of the operator register: who was told of whom, since when, and how far each series of lists has come.

A register is that of one partner and direction: IN holds the partner's operators as they told us, OUT ours as we told
them. An operator's codes and versions go when its consent does; its row stays, see `store.operator_changes`.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from node.store.columns import SEQUENCE, Moment
from node.store.row import Row, table_of


class OperatorSeriesRow(Row, table=True):
    """The lists of one authority under one programme: the last complete one, and a baseline whose parts come in.

    `run` counts baselines that began; lists of runs up to `forgetful_run` name operators whose consent is gone. `gap`
    is the sequence of a delta that came without the lists before it.
    """

    __tablename__ = "operator_series"
    __table_args__ = (UniqueConstraint("partner", "direction", "authority", "programme"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    partner: str
    direction: str
    authority: str
    programme: str
    sequence: int | None = Field(default=None, sa_type=SEQUENCE)
    list_number: str
    run: int = Field(sa_type=SEQUENCE)
    forgetful_run: int = Field(sa_type=SEQUENCE)
    incoming: int | None = Field(default=None, sa_type=SEQUENCE)
    parts: int
    parts_held: int
    total: int
    counted: int
    incoming_issued: datetime = Field(sa_type=Moment)
    gap: int | None = Field(default=None, sa_type=SEQUENCE)
    gap_since: datetime | None = Field(default=None, sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class OperatorRow(Row, table=True):
    """One operator of a register, by the certificate number that its authority writes.

    `serial` counts its versions here, `version` is the highest that papers counted, `content` the SHA-256 of what that
    one said, `issued` when the newest paper about it was made, `run` the last baseline run that named it.
    """

    __tablename__ = "operator"
    __table_args__ = (
        UniqueConstraint("partner", "direction", "authority", "certificate_number"),
        Index(None, "series_id", "run"),
    )

    id: int = Field(primary_key=True, sa_type=SEQUENCE, sa_column_kwargs={"autoincrement": False})
    partner: str
    direction: str
    authority: str
    certificate_number: str
    series_id: int = Field(foreign_key="operator_series.id", sa_type=SEQUENCE)
    serial: int
    version: int
    content: bytes
    status: str
    issued: datetime = Field(sa_type=Moment)
    run: int = Field(sa_type=SEQUENCE)
    forgotten_at: datetime | None = Field(default=None, sa_type=Moment)


class OperatorVersionRow(Row, table=True):
    """What was known of an operator: in force from `effective`, known from `known_from` until before `known_to`."""

    __tablename__ = "operator_version"
    __table_args__ = ({"sqlite_with_rowid": False},)

    operator_id: int = Field(primary_key=True, foreign_key="operator.id", sa_type=SEQUENCE)
    serial: int = Field(primary_key=True)
    effective: datetime = Field(sa_type=Moment)
    known_from: datetime = Field(sa_type=Moment)
    known_to: datetime | None = Field(default=None, sa_type=Moment)
    status: str
    reason: str
    valid_until: str | None = None
    version: int
    exchange_id: str
    list_sequence: int | None = Field(default=None, sa_type=SEQUENCE)
    body: str


class OperatorKeyRow(Row, table=True):
    """A code that an operator has or had, as it is compared; `exact` as it was written where that matters."""

    __tablename__ = "operator_key"
    __table_args__ = (Index(None, "operator_id"), {"sqlite_with_rowid": False})

    folded: str = Field(primary_key=True)
    operator_id: int = Field(primary_key=True, foreign_key="operator.id", sa_type=SEQUENCE)
    exact: str


class OperatorPaperRow(Row, table=True):
    """Which papers name operators: an event is about one, a list (None) belongs to a run of its series."""

    __tablename__ = "operator_paper"
    __table_args__ = (Index(None, "operator_id"), Index(None, "series_id", "run"))

    exchange_id: str = Field(primary_key=True)
    series_id: int = Field(foreign_key="operator_series.id", sa_type=SEQUENCE)
    operator_id: int | None = Field(default=None, sa_type=SEQUENCE)
    run: int = Field(sa_type=SEQUENCE)


class RegisterRequestRow(Row, table=True):
    """Lists that were asked for: by a partner (direction IN) or by us (OUT); `after` 0 asks for a baseline."""

    __tablename__ = "register_request"
    __table_args__ = (Index(None, "partner", "direction", "kind"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    partner: str
    direction: str
    kind: str
    after: int = Field(sa_type=SEQUENCE)
    asked_at: datetime = Field(sa_type=Moment)
    sequence: int | None = Field(default=None, sa_type=SEQUENCE)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)


OPERATOR_SERIES = table_of(OperatorSeriesRow)
OPERATOR = table_of(OperatorRow)
OPERATOR_VERSION = table_of(OperatorVersionRow)
OPERATOR_KEY = table_of(OperatorKeyRow)
OPERATOR_PAPER = table_of(OperatorPaperRow)
REGISTER_REQUEST = table_of(RegisterRequestRow)
