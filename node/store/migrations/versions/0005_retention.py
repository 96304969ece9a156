"""Legal holds, orders to purge, and papers that wait for a second actor, with the guards that keep them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPEND_ONLY = ("legal_hold", "legal_hold_paper", "legal_hold_release", "release_wait", "release_given")

HELD = (
    "EXISTS (SELECT 1 FROM legal_hold_paper JOIN legal_hold ON legal_hold.id = legal_hold_paper.hold_id "
    "WHERE legal_hold_paper.exchange_id = OLD.exchange_id "
    "AND (legal_hold.ends_at IS NULL OR legal_hold.ends_at > "
    "(SELECT tombstone.purged_at FROM tombstone WHERE tombstone.exchange_id = OLD.exchange_id)) "
    "AND NOT EXISTS (SELECT 1 FROM legal_hold_release WHERE legal_hold_release.hold_id = legal_hold.id))"
)
"""A hold was in force when the body was buried; without a tombstone its own guard refuses."""

SAME_AS_PLACED = "EXISTS (SELECT 1 FROM legal_hold WHERE id = NEW.hold_id AND actor_id = NEW.actor_id)"
SAME_AS_HANDED_IN = (
    "EXISTS (SELECT 1 FROM release_wait WHERE exchange_id = NEW.exchange_id AND actor_id = NEW.actor_id)"
)
UNRELEASED = (
    "EXISTS (SELECT 1 FROM release_wait WHERE exchange_id = NEW.id) "
    "AND NOT EXISTS (SELECT 1 FROM release_given WHERE exchange_id = NEW.id)"
)
LEAVES_ITS_WAIT = "OLD.state = 'PARKED' AND NEW.state NOT IN ('PARKED', 'EXPIRED', 'CANCELLED')"

GUARDS = (
    ("document_held", "DELETE", "document", "", HELD, "document is under a legal hold", "OLD"),
    (
        "legal_hold_release_four_eyes", "INSERT", "legal_hold_release", "", SAME_AS_PLACED,
        "a legal hold is released by another actor than the one who placed it", "NEW",
    ),
    (
        "release_given_four_eyes", "INSERT", "release_given", "", SAME_AS_HANDED_IN,
        "a paper is released by another actor than the one who handed it in", "NEW",
    ),
    (
        "exchange_unreleased", "UPDATE OF state", "exchange", LEAVES_ITS_WAIT, UNRELEASED,
        "exchange waits for its release", "NEW",
    ),
)  # fmt: skip
"""Name, act, table, what is cheap to see first, what is refused, in which words, and the row that stays otherwise."""


def upgrade() -> None:
    """Six tables and their guards."""
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "legal_hold",
        sa.Column("id", serial, nullable=False),
        sa.Column("actor_id", serial, nullable=False),
        _text("reason"),
        _moment("placed_at"),
        _moment("ends_at", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_legal_hold"),
        _points("legal_hold", "actor_id", "actor.id"),
    )
    op.create_table(
        "legal_hold_paper",
        _text("exchange_id"),
        sa.Column("hold_id", serial, nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", "hold_id", name="pk_legal_hold_paper"),
        _points("legal_hold_paper", "exchange_id", "exchange.id"),
        _points("legal_hold_paper", "hold_id", "legal_hold.id"),
    )
    op.create_table(
        "legal_hold_release",
        sa.Column("hold_id", serial, nullable=False, autoincrement=False),
        sa.Column("actor_id", serial, nullable=False),
        _text("reason"),
        _moment("released_at"),
        sa.PrimaryKeyConstraint("hold_id", name="pk_legal_hold_release"),
        _points("legal_hold_release", "hold_id", "legal_hold.id"),
        _points("legal_hold_release", "actor_id", "actor.id"),
    )
    op.create_table(
        "purge_order",
        _text("exchange_id"),
        _moment("due_at"),
        sa.Column("firm", sa.Boolean(), nullable=False),
        sa.Column("actor_id", serial, nullable=False),
        _text("reason"),
        sa.PrimaryKeyConstraint("exchange_id", name="pk_purge_order"),
        _points("purge_order", "exchange_id", "exchange.id"),
        _points("purge_order", "actor_id", "actor.id"),
    )
    op.create_index("ix_purge_order_due_at", "purge_order", ["due_at"])
    op.create_table(
        "release_wait",
        _text("exchange_id"),
        sa.Column("actor_id", serial, nullable=False),
        _moment("ends_at"),
        sa.PrimaryKeyConstraint("exchange_id", name="pk_release_wait"),
        _points("release_wait", "exchange_id", "exchange.id"),
        _points("release_wait", "actor_id", "actor.id"),
    )
    op.create_table(
        "release_given",
        _text("exchange_id"),
        sa.Column("actor_id", serial, nullable=False),
        _text("reason"),
        _moment("released_at"),
        sa.PrimaryKeyConstraint("exchange_id", name="pk_release_given"),
        _points("release_given", "exchange_id", "release_wait.exchange_id"),
        _points("release_given", "actor_id", "actor.id"),
    )
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            _refuse(table, act)
    for guard in GUARDS:
        _guard(*guard)


def downgrade() -> None:
    """Without them; what was held and ordered is forgotten."""
    lite = op.get_bind().dialect.name == "sqlite"
    for name, _, table, *_ in GUARDS:
        op.execute(f"DROP TRIGGER {name}{'' if lite else f' ON {table}'}")
        if not lite:
            op.execute(f"DROP FUNCTION n2n_{name}()")
    for table in ("release_given", "release_wait", "purge_order", *reversed(APPEND_ONLY[:3])):
        op.drop_table(table)


def _guard(name: str, act: str, table: str, first: str, refused: str, message: str, stays: str) -> None:
    """WHEN of PostgreSQL may hold no sub-query, so there a function asks; what is cheap is asked first in both."""
    if op.get_bind().dialect.name == "sqlite":
        when = f"{first} AND {refused}" if first else refused
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW WHEN ({when}) "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION n2n_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {refused} THEN RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', "
        f"MESSAGE = '{message}'; END IF; RETURN {stays}; END $$"
    )
    when = f" WHEN ({first})" if first else ""
    op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW{when} EXECUTE FUNCTION n2n_{name}()")


def _refuse(table: str, act: str) -> None:
    name, message = f"{table}_no_{act.lower()}", f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        refusal = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW {refusal}")
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION n2n_refuse('{message}', '')"
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False)


def _moment(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target.partition('.')[0]}"
    return sa.ForeignKeyConstraint([column], [target], name=name)
