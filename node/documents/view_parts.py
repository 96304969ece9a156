"""Papers as parts for a view, from XML and from JSON; and the view of a paper whatever its kind."""

from dataclasses import dataclass

from lxml import etree

from node import safe_json, safe_xml
from node.documents import json_paper, xml_paper
from node.documents.catalogue import BY_ROOT
from node.documents.json_spots import Spot
from node.documents.kind import JsonKind, Kind, XmlKind
from node.documents.phytosanitary_rules import moment_in
from node.documents.views import Part, Section, read_plan, sections_of
from node.errors import KindUnknown
from node.model.document import MediaType
from node.model.ids import sha256
from node.safe_json import Json
from node.safe_xml import Element

_LANGUAGES = ("lang", "languageID")
_LOCAL = "Local"
_BINARY = "AttachmentBinaryObject"
_HINTS = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(frozen=True, slots=True)
class View:
    """A paper as officers read it."""

    kind: Kind
    sections: tuple[Section, ...]
    issuer_signed: bool


def view_of(content: bytes) -> View:
    """The view of a paper, which need not be good. Raises XmlError and JsonError classes, KindUnknown."""
    if MediaType.of(content) is MediaType.JSON:
        value = safe_json.parse(content)
        by_schema = BY_ROOT.get(json_paper.schema_of(value))
        if not isinstance(by_schema, JsonKind):
            raise KindUnknown(detail="no kind has this schema")
        root = Part(by_schema.title, parts=_of_json_object(value))
        return View(by_schema, sections_of(root, read_plan(by_schema.view)), issuer_signed=False)
    tree = safe_xml.parse(content)
    by_root = BY_ROOT.get(str(tree.tag))
    if not isinstance(by_root, XmlKind):
        raise xml_paper.unknown(tree)
    signed = tree.find(xml_paper.SIGNATURE) is not None
    return View(by_root, sections_of(_of_xml(tree), read_plan(by_root.view)), signed)


def _of_xml(element: Element) -> Part:
    name = etree.QName(element).localname
    plain = {str(key): str(value) for key, value in element.items() if not str(key).startswith(_HINTS)}
    language = next((plain.pop(key) for key in _LANGUAGES if key in plain), "")
    children = [child for child in element.iterchildren("{*}*") if child.tag != xml_paper.SIGNATURE]
    text = (element.text or "").strip()
    parent = element.getparent()
    moment = moment_in(parent) if name == "DateTimeString" and "format" in plain and parent is not None else None
    if name == _BINARY:
        text = f"SHA-256 {sha256(text.encode()).hex()} ({len(text)} Base64)"
    return Part(name, text, language, tuple(plain.items()), tuple(map(_of_xml, children)), moment)


def _of_json_object(value: Json) -> tuple[Part, ...]:
    if not isinstance(value, dict):
        return ()
    # The local form of a name stands right behind its Latin form, so that a view has them side by side.
    beside = {name: f"{name}{_LOCAL}" for name in value if f"{name}{_LOCAL}" in value}
    parts: list[Part] = []
    for name, inner in value.items():
        if name in beside.values():
            continue
        parts += _of_json(name, inner)
        if name in beside:
            parts += _of_json(name, value[beside[name]])
    return tuple(parts)


def _of_json(name: str, value: Json) -> tuple[Part, ...]:
    match value:
        case None:
            return ()
        case list():
            return tuple(part for inner in value for part in _of_json(name, inner))
        case dict():
            spot = Spot(value)
            if value.keys() == {"lang", "text"}:
                return (Part(name, spot.text_at("text"), spot.text_at("lang")),)
            return (Part(name, parts=_of_json_object(value)),)
        case bool():
            return (Part(name, "true" if value else "false"),)
        case _:
            return (Part(name, str(value)),)
