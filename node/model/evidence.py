"""Facts with digests and moments that let a third party check an exchange later."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from node.model.ids import Digest, ExchangeId


class Fact(StrEnum):
    """What happened; the closed list of timeline entries that carry proof."""

    SUBMITTED = "submitted"
    DOCUMENT_SIGNED = "document-signed"
    SEALED = "sealed"
    SENT = "sent"
    NO_ANSWER = "no-answer"
    DEFERRED = "deferred"
    COARSE = "coarse"
    RECEIPT_STORED = "receipt-stored"
    RECEIPT_DISPUTED = "receipt-disputed"
    RECEIPT_DOUBTED = "receipt-doubted"
    RECEIVED = "received"
    SEAL_VERIFIED = "seal-verified"
    DOCUMENT_VERIFIED = "document-verified"
    ISSUER_VERIFIED = "issuer-verified"
    RECEIPT_ISSUED = "receipt-issued"
    REPEATED = "repeated"
    HANDED_OVER = "handed-over"
    PARKED = "parked"
    RESUMED = "resumed"
    CANCEL_ASKED = "cancel-asked"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ANSWER_RECEIVED = "answer-received"
    ANSWERED = "answered"
    RELEASED = "released"
    PURGED = "purged"


@dataclass(frozen=True, slots=True)
class EvidenceFact:
    """One entry of an exchange's timeline; `digest` names the bytes it speaks of, `detail` is never payload."""

    exchange: ExchangeId
    moment: datetime
    fact: Fact
    digest: Digest | None = None
    detail: str = ""
