"""A paper in XML: one tree for structure, rules and reading, and the one signature that its issuer may have put in."""

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from lxml import etree

from node.documents.breach import Breach
from node.documents.kind import XmlKind
from node.documents.structure import ENOUGH
from node.documents.xml_paths import Paths
from node.errors import KindUnknown
from node.model.document import Finding, Reading
from node.model.receipt import FindingCode
from node.safe_xml import Element, parse

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"

_OTHER_SPS_VERSION = re.compile(r"\{urn:un:unece:uncefact:data:standard:SPSCertificate:([0-9]{1,3})\}SPSCertificate")


def judged(root: Element, kind: XmlKind, worth_a_path: int) -> Reading | list[Finding]:
    """What the paper tells, or everything that is wrong with it; only the first `worth_a_path` findings get a path."""
    paper, misplaced, signed = _without_issuer_signature(root)
    breaches = [(FindingCode.ISSUER_SIGNATURE, breach) for breach in misplaced]
    breaches += [(FindingCode.SCHEMA, breach) for breach in kind.schema.breaches(paper)]
    breaches += [(FindingCode.RULE, breach) for breach in islice(kind.rules(paper), ENOUGH)]
    if breaches:
        return _findings(breaches, paper, worth_a_path)
    return replace(kind.reading(paper), issuer_signed=signed)


def paths(content: bytes) -> Iterator[str]:
    """Where each element that holds text stands."""
    where = Paths()
    for element in parse(content).iter():
        if (element.text or "").strip():
            yield where.of(element)


def unknown(root: Element) -> KindUnknown:
    """The error for a root element that no kind has."""
    other = _OTHER_SPS_VERSION.fullmatch(str(root.tag))
    if other is not None:
        return KindUnknown(detail=f"SPSCertificate version {other[1]}, this node reads 17")
    return KindUnknown(detail="no kind has this root element and namespace")


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


def _findings(breaches: list[tuple[FindingCode, Breach]], paper: Element, worth_a_path: int) -> list[Finding]:
    """Findings in document order, each said once; signatures in a wrong place come first, they stand in no paper."""
    place = {element: index for index, element in enumerate(paper.iter())}
    ordered = sorted(
        breaches, key=lambda one: (place.get(one[1].element, -1), one[0] is FindingCode.RULE, _words(one[1]))
    )
    kept = dict.fromkeys((code, breach.element, _words(breach)) for code, breach in ordered)
    where = Paths()
    return [
        Finding(code, where.of(element) if index < worth_a_path else "", rule)
        for index, (code, element, rule) in enumerate(kept)
    ]


def _words(breach: Breach) -> str:
    return f"attribute {breach.attribute} {breach.rule}" if breach.attribute else breach.rule
