"""How SPS certificates of other networks depart from the standard, and what of it an arrangement may let pass.

Measured on public papers: children out of order, names of countries and other parts left out (the Andean network's
schema does not ask for them), moments as plain text or empty, placeholders for names, measures without unit, names that
were escaped for HTML. Number, issuer, type, status and moment of the certificate are never made up.

The codes of a partner that differ from ours are read as ours, whether papers of its are judged or ours for it.
"""

import html
from collections.abc import Mapping

from lxml import etree

from node.documents.checks import text_at, text_of
from node.documents.codes import sps
from node.documents.overlooked import PaperCopy
from node.documents.phytosanitary_rules import (
    HTML_ESCAPED,
    HTML_ESCAPES,
    MEASURES,
    NO_UNIT,
    PLACEHOLDER,
    WORDS,
)
from node.documents.sps_attachments import ATTACHMENT, NO_ATTACHMENT_TYPE, content_of, type_of
from node.documents.sps_names import DOCUMENT, RAM, UDT
from node.documents.straightening import Fill, Habits, straighten
from node.documents.structure import PaperSchema
from node.model.terms import Terms, Tolerance
from node.safe_xml import Element

MAPPED: Mapping[str, str] = {"sps_type": f"{DOCUMENT}/{RAM}TypeCode", "sps_status": f"{DOCUMENT}/{RAM}StatusCode"}
"""Code lists that an arrangement may map, and the element that each speaks about."""

_ISSUER = f"{RAM}IssuerSPSParty"
_SOMETHING = "?"
_UNKNOWN_UNIT = "ZZ"
"""Mutually defined (UN/ECE Recommendation 20)."""

_TEMPERATURES = frozenset(f"{RAM}{name}Measure" for name in ("Value", "MinimumValue", "MaximumValue"))
_UNKNOWN_TEMPERATURE = "CEL"
"""For measures that may be of a temperature: nobody reads it, and the judge takes it for either."""


def prepare(paper: Element, terms: Terms, schema: PaperSchema) -> PaperCopy | None:
    """The copy that is read in place of the paper; None when the terms ask for nothing of the kind."""
    tolerant = terms.tolerance is Tolerance.TOLERANT
    maps = {path: terms.code_maps[name] for name, path in MAPPED.items() if name in terms.code_maps}
    if not tolerant and not any(_names(paper, path, partners) for path, partners in maps.items()):
        return None
    copy = PaperCopy(paper)
    if tolerant:
        straighten(copy, schema.tables, _HABITS)
        _overlook_names(copy)
        _overlook_attributes(copy)
    for path, partners in maps.items():
        _translate(copy, path, partners)
    return copy


def _names(paper: Element, path: str, partners: Mapping[str, str]) -> bool:
    """Whether the map says anything about a code that the paper carries: mostly it does not, and no copy is needed."""
    codes = {text_of(element) for element in paper.iterfind(path)}
    return not codes.isdisjoint(partners) or not codes.isdisjoint(partners.values())


def _translate(copy: PaperCopy, path: str, partners: Mapping[str, str]) -> None:
    """Read the partner's codes as ours. A code of ours that the partner has another for is none between the two."""
    ours = {theirs: one for one, theirs in partners.items()}
    for element in copy.tree.iterfind(path):
        code = text_of(element)
        if code in ours:
            element.text = ours[code]
        elif code in partners:
            copy.disagree(element, "the arrangement has another code for this meaning")


def _overlook_names(copy: PaperCopy) -> None:
    for element in copy.tree.iter(*WORDS):
        if copy.is_filler(element):
            continue
        if "&" in (element.text or "") and HTML_ESCAPES.search(element.text or ""):
            element.text = HTML_ESCAPES.sub(lambda found: html.unescape(found[0]), element.text or "")
            copy.overlook(element, HTML_ESCAPED)
        parent = element.getparent()
        if text_of(element).lower() in sps.PLACEHOLDERS and parent is not None and _may_fill(parent, element.tag):
            element.text = _SOMETHING
            copy.overlook(element, PLACEHOLDER)
            copy.fill(element)


def _overlook_attributes(copy: PaperCopy) -> None:
    for element in copy.tree.iter(*MEASURES):
        if not element.get("unitCode", "").strip():
            element.set("unitCode", _UNKNOWN_TEMPERATURE if element.tag in _TEMPERATURES else _UNKNOWN_UNIT)
            copy.overlook(element, NO_UNIT)
    for element in copy.tree.iter(ATTACHMENT):
        if not element.get("mimeCode", "").strip():
            # What the content does not show stays unknown, and is refused.
            element.set("mimeCode", type_of(content_of(element)) or "unknown")
            copy.overlook(element, NO_ATTACHMENT_TYPE, "mimeCode")


# --- what stands in for what is missing -------------------------------------------------------------------------------


def _may_fill(parent: Element, name: str) -> bool:
    """Nobody makes up an issuer: it has an ID of its own, or a name."""
    return parent.tag != _ISSUER or name != f"{RAM}Name" or bool(text_at(parent, f"{RAM}ID"))


def _text(text: str) -> Fill:
    def fill(element: Element) -> None:
        element.text = text

    return fill


def _moment(element: Element) -> None:
    element.text = None
    etree.SubElement(element, f"{UDT}DateTimeString").text = "0001-01-01T00:00:00Z"


def _party(element: Element) -> None:
    etree.SubElement(element, f"{RAM}Name").text = _SOMETHING


def _clause(element: Element) -> None:
    etree.SubElement(element, f"{RAM}ID").text = "1"
    etree.SubElement(element, f"{RAM}Content")


_NAME: Mapping[str, Fill] = {f"{RAM}Name": _text(_SOMETHING)}

_HABITS = Habits(
    fillers={
        f"{RAM}SPSExchangedDocumentType": _NAME,
        f"{RAM}SPSPartyType": _NAME,
        f"{RAM}SPSCountryType": _NAME,
        f"{RAM}SPSReferencedDocumentType": {
            f"{RAM}RelationshipTypeCode": _text("ZZZ"),
            f"{RAM}ID": _text(_SOMETHING),
        },
        f"{RAM}SPSAuthenticationType": {
            f"{RAM}ActualDateTime": _moment,
            f"{RAM}ProviderSPSParty": _party,
            f"{RAM}IncludedSPSClause": _clause,
        },
        f"{RAM}SPSClauseType": {f"{RAM}Content": _text("")},
        f"{RAM}SPSCountrySubDivisionType": {f"{RAM}HierarchicalLevelCode": _text("1")},
        f"{RAM}SPSTransportEquipmentType": {f"{RAM}ID": _text(_SOMETHING)},
        f"{RAM}SPSClassificationType": {f"{RAM}ClassName": _text(_SOMETHING)},
        f"{RAM}SPSPeriodType": {f"{RAM}StartDateTime": _moment},
    },
    may_fill=_may_fill,
    moment=f"{UDT}DateTimeType",
    moment_text=f"{UDT}DateTimeString",
)
