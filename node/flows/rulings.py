"""What is decided about an arrival, from the letter that came to the verdict that is signed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from node.crypto.verification import (
    VerifiedIssuer,
    VerifiedKeyStatement,
    VerifiedLeaf,
    VerifiedSignature,
)
from node.documents.business_answer import PaperAnswered
from node.errors import (
    NodeError,
)
from node.flows.standing import Paper, Rank
from node.model.answer import BusinessAnswer
from node.model.document import Document, Finding
from node.model.effect import Effect
from node.model.envelope import Body, Envelope, Header, Metadata, Priority
from node.model.ids import Digest, ExchangeId, NodeCode
from node.model.receipt import (
    Outcome,
    Receipt,
    Verdict,
)
from node.profiles.profile import AgreedKind, Profile
from node.store import actors, audit
from node.store.database import Tx

RETRY_HINT_MS = 5_000
"""What a deferred sender is told to wait, milliseconds: long enough to breathe, short enough for an urgent paper."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An envelope whose seal, identities and path hold: authentic, for us, and not yet opened."""

    header: Header
    envelope: Envelope
    sealed: VerifiedLeaf


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter's content, equal to what was sealed, under the agreement that admits it."""

    letter: Letter
    body: Body
    profile: Profile
    agreed: AgreedKind


@dataclass(frozen=True, slots=True)
class Proofs:
    """What was verified about a paper beside its seal."""

    signatures: tuple[VerifiedSignature, ...] = ()
    issuer: VerifiedIssuer | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What the partner's agency decided about a paper of ours; `target` once that paper is found."""

    answer: BusinessAnswer
    about: PaperAnswered
    document_sha256: Digest
    target: ExchangeId | None = None


@dataclass(frozen=True, slots=True)
class Ruled:
    """A final verdict, to be signed; with `keep` it is stored, together with what arrived."""

    receipt: Receipt
    keep: bool = True
    letter: Letter | None = None
    opened: Opened | None = None
    document: Document | None = None
    metadata: Metadata | None = None
    proofs: Proofs = Proofs()
    paper: Paper | None = None
    standing: Rank | None = None
    statement: VerifiedKeyStatement | None = None
    decided: Decided | None = None
    superseded: bool = False
    """A later paper did already what this one says."""

    @property
    def effect(self) -> Effect | None:
        """What the paper does besides being there."""
        return self.document.reading.effect if self.document is not None else None

    @property
    def due_priority(self) -> Priority:
        """The lane that the paper belongs into: its sender may claim a lower one, never a higher (protocol 3)."""
        if self.letter is None or self.opened is None:
            return Priority.B
        is_urgent = self.effect is not None and self.effect.is_urgent
        return max(self.letter.header.priority, Priority.A if is_urgent else self.opened.agreed.priority)

    @property
    def has_effect(self) -> bool:
        """Whether that will happen: the paper is taken, and was not known before."""
        taken = self.receipt.verdict is Verdict.ACCEPTED and not self.receipt.already_known
        return taken and not self.superseded and self.effect is not None


Ruling = Outcome | Ruled


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was not taken, for the audit: which id, and the true code that the outside may not hear."""

    message_id: str
    error: NodeError


def refused(letter: Letter, now: datetime, *findings: Finding) -> Ruled:
    """A refusal that is final: every finding lies inside the leaf (protocol 3)."""
    receipt = Receipt(letter.header.message_id, Verdict.REFUSED, now, letter.sealed.leaf, findings)
    return Ruled(receipt, letter=letter)


def audit_refusals(tx: Tx, caller: NodeCode, refusals: Sequence[Refusal], now: datetime) -> None:
    """Who sent what we did not take, and the true reason."""
    if not refusals:
        return
    actor = actors.ensure(tx, caller, actors.ActorKind.PARTNER, now)
    # Without a readable id there is nothing to tell such envelopes apart by: one row says how many there were.
    unreadable = Counter(refusal.error.code for refusal in refusals if not refusal.message_id)
    entries = [(one.message_id, {"code": one.error.code}) for one in refusals if one.message_id]
    entries += [("(unreadable)", {"code": code, "count": str(count)}) for code, count in sorted(unreadable.items())]
    audit.add_all(tx, actor, "refused", entries, now)
