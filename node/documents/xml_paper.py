"""A paper in XML: one tree for structure, rules and reading, and the one signature that its issuer may have put in."""

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice

from lxml import etree

from node.documents.breach import Breach
from node.documents.checks import certainly_fit, unfit_characters
from node.documents.kind import Good, XmlKind
from node.documents.overlooked import PaperCopy
from node.documents.structure import ENOUGH, certainly_few, may_choose_types, may_name
from node.documents.xml_paths import Paths, everywhere
from node.errors import KindUnknown
from node.model.document import Finding, Reading
from node.model.receipt import FindingCode
from node.model.terms import NO_TERMS, Terms
from node.safe_xml import Element, parse

SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_SIGNATURES = SIGNATURE[1:].partition("}")[0].encode()

_OTHER_SPS_VERSION = re.compile(r"\{urn:un:unece:uncefact:data:standard:SPSCertificate:([0-9]{1,3})\}SPSCertificate")


def judged(content: bytes, root: Element, kind: XmlKind, terms: Terms, worth_a_path: int) -> Good | list[Finding]:
    """What the paper tells, or everything that is wrong with it; only the first `worth_a_path` findings get a path.

    `root` is what `parse` made of `content`, unaltered.
    """
    paper, misplaced, signed = _without_issuer_signature(root) if may_be_signed(content) else (root, [], False)
    prepared = kind.prepare(paper, terms) if kind.prepare is not None and terms is not NO_TERMS else None
    if prepared is not None and not prepared.overfull:
        return _judged_copy(paper, prepared, kind, terms, misplaced, signed, worth_a_path)
    departures = kind.schema.breaches(paper, simple=certainly_few(content) and not may_choose_types(content))
    fit = certainly_fit(content)
    asked = kind.agreed if terms is not NO_TERMS else None
    closed, odd = _odd_codes(content, paper, kind, terms)
    if fit and not misplaced and not departures and not closed and kind.reading_at_once is not None:
        reading = kind.reading_at_once(paper)
        if reading is not None and (asked is None or next(iter(asked(paper, terms)), None) is None):
            return _good(paper, kind, terms, reading, signed, odd, worth_a_path)
    # Held until the end: for an element that nobody holds, lxml makes a new object each time it is asked for.
    elements = list(paper.iter())
    characters = () if fit else unfit_characters(paper)
    blamed = {breach.element for breach in departures}
    breaches = [(FindingCode.ISSUER_SIGNATURE, breach) for breach in misplaced]
    breaches += [(FindingCode.SCHEMA, breach) for breach in departures]
    breaches += [(FindingCode.RULE, breach) for breach in islice(chain(characters, kind.rules(paper)), ENOUGH)]
    if asked is not None:
        breaches += [(FindingCode.AGREED, breach) for breach in islice(asked(paper, terms), ENOUGH)]
    breaches += [(FindingCode.AGREED, breach) for breach in closed if breach.element not in blamed]
    if breaches:
        return _findings(breaches, elements, worth_a_path)
    return _good(paper, kind, terms, kind.reading(paper), signed, odd, worth_a_path)


def _judged_copy(
    paper: Element,
    prepared: PaperCopy,
    kind: XmlKind,
    terms: Terms,
    misplaced: list[Breach],
    signed: bool,
    worth_a_path: int,
) -> Good | list[Finding]:
    """The same, judging and reading the copy; findings and remarks are told where the paper itself has them."""
    elements = list(paper.iter())
    breaches = [(FindingCode.ISSUER_SIGNATURE, breach) for breach in misplaced]
    breaches += [(FindingCode.AGREED, breach) for breach in prepared.disagreed]
    found = [(FindingCode.SCHEMA, breach) for breach in kind.schema.breaches(prepared.tree)]
    rules = chain(unfit_characters(prepared.tree), kind.rules(prepared.tree))
    found += [(FindingCode.RULE, breach) for breach in islice(rules, ENOUGH)]
    if kind.agreed is not None:
        found += [(FindingCode.AGREED, breach) for breach in islice(kind.agreed(prepared.tree, terms), ENOUGH)]
    closed, odd = _odd_codes(None, prepared.tree, kind, terms)
    found += [(FindingCode.AGREED, breach) for breach in closed]
    breaches += [(code, prepared.original(breach)) for code, breach in found]
    if breaches:
        return _findings(breaches, elements, worth_a_path)
    remarks = [(FindingCode.TOLERATED, breach) for breach in prepared.overlooked]
    if kind.remarks is not None:
        doubtful = islice(kind.remarks(prepared.tree, terms), ENOUGH)
        remarks += [(code, prepared.original(breach)) for code, breach in doubtful]
    remarks += [(FindingCode.CODE_UNKNOWN, prepared.original(breach)) for breach in odd]
    told = tuple(_findings(remarks, elements, worth_a_path)) if remarks else ()
    reading = kind.reading(prepared.readable())
    return Good(replace(reading, issuer_signed=True) if signed else reading, told)


def _odd_codes(content: bytes | None, paper: Element, kind: XmlKind, terms: Terms) -> tuple[list[Breach], list[Breach]]:
    """Codes that their list does not have: those of lists that the arrangement closes, and the others.

    `content` are the octets of the paper, None where it was altered.
    """
    if kind.codes is None or (content is not None and kind.codes.certainly_known(content)):
        return [], []
    closed: list[Breach] = []
    odd: list[Breach] = []
    for name, breach in islice(kind.codes.unknown(paper, terms.code_maps), ENOUGH):
        (closed if name in terms.closed_lists else odd).append(breach)
    return closed, odd


def _good(
    paper: Element, kind: XmlKind, terms: Terms, reading: Reading, signed: bool, odd: list[Breach], worth_a_path: int
) -> Good:
    remarks = list(islice(kind.remarks(paper, terms), ENOUGH)) if kind.remarks is not None else []
    remarks += [(FindingCode.CODE_UNKNOWN, breach) for breach in odd]
    return Good(
        replace(reading, issuer_signed=True) if signed else reading,
        tuple(_findings(remarks, list(paper.iter()), worth_a_path)) if remarks else (),
    )


def may_be_signed(content: bytes) -> bool:
    """Whether a signature could stand in these octets."""
    return may_name(content, _SIGNATURES)


def paths(content: bytes) -> Iterator[str]:
    """Where each element that holds text stands."""
    for element, path in everywhere(parse(content)):
        if (element.text or "").strip():
            yield path


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


def _findings(breaches: list[tuple[FindingCode, Breach]], elements: list[Element], worth_a_path: int) -> list[Finding]:
    """Findings in document order, each said once; signatures in a wrong place come first, they stand in no paper."""
    place = {element: index for index, element in enumerate(elements)}
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
