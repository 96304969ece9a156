"""Why a paper does not follow its schema: every reason, not only the first under each parent.

The schema processor is the judge and stops looking behind the first child that does not fit. Only when it has refused,
the content models of our own schemas are read as tables, a copy of the paper is brought into the shape they list while
each departure is noted, and the processor is asked again about the values in that copy.
"""

import copy
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lxml import etree

from node.safe_xml import Breach, Element, Schema

_XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, slots=True)
class _Slot:
    """One place in a sequence: the elements that may stand there with their types, and how many."""

    types: Mapping[str, str]
    least: int
    most: int | None

    @property
    def names(self) -> str:
        return " or ".join(etree.QName(name).localname for name in self.types)


@dataclass(frozen=True, slots=True)
class _Type:
    """What a type of the schema allows: its slots when it holds elements, the rule in words when it holds a value."""

    slots: tuple[_Slot, ...] = ()
    rule: str = ""
    base: str = ""
    attributes: Mapping[str, str] | None = None


class PaperSchema:
    """A schema of our package that can say everything that is wrong with a paper.

    The rule of a broken value is the documentation of its simple type, so the schema explains itself.
    """

    def __init__(self, path: Path) -> None:
        self._schema = Schema(path)

    def breaches(self, root: Element) -> tuple[Breach, ...]:
        """Every departure from the schema; empty when valid. The paper is not altered."""
        first = self._schema.breaches(root)
        if not first or root.tag not in self._roots:
            return first
        return _Explanation(self._types).of(root, self._roots[str(root.tag)], self._schema) or first

    @cached_property
    def rules(self) -> frozenset[str]:
        """Every sentence that a simple type of this schema can answer with."""
        return frozenset(found.rule for found in self._types.values() if found.rule)

    @cached_property
    def _types(self) -> Mapping[str, _Type]:
        groups = {name: group for file in self._schema.files for name, group in _named(file, "attributeGroup")}
        types: dict[str, _Type] = {}
        for file in self._schema.files:
            types |= {name: _complex_type(node, groups) for name, node in _named(file, "complexType")}
            types |= {name: _Type(rule=_documentation(node)) for name, node in _named(file, "simpleType")}
        return types

    @cached_property
    def _roots(self) -> Mapping[str, str]:
        return {
            name: _resolved(node, str(node.get("type")))
            for file in self._schema.files[:1]
            for name, node in _named(file, "element")
        }


class _Explanation:
    """The walk over one paper that was refused."""

    def __init__(self, types: Mapping[str, _Type]) -> None:
        self._types = types
        self._originals: dict[Element, Element] = {}
        self._type_of: dict[Element, str] = {}
        self._breaches: list[Breach] = []

    def of(self, root: Element, root_type: str, schema: Schema) -> tuple[Breach, ...]:
        mended = copy.deepcopy(root)
        self._originals = dict(zip(mended.iter(), root.iter(), strict=True))
        self._mend(mended, root_type)
        for breach in schema.breaches(mended):
            original = self._originals.get(breach.element)
            if original is not None:
                self._breaches.append(self._in_words(breach, original))
        return tuple(dict.fromkeys(self._breaches))

    def _mend(self, element: Element, type_name: str) -> None:
        """Bring the children of a copied element into the order and number that its type lists."""
        self._type_of[element] = type_name
        slots = self._types[type_name].slots if type_name in self._types else ()
        if not slots:
            return
        kept = self._sorted_children(element, slots)
        for slot, children in zip(slots, kept, strict=True):
            if len(children) < slot.least:
                self._note(element, f"lacks {slot.names}")
                children.append(element.makeelement(next(iter(slot.types))))
        element[:] = [child for children in kept for child in children]
        for slot, children in zip(slots, kept, strict=True):
            for child in children:
                self._mend(child, slot.types[str(child.tag)])

    def _sorted_children(self, element: Element, slots: tuple[_Slot, ...]) -> list[list[Element]]:
        """The children that belong here, slot by slot; noted are strangers, surplus ones and those out of order."""
        place = {name: index for index, slot in enumerate(slots) for name in slot.types}
        kept: list[list[Element]] = [[] for _ in slots]
        placed: list[tuple[Element, int]] = []
        for child in element:
            index = place.get(str(child.tag))
            if index is None:
                self._note(child, "is not known here")
                continue
            most = slots[index].most
            if most is not None and len(kept[index]) >= most:
                self._note(child, f"may stand here {_times(most)}")
                continue
            kept[index].append(child)
            placed.append((child, index))
        self._note_disorder(placed, slots)
        return kept

    def _note_disorder(self, placed: list[tuple[Element, int]], slots: tuple[_Slot, ...]) -> None:
        stays = _in_order([index for _, index in placed])
        places = [placed[position][1] for position in stays]
        for position in sorted(set(range(len(placed))).difference(stays)):
            child, index = placed[position]
            left = bisect_right(stays, position)
            if left and places[left - 1] > index:
                self._note(child, f"must stand before {slots[places[bisect_right(places, index)]].names}")
            else:
                self._note(child, f"must stand after {slots[places[bisect_left(places, index) - 1]].names}")

    def _note(self, element: Element, rule: str) -> None:
        original = self._originals.get(element)
        if original is not None:
            self._breaches.append(Breach(original, rule))

    def _in_words(self, breach: Breach, original: Element) -> Breach:
        rule = (self._documented(breach) if breach.of_type else "") or breach.rule
        return Breach(original, rule, breach.attribute)

    def _documented(self, breach: Breach) -> str:
        found = self._types.get(self._type_of.get(breach.element, ""))
        if found is not None and breach.attribute:
            found = self._types.get((found.attributes or {}).get(breach.attribute, ""))
        while found is not None and not found.rule:
            found = self._types.get(found.base)
        return found.rule if found is not None else ""


