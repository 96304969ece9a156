"""Alarms about partners' logs are never changed, and taken back only behind the act of whoever did."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNCLEARED = (
    "NOT EXISTS (SELECT 1 FROM audit WHERE act = 'log-alarm-cleared' AND object = OLD.partner AND id > "
    "(SELECT COALESCE(MAX(id), 0) FROM audit WHERE act = 'log-forked' AND object = OLD.partner))"
)
"""Nobody cleared the alarm since it was raised; acts themselves are append-only."""

NEVER = "log_alarm is never updated"
ONLY_BEHIND = "log_alarm is deleted only behind the act log-alarm-cleared"


def upgrade() -> None:
    """The two guards."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER log_alarm_no_update BEFORE UPDATE ON log_alarm FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{NEVER}'); END"
        )
        op.execute(
            f"CREATE TRIGGER log_alarm_no_delete BEFORE DELETE ON log_alarm FOR EACH ROW WHEN ({UNCLEARED}) "
            f"BEGIN SELECT RAISE(ABORT, '{ONLY_BEHIND}'); END"
        )
        return
    op.execute(
        "CREATE TRIGGER log_alarm_no_update BEFORE UPDATE ON log_alarm FOR EACH ROW "
        f"EXECUTE FUNCTION n2n_refuse('{NEVER}', '')"
    )
    op.execute(
        "CREATE FUNCTION n2n_alarm_stands() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {UNCLEARED} THEN RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', "
        f"MESSAGE = '{ONLY_BEHIND}'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER log_alarm_no_delete BEFORE DELETE ON log_alarm FOR EACH ROW EXECUTE FUNCTION n2n_alarm_stands()"
    )


def downgrade() -> None:
    """Without them."""
    on = "" if op.get_bind().dialect.name == "sqlite" else " ON log_alarm"
    op.execute(f"DROP TRIGGER log_alarm_no_update{on}")
    op.execute(f"DROP TRIGGER log_alarm_no_delete{on}")
    if on:
        op.execute("DROP FUNCTION n2n_alarm_stands()")
