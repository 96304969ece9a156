"""What would be said of a paper, asked before it is handed in: every finding, and nothing is stored or sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from node.documents import reader
from node.documents.findings import Explained, Owner, Severity, explained
from node.errors import KindUnknown, Language, NodeError, PaperRefused, TooLarge
from node.flows.admission import admit_under
from node.model.document import Document, Finding, MediaType
from node.model.exchange import Direction
from node.model.ids import NodeCode
from node.model.receipt import FindingCode
from node.profiles.book import Book
from node.wire import MAX_DOCUMENT_BYTES


@dataclass(frozen=True, slots=True)
class Examined:
    """What a paper is, as far as it says so, and everything that is wrong with it or remarked about it."""

    kind: str
    number: str
    findings: tuple[Explained, ...]

    @property
    def ok(self) -> bool:
        """Whether it would be taken."""
        return all(one.severity is Severity.WARNING for one in self.findings)


@dataclass(frozen=True, slots=True)
class Between:
    """Under whose arrangements a paper is examined: it would go to `partner` (OUT) or come from it (IN)."""

    book: Book
    partner: NodeCode
    direction: Direction
    now: datetime


def examine(content: bytes, between: Between | None = None) -> Examined:
    """Examine one paper by the rules of its kind, and by what was agreed with a partner where one is named.

    Raises PartnerUnknown; everything else that is wrong is a finding.
    """
    if between is not None:
        between.book.partner(between.partner)
    try:
        document = _judged(content, between)
    except NodeError as error:
        kind, number = _named(content, error)
        return Examined(kind, number, _refusals(error, kind))
    remarks = tuple(explained(one, document.kind) for one in document.remarks)
    return Examined(document.kind, document.reading.identity.number, remarks)


def unreadable(reason: Mapping[Language, str]) -> Examined:
    """What is said of a file that could not even be read."""
    return Examined("", "", (_by_error("FILE", reason),))


def _judged(content: bytes, between: Between | None) -> Document:
    if between is None:
        if len(content) > MAX_DOCUMENT_BYTES:
            raise TooLarge(field="document", limit=f"{MAX_DOCUMENT_BYTES} bytes")
        return reader.recognise(content)
    if between.direction is Direction.OUT:
        return admit_under(between.book, content, between.partner, None, between.now).document
    return _arrived(content, between)


def _arrived(content: bytes, between: Between) -> Document:
    """As it is judged when it comes from the partner, signatures aside: those are no matter of the paper alone."""
    name, _ = reader.named(content)
    kind = next((one for one in between.book.served(between.partner, between.now) if one.name == name), None)
    if kind is None or Direction.IN not in kind.directions:
        # A kind that nobody knows has a reason of its own; one that was not agreed raises for that.
        known = reader.recognise(content)
        _, kind = between.book.inbound(between.partner, known.kind, known.kind_version, between.now)
    if len(content) > kind.max_bytes:
        raise TooLarge(field="document", limit=f"{kind.max_bytes} bytes")
    return reader.read(content, kind.name, kind.version, MediaType.of(content), kind.terms)


def _named(content: bytes, error: NodeError) -> tuple[str, str]:
    if isinstance(error, TooLarge):
        return "", ""
    try:
        return reader.named(content)
    except NodeError:
        return "", ""


def _refusals(error: NodeError, kind: str) -> tuple[Explained, ...]:
    if isinstance(error, PaperRefused):
        return tuple(explained(one, kind) for one in error.findings)
    said = {language: error.message(language) for language in Language}
    return (_by_error(error.code, said, _CODES.get(type(error), FindingCode.RULE)),)


def _by_error(rule: str, reason: Mapping[Language, str], code: str = FindingCode.RULE) -> Explained:
    return Explained(Finding(code, "", rule), Severity.ERROR, Owner.NODE, MappingProxyType(dict(reason)))


_CODES: Mapping[type[NodeError], FindingCode] = {
    TooLarge: FindingCode.TOO_LARGE,
    KindUnknown: FindingCode.KIND_UNKNOWN,
}
