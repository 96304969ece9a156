"""The first tables, with the triggers that keep proof from being changed."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "audit",
    "document_signature",
    "evidence",
    "receipt",
    "receipt_dispute",
    "seal",
    "sealed",
    "tombstone",
)
"""Written out again here: what this revision did must not change when the tables of today do."""

ORDER = (
    "actor", "audit", "exchange", "submission", "document", "seal", "sealed", "document_signature", "receipt",
    "receipt_log", "receipt_dispute", "job", "evidence", "paper", "partner_key_statement", "checkpoint", "tombstone",
    "setting",
)  # fmt: skip


def upgrade() -> None:
    """From nothing to the tables of the first release."""
    _people()
    _papers()
    _proof()
    _work()
    _keys_and_settings()
    for table in APPEND_ONLY:
        _refuse(table, "UPDATE", f"{table} is append-only")
        _refuse(table, "DELETE", f"{table} is append-only")
    _refuse("document", "UPDATE", "document is never updated")
    _refuse("document", "DELETE", "document is deleted only behind a tombstone", unless_tombstone=True)


def downgrade() -> None:
    """Back to nothing; the triggers go with their tables."""
    for table in reversed(ORDER):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION n2n_refuse()")


def _people() -> None:
    op.create_table(
        "actor",
        _serial("id"), _text("kind"), _text("name"), _moment("created_at"),
        _key("actor", "id"),
        sa.UniqueConstraint("kind", "name", name="uq_actor_kind_name"),
    )  # fmt: skip
    op.create_table(
        "audit",
        _serial("id"), _moment("moment"), _serial("actor_id"), _text("act"), _text("object"), _text("detail"),
        _key("audit", "id"),
        _points("audit", "actor_id", "actor"),
    )  # fmt: skip


def _papers() -> None:
    op.create_table(
        "exchange",
        _text("id"), _text("direction"), _text("partner"), _text("arrangement"), _number("arrangement_version"),
        _text("kind"), _number("kind_version"), _text("assurance"), _text("state"), _number("priority"),
        _text("issuer"), _text("number"), _text("version"), _bytes("document_sha256"),
        _moment("created_at"), _moment("updated_at"),
        _text("message_id", null=True), _bytes("leaf", null=True), _moment("expires_at", null=True),
        _text("idempotency_key", null=True), _text("conversation_id"), _text("refers_to"),
        _text("first_cause"), _text("last_cause"), _text("follows", null=True),
        sa.Column("already_known", sa.Boolean(), nullable=False),
        _key("exchange", "id"),
        sa.UniqueConstraint("direction", "partner", "message_id", name="uq_exchange_direction_partner_message_id"),
    )  # fmt: skip
    op.create_index("ix_exchange_state_partner_direction", "exchange", ["state", "partner", "direction"])
    op.create_table(
        "submission",
        _text("idempotency_key"), _bytes("submitted_sha256"), _text("exchange_id"),
        _key("submission", "idempotency_key"),
    )  # fmt: skip
    op.create_table(
        "document",
        _text("exchange_id"), _bytes("content"), _text("media_type"), _text("ucr"),
        _text("chain_issuer", null=True), _text("chain_number", null=True), _bytes("predecessor", null=True),
        _text("fields"),
        _key("document", "exchange_id"),
        _points("document", "exchange_id", "exchange"),
    )  # fmt: skip
    op.create_table(
        "paper",
        _serial("id"), _text("exchange_id"), _text("partner"), _text("direction"), _text("issuer"), _text("number"),
        _text("version"), _bytes("document_sha256"), _text("kind"), _text("chain_number"),
        _key("paper", "id"),
        _points("paper", "exchange_id", "exchange"),
        sa.UniqueConstraint("exchange_id", name="uq_paper_exchange_id"),
    )  # fmt: skip
    identity = ["partner", "issuer", "number", "version", "document_sha256"]
    _index_where("ux_paper_inbound", "paper", identity, "direction = 'in'", unique=True)
    op.create_index("ix_paper_number", "paper", ["partner", "direction", "issuer", "number"])
    op.create_index("ix_paper_document", "paper", ["partner", "direction", "document_sha256"])
    op.create_index("ix_paper_chain", "paper", ["partner", "direction", "issuer", "chain_number"])


def _proof() -> None:
    op.create_table(
        "seal",
        _text("id"), _text("purpose"), sa.Column("issued_by_us", sa.Boolean(), nullable=False), _text("partner"),
        _bytes("manifest"), _bytes("signature"), _moment("created_at"),
        _key("seal", "id"),
    )  # fmt: skip
    op.create_table(
        "sealed",
        _text("exchange_id"), _text("message_id"), _bytes("header"), _bytes("particulars"), _bytes("salt"),
        _bytes("body_digest"), _bytes("leaf"), _text("seal_id"), _number("leaf_index"), _bytes("path"),
        _bytes("signatures"),
        _key("sealed", "exchange_id"),
        _points("sealed", "exchange_id", "exchange"),
        _points("sealed", "seal_id", "seal"),
    )  # fmt: skip
    op.create_table(
        "document_signature",
        _serial("id"), _text("exchange_id"), _bytes("signatures"), _moment("made_at"),
        _key("document_signature", "id"),
        _points("document_signature", "exchange_id", "exchange"),
    )  # fmt: skip
    op.create_index("ix_document_signature_exchange_id", "document_signature", ["exchange_id"])
    op.create_table(
        "receipt",
        _text("partner"), _text("direction"), _text("message_id"), _bytes("leaf", null=True), _number("verdict"),
        _bytes("receipt"), _text("seal_id"), _number("leaf_index"), _bytes("path"), _text("exchange_id", null=True),
        _moment("received_at"), _serial("log_index", null=True),
        _key("receipt", "partner", "direction", "message_id"),
        _points("receipt", "exchange_id", "exchange"),
        _points("receipt", "seal_id", "seal"),
        sa.UniqueConstraint("partner", "log_index", name="uq_receipt_partner_log_index"),
    )  # fmt: skip
    op.create_index("ix_receipt_exchange_id", "receipt", ["exchange_id"])
    op.create_table("receipt_log", _text("partner"), _serial("size"), _key("receipt_log", "partner"))
    op.create_table(
        "receipt_dispute",
        _text("exchange_id"), _bytes("receipt_sha256"), _text("partner"), _text("message_id"), _number("verdict"),
        _bytes("receipt"), _text("seal_id"), _number("leaf_index"), _bytes("path"), _moment("received_at"),
        _key("receipt_dispute", "exchange_id", "receipt_sha256"),
        _points("receipt_dispute", "exchange_id", "exchange"),
        _points("receipt_dispute", "seal_id", "seal"),
    )  # fmt: skip
    op.create_table(
        "evidence",
        _serial("id"), _text("exchange_id"), _moment("moment"), _text("fact"), _bytes("digest", null=True),
        _text("detail"),
        _key("evidence", "id"),
        _points("evidence", "exchange_id", "exchange"),
    )  # fmt: skip
    op.create_index("ix_evidence_exchange_id", "evidence", ["exchange_id"])
    op.create_table(
        "tombstone",
        _text("exchange_id"), _bytes("document_sha256"), _moment("purged_at"), _serial("actor_id"), _text("reason"),
        _key("tombstone", "exchange_id"),
        _points("tombstone", "exchange_id", "exchange"),
        _points("tombstone", "actor_id", "actor"),
    )  # fmt: skip


def _work() -> None:
    op.create_table(
        "job",
        _text("exchange_id"), _text("partner"), _text("verb"), _number("priority"), _moment("due_at", null=True),
        _text("blocked_by", null=True), _number("attempts"), _serial("fence"), _text("worker", null=True),
        _moment("lease_until", null=True), _text("first_cause"), _moment("created_at"),
        _key("job", "exchange_id"),
        _points("job", "exchange_id", "exchange"),
    )  # fmt: skip
    _index_where("ix_job_lane", "job", ["partner", "verb", "priority", "due_at", "exchange_id"], "due_at IS NOT NULL")
    _index_where("ix_job_blocked_by", "job", ["blocked_by"], "blocked_by IS NOT NULL")


def _keys_and_settings() -> None:
    op.create_table(
        "partner_key_statement",
        _text("partner"), _serial("sequence"), _bytes("document"), _bytes("signature"), _moment("stored_at"),
        _key("partner_key_statement", "partner", "sequence"),
    )  # fmt: skip
    op.create_table("checkpoint", _text("partner"), _serial("size"), _bytes("note"), _key("checkpoint", "partner"))
    op.create_table("setting", _text("name"), _text("value"), _key("setting", "name"))


def _refuse(table: str, act: str, message: str, *, unless_tombstone: bool = False) -> None:
    name = f"{table}_no_{act.lower()}"
    stands = "EXISTS (SELECT 1 FROM tombstone WHERE tombstone.exchange_id = OLD.exchange_id)"
    when = f" WHEN (NOT {stands})" if unless_tombstone else ""
    if op.get_bind().dialect.name == "sqlite":
        refusal = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW{when} {refusal}")
        return
    # PostgreSQL: one function serves every table; WHEN may hold no sub-query, so the function asks for the tombstone.
    op.execute(
        "CREATE OR REPLACE FUNCTION n2n_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_ARGV[1] = 'tombstone' THEN "
        f"IF {stands} THEN RETURN OLD; END IF; END IF; "
        "RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0]; END $$"
    )
    word = "tombstone" if unless_tombstone else ""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION n2n_refuse('{message}', '{word}')"
    )


def _index_where(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    some = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=some, postgresql_where=some)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null)


def _bytes(name: str, *, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=null)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _moment(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _serial(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=null)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}")
