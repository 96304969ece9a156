"""May this paper go out? Kind, schema and rules, profile: decided before anything is stored."""

from dataclasses import dataclass
from datetime import datetime

from node.documents import reader
from node.errors import ControlKindRefused, PaperRefused, TooLarge
from node.flows.ports import Node
from node.model.document import Document, Finding
from node.model.ids import NodeCode
from node.model.receipt import FindingCode
from node.profiles.profile import AgreedKind, Profile
from node.wire import MAX_DOCUMENT_BYTES

CONTROL_KINDS = frozenset({"key_statement", "business_answer", "certificate_announcement"})
"""Made by the node itself; refused from hub, CLI and console (protocol 2)."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A paper that may travel, and the agreement that says so."""

    document: Document
    profile: Profile
    agreed: AgreedKind


def admit(node: Node, content: bytes, partner: NodeCode, kind: str | None, now: datetime) -> Admitted:
    """Judge one paper for one partner.

    Raises TooLarge, XmlError, KindUnknown, PaperRefused, PartnerUnknown, NotAgreed, ControlKindRefused.
    A suspended arrangement admits papers: they wait (protocol 3).
    """
    if kind in CONTROL_KINDS:
        raise ControlKindRefused(kind=kind)
    if len(content) > MAX_DOCUMENT_BYTES:
        raise TooLarge(field="document", limit=f"{MAX_DOCUMENT_BYTES} bytes")
    node.book.partner(partner)
    document = reader.recognise(content)
    if kind is not None and kind != document.kind:
        raise _refuse(document, Finding(FindingCode.KIND_UNKNOWN, "/", f"this is a {document.kind}"))
    profile, agreed = node.book.outbound(partner, document.kind, now)
    if agreed.issuer_signature == "required" and not document.reading.issuer_signed:
        raise _refuse(document, Finding(FindingCode.ISSUER_SIGNATURE, "/", "the arrangement asks for the issuer's signature"))
    return Admitted(document, profile, agreed)


def _refuse(document: Document, *findings: Finding) -> PaperRefused:
    return reader.refuse(document.kind, findings)
