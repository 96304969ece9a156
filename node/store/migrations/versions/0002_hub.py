"""What a hub that calls us watches: business answers, and the moves of our own papers in commit order."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOVED = "NEW.direction = 'out' AND NEW.state <> OLD.state"
WRITE = (
    "INSERT INTO exchange_move (exchange_id, state, cause, moment) "
    "VALUES (NEW.id, NEW.state, NEW.last_cause, NEW.updated_at);"
)


def upgrade() -> None:
    """Two tables, the guard of one, and the trigger that writes every move down."""
    op.create_table(
        "business_answer",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("exchange_id", "carrier_id", "verdict")),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", name="pk_business_answer"),
        sa.UniqueConstraint("carrier_id", name="uq_business_answer_carrier_id"),
        _points_to_exchange("business_answer", "exchange_id"),
        _points_to_exchange("business_answer", "carrier_id"),
    )
    op.create_table(
        "exchange_move",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("exchange_id", "state", "cause")),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exchange_move"),
    )
    _refuse("business_answer", "UPDATE")
    _refuse("business_answer", "DELETE")
    _tell_what_is_owed()
    _write_moves()


def downgrade() -> None:
    """Back to the first release; what was answered and moved is forgotten."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER exchange_moved")
    else:
        op.execute("DROP TRIGGER exchange_moved ON exchange")
        op.execute("DROP FUNCTION n2n_moved()")
    op.drop_table("exchange_move")
    op.drop_table("business_answer")


def _tell_what_is_owed() -> None:
    """Moves that the hub was still to be told of stand in the feed, for its jobs end when it begins to watch."""
    op.execute(
        "INSERT INTO exchange_move (exchange_id, state, cause, moment) "
        "SELECT exchange.id, exchange.state, exchange.last_cause, exchange.updated_at "
        "FROM exchange JOIN job ON job.exchange_id = exchange.id "
        "WHERE job.verb = 'tell_hub' AND job.due_at IS NOT NULL ORDER BY exchange.updated_at, exchange.id"
    )


def _write_moves() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # One writer at a time: numbers follow commit order by themselves.
        op.execute(
            f"CREATE TRIGGER exchange_moved AFTER UPDATE OF state ON exchange FOR EACH ROW WHEN {MOVED} "
            f"BEGIN {WRITE} END"
        )
        return
    # Elsewhere a lock held until commit keeps a later number from being seen before an earlier one.
    op.execute(
        "CREATE FUNCTION n2n_moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_advisory_xact_lock(hashtext('n2n exchange_move')); {WRITE} RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER exchange_moved AFTER UPDATE OF state ON exchange FOR EACH ROW WHEN ({MOVED}) "
        "EXECUTE FUNCTION n2n_moved()"
    )


def _refuse(table: str, act: str) -> None:
    name, message = f"{table}_no_{act.lower()}", f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        refusal = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW {refusal}")
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION n2n_refuse('{message}', '')"
    )


def _points_to_exchange(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["exchange.id"], name=f"fk_{table}_{column}_exchange")
