"""Our own schemas read as tables: which children a type lists, which attributes, and what its values must be.

Only the constructs that our schemas use are understood; anything else raises when the package is loaded, not later.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from node.safe_xml import Element

_XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, slots=True)
class ValueType:
    """A simple type: its built-in base, its facets, and its documentation as the rule in words."""

    base: str
    rule: str
    pattern: re.Pattern[str] | None
    words: frozenset[str]
    length: tuple[int, int]
    amount: tuple[Decimal, Decimal]
    digits: tuple[int, int]

    def admits(self, text: str) -> bool:
        """Whether `text`, its white space treated as the base demands, is a value of this type."""
        value = text if self.base == "string" else _collapsed(text)
        if self.words and value not in self.words:
            return False
        if not self.length[0] <= len(value) <= self.length[1]:
            return False
        if self.pattern is not None and not self.pattern.fullmatch(value):
            return False
        return _BUILT_IN[self.base](value) and (self.base not in _NUMBERS or self._in_bounds(value))

    def _in_bounds(self, value: str) -> bool:
        amount = Decimal(value)
        exponent = amount.as_tuple().exponent
        decimals = -exponent if isinstance(exponent, int) else 0
        whole = max(amount.adjusted() + 1, 0) if amount else 0
        return (
            self.amount[0] <= amount <= self.amount[1]
            and decimals <= self.digits[1]
            and whole + decimals <= self.digits[0]
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in a sequence: the elements that may stand there with the names of their types, and how many."""

    types: Mapping[str, str]
    least: int
    most: int | None

    @property
    def names(self) -> str:
        """The elements by local name, as a sentence uses them."""
        return " or ".join(etree.QName(name).localname for name in self.types)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that a type allows."""

    value: ValueType
    required: bool


@dataclass(frozen=True, slots=True)
class ElementType:
    """What an element holds: children in slots, or a value; and its attributes.

    `places` and `types` tell of each child the slot that it belongs to and the name of its type.
    """

    slots: tuple[Slot, ...]
    value: ValueType | None
    attributes: Mapping[str, Attribute]
    places: Mapping[str, int] = field(init=False)
    types: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        places = {name: index for index, slot in enumerate(self.slots) for name in slot.types}
        types = {name: type_name for slot in self.slots for name, type_name in slot.types.items()}
        object.__setattr__(self, "places", places)
        object.__setattr__(self, "types", types)


@dataclass(frozen=True, slots=True)
class Tables:
    """A schema and everything that it includes: its types, and the type of each root element."""

    types: Mapping[str, ElementType]
    roots: Mapping[str, str]


def read_tables(files: tuple[Element, ...]) -> Tables:
    """The tables of a schema from the roots of its files, the main one first; ValueError for other constructs."""
    values = {name: _value_type(node) for file in files for name, node in _named(file, "simpleType")}
    groups = {name: node for file in files for name, node in _named(file, "attributeGroup")}
    types = {name: ElementType((), value, {}) for name, value in values.items()}
    for file in files:
        types |= {name: _element_type(node, values, groups) for name, node in _named(file, "complexType")}
    roots = {name: _resolved(node, "type") for name, node in _named(files[0], "element")}
    return Tables(types, roots)


# --- structure ------------------------------------------------------------------------------------------------------


def _named(file: Element, construct: str) -> Iterator[tuple[str, Element]]:
    for node in file.iterchildren(f"{_XS}{construct}"):
        yield f"{{{file.get('targetNamespace')}}}{node.get('name')}", node


def _resolved(node: Element, attribute: str) -> str:
    """The Clark name that a prefixed name in `attribute` stands for."""
    prefix, _, local = str(node.get(attribute)).rpartition(":")
    return f"{{{node.nsmap.get(prefix or None)}}}{local}"


def _element_type(node: Element, values: Mapping[str, ValueType], groups: Mapping[str, Element]) -> ElementType:
    extension = node.find(f"{_XS}simpleContent/{_XS}extension")
    if extension is not None:
        base = _resolved(extension, "base")
        value = values[base] if base in values else _plain(base)
        return ElementType((), value, _attributes(extension, values, groups))
    particles = [child for name in ("sequence", "choice") for child in node.iterchildren(f"{_XS}{name}")]
    if len(particles) != 1:
        raise ValueError(f"{node.get('name')}: exactly one sequence or choice")
    slots = [particles[0]] if particles[0].tag == f"{_XS}choice" else list(particles[0])
    return ElementType(tuple(_slot(slot) for slot in slots), None, _attributes(node, values, groups))


def _slot(particle: Element) -> Slot:
    elements = [particle] if particle.tag == f"{_XS}element" else list(particle.iterchildren(f"{_XS}element"))
    namespace = particle.getroottree().getroot().get("targetNamespace")
    most = particle.get("maxOccurs", "1")
    return Slot(
        types={f"{{{namespace}}}{node.get('name')}": _resolved(node, "type") for node in elements},
        least=int(particle.get("minOccurs", "1")),
        most=None if most == "unbounded" else int(most),
    )


def _attributes(
    node: Element, values: Mapping[str, ValueType], groups: Mapping[str, Element]
) -> Mapping[str, Attribute]:
    found = {
        str(item.get("name")): Attribute(values[_resolved(item, "type")], item.get("use") == "required")
        for item in node.iterchildren(f"{_XS}attribute")
    }
    for reference in node.iterchildren(f"{_XS}attributeGroup"):
        found |= _attributes(groups[_resolved(reference, "ref")], values, groups)
    return found


# --- values ---------------------------------------------------------------------------------------------------------

_WHITE_SPACE = re.compile(r"[ \t\r\n]+")
_ENDLESS = 1 << 30


def _collapsed(text: str) -> str:
    if text.isalnum():  # then no white space
        return text
    return " ".join(_WHITE_SPACE.split(text)).strip(" ")


def _plain(base: str) -> ValueType:
    """A built-in type without facets."""
    return ValueType(
        base=etree.QName(base).localname,
        rule="",
        pattern=None,
        words=frozenset(),
        length=(0, _ENDLESS),
        amount=(Decimal("-Infinity"), Decimal("Infinity")),
        digits=(_ENDLESS, _ENDLESS),
    )


def _value_type(node: Element) -> ValueType:
    restriction = node.find(f"{_XS}restriction")
    rule = " ".join((node.findtext(f"{_XS}annotation/{_XS}documentation") or "").split())
    if restriction is None or not rule:
        raise ValueError(f"{node.get('name')}: a documented restriction")
    facets = [(etree.QName(facet).localname, str(facet.get("value"))) for facet in restriction]
    one = dict(facets)
    unknown = set(one) - _FACETS
    if unknown or _resolved(restriction, "base") not in {f"{_XS}{name}" for name in _BUILT_IN}:
        raise ValueError(f"{node.get('name')}: {unknown or restriction.get('base')}")
    return ValueType(
        base=etree.QName(_resolved(restriction, "base")).localname,
        rule=rule,
        # In a schema \S means everything but four characters, in Python it knows more kinds of white space.
        pattern=re.compile(one["pattern"].replace(r"\S", r"[^ \t\r\n]")) if "pattern" in one else None,
        words=frozenset(value for name, value in facets if name == "enumeration"),
        length=(int(one.get("minLength", 0)), int(one.get("maxLength", _ENDLESS))),
        amount=(Decimal(one.get("minInclusive", "-Infinity")), Decimal(one.get("maxInclusive", "Infinity"))),
        digits=(int(one.get("totalDigits", _ENDLESS)), int(one.get("fractionDigits", _ENDLESS))),
    )


_FACETS = frozenset(
    {
        *("pattern", "enumeration", "minLength", "maxLength"),
        *("minInclusive", "maxInclusive", "totalDigits", "fractionDigits"),
    }
)
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
)


def _is_date(value: str) -> bool:
    try:
        return _DATE.fullmatch(value) is not None and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_date_time(value: str) -> bool:
    match = _DATE_TIME.fullmatch(value)
    try:
        return match is not None and datetime.fromisoformat(match[1]) is not None
    except ValueError:
        return False


# Where the two readings of the standard could differ, ours is the narrower one.
_BUILT_IN: Mapping[str, Callable[[str], bool]] = {
    "string": lambda value: True,
    "token": lambda value: True,
    "boolean": lambda value: value in {"true", "false", "1", "0"},
    "decimal": lambda value: _DECIMAL.fullmatch(value) is not None,
    # Decimal takes any number of digits in linear time, int refuses thousands of them.
    "nonNegativeInteger": lambda value: _INTEGER.fullmatch(value) is not None and Decimal(value) >= 0,
    "positiveInteger": lambda value: _INTEGER.fullmatch(value) is not None and Decimal(value) >= 1,
    "date": _is_date,
    "dateTime": _is_date_time,
}
_NUMBERS = frozenset({"decimal", "nonNegativeInteger", "positiveInteger"})
