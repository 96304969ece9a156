"""What checking an evidence file comes to: numbered steps, each with one verdict of a closed list (protocol 4)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from node.crypto.keys import Role
from node.errors import Category, NodeError
from node.model.envelope import Header
from node.model.ids import Digest, NodeCode
from node.model.receipt import Receipt


class EvidenceVerdict(StrEnum):
    """The closed list of verdicts."""

    OK = "OK"
    MISSING = "MISSING"
    """Something that proof needs is not in the file."""
    MALFORMED = "MALFORMED"
    """The file or a part of it is not in its one form."""
    WRONG_KEY = "WRONG_KEY"
    """A signature holds, but its key is not known to be that party's for that role."""
    UNTRUSTED = "UNTRUSTED"
    """Everything holds, but no given authority vouches for a signer."""
    EXPIRED = "EXPIRED"
    """A certificate was not valid at the time its signature claims."""
    REVOKED = "REVOKED"
    """Not given by this version, which judges no revocation."""
    UNKNOWN_REVOCATION = "UNKNOWN_REVOCATION"
    """Not given by this version, which judges no revocation."""
    ALGORITHM = "ALGORITHM"
    """An algorithm or key size that protocol v1 does not allow."""
    DIGEST = "DIGEST"
    """A digest or a signature value does not match."""
    COVERAGE = "COVERAGE"
    """What was signed is not this paper, or not all of it."""
    TIME = "TIME"
    """The claimed times contradict each other."""

    @property
    def category(self) -> Category | None:
        """The row of the category table that gives the exit code; None for OK."""
        return _CATEGORIES.get(self, Category.UNTRUSTED) if self is not EvidenceVerdict.OK else None


_CATEGORIES = {
    EvidenceVerdict.MISSING: Category.MALFORMED,
    EvidenceVerdict.MALFORMED: Category.MALFORMED,
    EvidenceVerdict.UNKNOWN_REVOCATION: Category.UNDETERMINED,
}


class StepName(StrEnum):
    """What is checked, in this order; the first step that fails decides."""

    CONTAINER = "container"
    SUMS = "sums"
    BYTES = "bytes"
    PARTS = "parts"
    SEAL = "seal"
    PAPER = "paper"
    DOCUMENT = "document"
    RECEIPT_SEAL = "receipt-seal"
    RECEIPT = "receipt"
    ANSWER = "answer"
    TIMES = "times"
    TRUST = "trust"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its verdict, None when it was not reached, and why it failed."""

    number: int
    name: StepName
    verdict: EvidenceVerdict | None
    cause: NodeError | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed one part; `signed_at` is the signer's own word, `anchor` the SHA-256 of the authority that vouches."""

    part: str
    party: NodeCode
    role: Role
    fingerprint: str
    signed_at: datetime
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What the evidence says, to be believed only when the verdict is OK."""

    header: Header
    document_sha256: Digest
    receipt: Receipt
    document_signed: bool
    document_present: bool = True
    """False where the document was purged before the file was made: all was judged by its digest."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of checking one evidence file."""

    verdict: EvidenceVerdict
    steps: tuple[Step, ...]
    told: Told | None = None
    signers: tuple[Signer, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything holds under the given authorities."""
        return self.verdict is EvidenceVerdict.OK
