"""Who acts: every act in the audit names one of them."""

from datetime import datetime
from enum import StrEnum
from typing import NewType

from sqlalchemy import bindparam, select

from node.store.database import Tx
from node.store.sql import Statement, insert_if_absent
from node.store.tables import ACTOR

ActorId = NewType("ActorId", int)
"""Number of an actor in this node's store."""


class ActorKind(StrEnum):
    """What an actor is."""

    HUMAN = "human"
    SYSTEM = "system"
    HUB = "hub"
    PARTNER = "partner"


def ensure(tx: Tx, name: str, kind: ActorKind, now: datetime) -> ActorId:
    """The actor of this kind and name, made when it acts for the first time."""
    known = _FIND.rows(tx, kind.value, name)
    if not known:
        insert_if_absent(tx, ACTOR, {"kind": kind.value, "name": name, "created_at": now})
        known = _FIND.rows(tx, kind.value, name)
    return ActorId(known[0][0])


_FIND = Statement(
    select(ACTOR.c.id).where(ACTOR.c.kind == bindparam("its_kind"), ACTOR.c.name == bindparam("its_name")),
    "its_kind", "its_name",
)  # fmt: skip
