"""Partners that do not answer; and lanes without what waits for another paper, so that looking for work stays quick."""

import sqlalchemy as sa
from alembic import op

from node.store.columns import Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LANE = ["partner", "verb", "priority", "due_at", "exchange_id"]
OPEN = "due_at IS NOT NULL"
UNBLOCKED = f"{OPEN} AND blocked_by IS NULL"


def upgrade() -> None:
    """New table, and the index of lanes made anew."""
    op.create_table(
        "circuit",
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("open_since", Moment(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("probe_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("partner", name="pk_circuit"),
    )
    _index(UNBLOCKED)


def downgrade() -> None:
    """As it was."""
    _index(OPEN)
    op.drop_table("circuit")


def _index(where: str) -> None:
    op.drop_index("ix_job_lane", "job")
    op.create_index("ix_job_lane", "job", LANE, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
