"""Whose store this is: one node's. Two homes may name one database; their papers must never meet in it."""

from sqlalchemy import bindparam, select

from node.errors import StoreOfAnother
from node.model.ids import NodeCode
from node.store.database import Tx
from node.store.sql import Statement, insert_if_absent
from node.store.tables import SETTING

_NAME = "node"


def claim_store(tx: Tx, code: NodeCode) -> None:
    """Note that the store is that of node `code`, which it stays. Raises StoreOfAnother where it is another's."""
    insert_if_absent(tx, SETTING, {"name": _NAME, "value": code})
    found = str(_OWNER.rows(tx, _NAME)[0][0])
    if found != code:
        raise StoreOfAnother(found=found, code=code)


_OWNER = Statement(select(SETTING.c.value).where(SETTING.c.name == bindparam("its_name")), "its_name")
