"""The log of issued receipts as a tree, checkpoints, alarms about partners' logs, and the chain of acts.

What earlier releases stored is brought along: the receipts' trees are built, the acts are chained.
"""

import hashlib
import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("issued_checkpoint", "log_node")

PAGE = 500
"""Rows brought along at a time, so that a long log needs little memory."""


def upgrade() -> None:
    """New tables and columns, then what is stored already brought into them."""
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "log_node",
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("number", serial, nullable=False, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "number", name="pk_log_node"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "issued_checkpoint",
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("size", serial, nullable=False, autoincrement=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "size", name="pk_issued_checkpoint"),
    )
    op.create_table(
        "log_alarm",
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partner", name="pk_log_alarm"),
    )
    op.add_column("receipt", sa.Column("log_size", serial, nullable=True))
    op.add_column("audit", sa.Column("link", sa.LargeBinary(), nullable=True))
    _plant_trees()
    _chain_acts()
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            _refuse(table, act)


def downgrade() -> None:
    """Back to the first tables."""
    for table in ("log_alarm", "issued_checkpoint", "log_node"):
        op.drop_table(table)
    op.drop_column("receipt", "log_size")
    op.drop_column("audit", "link")


def _plant_trees() -> None:
    tx = op.get_bind()
    nodes = sa.table(
        "log_node",
        sa.column("partner", sa.String()),
        sa.column("number", sa.BigInteger()),
        sa.column("hash", sa.LargeBinary()),
    )
    for (partner,) in tx.execute(sa.text("SELECT partner FROM receipt_log")).all():
        edge: list[bytes] = []
        for page in _receipts(tx, partner):
            made = [node for index, receipt in page for node in _grown(edge, index, receipt)]
            tx.execute(sa.insert(nodes), [{"partner": partner, "number": at, "hash": node} for at, node in made])


def _receipts(tx: sa.Connection, partner: str) -> Iterator[list[tuple[int, bytes]]]:
    query = sa.text(
        "SELECT log_index, receipt FROM receipt WHERE partner = :partner AND log_index >= :start "
        "ORDER BY log_index LIMIT :page"
    )
    start = 0
    while page := tx.execute(query, {"partner": partner, "start": start, "page": PAGE}).all():
        yield [(int(index), bytes(receipt)) for index, receipt in page]
        start = int(page[-1][0]) + 1


def _grown(edge: list[bytes], index: int, receipt: bytes) -> Iterator[tuple[int, bytes]]:
    """RFC 6962 2.1; nodes are numbered from left to right, leaf i is 2i."""
    level, node = 0, hashlib.sha256(b"\x00" + receipt).digest()
    yield 2 * index, node
    while index >> level & 1:
        node = hashlib.sha256(b"\x01" + edge.pop() + node).digest()
        level += 1
        yield ((2 * (index >> level) + 1) << level) - 1, node
    edge.append(node)


def _chain_acts() -> None:
    """The trigger against changes is set aside inside this transaction and stands again at its end."""
    tx = op.get_bind()
    query = sa.text(
        "SELECT audit.id, audit.moment, actor.kind, actor.name, audit.act, audit.object, audit.detail FROM audit "
        "JOIN actor ON actor.id = audit.actor_id WHERE audit.id > :after ORDER BY audit.id LIMIT :page"
    )
    _set_aside("audit", "UPDATE")
    after, link = 0, bytes(32)
    while page := tx.execute(query, {"after": after, "page": PAGE}).all():
        rows = []
        for identifier, *said in page:
            text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
            link = hashlib.sha256(link + text.encode("utf-8")).digest()
            rows.append({"link": link, "id": identifier})
            after = identifier
        tx.execute(sa.text("UPDATE audit SET link = :link WHERE id = :id"), rows)
    _refuse("audit", "UPDATE")


def _set_aside(table: str, act: str) -> None:
    name = f"{table}_no_{act.lower()}"
    on = "" if op.get_bind().dialect.name == "sqlite" else f" ON {table}"
    op.execute(f"DROP TRIGGER {name}{on}")


def _refuse(table: str, act: str) -> None:
    name, message = f"{table}_no_{act.lower()}", f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        refusal = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW {refusal}")
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION n2n_refuse('{message}', '')"
    )
