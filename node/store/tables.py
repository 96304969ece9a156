"""The tables. Declarations only: every function of the store speaks SQLAlchemy Core against the constants at the end.

Small rows that change (exchange, job) are apart from large rows that never do (document, sealed, receipt): an update
rewrites its whole row, so nothing that holds a body is ever updated. Tables marked *append-only* refuse UPDATE and
DELETE by triggers of the first migration; `document` gives a row up only when its tombstone stands.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from node.store import circuit_tables as circuit_tables  # the metadata holds their tables, too
from node.store import operator_tables as operator_tables
from node.store import retention_tables
from node.store import upload_tables as upload_tables
from node.store import uses_tables as uses_tables
from node.store.cancellation_tables import CANCELLATION as CANCELLATION
from node.store.columns import SEQUENCE, Moment
from node.store.log_tables import CHECKPOINT, ISSUED_CHECKPOINT, LOG_ALARM, LOG_NODE, RECEIPT_LOG
from node.store.lookup_tables import LOOKUP
from node.store.register_tables import PAPER, UCR
from node.store.row import Row, table_of

__all__ = [
    "ACTOR",
    "APPEND_ONLY",
    "AUDIT",
    "BUSINESS_ANSWER",
    "CHECKPOINT",
    "DOCUMENT",
    "DOCUMENT_SIGNATURE",
    "EVIDENCE",
    "EXCHANGE",
    "EXCHANGE_MOVE",
    "ISSUED_CHECKPOINT",
    "JOB",
    "LOG_ALARM",
    "LOG_NODE",
    "LOOKUP",
    "METADATA",
    "PAPER",
    "PARTNER_KEY_STATEMENT",
    "RECEIPT",
    "RECEIPT_DISPUTE",
    "RECEIPT_LOG",
    "SEAL",
    "SEALED",
    "SETTING",
    "SUBMISSION",
    "TOMBSTONE",
    "UCR",
    "ReceiptSide",
]

APPEND_ONLY = (
    "audit", "business_answer", "cancellation", "document_signature", "evidence", "issued_checkpoint", "log_node",
    "receipt", "receipt_dispute", "seal", "sealed", "tombstone", *retention_tables.APPEND_ONLY,
)  # fmt: skip
"""Tables whose rows are never changed and never deleted."""


class ActorRow(Row, table=True):
    """Who acts: people, the node itself, the hub, partners."""

    __tablename__ = "actor"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    kind: str
    name: str
    created_at: datetime = Field(sa_type=Moment)


class AuditRow(Row, table=True):
    """Append-only: who did what to which object, when; `link` chains each act to all before it."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    moment: datetime = Field(sa_type=Moment)
    actor_id: int = Field(foreign_key="actor.id", sa_type=SEQUENCE)
    act: str
    object: str
    detail: str
    # May be NULL for the database's sake only; an act without one does not fit its chain.
    link: bytes | None = None


class ExchangeRow(Row, table=True):
    """One exchange: states and small columns, without bodies. The only table besides `job` that is updated."""

    __tablename__ = "exchange"
    __table_args__ = (
        UniqueConstraint("direction", "partner", "message_id"),
        # Serves lists by state and, because it covers them, the counts of the front page.
        Index(None, "state", "partner", "direction"),
    )

    id: str = Field(primary_key=True)
    direction: str
    partner: str
    arrangement: str
    arrangement_version: int
    kind: str
    kind_version: int
    assurance: str
    state: str
    priority: int
    issuer: str
    number: str
    version: str
    document_sha256: bytes
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
    message_id: str | None = None
    leaf: bytes | None = None
    expires_at: datetime | None = Field(default=None, sa_type=Moment)
    idempotency_key: str | None = None
    conversation_id: str
    refers_to: str
    first_cause: str
    last_cause: str
    follows: str | None = None
    already_known: bool


class SubmissionRow(Row, table=True):
    """What the hub called a paper when it handed it in. No foreign key: the key is claimed before the exchange is."""

    __tablename__ = "submission"

    idempotency_key: str = Field(primary_key=True)
    submitted_sha256: bytes
    exchange_id: str


class DocumentRow(Row, table=True):
    """The exact bytes of a paper and what was read from them. Never updated; deleted only behind a tombstone."""

    __tablename__ = "document"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    content: bytes
    media_type: str
    ucr: str
    chain_issuer: str | None = None
    chain_number: str | None = None
    predecessor: bytes | None = None
    fields: str


class SealRow(Row, table=True):
    """Append-only: manifest and signature; the id is a digest of both, so a seal that comes again is stored once."""

    __tablename__ = "seal"

    id: str = Field(primary_key=True)
    purpose: str
    issued_by_us: bool
    partner: str
    manifest: bytes
    signature: bytes
    created_at: datetime = Field(sa_type=Moment)


class SealedRow(Row, table=True):
    """Append-only: what `seal` fixed for ever, and where its leaf stands."""

    __tablename__ = "sealed"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    message_id: str
    header: bytes
    # SQLAlchemy keeps the attribute name `metadata` for itself.
    particulars: bytes
    salt: bytes
    body_digest: bytes
    leaf: bytes
    seal_id: str = Field(foreign_key="seal.id")
    leaf_index: int
    path: bytes
    signatures: bytes


class DocumentSignatureRow(Row, table=True):
    """Append-only: document signatures made anew; they lie outside the leaf (protocol 2), the latest is sent."""

    __tablename__ = "document_signature"

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    exchange_id: str = Field(foreign_key="exchange.id", index=True)
    signatures: bytes
    made_at: datetime = Field(sa_type=Moment)


