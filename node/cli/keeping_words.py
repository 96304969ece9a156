"""How the command line tells what became of a document, and which holds keep it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from node.cli.output import Cell, Column
from node.cli.words import Text
from node.clock import to_xml

if TYPE_CHECKING:  # the command line starts without them
    from node.store.holds import Hold
    from node.store.retention import Tombstone

_PURGED = Column("purged_at", Text("Document purged", "文件清除時間"))
_BY = Column("purged_by", Text("Purged by", "清除者"))
_WHY = Column("purge_reason", Text("Why purged", "清除事由"))
_HOLD = Column("hold", Text("Legal hold", "保全令"))


def hold_data(one: "Hold") -> dict[str, Cell]:
    """One hold, for programs and for the columns of a list."""
    return {
        "hold": one.id,
        "placed_at": one.placed_at,
        "placed_by": one.actor,
        "reason": one.reason,
        "until": one.ends_at,
        "papers": one.papers,
        "released_at": one.released_at,
        "released_by": one.released_by,
        "release_reason": one.release_reason,
    }


def purged_data(stone: "Tombstone | None") -> dict[str, Cell] | None:
    """When, by whom and why a document was purged; None while it is there."""
    if stone is None:
        return None
    return {"at": stone.purged_at, "by": stone.actor, "reason": stone.reason}


def keeping_lines(stone: "Tombstone | None", holds: "Sequence[Hold]") -> list[tuple[Column, Cell]]:
    """The same for people; nothing for a document that is there and held by nobody."""
    lines: list[tuple[Column, Cell]] = []
    if stone is not None:
        lines += [(_PURGED, stone.purged_at), (_BY, stone.actor), (_WHY, stone.reason)]
    return lines + [(_HOLD, _line(one)) for one in holds]


def _line(one: "Hold") -> str:
    until = "" if one.ends_at is None else f" – {to_xml(one.ends_at)}"
    ended = "" if one.released_at is None else f" ({to_xml(one.released_at)}, {one.released_by})"
    return f"{one.id}: {one.reason}, {one.actor}, {to_xml(one.placed_at)}{until}{ended}"
