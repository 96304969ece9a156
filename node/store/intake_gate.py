"""Whether people have closed the node for new papers, since when; every process of the node reads it here."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from node.clock import from_ms
from node.store.columns import intact
from node.store.database import Tx
from node.store.sql import Statement, insert_if_absent, ms
from node.store.tables import SETTING

_NAME = "intake closed since"


def close(tx: Tx, now: datetime) -> bool:
    """Nothing new is taken from now on; False when it was closed already."""
    return insert_if_absent(tx, SETTING, {"name": _NAME, "value": str(ms(now))})


def reopen(tx: Tx) -> bool:
    """New papers are taken again; False when they were taken anyway."""
    return tx.execute(delete(SETTING).where(SETTING.c.name == _NAME)).rowcount == 1


def closed_since(tx: Tx) -> datetime | None:
    """When intake was closed; None while it is open."""
    with intact("setting"):
        return next((from_ms(int(row[0])) for row in _CLOSED.rows(tx, _NAME)), None)


_CLOSED = Statement(select(SETTING.c.value).where(SETTING.c.name == bindparam("its_name")), "its_name")
