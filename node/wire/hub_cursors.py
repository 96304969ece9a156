"""Cursors of the Hub service: where a watcher goes on, as text that only the node reads."""

import re
from collections.abc import Mapping

from node.errors import CursorUnknown
from node.model.ids import NodeCode
from node.wire.hub_rules import MAX_CURSOR_CHARACTERS

MAX_NUMBER = 2**63 - 1

_PLACE = re.compile(r"([A-Z]{2}[A-Z0-9]{0,14})\.(0|[1-9][0-9]{0,18})", re.ASCII)
_NUMBER = re.compile(r"m\.(0|[1-9][0-9]{0,18})", re.ASCII)


def inbound_cursor(places: Mapping[NodeCode, int]) -> str:
    """One place for each partner, as text."""
    return ",".join(f"{partner}.{place}" for partner, place in sorted(places.items()))


def inbound_places(cursor: str) -> dict[NodeCode, int]:
    """The places in a cursor; none in an empty one. Raises CursorUnknown."""
    places: dict[NodeCode, int] = {}
    if len(cursor) > MAX_CURSOR_CHARACTERS:
        raise CursorUnknown
    for part in cursor.split(",") if cursor else ():
        found = _PLACE.fullmatch(part)
        if found is None or found[1] in places:
            raise CursorUnknown
        places[NodeCode(found[1])] = _bounded(found[2])
    return places


def status_cursor(number: int) -> str:
    """The number of a move, as text."""
    return f"m.{number}"


def status_number(cursor: str) -> int:
    """The number in a cursor; 0 in an empty one. Raises CursorUnknown."""
    if not cursor:
        return 0
    found = _NUMBER.fullmatch(cursor[:MAX_CURSOR_CHARACTERS])
    if found is None:
        raise CursorUnknown
    return _bounded(found[1])


def _bounded(digits: str) -> int:
    """A number that the database can compare with."""
    number = int(digits)
    if number > MAX_NUMBER:
        raise CursorUnknown
    return number
