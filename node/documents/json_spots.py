"""JSON papers as rules see them: values that know where they stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from node.safe_json import Json

Steps = tuple[str | int, ...]
"""The way from the root to a value: names of members, and places in lists from 0."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class JsonBreach:
    """The value that breaks a rule and the rule in words, never the value itself."""

    steps: Steps
    rule: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A value and where it stands. What is not there is None, as null is, so rules may ask for anything."""

    value: Json
    steps: Steps = ()

    def at(self, *names: str) -> "Spot":
        """The member at the end of that way through objects."""
        return Spot(self.value_at(*names), (*self.steps, *names))

    def items(self) -> tuple["Spot", ...]:
        """The elements of a list; none when the value is no list."""
        if not isinstance(self.value, list):
            return ()
        return tuple(Spot(value, (*self.steps, index)) for index, value in enumerate(self.value))

    def value_at(self, *names: str) -> Json:
        """What stands there, for those who need not know where."""
        value = self.value
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def text_at(self, *names: str) -> str:
        """The text there; empty when it is no text."""
        value = self.value
        for name in names:
            if not isinstance(value, dict):
                return ""
            value = value.get(name)
        return value if isinstance(value, str) else ""

    def has(self, name: str) -> bool:
        """Whether there is such a member, and a value in it."""
        return isinstance(self.value, dict) and self.value.get(name) is not None

    @property
    def is_there(self) -> bool:
        """Whether there is a value."""
        return self.value is not None

    @property
    def text(self) -> str:
        """The text; empty when the value is no text."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def whole(self) -> int | None:
        """The whole number; None when the value is none."""
        return self.value if isinstance(self.value, int) and not isinstance(self.value, bool) else None

    def breaks(self, rule: str) -> JsonBreach:
        """The breach of `rule` by this value."""
        return JsonBreach(self.steps, rule)


def walk(root: Json) -> Iterator[Spot]:
    """Every value in the order of the document, each before what it holds."""
    waiting = [Spot(root)]
    while waiting:
        spot = waiting.pop()
        yield spot
        if isinstance(spot.value, dict):
            waiting += [Spot(value, (*spot.steps, name)) for name, value in reversed(spot.value.items())]
        elif isinstance(spot.value, list):
            waiting += reversed(spot.items())


def texts(root: Json) -> Iterator[str]:
    """Every text that is a value, in no particular order."""
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def path_of(title: str, steps: Steps) -> str:
    """Where a value stands, as findings write it: `/AeoStatus/records[3]/status`, places in lists from 1.

    A member whose name no schema would use is written `?`: a name of any characters could be a value in disguise.
    """
    path = [f"/{title}"]
    for step in steps:
        path.append(f"[{step + 1}]" if isinstance(step, int) else f"/{step if _NAME.fullmatch(step) else '?'}")
    return "".join(path)
