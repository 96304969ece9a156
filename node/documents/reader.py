"""From bytes to a paper: one parse, then structure, rules and reading over the same tree.

    document = recognise(content)                    # which kind is this? for what the hub and the officers hand in
    document = read(content, kind, version, media)   # is it what its header says? for what a partner sends

Both refuse a paper with every reason that could be found, never with its values.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from lxml import etree

from node.documents.breach import Breach
from node.documents.catalogue import BY_ROOT, CATALOGUE
from node.documents.kind import DocumentKind
from node.documents.structure import ENOUGH
from node.errors import KindUnknown, PaperRefused
from node.model.document import Document, Finding, MediaType
from node.model.receipt import FindingCode
from node.safe_xml import Element, parse, path_of

MAX_FINDINGS = 50
"""Findings of one receipt (protocol 1)."""

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"

_OTHER_SPS_VERSION = re.compile(r"\{urn:un:unece:uncefact:data:standard:SPSCertificate:([0-9]{1,3})\}SPSCertificate")


def recognise(content: bytes) -> Document:
    """The paper in `content`, its kind found by its root element.

    Raises XmlError classes, KindUnknown, and PaperRefused with every finding.
    """
    if content[:256].lstrip()[:1] in (b"{", b"["):
        raise KindUnknown(detail="it looks like JSON, and no kind of this node is JSON")
    root = parse(content)
    kind = BY_ROOT.get(str(root.tag))
    if kind is None:
        raise KindUnknown(detail=_unknown_root(root))
    return _judged(content, root, kind)


def read(content: bytes, kind: str, kind_version: int, media_type: MediaType) -> Document:
    """The paper in `content`, judged as the kind that its header claims.

    Raises KindUnknown when the node has no such kind or the document is another one, XmlError classes, and PaperRefused
    with every finding.
    """
    known = CATALOGUE.get((kind, kind_version))
    if known is None:
        raise KindUnknown(detail=f"no kind {kind} version {kind_version}")
    if media_type is not known.media_type:
        raise refuse(kind, [Finding(FindingCode.METADATA, "", f"media type must be {known.media_type}")])
    root = parse(content)
    if root.tag != known.root:
        raise KindUnknown(detail=f"the document is no {kind} version {kind_version}")
    return _judged(content, root, known)


def paths(document: Document) -> Iterator[str]:
    """Where each element of a paper that holds text stands, as findings write it; for minimisation (protocol 6)."""
    for element in parse(document.content).iter():
        if (element.text or "").strip():
            yield path_of(element)


def refuse(kind: str, findings: Sequence[Finding]) -> PaperRefused:
    """The error that carries `findings` (at least one; at most MAX_FINDINGS are kept) for a paper of `kind`."""
    first = findings[0]
    kept = tuple(findings[:MAX_FINDINGS])
    return PaperRefused(findings=kept, kind=kind, count=len(findings), path=first.path, rule=first.rule)


def _judged(content: bytes, root: Element, kind: DocumentKind) -> Document:
    paper, misplaced, signed = _without_issuer_signature(root)
    breaches = [(FindingCode.ISSUER_SIGNATURE, breach) for breach in misplaced]
    breaches += [(FindingCode.SCHEMA, breach) for breach in kind.schema.breaches(paper)]
    breaches += [(FindingCode.RULE, breach) for breach in islice(kind.rules(paper), ENOUGH)]
    if breaches:
        raise refuse(kind.name, _findings(breaches, paper))
    reading = replace(kind.reading(paper), issuer_signed=signed)
    return Document(content, kind.name, kind.version, kind.media_type, reading)


def _without_issuer_signature(root: Element) -> tuple[Element, list[Breach], bool]:
    """What the issuer signed: the paper without the one signature it may carry as a child of its root (security X1).

    A signature anywhere else, or a second one, is a breach; the rest of the paper is judged all the same.
    """
    signatures = list(root.iter(SIGNATURE))
    if not signatures:
        return root, [], False
    in_place = [signature for signature in signatures if signature.getparent() is root]
    breaches = [
        Breach(signature, "a signature may stand only once, as a child of the root")
        for signature in signatures
        if signature not in in_place[:1]
    ]
    paper = copy.deepcopy(root)
    etree.strip_elements(paper, SIGNATURE, with_tail=False)
    return paper, breaches, bool(in_place)


def _findings(breaches: list[tuple[FindingCode, Breach]], paper: Element) -> list[Finding]:
    """Findings in document order, each said once; signatures in a wrong place come first, they stand in no paper."""
    place = {element: index for index, element in enumerate(paper.iter())}
    ordered = sorted(
        breaches, key=lambda one: (place.get(one[1].element, -1), one[0] is FindingCode.RULE, _words(one[1]))
    )
    kept = dict.fromkeys((code, breach.element, _words(breach)) for code, breach in ordered)
    return [
        # Beyond MAX_FINDINGS only the count is told, so their paths are not worth the search.
        Finding(code, path_of(element) if index < MAX_FINDINGS else "", rule)
        for index, (code, element, rule) in enumerate(kept)
    ]


def _words(breach: Breach) -> str:
    return f"attribute {breach.attribute} {breach.rule}" if breach.attribute else breach.rule


def _unknown_root(root: Element) -> str:
    other = _OTHER_SPS_VERSION.fullmatch(str(root.tag))
    if other is not None:
        return f"SPSCertificate version {other[1]}, this node reads 17"
    return "no kind has this root element and namespace"
