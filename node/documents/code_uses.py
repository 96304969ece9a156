"""Which element of a kind holds codes of which list, and the codes in a paper that their list does not have.

A code that fits its form but is in no list is remarked, for lists grow faster than nodes are renewed; an arrangement
may close a list, and then it is refused.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import cast

from lxml import etree

from node.documents.breach import Breach
from node.documents.code_lists import code_list
from node.documents.json_spots import JsonBreach, Spot, Steps
from node.safe_json import Json
from node.safe_xml import Element, local_name

CodeMaps = Mapping[str, Mapping[str, str]]
"""Of some lists the partner's code for each of ours that differs, as an arrangement says (`Terms.code_maps`)."""

EVERY = "*"
"""In a way through JSON: every element of a list."""


class XmlCodes:
    """The codes of an XML kind.

    `elements` gives the list of an element by its local name, or by `Parent/Name` where the name alone says too little;
    `attributes` that of an attribute by its name, or `Element@name`.
    """

    def __init__(self, elements: Mapping[str, str], attributes: Mapping[str, str]) -> None:
        self.elements = elements
        self.attributes = attributes

    @cached_property
    def lists(self) -> frozenset[str]:
        """The names of all lists that the kind uses."""
        return frozenset(self.elements.values()) | frozenset(self.attributes.values())

    def certainly_known(self, content: bytes) -> bool:
        """Whether every code in these octets, which follow the schema of the kind, is in its list; a no says nothing.

        Looks only for the names of elements and attributes, not for their places, and at the octets behind them.
        """
        return self._is_plain and all(one.certainly_known(content) for one in self._looks)

    def unknown(self, root: Element, maps: CodeMaps) -> Iterator[tuple[str, Breach]]:
        """Every code that is neither in its list nor one that `maps` gives the partner: the list's name, and where."""
        for element in root.iter(*self._tags):
            found = self.list_of(element)
            if found is not None and not _is_known(found, (element.text or "").strip(), maps):
                yield found, Breach(element, f"is no code of the list {found}")
        # Most papers have none: whose attribute a code is gets asked only when one is known to be there.
        if all(self._values_are_known(root, attribute, maps) for attribute in self._attribute_names):
            return
        for element in root.iter("{*}*"):
            for attribute, value in element.items():
                found = self.list_of_attribute(local_name(element), str(attribute))
                if found is not None and not _is_known(found, str(value), maps):
                    yield found, Breach(element, f"is no code of the list {found}", attribute=str(attribute))

    def _values_are_known(self, root: Element, attribute: str, maps: CodeMaps) -> bool:
        lists = [found for name, found in self.attributes.items() if name.rpartition("@")[2] == attribute]
        values = set(map(str, cast("list[object]", self._attribute_names[attribute](root))))
        return all(_is_known(found, value, maps) for value in values for found in lists)

    @cached_property
    def _tags(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(f"{{*}}{name.rpartition('/')[2]}" for name in self.elements))

    @cached_property
    def _attribute_names(self) -> Mapping[str, etree.XPath]:
        names = dict.fromkeys(name.rpartition("@")[2] for name in self.attributes)
        return {name: etree.XPath(f"//@{name}", smart_strings=False) for name in names}

    def list_of(self, element: Element) -> str | None:
        """The name of the list whose code the element holds; None when it holds none."""
        name, parent = local_name(element), element.getparent()
        inside = self.elements.get(f"{local_name(parent)}/{name}") if parent is not None else None
        return inside or self.elements.get(name)

    def list_of_attribute(self, element: str, attribute: str) -> str | None:
        """The same for an attribute of an element, both by local name."""
        return self.attributes.get(f"{element}@{attribute}") or self.attributes.get(attribute)

    @cached_property
    def _is_plain(self) -> bool:
        """Whether the name of an element alone tells its list."""
        return not any("/" in name for name in self.elements)

    @cached_property
    def _looks(self) -> "tuple[_Look, ...]":
        """One look for each end that names share: OriginCountry and Country end alike, and hold codes of one list."""
        shortest = {
            name: found
            for name, found in self.elements.items()
            if not any(name != end and name.endswith(end) and found == other for end, other in self.elements.items())
        }
        values = {name.rpartition("@")[2]: found for name, found in self.attributes.items()}
        return (
            *(_Look(rf"{name}(?=[\s/>])(?:>([^<>]*)</[^<>]*>)?", found) for name, found in shortest.items()),
            *(_Look(rf'{name}\s*=(?:"([^"]*)")?', found) for name, found in values.items()),
        )


class _Look:
    """A look at octets: behind each place where the name stands is a code of the list.

    Wherever the name stands otherwise, in a text say, the pattern finds no code, which is no code of the list.
    """

    def __init__(self, pattern: str, name: str) -> None:
        self._found_in = re.compile(pattern.encode()).findall
        self._list = name

    @cached_property
    def _known(self) -> frozenset[bytes]:
        return frozenset(map(str.encode, code_list(self._list).names))

    def certainly_known(self, content: bytes) -> bool:
        return self._known.issuperset(self._found_in(content))


class JsonCodes:
    """The codes of a JSON kind: for each way through the paper the name of the list; `*` stands for every element."""

    def __init__(self, ways: Mapping[tuple[str, ...], str]) -> None:
        self.ways = ways

    @property
    def lists(self) -> frozenset[str]:
        """The names of all lists that the kind uses."""
        return frozenset(self.ways.values())

    def unknown(self, root: Spot, maps: CodeMaps) -> Iterator[tuple[str, JsonBreach]]:
        """Every code that is neither in its list nor one that `maps` gives the partner: the list's name, and where."""
        for way, found in self.ways.items():
            # Most papers have none: where a code stands is asked only when one is known to be there.
            if all(_is_known(found, code, maps) for code in _codes(root.value, way)):
                continue
            for spot in _at(root, way):
                if spot.text and not _is_known(found, spot.text, maps):
                    yield found, spot.breaks(f"is no code of the list {found}")

    def list_of(self, steps: Steps) -> str | None:
        """The name of the list whose code stands there."""
        return self.ways.get(tuple(EVERY if isinstance(step, int) else step for step in steps))


def _is_known(name: str, code: str, maps: CodeMaps) -> bool:
    return code in code_list(name).names or (name in maps and code in maps[name].values())


def _codes(value: Json, way: tuple[str, ...]) -> Iterator[str]:
    """The texts at the end of the way."""
    if not way:
        if isinstance(value, str) and value:
            yield value
    elif way[0] == EVERY:
        for item in value if isinstance(value, list) else ():
            yield from _codes(item, way[1:])
    elif isinstance(value, dict):
        yield from _codes(value.get(way[0]), way[1:])


def _at(spot: Spot, way: tuple[str, ...]) -> Iterator[Spot]:
    if not way:
        yield spot
    elif way[0] == EVERY:
        for item in spot.items():
            yield from _at(item, way[1:])
    else:
        yield from _at(spot.at(way[0]), way[1:])
