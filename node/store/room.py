"""How much waits and how much room is left: cheap answers, asked about once a second."""

import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import bindparam, select
from sqlalchemy.engine import make_url

from node.model.exchange import Direction, State
from node.model.ids import NodeCode
from node.store.database import Tx
from node.store.sql import Statement
from node.store.tables import EXCHANGE

UNDER_WAY: dict[Direction, Sequence[State]] = {
    Direction.OUT: (State.ACCEPTED, State.SEALED, State.UNRESOLVED),
    Direction.IN: (State.RECEIVED,),
}
"""What waits for the partner's receipt, or for the hub; what is parked waits for a human and holds up nobody."""


def waiting_beyond(tx: Tx, partner: NodeCode, direction: Direction, most: int) -> bool:
    """Whether more than `most` exchanges wait; no more rows are looked at than that."""
    left = most
    for state in UNDER_WAY[direction]:
        found = _WAITING.rows(tx, state.value, partner, direction.value, left + 1)
        left -= len(found)
        if left < 0:
            return True
    return False


def free_bytes(url: str) -> int | None:
    """What the disk of a SQLite store still takes; None for a database server, which looks after its own."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    disk = os.statvfs(Path(parsed.database).parent)
    return disk.f_bavail * disk.f_frsize


_WAITING = Statement(
    select(EXCHANGE.c.state)
    .where(
        EXCHANGE.c.state == bindparam("its_state"),
        EXCHANGE.c.partner == bindparam("its_partner"),
        EXCHANGE.c.direction == bindparam("its_direction"),
    )
    .limit(bindparam("most")),
    "its_state", "its_partner", "its_direction", "most",
)  # fmt: skip
