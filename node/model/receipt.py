"""What a partner answers for one envelope (protocol 3)."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from node.model.checkpoint import ConsistencyProof
from node.model.document import Finding
from node.model.envelope import Place, Seal
from node.model.ids import Leaf, MessageId


class Verdict(IntEnum):
    """A final answer; wire numbers."""

    ACCEPTED = 1
    REFUSED = 2
    ABSENT = 3


class DeferredCode(IntEnum):
    """Why a paper cannot be judged yet; wire numbers. Nothing was stored and the same leaf may come again."""

    SUSPENDED = 1
    REVOCATION = 2
    PREDECESSOR = 3
    OVERLOAD = 4
    AHEAD = 5
    RACE = 6
    KEY = 7
    BODY = 8
    SIGNATURE = 9
    UPLOAD = 10


class CoarseReason(IntEnum):
    """The four words that an unauthenticated sender hears; wire numbers."""

    MALFORMED = 1
    NOT_AUTHENTIC = 2
    NOT_FOR_US = 3
    TRY_LATER = 4


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed final answer for one envelope; ABSENT carries no leaf."""

    message_id: MessageId
    verdict: Verdict
    received_at: datetime
    leaf: Leaf | None = None
    findings: tuple[Finding, ...] = ()
    already_known: bool = False


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """Receipt bytes with their place under a `receipts` seal; stored once and repeated byte for byte."""

    receipt: bytes
    seal: Seal
    place: Place
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class KeyStatement:
    """Announced keys of a node as an XML document and the XAdES signature over its exact bytes."""

    document: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now: nothing is stored, the same leaf may come again after `retry_after_ms` milliseconds."""

    code: DeferredCode
    retry_after_ms: int = 0
    key_statement: KeyStatement | None = None


@dataclass(frozen=True, slots=True)
class NotHeld:
    """The answering node holds nothing under this id; no promise: send again."""


@dataclass(frozen=True, slots=True)
class Coarse:
    """One of four words, given before seal, identities and path hold."""

    reason: CoarseReason


Outcome = SignedReceipt | Deferred | NotHeld | Coarse


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome for one envelope; `message_id` is empty when the header could not be read."""

    message_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class DeliverResponse:
    """One answer for each envelope or asked id, and the signed head of the answering node's log, where it has one.

    `proof` leads from the checkpoint that the request named; None when it named none that the log knows.
    """

    answers: tuple[Answer, ...]
    checkpoint: bytes = b""
    proof: ConsistencyProof | None = None


class FindingCode(StrEnum):
    """Codes of findings that the node itself makes; kinds add none of their own, they use RULE and SCHEMA."""

    SCHEMA = "SCHEMA"
    RULE = "RULE"
    XML = "XML"
    JSON = "JSON"
    KIND_UNKNOWN = "KIND_UNKNOWN"
    NOT_AGREED = "NOT_AGREED"
    CONFLICT = "CONFLICT"
    NUMBER_TAKEN = "NUMBER_TAKEN"
    METADATA = "METADATA"
    ISSUER_SIGNATURE = "ISSUER_SIGNATURE"
    DOCUMENT_SIGNATURES = "DOCUMENT_SIGNATURES"
    WITHDRAWN = "WITHDRAWN"
    CHAIN = "CHAIN"
    TOO_LARGE = "TOO_LARGE"
    UNANSWERABLE = "UNANSWERABLE"
    AGREED = "AGREED"
    """A term of the arrangement is broken."""
    EFFECT = "EFFECT"
    """What the paper would do to a register or ledger cannot be done."""
    CODE_UNKNOWN = "CODE_UNKNOWN"
    """A remark: the code is in no list that we know, and the arrangement does not close the list."""
    TOLERATED = "TOLERATED"
    """A remark: a departure that the arrangement lets pass, or a list that a newer one has overtaken."""

    @property
    def is_remark(self) -> bool:
        """Whether papers are accepted with it."""
        return self in (FindingCode.CODE_UNKNOWN, FindingCode.TOLERATED)
