"""The register of authorised operators: series of lists, operators, their versions, codes and papers, and requests."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    "register_request",
    "operator_paper",
    "operator_key",
    "operator_version",
    "operator",
    "operator_series",
)


def upgrade() -> None:
    """Six tables, empty: what earlier releases took in was not kept as a register."""
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "operator_series",
        sa.Column("id", serial, nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("programme", sa.String(), nullable=False),
        sa.Column("sequence", serial, nullable=True),
        sa.Column("list_number", sa.String(), nullable=False),
        sa.Column("run", serial, nullable=False),
        sa.Column("forgetful_run", serial, nullable=False),
        sa.Column("incoming", serial, nullable=True),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("parts_held", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("incoming_issued", sa.BigInteger(), nullable=False),
        sa.Column("gap", serial, nullable=True),
        sa.Column("gap_since", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operator_series"),
        sa.UniqueConstraint(
            "partner",
            "direction",
            "authority",
            "programme",
            name="uq_operator_series_partner_direction_authority_programme",
        ),
    )
    op.create_table(
        "operator",
        sa.Column("id", serial, nullable=False, autoincrement=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("certificate_number", sa.String(), nullable=False),
        sa.Column("series_id", serial, nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("run", serial, nullable=False),
        sa.Column("forgotten_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_operator"),
        sa.UniqueConstraint(
            "partner",
            "direction",
            "authority",
            "certificate_number",
            name="uq_operator_partner_direction_authority_certificate_number",
        ),
        sa.ForeignKeyConstraint(["series_id"], ["operator_series.id"], name="fk_operator_series_id_operator_series"),
    )
    op.create_index("ix_operator_series_id_run", "operator", ["series_id", "run"])
    op.create_table(
        "operator_version",
        sa.Column("operator_id", serial, nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("effective", sa.BigInteger(), nullable=False),
        sa.Column("known_from", sa.BigInteger(), nullable=False),
        sa.Column("known_to", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("valid_until", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exchange_id", sa.String(), nullable=False),
        sa.Column("list_sequence", serial, nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("operator_id", "serial", name="pk_operator_version"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_operator_version_operator_id_operator"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operator_key",
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("operator_id", serial, nullable=False),
        sa.Column("exact", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("folded", "operator_id", name="pk_operator_key"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_operator_key_operator_id_operator"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_operator_key_operator_id", "operator_key", ["operator_id"])
    op.create_table(
        "operator_paper",
        sa.Column("exchange_id", sa.String(), nullable=False),
        sa.Column("series_id", serial, nullable=False),
        sa.Column("operator_id", serial, nullable=True),
        sa.Column("run", serial, nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", name="pk_operator_paper"),
        sa.ForeignKeyConstraint(
            ["series_id"], ["operator_series.id"], name="fk_operator_paper_series_id_operator_series"
        ),
    )
    op.create_index("ix_operator_paper_operator_id", "operator_paper", ["operator_id"])
    op.create_index("ix_operator_paper_series_id_run", "operator_paper", ["series_id", "run"])
    op.create_table(
        "register_request",
        sa.Column("id", serial, nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("after", serial, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("sequence", serial, nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_register_request"),
    )
    op.create_index("ix_register_request_partner_direction_kind", "register_request", ["partner", "direction", "kind"])


def downgrade() -> None:
    """Without them."""
    for table in TABLES:
        op.drop_table(table)
