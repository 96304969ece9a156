"""The only door for XML: one hardened parser, Canonical XML 1.0, schema check.

Everything that signs, verifies, judges or shows XML reads it through `parse`, so that no two parts of the node can see
two different documents in the same bytes (security 2.1 X7 to X12). Only bytes come in, never trees made elsewhere.
"""

import functools
import re
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from node.errors import (
    CanonicalisationFailed,
    CommentOrInstruction,
    DoctypeRefused,
    IdClash,
    NotXml,
    XmlTooLarge,
)

Element = etree._Element
"""An element of a parsed document; what `parse` returns."""


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """What a document may cost us before anybody looks at it (security 2.8).

    `nodes` counts elements, `depth` the elements above and including the deepest one, `attributes` those of one element
    (namespaces in scope of one element have the same limit), `text_bytes` one attribute value or run of text in UTF-8.
    """

    size_bytes: int
    nodes: int
    depth: int
    attributes: int
    text_bytes: int


DOCUMENT_LIMITS = XmlLimits(size_bytes=1 << 20, nodes=200_000, depth=100, attributes=64, text_bytes=8 << 20)
"""A paper that travels inline: 1 MiB (protocol 1), the rest from security 2.8."""

SIGNATURE_LIMITS = XmlLimits(size_bytes=64 << 10, nodes=2_000, depth=20, attributes=8, text_bytes=32 << 10)
"""A XAdES signature in its wrapper: 64 KiB (protocol 2); certificates of 16 KiB fit as Base64 text."""

MANIFEST_LIMITS = XmlLimits(size_bytes=4 << 10, nodes=32, depth=3, attributes=4, text_bytes=256)
"""A seal manifest: 4 KiB of ten small fields (protocol 2)."""

_DECLARATION = re.compile(
    rb"<\?xml\s+version\s*=\s*(?:\"1\.0\"|'1\.0')"
    rb"(?:\s+encoding\s*=\s*(?:\"(?i:utf-8)\"|'(?i:utf-8)'))?"
    rb"(?:\s+standalone\s*=\s*(?:\"(?:yes|no)\"|'(?:yes|no)'))?\s*\?>"
)
_BOM = b"\xef\xbb\xbf"