def _in_order(places: list[int]) -> list[int]:
    """Positions of a longest run through `places` that never falls: what may stay when the fewest others must move.

    Found by patience sorting, so that a large paper costs no more than sorting it.
    """
    tops: list[int] = []  # per length, the position where the best run of that length ends, and the place there
    values: list[int] = []
    previous: list[int] = []
    for position, place in enumerate(places):
        length = bisect_right(values, place)
        previous.append(tops[length - 1] if length else -1)
        if length == len(tops):
            tops.append(position)
            values.append(place)
        else:
            tops[length], values[length] = position, place
    stays: list[int] = []
    position = tops[-1] if tops else -1
    while position >= 0:
        stays.append(position)
        position = previous[position]
    return stays[::-1]


def _times(most: int) -> str:
    return "only once" if most == 1 else f"at most {most} times"


# --- reading our own schemas; only the constructs that they use -----------------------------------------------------


def _named(file: Element, construct: str) -> Iterator[tuple[str, Element]]:
    namespace = file.get("targetNamespace")
    for node in file.iterchildren(f"{_XS}{construct}"):
        yield f"{{{namespace}}}{node.get('name')}", node


def _resolved(node: Element, name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{node.nsmap.get(prefix or None)}}}{local}"


def _documentation(node: Element) -> str:
    return " ".join((node.findtext(f"{_XS}annotation/{_XS}documentation") or "").split())


def _complex_type(node: Element, groups: Mapping[str, Element]) -> _Type:
    extension = node.find(f"{_XS}simpleContent/{_XS}extension")
    if extension is not None:
        return _Type(base=_resolved(extension, str(extension.get("base"))), attributes=_attributes(extension, groups))
    attributes = _attributes(node, groups)
    sequence = node.find(f"{_XS}sequence")
    if sequence is not None:
        return _Type(slots=tuple(_slot(particle) for particle in sequence), attributes=attributes)
    choice = node.find(f"{_XS}choice")
    return _Type(slots=(_slot(choice),) if choice is not None else (), attributes=attributes)


def _slot(particle: Element) -> _Slot:
    elements = [particle] if particle.tag == f"{_XS}element" else list(particle.iterchildren(f"{_XS}element"))
    namespace = particle.getroottree().getroot().get("targetNamespace")
    types = {f"{{{namespace}}}{node.get('name')}": _resolved(node, str(node.get("type"))) for node in elements}
    most = particle.get("maxOccurs", "1")
    return _Slot(types, int(particle.get("minOccurs", "1")), None if most == "unbounded" else int(most))


def _attributes(node: Element, groups: Mapping[str, Element]) -> Mapping[str, str]:
    found = {
        str(item.get("name")): _resolved(item, str(item.get("type"))) for item in node.iterchildren(f"{_XS}attribute")
    }
    for reference in node.iterchildren(f"{_XS}attributeGroup"):
        found |= _attributes(groups[_resolved(reference, str(reference.get("ref")))], groups)
    return found