class ReceiptSide(StrEnum):
    """Whose receipts: the words in the column `direction` of `receipt`."""

    ISSUED = "issued"
    """Ours, to a partner."""
    RECEIVED = "received"
    """A partner's, to us."""


class ReceiptRow(Row, table=True):
    """Append-only: the one final answer per (partner, direction, message id); `log_index` counts the issued ones.

    `log_size` stands beside received ones: how large the partner's log was, by its checkpoint, with this one in it.
    """

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("partner", "log_index"),)

    partner: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    leaf: bytes | None = None
    verdict: int
    receipt: bytes
    seal_id: str = Field(foreign_key="seal.id")
    leaf_index: int
    path: bytes
    exchange_id: str | None = Field(default=None, foreign_key="exchange.id", index=True)
    received_at: datetime = Field(sa_type=Moment)
    log_index: int | None = Field(default=None, sa_type=SEQUENCE)
    log_size: int | None = Field(default=None, sa_type=SEQUENCE)


class ReceiptDisputeRow(Row, table=True):
    """Append-only: a valid receipt that did not settle the exchange: it differs from the one that did, or was doubted.

    ABSENT is doubted while its partner's log is known to be rewritten, and whatever is not ACCEPTED where the partner
    has answered the paper.
    """

    __tablename__ = "receipt_dispute"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    receipt_sha256: bytes = Field(primary_key=True)
    partner: str
    message_id: str
    verdict: int
    receipt: bytes
    seal_id: str = Field(foreign_key="seal.id")
    leaf_index: int
    path: bytes
    received_at: datetime = Field(sa_type=Moment)


class JobRow(Row, table=True):
    """The next thing to do for an exchange. `due_at` NULL: nothing; the row stays so that its fence never repeats."""

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "ix_job_lane", "partner", "verb", "priority", "due_at", "exchange_id",
            sqlite_where=text("due_at IS NOT NULL AND blocked_by IS NULL"),
            postgresql_where=text("due_at IS NOT NULL AND blocked_by IS NULL"),
        ),
        Index(
            "ix_job_blocked_by", "blocked_by",
            sqlite_where=text("blocked_by IS NOT NULL"), postgresql_where=text("blocked_by IS NOT NULL"),
        ),
    )  # fmt: skip

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    partner: str
    verb: str
    priority: int
    due_at: datetime | None = Field(default=None, sa_type=Moment)
    blocked_by: str | None = None
    attempts: int
    fence: int = Field(sa_type=SEQUENCE)
    worker: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=Moment)
    first_cause: str
    created_at: datetime = Field(sa_type=Moment)


class EvidenceRow(Row, table=True):
    """Append-only: the timeline of an exchange."""

    __tablename__ = "evidence"

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    exchange_id: str = Field(foreign_key="exchange.id", index=True)
    moment: datetime = Field(sa_type=Moment)
    fact: str
    digest: bytes | None = None
    detail: str


class BusinessAnswerRow(Row, table=True):
    """Append-only: what was decided about an exchange, once for ever, and the exchange that carries the decision."""

    __tablename__ = "business_answer"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    carrier_id: str = Field(foreign_key="exchange.id", unique=True)
    verdict: str
    document_sha256: bytes
    stored_at: datetime = Field(sa_type=Moment)


class ExchangeMoveRow(Row, table=True):
    """Every move of an outbound exchange, in commit order; a trigger writes it, no statement of ours.

    A feed for whoever watches, and no proof: that is `evidence`.
    """

    __tablename__ = "exchange_move"

    id: int | None = Field(default=None, primary_key=True, sa_type=SEQUENCE)
    exchange_id: str
    state: str
    cause: str
    moment: datetime = Field(sa_type=Moment)


class PartnerKeyStatementRow(Row, table=True):
    """Verified key statements of partners; the highest sequence is in force."""

    __tablename__ = "partner_key_statement"

    partner: str = Field(primary_key=True)
    sequence: int = Field(primary_key=True, sa_type=SEQUENCE)
    document: bytes
    signature: bytes
    stored_at: datetime = Field(sa_type=Moment)


class TombstoneRow(Row, table=True):
    """Append-only: the body of this exchange was purged, by whom and why."""

    __tablename__ = "tombstone"

    exchange_id: str = Field(primary_key=True, foreign_key="exchange.id")
    document_sha256: bytes
    purged_at: datetime = Field(sa_type=Moment)
    actor_id: int = Field(foreign_key="actor.id", sa_type=SEQUENCE)
    reason: str


class SettingRow(Row, table=True):
    """Small facts about the store itself."""

    __tablename__ = "setting"

    name: str = Field(primary_key=True)
    value: str


ACTOR = table_of(ActorRow)
AUDIT = table_of(AuditRow)
EXCHANGE = table_of(ExchangeRow)
SUBMISSION = table_of(SubmissionRow)
DOCUMENT = table_of(DocumentRow)
SEAL = table_of(SealRow)
SEALED = table_of(SealedRow)
DOCUMENT_SIGNATURE = table_of(DocumentSignatureRow)
RECEIPT = table_of(ReceiptRow)
RECEIPT_DISPUTE = table_of(ReceiptDisputeRow)
JOB = table_of(JobRow)
EVIDENCE = table_of(EvidenceRow)
BUSINESS_ANSWER = table_of(BusinessAnswerRow)
EXCHANGE_MOVE = table_of(ExchangeMoveRow)
PARTNER_KEY_STATEMENT = table_of(PartnerKeyStatementRow)
TOMBSTONE = table_of(TombstoneRow)
SETTING = table_of(SettingRow)
METADATA = Row.metadata
