"""Which home each place of a kind has: the row of the table, and the WCO class and attribute wherever it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from node.documents.data_model.places import Place, places, root_of
from node.documents.data_model.table import ROOT, Row, rows_of, wco_elements
from node.documents.kind import Kind

ANY = "*"
"""The owner of rows for an attribute of whatever value."""

_ALIASES = {("ExportCountry", "CountryCode"): "ID", ("Itinerary", "CountryCode"): "RoutingCountryCode"}
"""Attributes that WCO classes for a country call otherwise."""


@dataclass(frozen=True, slots=True)
class Home:
    """A place of the paper, its row, and every `Class/Attribute` that it becomes, depending on where it stands."""

    place: Place
    row: Row
    becomes: tuple[str, ...]

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The WCO identifiers of these that public sources give."""
        known = wco_elements()
        return tuple(known[name].identifier for name in self.becomes if name in known)


def mapping_of(kind: Kind) -> Mapping[str, Row]:
    """The kind's own rows, none when it brought none. Raises ValueError for a table that is none."""
    return rows_of(kind.data_model) if kind.data_model is not None else {}


def row_for(rows: Mapping[str, Row], key: str) -> Row | None:
    """The row of a place: its own, else the one for such an attribute of whatever value."""
    return rows.get(key) or (rows.get(f"{ANY}/{key.rpartition('/')[2]}") if "/@" in key else None)


def attribute_name(wco_class: str, name: str) -> str:
    """What the attribute is called in this class."""
    return _ALIASES.get((wco_class, name), name)


def homes(kind: Kind) -> list[Home]:
    """Every place of the kind that has a row, in the order of the schema. Raises ValueError."""
    return homes_of(mapping_of(kind), places(kind), root_of(kind))


def homes_of(rows: Mapping[str, Row], known: Mapping[str, Place], root: str, wco_class: str = ROOT) -> list[Home]:
    """The same of a schema that is no kind's: `root` owns its first places, which stand in `wco_class`."""
    becomes: dict[str, dict[str, None]] = {key: {} for key in known}
    for key, name in _walk(rows, known, (root, wco_class)):
        becomes[key].setdefault(name)
    found = ((place, row_for(rows, key)) for key, place in known.items())
    return [Home(place, row, tuple(becomes[place.key])) for place, row in found if row is not None]


def _walk(rows: Mapping[str, Row], known: Mapping[str, Place], start: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """Each place in each class in which it may stand, once."""
    inside: dict[str, list[Place]] = {}
    for place in known.values():
        inside.setdefault(place.owner, []).append(place)
    waiting = [start]
    seen = set(waiting)
    while waiting:
        owner, wco_class = waiting.pop()
        for place in inside.get(owner, ()):
            row = row_for(rows, place.key)
            if row is None or not row.has_home:
                continue
            names = [wco_class, *(step.name for step in row.way)]
            if row.way and not names[-1].startswith("@"):
                names[-1] = attribute_name(names[-2], names[-1])
                is_class = not place.is_value and names[-1] in wco_elements()
                yield place.key, names[-1] if is_class else "/".join(names[-2:])
            # Attributes of a value stand beside it, in the class that holds it.
            next_class = names[-1] if not place.is_value else names[-2] if row.way else wco_class
            if place.inner and (place.inner, next_class) not in seen:
                seen.add((place.inner, next_class))
                waiting.append((place.inner, next_class))
