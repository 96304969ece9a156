"""How the command line tells what became of a document, which holds keep it, and who wants it back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from node.cli.output import Cell, Column
from node.cli.words import Text
from node.clock import to_xml

if TYPE_CHECKING:  # the command line starts without them
    from node.store.cancellations import Cancellation
    from node.store.holds import Hold
    from node.store.releases import Wait
    from node.store.retention import Tombstone

_PURGED = Column("purged_at", Text("Document purged", "文件清除時間"))
_BY = Column("purged_by", Text("Purged by", "清除者"))
_WHY = Column("purge_reason", Text("Why purged", "清除事由"))
_HANDED_IN = Column("handed_in_by", Text("Handed in by", "送件者"))
_RELEASE_UNTIL = Column("release_until", Text("Waits for its release until", "放行期限"))
_RELEASED = Column("released_at", Text("Released", "放行時間"))
_RELEASED_BY = Column("released_by", Text("Released by", "放行者"))
_RELEASE_REASON = Column("release_reason", Text("Why released", "放行事由"))
_CANCEL_BY = Column("cancel_asked_by", Text("Cancellation asked by", "請求取消者"))
_CANCEL_AT = Column("cancel_asked_at", Text("Cancellation asked", "請求取消時間"))
_CANCEL_WHY = Column("cancel_reason", Text("Why cancelled", "取消事由"))
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


def wait_data(wait: "Wait | None") -> dict[str, Cell] | None:
    """Who handed in a paper that needs a second person, until when it waits, and who released it."""
    if wait is None:
        return None
    return {
        "handed_in_by": wait.actor,
        "until": wait.ends_at,
        "released_at": wait.released_at,
        "released_by": wait.released_by,
        "reason": wait.reason,
    }


def wait_lines(wait: "Wait | None") -> list[tuple[Column, Cell]]:
    """The same for people."""
    if wait is None:
        return []
    lines: list[tuple[Column, Cell]] = [(_HANDED_IN, wait.actor)]
    if wait.released_at is None:
        return [*lines, (_RELEASE_UNTIL, wait.ends_at)]
    return [*lines, (_RELEASED, wait.released_at), (_RELEASED_BY, wait.released_by), (_RELEASE_REASON, wait.reason)]


def cancellation_data(asked: "Cancellation | None") -> dict[str, Cell] | None:
    """Who wants back a paper that may have been sent, since when and why; None when nobody does."""
    return None if asked is None else {"by": asked.actor, "at": asked.asked_at, "reason": asked.reason}


def cancellation_lines(asked: "Cancellation | None") -> list[tuple[Column, Cell]]:
    """The same for people."""
    if asked is None:
        return []
    return [(_CANCEL_AT, asked.asked_at), (_CANCEL_BY, asked.actor), (_CANCEL_WHY, asked.reason)]
