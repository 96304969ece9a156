"""From bytes to a paper: one parse, then structure, rules and reading over the same tree.

    document = recognise(content)                    # which kind is this? for what the hub and the officers hand in
    document = read(content, kind, version, media)   # is it what its header says? for what a partner sends

Both refuse a paper with every reason that could be found, never with its values.
"""

from collections.abc import Callable, Iterator, Sequence

from node import safe_json, safe_xml
from node.documents import json_paper, xml_paper
from node.documents.catalogue import BY_ROOT, CATALOGUE
from node.documents.checks import text_at
from node.documents.json_spots import Spot
from node.documents.kind import Good, JsonKind, Kind, XmlKind
from node.errors import KindUnknown, PaperRefused
from node.model.document import Document, Finding, MediaType
from node.model.receipt import FindingCode
from node.model.terms import NO_TERMS, Terms

MAX_FINDINGS = 50
"""Findings of one receipt (protocol 1); beyond it only their count is told."""


def _without_terms(_kind: str) -> Terms:
    return NO_TERMS


def recognise(content: bytes, terms_of: Callable[[str], Terms] = _without_terms) -> Document:
    """The paper in `content`, its kind found by its root element, or by what JSON names as its schema.

    `terms_of` gives the terms under which a paper of that kind would travel.

    Raises XmlError and JsonError classes, KindUnknown, and PaperRefused with every finding.
    """
    if MediaType.of(content) is MediaType.JSON:
        value = safe_json.parse(content)
        known = BY_ROOT.get(json_paper.schema_of(value))
        if not isinstance(known, JsonKind):
            raise KindUnknown(detail="no kind has this schema")
        return _document(content, known, json_paper.judged(content, value, known, terms_of(known.name), MAX_FINDINGS))
    root = safe_xml.parse(content)
    kind = BY_ROOT.get(str(root.tag))
    if not isinstance(kind, XmlKind):
        raise xml_paper.unknown(root)
    return _document(content, kind, xml_paper.judged(content, root, kind, terms_of(kind.name), MAX_FINDINGS))


def read(content: bytes, kind: str, kind_version: int, media_type: MediaType, terms: Terms = NO_TERMS) -> Document:
    """The paper in `content`, judged as the kind that its header claims, under the terms of its arrangement.

    Raises KindUnknown when the node has no such kind or the document is another one, XmlError and JsonError classes,
    and PaperRefused with every finding.
    """
    known = CATALOGUE.get((kind, kind_version))
    if known is None:
        raise KindUnknown(detail=f"no kind {kind} version {kind_version}")
    if media_type is not known.media_type:
        raise refuse(kind, [Finding(FindingCode.METADATA, "", f"media type must be {known.media_type}")])
    match known:
        case JsonKind():
            value = safe_json.parse(content)
            _require(json_paper.schema_of(value) == known.root, known)
            return _document(content, known, json_paper.judged(content, value, known, terms, MAX_FINDINGS))
        case XmlKind():
            root = safe_xml.parse(content)
            _require(root.tag == known.root, known)
            return _document(content, known, xml_paper.judged(content, root, known, terms, MAX_FINDINGS))


def named(content: bytes) -> tuple[str, str]:
    """What a paper that may be refused says of itself: its kind and its number, each empty when it does not say so.

    Nothing is judged. Raises XmlError and JsonError classes.
    """
    if MediaType.of(content) is MediaType.JSON:
        spot = Spot(safe_json.parse(content))
        by_schema = BY_ROOT.get(spot.text_at(json_paper.SCHEMA))
        return (by_schema.name, spot.text_at(by_schema.number)) if isinstance(by_schema, JsonKind) else ("", "")
    root = safe_xml.parse(content)
    by_root = BY_ROOT.get(str(root.tag))
    return (by_root.name, text_at(root, by_root.number)) if isinstance(by_root, XmlKind) else ("", "")


def paths(document: Document) -> Iterator[str]:
    """Where each thing that a paper says stands, as findings write it; for minimisation (protocol 6)."""
    kind = CATALOGUE[document.kind, document.kind_version]
    return json_paper.paths(document.content, kind) if isinstance(kind, JsonKind) else xml_paper.paths(document.content)


def refuse(kind: str, findings: Sequence[Finding]) -> PaperRefused:
    """The error that carries `findings` (at least one; at most MAX_FINDINGS are kept) for a paper of `kind`."""
    first = findings[0]
    kept = tuple(findings[:MAX_FINDINGS])
    return PaperRefused(findings=kept, kind=kind, count=len(findings), path=first.path, rule=first.rule)


def _require(is_kind: bool, kind: Kind) -> None:
    if not is_kind:
        raise KindUnknown(detail=f"the document is no {kind.name} version {kind.version}")


def _document(content: bytes, kind: Kind, judged: Good | list[Finding]) -> Document:
    if isinstance(judged, Good):
        return Document(content, kind.name, kind.version, kind.media_type, judged.reading, _told(judged.remarks))
    raise refuse(kind.name, judged)


def _told(remarks: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """As many remarks as a receipt has room for; the last of too many tells how many more there are."""
    if len(remarks) <= MAX_FINDINGS:
        return remarks
    untold = len(remarks) - MAX_FINDINGS + 1
    return (*remarks[: MAX_FINDINGS - 1], Finding(FindingCode.TOLERATED, "/", f"and {untold} more departures"))
