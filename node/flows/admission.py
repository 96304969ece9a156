"""May this paper go out? Kind, schema and rules, profile: decided before anything is stored."""

from dataclasses import dataclass
from datetime import datetime

from node.documents import reader
from node.errors import ArrangementSuspended, ControlKindRefused, NotAgreed, NotReleased, PaperRefused, TooLarge
from node.flows.kept_until import require_day
from node.flows.ports import Node
from node.model.answer import AnswerForm
from node.model.control_kinds import CONTROL_KINDS
from node.model.document import Document, Finding
from node.model.envelope import Attachment
from node.model.ids import NodeCode
from node.model.receipt import FindingCode
from node.model.terms import NO_TERMS, Terms
from node.profiles.book import Book
from node.profiles.profile import AgreedKind, IssuerSignature, Profile
from node.wire import MAX_DOCUMENT_BYTES

BUSINESS_ANSWER = AnswerForm.BUSINESS_ANSWER.value
SPS_ACKNOWLEDGEMENT = AnswerForm.SPS_ACKNOWLEDGEMENT.value


@dataclass(frozen=True, slots=True)
class Admitted:
    """A paper that may travel, and the agreement that says so."""

    document: Document
    profile: Profile
    agreed: AgreedKind
    attachments: tuple[Attachment, ...] = ()
    """What travels beside it, encrypted and on the disk."""
    refers_to: str = ""
    """Message id of the paper that this one answers."""
    conversation_id: str = ""
    """The conversation it belongs to; empty when it begins one."""


def admit(node: Node, content: bytes, partner: NodeCode, kind: str | None, now: datetime) -> Admitted:
    """Judge one paper for one partner.

    Raises TooLarge, XmlError, KindUnknown, PaperRefused, PartnerUnknown, NotAgreed, NotReleased, ControlKindRefused.
    A suspended arrangement admits papers: they wait (protocol 3).
    """
    return admit_under(node.book, content, partner, kind, now)


def admit_under(book: Book, content: bytes, partner: NodeCode, kind: str | None, now: datetime) -> Admitted:
    """The same by the arrangements alone, for those who ask before anything is handed in."""
    if kind in CONTROL_KINDS:
        raise ControlKindRefused(kind=kind)
    book.partner(partner)
    _require_size(content, MAX_DOCUMENT_BYTES)
    document = reader.recognise(content, lambda name: _terms(book, partner, name, now))
    if kind is not None and kind != document.kind:
        raise _refuse(document, Finding(FindingCode.KIND_UNKNOWN, "/", f"this is a {document.kind}"))
    profile, agreed = book.agreement(partner, document.kind, now)
    _require_size(content, agreed.max_bytes)
    _require_issuer_signature(document, agreed.issuer_signature)
    _require_release(document, profile, agreed)
    require_day(document, agreed, now)
    return Admitted(document, profile, agreed)


def _terms(book: Book, partner: NodeCode, kind: str, now: datetime) -> Terms:
    """The terms for the way out; a kind that nobody agreed is judged by its own rules and refused after that."""
    try:
        return book.agreement(partner, kind, now)[1].terms.strict
    except (NotAgreed, ArrangementSuspended):
        return NO_TERMS


def _require_size(content: bytes, limit: int) -> None:
    if len(content) > limit:
        raise TooLarge(field="document", limit=f"{limit} bytes")


def _require_issuer_signature(document: Document, policy: IssuerSignature) -> None:
    """The partner would refuse it for the same reason; better to hear it before it travels."""
    if policy is IssuerSignature.REQUIRED and not document.reading.issuer_signed:
        raise _refuse(document, issuer_finding("the arrangement asks for the issuer's signature"))
    if policy is IssuerSignature.NONE and document.reading.issuer_signed:
        raise _refuse(document, issuer_finding("no arrangement says whose signature this may be"))


def _require_release(document: Document, profile: Profile, agreed: AgreedKind) -> None:
    """Minimisation (protocol 6). The node hands on exact bytes and alters no paper, so what may not go stays home."""
    if agreed.release.everything:
        return
    for path in reader.paths(document):
        if not agreed.release.admits(path):
            raise NotReleased(arrangement=profile.id, path=path)


def issuer_finding(rule: str) -> Finding:
    """A finding about the issuing authority's own signature."""
    return Finding(FindingCode.ISSUER_SIGNATURE, "/", rule)


def _refuse(document: Document, *findings: Finding) -> PaperRefused:
    return reader.refuse(document.kind, findings)
