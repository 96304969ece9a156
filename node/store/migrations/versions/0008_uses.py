"""The write-off ledger: certificates that were used, what they certify, and the uses."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CERTIFICATE = ("partner", "direction", "document_sha256")
_CHAIN = ("partner", "direction", "kind", "issuer", "chain_number")
_USE = ("partner", "direction", "authority", "number")
_AMOUNT = ("item", "measure", "unit")


def upgrade() -> None:
    """Five tables, empty."""
    _table("certificate", _CERTIFICATE, *_columns("exchange_id", "valid_until"), _carried_by("certificate"))
    _table("certificate_amount", (*_CERTIFICATE, "item", "measure"), *_columns("unit", "number"))
    _table("written_off", (*_CHAIN, *_AMOUNT), *_columns("number"))
    _table(
        "certificate_use",
        _USE,
        *_columns("exchange_id"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
        *_columns("kind", "issuer", "certificate_number", "chain_number"),
        sa.Column("withdrawal", sa.LargeBinary(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        _carried_by("certificate_use"),
    )
    op.create_index("ix_certificate_use_exchange_id", "certificate_use", ["exchange_id"])
    _table("certificate_use_amount", (*_USE, *_AMOUNT), *_columns("amount"))


def downgrade() -> None:
    """Without them; what was used is forgotten."""
    for name in ("certificate_use_amount", "certificate_use", "written_off", "certificate_amount", "certificate"):
        op.drop_table(name)


def _table(name: str, key: tuple[str, ...], *others: sa.Column[object] | sa.ForeignKeyConstraint) -> None:
    op.create_table(name, *_columns(*key), *others, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"))


def _columns(*names: str) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.LargeBinary() if name == "document_sha256" else sa.String(), nullable=False)
        for name in names
    ]


def _carried_by(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=f"fk_{table}_exchange_id_exchange")
