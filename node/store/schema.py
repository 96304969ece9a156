"""Which schema a database has, which this program needs, and how to get from one to the other.

Alembic is imported where a migration really runs: it costs a good part of a second, and the command line opens the
store for every question somebody asks.
"""

import threading
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from node.errors import StoreVersion

NEEDED = "0012"
"""The revision this program needs: the newest in the folder of migrations."""

_FOLDER = Path(__file__).parent / "migrations"

_VERSION = table("alembic_version", column("version_num"))

_NONE = "none"
"""How an empty database is called in messages."""

_ONE_AT_A_TIME = threading.Lock()
"""Alembic hands migrations their connection through names of the whole process; two nodes may start in one process."""


def found(tx: Connection) -> str | None:
    """The revision of the database; None when it is empty."""
    if not inspect(tx).has_table(_VERSION.name):
        return None
    revision: str | None = tx.execute(select(_VERSION.c.version_num)).scalar()
    return revision


def require_current(tx: Connection) -> None:
    """Raise StoreVersion unless the database has exactly the schema of this program."""
    present = found(tx)
    if present != NEEDED:
        raise StoreVersion(found=present or _NONE, needed=NEEDED)


def upgrade(tx: Connection) -> None:
    """Run the migrations that are missing; raises StoreVersion when the database comes from a newer program."""
    if found(tx) != NEEDED:
        to(tx, "head")


def to(tx: Connection, revision: str) -> None:
    """Go up to `revision`, or down to `base`, which is empty, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    # Alembic reads options with interpolation; a percent sign in the path of the installation is not one.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    present = found(tx)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise StoreVersion(found=present, needed=NEEDED)
    with _ONE_AT_A_TIME:
        config.attributes["connection"] = tx
        act = command.downgrade if revision == "base" else command.upgrade
        act(config, revision)