# A namespace declaration whose name does not begin with a scheme; text that merely looks like one is told apart later,
# in the tree. Each part stops at a character the next one needs, so the search is linear.
_RELATIVE_NAMESPACE = re.compile(rb"xmlns(?::[^\s=:\"'<>]*)?\s*=\s*[\"'](?![A-Za-z][A-Za-z0-9+.-]*:|[\"'])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

_DECLARATIONS = 64
"""Namespace declarations around one element, repeated ones too: a canonical form looks at all of them per element."""

_SMALLEST_ELEMENT = len(b"<a/>")

_TOO_BIG_FOR_LIBXML2 = frozenset({"ERR_RESOURCE_LIMIT", "ERR_INTERNAL_ERROR", "ERR_NAME_TOO_LONG"})


def parse(data: bytes, limits: XmlLimits = DOCUMENT_LIMITS) -> Element:
    """The root element of `data`, which is UTF-8 XML 1.0 without DTD, comments and processing instructions.

    Entities and XInclude are never resolved and nothing is fetched. Any attribute whose local name is some spelling of
    "id" counts as an identifier and is unique in the document. Raises NotXml, DoctypeRefused, CommentOrInstruction,
    XmlTooLarge and IdClash (security 2.1 X7, X9 to X12; 2.8).
    """
    _refuse_oversize(data, limits)
    _refuse_other_encodings(data)
    declared = _end_of_declaration(data)
    root = _tree(data)
    before_equals = data.split(b"=")[:-1]
    _refuse_comments(root, data, declared)
    _refuse_excess(root, data, before_equals, limits)
    _refuse_namespaces(root, data, limits)
    _refuse_id_clash(root, before_equals)
    return root


def canonical(element: Element) -> bytes:
    """`element` in Canonical XML 1.0, inclusive, without comments; raises CanonicalisationFailed (security 2.1 X11)."""
    try:
        octets = etree.tostring(element, method="c14n", exclusive=False, with_comments=False)
    except (etree.LxmlError, ValueError) as error:
        raise CanonicalisationFailed from error
    if not octets:
        raise CanonicalisationFailed
    return octets


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


# --- what is refused, in the order of `parse` -----------------------------------------------------------------------


def _refuse_oversize(data: bytes, limits: XmlLimits) -> None:
    if len(data) > limits.size_bytes:
        raise XmlTooLarge(limit=f"{limits.size_bytes} bytes")
    # Counted before the tree is built: every element opens with one "<"; only "<" inside CDATA can be counted too many.
    if len(data) < _SMALLEST_ELEMENT * limits.nodes:
        return
    if data.count(b"<") - data.count(b"</") - data.count(b"<![CDATA[") - data.count(b"<?xml ") > limits.nodes:
        raise XmlTooLarge(limit=f"{limits.nodes} elements")


def _refuse_other_encodings(data: bytes) -> None:
    if not data.isascii():
        try:
            data.decode("utf-8", errors="strict")
        except UnicodeDecodeError as error:
            raise NotXml(detail=f"not UTF-8 at byte {error.start}") from error
    # UTF-16 and UTF-32 of plain letters are UTF-8 with zeros between them, and the parser would guess what is meant.
    zero = data.find(b"\0")
    if zero >= 0:
        raise NotXml(detail=f"a zero at byte {zero}")


def _end_of_declaration(data: bytes) -> int:
    """Before the root only a declaration and white space may stand, so a DTD is refused before any parser sees it."""
    rest = data.removeprefix(_BOM)
    if rest.startswith(b"<?xml") and rest[5:6].isspace():
        declaration = _DECLARATION.match(rest)
        if declaration is None:
            raise NotXml(detail="the XML declaration must say version 1.0 and, if any, encoding UTF-8")
        rest = rest[declaration.end() :]
    rest = rest.lstrip(b" \t\r\n")
    if rest.startswith(b"<!DOCTYPE"):
        raise DoctypeRefused
    if rest.startswith((b"<!--", b"<?")):
        raise CommentOrInstruction
    return len(data) - len(rest)


def _tree(data: bytes) -> Element:
    # One parser per document: its error log and its dictionary of names are then nobody else's.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=False,
        remove_pis=False,
        strip_cdata=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as error:
        raise _refusal(parser, error) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise DoctypeRefused
    return root


def _refusal(parser: etree.XMLParser, error: Exception) -> NotXml | XmlTooLarge:
    """libxml2's own message may quote the document, so only its name, line and column are kept."""
    entry = parser.error_log.last_error
    if entry is None:
        return NotXml(detail=type(error).__name__)
    if entry.type_name in _TOO_BIG_FOR_LIBXML2:
        return XmlTooLarge(limit="what the parser itself allows")
    words = entry.type_name.removeprefix("ERR_").removeprefix("NS_ERR_").replace("_", " ").lower()
    return NotXml(detail=f"{words} at line {entry.line}, column {entry.column}")


# The octets are looked at first: most papers show at once that they cannot hold what is refused, and only the others
# are walked. A look may say "perhaps" too often, never "no" too often.

# Asked for the first one only, and never as a union: lists of comments and unions cost the square of their length.
_COMMENTS = etree.XPath("boolean(/descendant::comment()[1]) or boolean(/descendant::processing-instruction()[1])")
_ELEMENTS = etree.XPath("count(//*)")
_IDENTIFIERS = etree.XPath("//@*[translate(local-name(), 'ID', 'id') = 'id']")
_TEXTS, _VALUES = etree.XPath("//text()"), etree.XPath("//@*")


def _refuse_comments(root: Element, data: bytes, declared: int) -> None:
    # A comment begins with "<!", an instruction with "<?"; one octet is found faster than two.
    if (b"!" in data or data.find(b"?", declared) >= 0) and _COMMENTS(root):
        raise CommentOrInstruction


def _refuse_excess(root: Element, data: bytes, before_equals: list[bytes], limits: XmlLimits) -> None:
    if len(data) >= _SMALLEST_ELEMENT * limits.nodes and int(str(_ELEMENTS(root)).split(".")[0]) > limits.nodes:
        raise XmlTooLarge(limit=f"{limits.nodes} elements")
    if _deeper_than(limits.depth)(root):
        raise XmlTooLarge(limit=f"depth {limits.depth}")
    if _may_hold_attributes(before_equals, limits.attributes) and _more_attributes_than(limits.attributes)(root):
        raise XmlTooLarge(limit=f"{limits.attributes} attributes")
    if len(data) > limits.text_bytes and any(
        len(text.encode()) > limits.text_bytes for path in (_TEXTS, _VALUES) for text in _strings(path, root)
    ):
        raise XmlTooLarge(limit=f"{limits.text_bytes} bytes of text")


def _may_hold_attributes(before_equals: list[bytes], most: int) -> bool:
    """Whether some element could have more than `most` attributes.

    Between the "=" of `most` + 1 attributes of one element lie `most` pieces without "<", and of as many pieces in a
    row one is looked at.
    """
    return not all(b"<" in piece for piece in before_equals[most::most])


def _strings(path: etree.XPath, root: Element) -> list[str]:
    found = path(root)
    return [str(text) for text in found] if isinstance(found, list) else []


@functools.cache
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


@functools.cache
def _more_attributes_than(count: int) -> etree.XPath:
    return etree.XPath(f"boolean(//*/@*[{count + 1}])")


def _refuse_namespaces(root: Element, data: bytes, limits: XmlLimits) -> None:
    """Relative namespace names make canonical forms differ between tools; thousands in scope make them cost minutes."""
    if _declares_little(data, min(limits.attributes, _DECLARATIONS)):
        return
    scope: list[str] = []  # the prefixes declared around this place, from the outermost
    alive: Counter[str] = Counter()
    for event, declared in etree.iterwalk(root, events=("start-ns", "end-ns")):
        if event == "end-ns":
            prefix = scope.pop()
            alive[prefix] -= 1
            if not alive[prefix]:
                del alive[prefix]
            continue
        prefix, name = map(str, declared)
        scope.append(prefix)
        alive[prefix] += 1
        if len(alive) > limits.attributes or len(scope) > _DECLARATIONS:
            raise XmlTooLarge(limit=f"{limits.attributes} namespaces")
        if name and not _SCHEME.match(name):
            raise NotXml(detail="a namespace name is relative")


def _declares_little(data: bytes, most: int) -> bool:
    """Whether there are at most so many namespace declarations, and no relative one."""
    count, place = 0, data.rfind(b"xmlns")  # from the end: then the rare "x" is looked for, not the "s"
    while place >= 0:
        count += 1
        if count > most or _RELATIVE_NAMESPACE.match(data, place):
            return False
        place = data.rfind(b"xmlns", 0, place)
    return True


def _refuse_id_clash(root: Element, before_equals: list[bytes]) -> None:
    if not _may_hold_identifiers(before_equals):
        return
    values = _strings(_IDENTIFIERS, root)
    if len(set(values)) != len(values):
        raise IdClash


def _may_hold_identifiers(before_equals: list[bytes]) -> bool:
    """Whether some "=" follows the name "id", with or without prefix, or white space that could follow such a name."""
    return any(map(_may_end_identifier, {piece[-3:] for piece in before_equals}))


@functools.lru_cache(maxsize=1024)
def _may_end_identifier(end: bytes) -> bool:
    return end[-1:].isspace() or (end[-2:].lower() == b"id" and end[:1] in b" \t\r\n:")


# --- schemas --------------------------------------------------------------------------------------------------------


class Schema:
    """An XSD of our own package, compiled once; it and what it includes are read from disk, never from the network.

    It says yes or no. Reasons are not asked of it: libxml2 does not look behind the first child that does not fit,
    quotes values in its messages, and needs a time that grows with the square of their number.
    """

    def __init__(self, path: Path) -> None:
        self.files = _with_includes(path.resolve())
        self._schema = etree.XMLSchema(self.files[0])
        self._lock = threading.Lock()  # lxml keeps the errors of a validation on the schema object

    def admits(self, root: Element) -> bool:
        """Whether the document follows the schema; what it says about its own schema is not followed."""
        with self._lock:
            return bool(self._schema.validate(root))


def _with_includes(path: Path) -> tuple[Element, ...]:
    """The root of the schema file and, once each, of every file that it includes or imports."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    found: dict[Path, Element] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found[file] = etree.parse(str(file), parser).getroot()
            waiting += [file.parent / link for link in _strings(_SCHEMA_LINKS, found[file])]
    return tuple(found.values())


_SCHEMA_LINKS = etree.XPath(
    "xs:include/@schemaLocation | xs:import/@schemaLocation", namespaces={"xs": "http://www.w3.org/2001/XMLSchema"}
)
