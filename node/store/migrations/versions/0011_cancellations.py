"""Papers that somebody wants back though they may have been sent."""

import sqlalchemy as sa
from alembic import op

from node.store.columns import Moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table, which nobody changes."""
    op.create_table(
        "cancellation",
        sa.Column("exchange_id", sa.String(), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name="fk_cancellation_exchange_id_exchange"),
        sa.ForeignKeyConstraint(["actor_id"], ["actor.id"], name="fk_cancellation_actor_id_actor"),
        sa.PrimaryKeyConstraint("exchange_id", name="pk_cancellation"),
    )
    for act in ("UPDATE", "DELETE"):
        _refuse("cancellation", act)


def downgrade() -> None:
    """Without it."""
    op.drop_table("cancellation")


def _refuse(table: str, act: str) -> None:
    name, message = f"{table}_no_{act.lower()}", f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        refusal = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW {refusal}")
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION n2n_refuse('{message}', '')"
    )
