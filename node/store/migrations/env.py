"""Alembic's way in. `node.store.schema` hands over an open transaction; there is no alembic.ini and no other door."""

from alembic import context

from node.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
