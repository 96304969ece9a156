"""What the values of a JSON paper must be, as tables, and everything in a paper that is something else.

A kind declares its shape with these five words; nothing is allowed that is not declared.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from node.documents.json_spots import JsonBreach, Spot
from node.documents.structure import ENOUGH
from node.safe_json import Json


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a certain form; `rule` says in words what `admits` asks."""

    rule: str
    admits: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    least: int
    most: int

    @property
    def rule(self) -> str:
        """The bounds in words."""
        return f"must be a whole number from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    rule: str = "must be true or false"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of so many values of one shape."""

    of: "Shape"
    most: int
    least: int = 0

    @property
    def rule(self) -> str:
        """The bounds in words."""
        if self.least:
            return f"must be a list of {self.least} to {self.most}"
        return f"must be a list of at most {self.most}"


@dataclass(frozen=True, slots=True)
class Record:
    """An object: the members it needs, those it may have, and no others."""

    needs: Mapping[str, "Shape"]
    may: Mapping[str, "Shape"] = field(default_factory=dict)
    rule: str = "must be an object"


Shape = Text | Whole | Flag | Listing | Record


class JsonSchema:
    """The shape of a kind of paper, and everything that is wrong with a paper."""

    def __init__(self, root: Record) -> None:
        self._root = root
        self._admits = _admission(root)

    @property
    def shape(self) -> Record:
        """What the root is made of."""
        return self._root

    @property
    def rules(self) -> frozenset[str]:
        """Every sentence that a value of another shape is answered with."""
        return frozenset(shape.rule for shape in _shapes(self._root))

    def breaches(self, root: Spot) -> tuple[JsonBreach, ...]:
        """Every departure from the shape, at most ENOUGH; empty when there is none."""
        if self._admits(root.value):
            return ()
        return tuple(islice(_breaches(root, self._root), ENOUGH))


def _shapes(shape: Shape) -> Iterator[Shape]:
    yield shape
    if isinstance(shape, Listing):
        yield from _shapes(shape.of)
    if isinstance(shape, Record):
        for one in (*shape.needs.values(), *shape.may.values()):
            yield from _shapes(one)


# --- yes or no, for the many papers that are right ------------------------------------------------------------------

Admission = Callable[[Json], bool]


def _admission(shape: Shape) -> Admission:
    """The shape as one question: yes exactly where `_breaches` finds nothing, without asking where anything stands."""
    match shape:
        case Text(admits=admits):
            return lambda value: isinstance(value, str) and admits(value)
        case Whole(least=least, most=most):
            return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        case Flag():
            return lambda value: isinstance(value, bool)
        case Listing():
            return _list_admission(shape)
        case Record():
            return _record_admission(shape)


def _list_admission(shape: Listing) -> Admission:
    inner, least, most = _admission(shape.of), shape.least, shape.most
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(inner, value))


def _record_admission(shape: Record) -> Admission:
    members = {name: _admission(inner) for name, inner in (*shape.may.items(), *shape.needs.items())}
    needed = shape.needs.keys()

    def admits(value: Json) -> bool:
        if not isinstance(value, dict) or not needed <= value.keys():
            return False
        for name, inner in value.items():
            member = members.get(name)
            if member is None or not member(inner):
                return False
        return True

    return admits


# --- everything that is wrong ---------------------------------------------------------------------------------------


def _breaches(spot: Spot, shape: Shape) -> Iterator[JsonBreach]:
    match shape:
        case Text():
            if not isinstance(spot.value, str) or not shape.admits(spot.value):
                yield spot.breaks(shape.rule)
        case Whole():
            if spot.whole is None or not shape.least <= spot.whole <= shape.most:
                yield spot.breaks(shape.rule)
        case Flag():
            if not isinstance(spot.value, bool):
                yield spot.breaks(shape.rule)
        case Listing():
            yield from _in_list(spot, shape)
        case Record():
            yield from _in_object(spot, shape)


def _in_list(spot: Spot, shape: Listing) -> Iterator[JsonBreach]:
    if not isinstance(spot.value, list) or not shape.least <= len(spot.value) <= shape.most:
        yield spot.breaks(shape.rule)
    for item in spot.items()[: shape.most]:
        yield from _breaches(item, shape.of)


def _in_object(spot: Spot, shape: Record) -> Iterator[JsonBreach]:
    if not isinstance(spot.value, dict):
        yield spot.breaks(shape.rule)
        return
    for name in shape.needs:
        if name not in spot.value:
            yield spot.breaks(f"lacks {name}")
    for name in spot.value:
        inner = shape.needs.get(name) or shape.may.get(name)
        if inner is None:
            yield spot.at(name).breaks("is not known here")
        else:
            yield from _breaches(spot.at(name), inner)
