"""Every place that a kind of paper allows, and every value of one paper with its place.

A place of an XML kind is named by the type that holds it: `PartyType/Name`, `LimitType/@unit`. A place of a JSON kind
is named by the way to it: `/records[]/address/city`. So a structure that stands in many places is described once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from node import safe_json, safe_xml
from node.documents.json_shapes import Listing, Record, Shape
from node.documents.json_spots import Spot, path_of
from node.documents.kind import JsonKind, Kind, XmlKind
from node.documents.xml_paths import everywhere
from node.documents.xsd_tables import Tables
from node.safe_json import Json
from node.safe_xml import Element

_HINTS = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(frozen=True, slots=True)
class Place:
    """A place that the kind allows: in what, under which name, of which structure, and one path where it stands.

    `inner` names the owner of the places inside; a value without attributes has none.
    """

    owner: str
    name: str
    inner: str
    is_value: bool
    path: str

    @property
    def key(self) -> str:
        """What the tables call it."""
        return f"{self.owner}/{self.name}" if self.owner != "/" else f"/{self.name}"


@dataclass(frozen=True, slots=True)
class Node:
    """Something that one paper says: its place, where it stands, its text, and what it holds.

    The key is empty where the kind knows no such place (an issuer's signature).
    """

    key: str
    path: str
    text: str
    inside: tuple["Node", ...] = ()


def root_of(kind: Kind) -> str:
    """The owner of the places directly under the root."""
    return _local(kind.schema.tables.roots[kind.root]) if isinstance(kind, XmlKind) else "/"


def places(kind: Kind) -> Mapping[str, Place]:
    """Every place that the kind's schema allows, by its key, in the order of the schema."""
    if isinstance(kind, XmlKind):
        return xml_places(kind.schema.tables, kind.root)
    return _by_key(_json_places(kind.schema.shape, "/", f"/{kind.title}"))


def xml_places(tables: Tables, root: str) -> Mapping[str, Place]:
    """Every place that a schema allows under this root element."""
    return _by_key(_xml_places(tables, root))


def _by_key(found: Iterator[Place]) -> Mapping[str, Place]:
    kept: dict[str, Place] = {}
    for place in found:
        kept.setdefault(place.key, place)
    return kept


def contents(kind: Kind, content: bytes) -> Node:
    """Everything that a paper of this kind says. Raises XmlError and JsonError classes."""
    if isinstance(kind, JsonKind):
        return _json_node(safe_json.parse(content), "/", "", (), kind.title)
    root = safe_xml.parse(content)
    paths = dict(everywhere(root))
    return _xml_node(root, kind.schema.tables.roots[kind.root], root_of(kind), kind.schema.tables, paths)


# --- XML ------------------------------------------------------------------------------------------------------------


def _xml_places(tables: Tables, root: str) -> Iterator[Place]:
    start = tables.roots[root]
    waiting, seen = [(start, f"/{_local(root)}")], {start}
    while waiting:
        name, path = waiting.pop(0)
        its_type = tables.types[name]
        for attribute in its_type.attributes:
            yield Place(_local(name), f"@{_local(attribute)}", "", True, f"{path}/@{_local(attribute)}")
        for child, type_name in its_type.types.items():
            inner = tables.types[type_name]
            where = f"{path}/{_local(child)}"
            holds = _local(type_name) if inner.value is None or inner.attributes else ""
            yield Place(_local(name), _local(child), holds, inner.value is not None, where)
            if type_name not in seen and holds:
                seen.add(type_name)
                waiting.append((type_name, where))


def _xml_node(element: Element, type_name: str, key: str, tables: Tables, paths: Mapping[Element, str]) -> Node:
    its_type, path, owner = tables.types[type_name], paths[element], _local(type_name)
    inside = [
        Node(f"{owner}/@{_local(str(name))}", f"{path}/@{_local(str(name))}", str(value))
        for name, value in element.attrib.items()
        if not str(name).startswith(_HINTS)
    ]
    for child in element:
        child_type = its_type.types.get(child.tag)
        if child_type is None:
            inside.append(Node("", paths[child], "".join(str(text) for text in child.itertext()).strip()))
        else:
            inside.append(_xml_node(child, child_type, f"{owner}/{_local(child.tag)}", tables, paths))
    return Node(key, path, (element.text or "").strip() if its_type.value is not None else "", tuple(inside))


def _local(name: str) -> str:
    return etree.QName(name).localname


# --- JSON -----------------------------------------------------------------------------------------------------------


def _json_places(record: Record, owner: str, path: str) -> Iterator[Place]:
    for name, shape in (*record.needs.items(), *record.may.items()):
        written, inner = _listed(name, shape)
        place = Place(owner, written, "", not isinstance(inner, Record), f"{path}/{written}")
        if isinstance(inner, Record):
            yield Place(owner, written, place.key, False, place.path)
            yield from _json_places(inner, place.key, place.path)
        else:
            yield place


def _listed(name: str, shape: Shape) -> tuple[str, Shape]:
    while isinstance(shape, Listing):
        name, shape = f"{name}[]", shape.of
    return name, shape


def _json_node(value: Json, owner: str, key: str, steps: tuple[str | int, ...], title: str) -> Node:
    path = path_of(title, steps)
    if not isinstance(value, dict):
        return Node(key, path, _text(value))
    inside: list[Node] = []
    for name, member in value.items():
        inside += _json_members(member, owner, name, (*steps, name), title)
    return Node(key, path, "", tuple(inside))


def _json_members(value: Json, owner: str, name: str, steps: tuple[str | int, ...], title: str) -> list[Node]:
    if isinstance(value, list):
        spots = Spot(value, steps).items()
        return [node for spot in spots for node in _json_members(spot.value, owner, f"{name}[]", spot.steps, title)]
    key = f"/{name}" if owner == "/" else f"{owner}/{name}"
    return [_json_node(value, key, key, steps, title)]


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
