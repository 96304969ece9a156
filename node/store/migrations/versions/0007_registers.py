"""What registers are asked by: the days of accepted papers, and the consignments that papers name.

What earlier releases stored is brought along from the bodies that are still there.
"""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PAGE = 500
"""Bodies looked at together."""


def upgrade() -> None:
    """New table and columns, then what is stored already brought into them."""
    op.create_table(
        "ucr",
        sa.Column("ucr", sa.String(), nullable=False),
        sa.Column("exchange_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name="fk_ucr_exchange_id_exchange"),
        sa.PrimaryKeyConstraint("ucr", "exchange_id", name="pk_ucr"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ucr_exchange_id", "ucr", ["exchange_id"])
    op.add_column("paper", sa.Column("issued", sa.String(), nullable=True))
    op.add_column("paper", sa.Column("valid_until", sa.String(), nullable=True))
    op.drop_index("ix_paper_number", "paper")
    op.create_index("ix_paper_number", "paper", ["number", "issuer", "partner", "direction"])
    _bring_along()


def downgrade() -> None:
    """Without them."""
    op.drop_index("ix_paper_number", "paper")
    op.create_index("ix_paper_number", "paper", ["partner", "direction", "issuer", "number"])
    op.drop_column("paper", "valid_until")
    op.drop_column("paper", "issued")
    op.drop_table("ucr")


def _bring_along() -> None:
    tx = op.get_bind()
    days = sa.text("UPDATE paper SET issued = :issued, valid_until = :valid_until WHERE exchange_id = :exchange")
    ucrs = sa.text("INSERT INTO ucr (ucr, exchange_id) VALUES (:ucr, :exchange)")
    for page in _bodies(tx):
        said = [{"exchange": exchange, **_days(json.loads(fields))} for exchange, _, fields in page]
        tx.execute(days, said)
        named = [
            {"ucr": ucr, "exchange": exchange}
            for exchange, words, _ in page
            for ucr in dict.fromkeys(" ".join(word.split()).casefold() for word in json.loads(words))
            if ucr
        ]
        if named:
            tx.execute(ucrs, named)


def _days(fields: dict[str, str]) -> dict[str, str | None]:
    return {name: fields.get(name, "")[:10] or None for name in ("issued", "valid_until")}


def _bodies(tx: sa.Connection) -> Iterator[list[tuple[str, str, str]]]:
    query = sa.text(
        "SELECT exchange_id, ucr, fields FROM document WHERE exchange_id > :after ORDER BY exchange_id LIMIT :page"
    )
    after = ""
    while page := tx.execute(query, {"after": after, "page": PAGE}).all():
        yield [(exchange, ucr, fields) for exchange, ucr, fields in page]
        after = page[-1][0]
