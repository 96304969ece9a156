"""The tables of logs and checkpoints: what we say of our own receipts, and what partners say of theirs."""

from datetime import datetime

from sqlmodel import Field

from node.store.columns import SEQUENCE, Moment
from node.store.row import Row, table_of


class ReceiptLogRow(Row, table=True):
    """How many receipts we issued to a partner; the row is locked until commit, so numbers follow commit order."""

    __tablename__ = "receipt_log"

    partner: str = Field(primary_key=True)
    size: int = Field(sa_type=SEQUENCE)


class LogNodeRow(Row, table=True):
    """Append-only: the whole subtrees of the Merkle tree over the receipts we issued to a partner (store.tree)."""

    __tablename__ = "log_node"
    # Clustered by its key in SQLite: half the bytes, and what one answer needs lies close together.
    __table_args__ = ({"sqlite_with_rowid": False},)

    partner: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SEQUENCE, sa_column_kwargs={"autoincrement": False})
    hash: bytes


class IssuedCheckpointRow(Row, table=True):
    """Append-only: the signed heads of our own logs, by partner and size; under our own code those of the acts."""

    __tablename__ = "issued_checkpoint"

    partner: str = Field(primary_key=True)
    size: int = Field(primary_key=True, sa_type=SEQUENCE, sa_column_kwargs={"autoincrement": False})
    note: bytes


class CheckpointRow(Row, table=True):
    """Signed tree heads that partners showed us; the largest is kept."""

    __tablename__ = "checkpoint"

    partner: str = Field(primary_key=True)
    size: int = Field(sa_type=SEQUENCE)
    note: bytes


class LogAlarmRow(Row, table=True):
    """Partners whose log shrank or forked: what we knew and what we were shown, until a human clears it.

    Never updated; deleted only behind the act of clearing it.
    """

    __tablename__ = "log_alarm"

    partner: str = Field(primary_key=True)
    raised_at: datetime = Field(sa_type=Moment)
    known: bytes
    shown: bytes


RECEIPT_LOG = table_of(ReceiptLogRow)
LOG_NODE = table_of(LogNodeRow)
ISSUED_CHECKPOINT = table_of(IssuedCheckpointRow)
CHECKPOINT = table_of(CheckpointRow)
LOG_ALARM = table_of(LogAlarmRow)
